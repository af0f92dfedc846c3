"""What an analyst looks for: every mart says how it is read, every column what it is, and who lives from what."""

from __future__ import annotations

import csv
import json
import re
from typing import Any

import pytest
from dbt_bench import REPO, Bench, DbtRun, Mart

HEADINGS = ("**Grain.** ", "**Intended use.** ", "**How to join.** ", "**How not to sum.** ")
OPEN = {"mart_instance_metrics_wide"}
"""Marts without a contract: its columns are the metrics, so that a new one is a new column by itself."""
Node = dict[str, Any]


@pytest.fixture(scope="module")
def manifest(sample_bench: tuple[Bench, DbtRun]) -> dict[str, Any]:
    return json.loads(sample_bench[0].manifest_file().read_text(encoding="utf-8"))


def models(manifest: dict[str, Any], folder: str = "") -> dict[str, Node]:
    """The models below a folder of models/, by name."""
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    return {node["name"]: node for node in nodes if node["original_file_path"].startswith(f"models/{folder}")}


def seed_names(seed: str, column: str) -> set[str]:
    with (REPO / "seeds" / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
        return {row[column] for row in csv.DictReader(file)}


def test_every_mart_says_its_grain_its_use_how_to_join_it_and_how_not_to_sum_it(manifest: dict[str, Any]) -> None:
    marts = {name: node for name, node in models(manifest, "marts/").items() if "publish" not in node["fqn"]}
    assert len(marts) > 20
    lacking = {
        name: [heading for heading in HEADINGS if heading not in node["description"]] for name, node in marts.items()
    }
    assert {name: headings for name, headings in lacking.items() if headings} == {}


def test_marts_are_public_under_a_contract_and_all_else_is_private(manifest: dict[str, Any]) -> None:
    marts = models(manifest, "marts/")
    for name, node in models(manifest).items():
        assert node["access"] == ("public" if name in marts else "private"), name
        assert node["config"]["contract"]["enforced"] is (name in marts and name not in OPEN), name
        assert node["config"]["group"] == "customer_health"
    assert "@" in manifest["groups"]["group.customer_health.customer_health"]["owner"]["email"]


def test_tags_select_what_a_schedule_builds(manifest: dict[str, Any]) -> None:
    tagged = {
        tag: {name for name, node in models(manifest).items() if tag in node["tags"]} for tag in ("daily", "publish")
    }
    assert tagged == {"daily": set(models(manifest, "marts/")), "publish": set(models(manifest, "marts/publish/"))}


def test_every_column_that_a_model_passes_on_is_described(manifest: dict[str, Any], sample_mart: Mart) -> None:
    """Columns that stand for rows of a seed (settings, score groups) or for metrics are described there."""
    groups = seed_names("score_groups", "score_group")
    elsewhere = seed_names("health_settings", "setting") | {
        row["metric_name"] for row in sample_mart.find("dim_metrics")
    }
    elsewhere |= {f"{group}_{part}" for group in groups for part in ("score", "color", "reason")}
    checked, lacking = 0, []
    for name, node in models(manifest).items():
        if "metrics" in node["fqn"] or name.startswith("base_"):
            continue
        for row in sample_mart.rows(f'describe {node["schema"]}."{name}"'):
            checked += 1
            column = row["column_name"]
            told = (node["columns"].get(column) or {}).get("description", "").strip()
            if not told and not (column in elsewhere and "staging" not in node["fqn"]):
                lacking.append(f"{name}.{column}")
    assert checked > 1000
    assert lacking == []


def test_no_column_is_described_that_a_model_does_not_have(manifest: dict[str, Any], sample_mart: Mart) -> None:
    for name, node in models(manifest).items():
        found = {row["column_name"] for row in sample_mart.rows(f'describe {node["schema"]}."{name}"')}
        assert set(node["columns"]) <= found, name


def test_every_doc_block_is_used_and_every_long_text_that_stands_in_many_places_is_one(
    manifest: dict[str, Any],
) -> None:
    written = (REPO / "models" / "_docs.md").read_text(encoding="utf-8")
    blocks = set(re.findall(r"{% docs (\w+) %}", written)) - {"__overview__"}
    ymls = "".join(path.read_text(encoding="utf-8") for path in (REPO / "models").rglob("*.yml"))
    assert blocks == set(re.findall(r"{{ doc\('(\w+)'\) }}", ymls))


def test_each_publish_model_is_in_one_exposure_of_its_destination_with_an_owner(manifest: dict[str, Any]) -> None:
    applications = [one for one in manifest["exposures"].values() if one["type"] == "application"]
    for name, node in models(manifest, "marts/publish/").items():
        (exposure,) = [one for one in applications if node["unique_id"] in one["depends_on"]["nodes"]]
        destination, _, thing = exposure["label"].partition(": ")
        assert destination.lower() == node["config"]["meta"].get("publish", {}).get("destination", "gainsight"), name
        assert thing
        assert exposure["owner"]["name"] and "@" in exposure["owner"]["email"]


@pytest.mark.parametrize(("kind", "folder"), [("dashboard", "app"), ("analysis", "report")])
def test_exposures_of_the_app_and_of_the_report_name_the_marts_that_each_reads(
    manifest: dict[str, Any], kind: str, folder: str
) -> None:
    (exposure,) = [one for one in manifest["exposures"].values() if one["type"] == kind]
    text = "".join(path.read_text(encoding="utf-8") for path in (REPO / "dashboard" / folder).rglob("*.py"))
    read = set(re.findall(r"[\"'{ .]((?:dim|fct|mart)_\w+|quarantined_pings)", text)) & set(models(manifest))
    assert {one.rpartition(".")[2] for one in exposure["depends_on"]["nodes"]} == read


def test_the_semantic_layer_adds_no_seats_people_or_scores_over_periods(manifest: dict[str, Any]) -> None:
    spine = [node for node in models(manifest).values() if node.get("time_spine")]
    assert [(node["name"], node["time_spine"]["standard_granularity_column"]) for node in spine] == [
        ("dim_days", "date_day")
    ]
    measures = [one for model in manifest["semantic_models"].values() for one in model["measures"]]
    assert {one["name"] for one in measures} >= {"licensed_seats", "activated_seats", "umau", "health_points"}
    for measure in measures:
        assert measure["non_additive_dimension"]["name"] == "period_start", measure["name"]
        assert measure["non_additive_dimension"]["window_choice"] == "max"
    metrics = {metric["name"]: metric["type"] for metric in manifest["metrics"].values()}
    wanted = ("license_utilization", "user_engagement", "health_score")
    assert {name: metrics.get(name) for name in wanted} == dict.fromkeys(wanted, "ratio")


def test_source_freshness_tells_the_newest_ping_of_the_files(sample_bench: tuple[Bench, DbtRun]) -> None:
    """Of the mart of June, whatever day it is."""
    bench, _ = sample_bench
    newest = bench.mart.row("select max(received_at) as newest from main_staging.base_service_ping__leaves")["newest"]
    bench.mart.close()
    assert bench.dbt("source", "freshness").exit_code == 0
    sources = json.loads((bench.home / "target" / "sources.json").read_text(encoding="utf-8"))
    (result,) = sources["results"]
    assert result["max_loaded_at"].startswith(newest.isoformat(timespec="seconds"))
    assert result["criteria"]["warn_after"] == {"count": 7, "period": "day"}


def test_of_a_part_of_the_project_only_tests_run_that_its_part_can_answer(sample_bench: tuple[Bench, DbtRun]) -> None:
    """`test_labels__few_labels_are_unknown` reads instances besides, which an empty warehouse does not have."""
    said = sample_bench[0].dbt("ls", "--resource-type", "test", "--select", "+stg_gainsight__instance_labels").said
    assert "unique_grain_stg_gainsight__instance_labels" in said, said
    assert "test_labels__few_labels_are_unknown" not in said
