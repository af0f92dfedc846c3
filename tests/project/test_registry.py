"""`make registry` ends with a message that names the file, whatever stands in it, and never with a traceback."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from dbt_bench import REPO

from scripts import registry

NAME = "metric_boards_all_time_event"
FOLDER = Path("models/metrics/plan")
GOOD = """version: 2
models:
  - name: metric_boards_all_time_event
    description: Boards.
    config:
      meta:
        metric:
          label: Boards, all time
          stage: plan
          use_case: agile
          unit: events
          time_frame: all
          key_paths: [counts.boards]
          min_version: "13.9"
          tier: free
          gainsight_field: Boards__gc
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What `make registry` reads and writes, and one metric more."""
    for part in ("models/metrics", "models/marts", "macros/_generated", "seeds"):
        shutil.copytree(REPO / part, tmp_path / part)
    (tmp_path / "docs").mkdir()
    (tmp_path / FOLDER / f"{NAME}.sql").write_text("{{ ping_metric() }}\n")
    (tmp_path / FOLDER / f"{NAME}.yml").write_text(GOOD)
    return tmp_path


def refused(project: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What it said; it must have failed and written nothing."""
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    assert registry.main([], project) == 1
    assert before == {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    said = capsys.readouterr().err
    assert said.startswith("registry: ")
    assert len(said.splitlines()) == 1
    return said


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (GOOD, "version: 2\n  models: [\n", "is no YAML"),
        (GOOD, "", "does not describe the model"),
        (GOOD, "- a\n- b\n", "does not describe the model"),
        (GOOD, "models: metric\n", "does not describe the model"),
        (GOOD, "models: [metric_boards_all_time_event]\n", "does not describe the model"),
        (f"- name: {NAME}", "- name: metric_board", "does not describe the model"),
        (f"- name: {NAME}", f"- nmae: {NAME}", "does not describe the model"),
        ("    config:\n", "    config: later\n    more:\n", "has no config.meta.metric"),
        ("        metric:\n", "        metrics:\n", "has no config.meta.metric"),
        ("          stage: plan\n", "", 'lacks the key "stage"'),
        ("          label: Boards, all time\n", "", 'lacks the key "label"'),
        ("key_paths: [counts.boards]", "key_paths: counts.boards", "key_paths must be a list"),
        ("key_paths: [counts.boards]", "key_paths:", "key_paths must be a list"),
        ("stage: plan", "stage: [plan]", "stage must be text"),
        ('min_version: "13.9"', "min_version: 13.9", "min_version must be text in quotes"),
        ("label: Boards, all time", "label: 12", "label must be text"),
    ],
)
def test_a_metric_s_yml_that_cannot_be_used_is_named(
    project: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, message: str
) -> None:
    (project / FOLDER / f"{NAME}.yml").write_text(GOOD.replace(old, new))
    said = refused(project, capsys)
    assert message in said
    assert f"{FOLDER / NAME}.yml" in said


def test_a_yml_in_another_encoding_is_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / FOLDER / f"{NAME}.yml").write_bytes(GOOD.replace("Boards.", "Bretter für Äste.").encode("latin-1"))
    assert "is not UTF-8" in refused(project, capsys)


def test_two_metrics_of_one_name_are_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(project / FOLDER / f"{NAME}.sql", project / "models/metrics/create")
    assert f"models/metrics/create/{NAME}.sql and {FOLDER / NAME}.sql have one name" in refused(project, capsys)


@pytest.mark.parametrize("text", ["", "models: []\n", f"{registry.BEGIN}\n", f"{registry.BEGIN}\n{registry.END}\n"])
def test_a_contract_without_its_blocks_is_named(project: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    (project / registry.USAGE_CONTRACT).write_text(text)
    assert str(registry.USAGE_CONTRACT) in refused(project, capsys)


def test_a_contract_that_is_missing_is_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / registry.USAGE_CONTRACT).unlink()
    assert str(registry.USAGE_CONTRACT) in refused(project, capsys)


@pytest.mark.parametrize("label", ["Boards: all time", "Boards # all", '"Boards" | all', "no", "[Boards]"])
def test_any_label_gives_a_contract_that_yaml_reads_back(project: Path, label: str) -> None:
    content = yaml.safe_load(GOOD)
    content["models"][0]["config"]["meta"]["metric"]["label"] = label
    (project / FOLDER / f"{NAME}.yml").write_text(yaml.safe_dump(content))
    assert registry.main([], project) == 0
    contract = yaml.safe_load((project / registry.USAGE_CONTRACT).read_text())
    columns = {column["name"]: column for column in contract["models"][0]["columns"]}
    assert columns[NAME.removeprefix("metric_")]["description"] == label
    assert registry.main(["--check"], project) == 0


def test_the_command_itself_ends_with_the_message_and_status_1(project: Path) -> None:
    (project / "scripts").mkdir()
    for name in ("registry", "score_groups", "pages"):
        shutil.copy(REPO / f"scripts/{name}.py", project / "scripts")
    (project / FOLDER / f"{NAME}.yml").write_text("models: 1\n")
    ran = subprocess.run(
        [sys.executable, "scripts/registry.py"], cwd=project, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    assert ran.stderr == f"registry: {FOLDER / NAME}.yml does not describe the model {NAME}\n"
