"""Every command and query of the docs is run by a test, or says why it is not.

A block of the shell or of SQL on any page of the site has, in this order of looking: a step of a page that a test walks (doc_walk),
`<!-- run by: FILE::TEST -->`, `<!-- not run: REASON -->`, or nothing; then it is run here. Local systems stand for the tenants: what
a block exports of their addresses and keys is replaced by theirs.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from dbt_bench import REPO, SMALL, Bench, DbtRun, Mart

from loader.cli import cli
from loader.destinations import DESTINATIONS
from scripts import demo, site

WALKED = {
    "docs/first-hour.md": "test_first_hour.py",
    "docs/bands.md": "test_bands_page.py",
    "docs/ten-minutes.md": "test_ten_minutes.py",
}
QUERIED = {
    "docs/queries.md": "test_queries.py",
    "docs/questions.md": "test_questions.py",
    "docs/extending.md": "test_newcomer_changes.py",
    "CONTRIBUTING.md": "test_add_metric.py",
}
"""Pages whose SQL, queries or the text of models, has a test of its own."""
FENCE = re.compile(
    r"(?:^ *<!-- (?P<mark>[^\n]+?) -->\n+)?^(?P<indent> *)```(?P<language>\w*)\n(?P<body>.*?)^ *```",
    re.DOTALL | re.MULTILINE,
)
COMMAND = re.compile(
    r"^\s*(?:\$ |make [a-z]|(?:\.venv/bin/)?(?:python|dbt) -?\w|export [A-Z]|git |select |grant )", re.MULTILINE
)
RUNS = ("sh", "bash", "console", "sql")
LOADER = re.compile(r"(?:`|python -m )(?:[A-Z_]+=\S+ )*loader (?:--target \w+ )?([a-z-]+)([^`\n|]*)")


@dataclass(frozen=True)
class Block:
    """A block of a page: where it is, what stands before it, its language and its text."""

    page: str
    mark: str
    language: str
    body: str

    @property
    def run_here(self) -> bool:
        """Whether it is for this module to run."""
        return self.language in RUNS and not self.mark and not (self.language == "sql" and self.page in QUERIED)


def blocks_of(path: Path) -> list[Block]:
    """The blocks of a page."""
    page = str(path.relative_to(REPO))
    text = path.read_text(encoding="utf-8")
    return [Block(page, m["mark"] or "", m["language"], m["body"]) for m in FENCE.finditer(text)]


BLOCKS = [block for path in site.pages() for block in blocks_of(path)]
HERE = [block for block in BLOCKS if block.run_here]


def test_no_command_hides_in_a_block_without_a_language() -> None:
    hidden = [block for block in BLOCKS if block.language not in RUNS and not block.mark and COMMAND.search(block.body)]
    assert [block for block in hidden if block.language in ("", "text")] == []


def test_a_mark_names_a_walk_a_test_that_is_there_or_a_reason() -> None:
    for block in [each for each in BLOCKS if each.mark and each.language in RUNS]:
        kind, _, rest = block.mark.partition(": ")
        if kind == "run by":
            path, _, name = rest.partition("::")
            assert re.search(rf"^def {name}\(", (REPO / path).read_text(encoding="utf-8"), re.MULTILINE), block
        elif kind == "not run":
            assert len(rest.split()) >= 4, block
        else:
            assert kind in ("run", "shows") or kind.startswith("file"), block
            assert block.page in WALKED, block
    for page, module in (WALKED | QUERIED).items():
        assert page.rpartition("/")[2] in (REPO / "tests" / "project" / module).read_text(encoding="utf-8")


def test_what_is_not_run_is_little() -> None:
    """The reasons are few: no Snowflake, no tool of another vendor, what CI itself is."""
    assert len([block for block in BLOCKS if block.mark.startswith("not run")]) <= 14
    assert len(HERE) >= 8


@pytest.mark.parametrize("block", [each for each in HERE if each.language == "sql"], ids=lambda block: block.page)
def test_a_query_finds_rows(sample_mart: Mart, block: Block) -> None:
    assert sample_mart.rows(block.body)


@pytest.fixture(scope="module")
def reader(
    home: Callable[[str], Path], sample_bench: tuple[Bench, DbtRun]
) -> Iterator[tuple[Path, dict[str, str], dict[str, str]]]:
    """A clone in which the small sample was built, the environment of its reader, and the settings of the local systems."""
    bench, run = sample_bench
    assert run.exit_code == 0, run.failures
    project = home("reader") / "customer-health"
    project.mkdir()
    for part in REPO.iterdir():
        if part.name not in ("target", ".git", ".venv", "build", ".sandbox", "logs", "profiles.yml"):
            (project / part.name).symlink_to(part)
    (project / ".venv").symlink_to(sys.prefix)
    shutil.copytree(bench.home / "target", project / "target")
    if not (project / "target" / "manifest.json").exists():
        shutil.copy(bench.manifest_file(), project / "target")
    shutil.copy(bench.profiles / "profiles.yml", project)
    bench.mart.close()
    shutil.copy(bench.database, project / "mart.duckdb")
    mine = {name: value for name, value in os.environ.items() if not name.startswith(demo.OURS)}
    settings = {
        **mine,
        "DUCKDB_PATH": str(project / "mart.duckdb"),
        "DBT_PROFILES_DIR": str(project),
        "DBT_TARGET": "duckdb",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "PROJECT", project)
        patch.setattr(demo, "RAW", SMALL)
        patch.setattr(demo, "SANDBOX_FOLDER", project / ".sandbox")
        with demo.systems(settings, "2026-06-30") as served:
            local = {name: value for name, value in served.items() if name.startswith(demo.OURS)}
            yield project, settings, local


def localized(body: str, local: dict[str, str], project: Path) -> str:
    """A block with the local systems in place of somebody's tenants; what they do not need is left empty."""
    for name in re.findall(r"\b([A-Z][A-Z0-9_]+)=", body):
        value = str(project / "files") if name == "GAINSIGHT_S3_FOLDER" else local.get(name, "")
        body = re.sub(rf"(export (?:\S+ )*?{name})=\S*", lambda found, value=value: f"{found[1]}='{value}'", body)
    return body


