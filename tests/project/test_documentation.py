"""Every model is described beside its SQL; the data quality mart's queries list what it counts."""

from __future__ import annotations

import csv
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from dbt_bench import REPO, Bench, DbtRun, Mart

MODELS = sorted((REPO / "models").rglob("*.sql"))
CHECKS = list(csv.DictReader((REPO / "seeds" / "data_quality_checks.csv").open(encoding="utf-8")))
GRAIN_TESTS = {"unique_grain", "grain_and_values", "is_metric", "are_metrics"}
METRICS = REPO / "models" / "metrics"


def nodes(path: Path, kind: str) -> Iterator[dict[str, Any]]:
    """The entries of one kind (models, seeds) in a yml file."""
    yield from yaml.safe_load(path.read_text(encoding="utf-8")).get(kind, [])


def data_tests_of(node: dict[str, Any]) -> set[str]:
    """The names of the data tests of a whole model or seed."""
    return {next(iter(t)) if isinstance(t, dict) else t for t in node.get("data_tests", [])}


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_every_model_has_a_yml_with_a_description_and_a_tested_grain(
    model: Path,
) -> None:
    yml = model.with_suffix(".yml")
    assert yml.exists(), f"{model.name} has no {yml.name} beside it"
    (node,) = [node for node in nodes(yml, "models") if node["name"] == model.stem]
    assert node["description"].strip()
    # Metrics are tested all at once, in the one relation that reads them.
    assert data_tests_of(node) & GRAIN_TESTS or METRICS in model.parents


def test_every_seed_has_a_description_and_a_tested_grain() -> None:
    described = {node["name"]: node for node in nodes(REPO / "seeds" / "_seeds.yml", "seeds")}
    assert set(described) == {path.stem for path in (REPO / "seeds").glob("*.csv")}
    for node in described.values():
        assert node["description"].strip()
        assert data_tests_of(node) & GRAIN_TESTS


def test_the_data_quality_mart_has_each_drill_down_in_its_description() -> None:
    yml = REPO / "models" / "marts" / "data_quality" / "mart_data_quality.yml"
    (node,) = nodes(yml, "models")
    for check in CHECKS:
        assert f"`{check['check_name']}`" in node["description"]
        assert f"`{check['drill_down']}`" in node["description"]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check["check_name"])
def test_a_drill_down_lists_exactly_what_the_data_quality_mart_counts(sample_mart: Mart, check: dict[str, str]) -> None:
    counted = sample_mart.find("main.mart_data_quality", check_name=check["check_name"])
    assert counted
    sample_mart.rows("set search_path = 'main,main_intermediate,main_staging'")
    for row in counted:
        query = check["drill_down"].replace(":period", f"date '{row['period_start']}'")
        listed = len(sample_mart.rows(query.replace(":subject", f"'{row['subject']}'")))
        # What is listed for this check are the pings that lack the metric.
        lacks = check["check_name"] == "metric_present"
        assert listed == (row["total"] - row["affected"] if lacks else row["affected"]), row


def test_every_publish_model_has_an_exposure_with_an_owner_and_only_marts_are_public() -> None:
    exposures = list(nodes(REPO / "models" / "_exposures.yml", "exposures"))
    read = {ref for one in exposures for ref in one["depends_on"]}
    published = {f"ref('{path.stem}')" for path in (REPO / "models" / "marts" / "publish").rglob("*.sql")}
    assert published and published <= read
    assert all("@" in one["owner"]["email"] for one in exposures)
    access = yaml.safe_load((REPO / "dbt_project.yml").read_text(encoding="utf-8"))["models"]["customer_health"]
    assert (access["+access"], access["marts"]["+access"]) == ("private", "public")


def test_the_pages_of_columns_and_of_salesforce_and_the_picture_of_the_graph_are_those_of_the_project(
    sample_bench: tuple[Bench, DbtRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(REPO / "scripts")
    import columns
    import lineage
    import marketo
    import salesforce

    manifest = sample_bench[0].manifest_file()
    assert columns.main(["--check"]) == 0
    assert salesforce.main(["--check"]) == 0
    assert marketo.main(["--check"]) == 0
    assert lineage.main(["--check", "--manifest", str(manifest)]) == 0


def test_the_version_is_one_and_the_changelog_has_it() -> None:
    package = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    project = yaml.safe_load((REPO / "dbt_project.yml").read_text(encoding="utf-8"))["version"]
    assert package == project
    assert f"## {package}" in (REPO / "CHANGELOG.md").read_text(encoding="utf-8")


def test_folders_that_read_each_other_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A room reads only rooms before it; the message has the circle."""
    monkeypatch.syspath_prepend(REPO / "scripts")
    import lineage

    def node(folder: str, name: str, *parents: str) -> dict[str, object]:
        path = f"models/{folder}/{name}.sql"
        return {
            "resource_type": "model",
            "name": name,
            "original_file_path": path,
            "depends_on": {"nodes": list(parents)},
        }

    nodes = {"a": node("left", "a"), "b": node("right", "b", "a"), "c": node("left", "c", "b")}
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"nodes": nodes}), encoding="utf-8")
    assert lineage.main(["--check", "--manifest", str(manifest)]) == 1
    assert "these folders read each other: " in capsys.readouterr().err
