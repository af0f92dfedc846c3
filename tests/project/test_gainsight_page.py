"""docs/gainsight.md: its tables are the project's, what they promise holds for the sample, and its commands are commands."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from dbt_bench import REPO, Mart

from loader.cli import cli
from loader.destinations import DESTINATIONS

PAGE = (REPO / "docs" / "gainsight.md").read_text(encoding="utf-8")


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> object:
    """scripts/gainsight.py."""
    monkeypatch.syspath_prepend(REPO)
    from scripts import gainsight

    return gainsight


def test_its_tables_are_those_of_the_project(script: object) -> None:
    assert script.main(["--check"]) == 0


def test_a_field_that_was_added_or_a_band_that_was_moved_makes_it_out_of_date(script: object, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    for name in ("seeds", "models", "dbt_project.yml"):
        (tmp_path / name).symlink_to(REPO / name)
    for old, new in (("| yellow | above 50", "| yellow | above 55"), ("`Health_Color__gc`", "`Health_Colour__gc`")):
        assert old in PAGE
        (tmp_path / "docs" / "gainsight.md").write_text(PAGE.replace(old, new), encoding="utf-8")
        assert script.main(["--check"], tmp_path) == 1
        assert script.main([], tmp_path) == 0
        assert (tmp_path / "docs" / "gainsight.md").read_text(encoding="utf-8") == PAGE
    (tmp_path / "docs" / "gainsight.md").write_text("no tables", encoding="utf-8")
    assert script.main(["--check"], tmp_path) == 1


def test_no_published_value_is_longer_or_finer_than_its_field(script: object, sample_mart: Mart) -> None:
    """As the tables say them: characters of a text, decimals of a number. Means keep more, and are rounded there."""
    looked_at = 0
    for each in script.read_objects(REPO):
        node = next(n for n in script.nodes(REPO / script.PUBLISHED) if n["name"] == each.model)
        columns = {field: column for column, field in node["config"]["meta"]["publish"]["fields"].items()}
        for field in (one for one in each.fields if one.name in columns):
            column = columns[field.name]
            value = (
                f"max(length({column}))" if field.length else f"max(abs({column} - round({column}, {field.decimals})))"
            )
            if field.length is None and field.decimals is None:
                continue
            worst = sample_mart.row(f"select {value} as worst from {each.model}")["worst"] or 0
            finest = 0.005 if "Expected" in field.name else 1e-9
            assert worst <= (field.length or finest), (each.model, column, worst)
            looked_at += 1
    assert looked_at > 50


def test_its_commands_and_settings_are_known() -> None:
    """Each `loader ...` names a command, options and a destination that are there; each GAINSIGHT_ setting is in the code."""
    commands = re.findall(r"(?:`|python -m )(?:[A-Z_]+=\S+ )*loader ([a-z-]+)([^`\n]*)", PAGE)
    assert len(commands) > 20
    for name, rest in commands:
        command = cli.commands[name]
        known = {option for each in command.params if isinstance(each, click.Option) for option in each.opts}
        assert set(re.findall(r"--[a-z-]+", rest)) <= known, (name, rest)
        for destination in re.findall(r"--destination (\S+)", rest):
            assert destination in DESTINATIONS, destination
    code = "".join(path.read_text(encoding="utf-8") for path in (REPO / "loader").rglob("*.py"))
    for setting in set(re.findall(r"\bGAINSIGHT_[A-Z0-9_]+", PAGE)):
        name = setting.removeprefix("GAINSIGHT_").removeprefix("S3_").removesuffix("_FILE")
        assert re.search(rf"""[_'"]{name}\b""", code) or "BULK_JOB_" in name, setting


def test_the_first_day_counts_its_steps_and_says_what_to_do_for_each() -> None:
    rows = [line.split(" | ") for line in PAGE.partition("## 11.")[2].splitlines() if re.match(r"\| \d+ \|", line)]
    assert [int(row[0].strip("| ")) for row in rows] == list(range(1, len(rows) + 1))
    assert len(rows) >= 20
    assert all(len(row) == 4 and all(cell.strip(" |") for cell in row) for row in rows)
    assert all("`" in row[2] or "section" in row[2] or "the same" in row[2] for row in rows)


def test_its_links_lead_somewhere() -> None:
    anchors = {
        re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-")
        for title in re.findall(r"^#+ (.*)$", PAGE, re.M)
    }
    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        path, _, anchor = target.partition("#")
        assert (REPO / "docs" / path).exists() if path else anchor in anchors, target