@pytest.mark.parametrize("page", sorted({block.page for block in HERE if block.language != "sql"}))
def test_the_commands_of_a_page_run_one_after_the_other(
    reader: tuple[Path, dict[str, str], dict[str, str]], page: str
) -> None:
    """On a computer of its own, as it were: what one page exports is not known on the next."""
    project, settings, local = reader
    (project / "files").mkdir(exist_ok=True)
    pace = {name: local[name] for name in ("GAINSIGHT_WINDOW_SECONDS", "GAINSIGHT_CONNECTION")}
    script = "\n".join(
        localized(block.body, local, project) for block in HERE if block.page == page and block.language != "sql"
    )
    folder = project.parent / page.replace("/", "-")
    folder.mkdir()
    ended = subprocess.run(
        ["bash", "-ec", script.replace("your-sf-project", str(folder))],
        cwd=project, env={**settings, **pace}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, f"{script}\n{ended.stdout[-3000:]}{ended.stderr[-3000:]}"


def test_every_command_of_the_loader_that_a_page_names_is_there_with_its_options() -> None:
    """In text, too: `loader COMMAND --option`, on any page."""
    looked_at = 0
    for path in site.pages():
        if path.name == "CHANGELOG.md":
            continue
        for name, rest in LOADER.findall(path.read_text(encoding="utf-8")):
            assert name in cli.commands, (path, name)
            params = cli.commands[name].params
            known = {option for each in params if isinstance(each, click.Option) for option in each.opts}
            assert set(re.findall(r"(?<!\S)--[a-z-]+", rest.split("#")[0])) <= known, (path, name, rest)
            assert {each for each in re.findall(r"--destination (\w+)", rest) if each.islower()} <= set(DESTINATIONS), (
                path,
                rest,
            )
            looked_at += 1
    assert looked_at > 60


def test_every_target_of_make_that_a_page_names_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (REPO / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {
        (str(path.relative_to(REPO)), target)
        for path in site.pages()
        if path.name != "CHANGELOG.md"
        for target in re.findall(r"(?:`|^|\s{3,}|/\S+ )make ([a-z-]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert len(named) > 20
    assert {target for _, target in named} <= targets, [each for each in named if each[1] not in targets]
