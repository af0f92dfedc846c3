"""A metric added by the page CONTRIBUTING.md is in every place that it names, for old pings too."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from dbt_bench import REPO, copy_project
from history import History, contributing_example, lines_of
from raw_folder import instance_id

from scripts import registry

ADDED = {
    "wiki_pages_28_days_user": "Wiki_Users_28d__gc",
    "snippets_28_days_event": "Snippets_28d__gc",
}


def test_the_page_adds_the_metric_that_is_tested_here() -> None:
    """Name, SQL and yml are the page's own."""
    name, sql, yml = contributing_example()
    assert name.removeprefix("metric_") in ADDED
    assert sql.strip() == "{{ ping_metric() }}"
    model = yaml.safe_load(yml)["models"][0]
    assert model["config"]["meta"]["metric"]["gainsight_field"] == ADDED[name[7:]]


@pytest.mark.parametrize("name", ADDED)
def test_a_new_metric_is_in_every_place(history: History, name: str) -> None:
    """Long and wide mart, dimension, tier mart, published relation and dictionary page."""
    mart, project = history.marts["replayed"], history.bench.project
    instance_periods = len(mart.find("fct_instance_activity"))
    assert len(mart.find("fct_metric_values", metric_name=name)) == instance_periods
    assert name in mart.find("mart_instance_metrics_wide")[0]
    metric = mart.one("dim_metrics", metric_name=name)
    assert (metric["stage"], metric["gainsight_field"]) == ("create", ADDED[name])
    assert name in mart.find("gainsight__instance_usage")[0]
    assert name in mart.find("adoption_explorer__usage_weekly")[0]
    assert mart.find("mart_metrics_by_tier", metric_name=name)
    page = (project / "docs/metrics.md").read_text(encoding="utf-8")
    assert f"`{name}`" in page
    assert ADDED[name] in page
    assert name not in (REPO / "docs/metrics.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ADDED)
def test_a_new_metric_with_a_field_is_in_the_contract_that_the_loader_reads(history: History, name: str) -> None:
    """Columns and fields of the manifest."""
    manifest = json.loads(history.bench.manifest_file().read_text("utf-8"))
    node = manifest["nodes"]["model.customer_health.gainsight__instance_usage"]
    assert node["config"]["contract"]["enforced"]
    assert node["columns"][name]["data_type"] == "double"
    assert node["config"]["meta"]["publish"]["fields"][name] == ADDED[name]


def test_a_new_metric_takes_no_other_edit(history: History) -> None:
    """Besides the two files of each metric, only generated files differ from the repository's."""
    project = history.bench.project
    same = lambda path: path.read_bytes() == (REPO / path.relative_to(project)).read_bytes()  # noqa: E731
    changed = {
        str(path.relative_to(project))
        for part in ("models", "macros", "seeds", "docs", "scripts")
        for path in (project / part).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
        if not (REPO / path.relative_to(project)).exists() or not same(path)
    }
    files = {f"models/metrics/create/metric_{name}.{end}" for name in ADDED for end in ("sql", "yml")}
    assert changed == files | {
        "macros/_generated/metric_models.sql",
        "models/marts/publish/gainsight/gainsight__instance_usage.yml",
        "models/marts/publish/adoption_explorer/adoption_explorer__usage_weekly.yml",
        "docs/metrics.md",
    }


def payloads(history: History) -> Iterator[tuple[str, dict[str, Any]]]:
    """Ping id and payload of everything that is JSON in the raw folder."""
    for path in history.pings.rglob("*.jsonl*"):
        for line in lines_of(path):
            with suppress(ValueError):
                record = json.loads(line)
                yield record["ping_id"], record["payload"]
    for path in history.pings.glob("manual/*.json"):
        content = path.read_bytes()
        yield hashlib.md5(content).hexdigest(), json.loads(content)  # noqa: S324


def snippets_by_ping(history: History) -> dict[str, Any]:
    """What the payloads hold at counts_monthly.snippets; those without the key left out."""
    return {
        ping_id: payload["counts_monthly"]["snippets"]
        for ping_id, payload in payloads(history)
        if "snippets" in (payload.get("counts_monthly") or {})
    }


def test_a_new_key_path_is_filled_in_for_pings_that_were_there_before(history: History) -> None:
    """Without a full refresh: the period pings' values are those of the raw lines."""
    mart = history.marts["replayed"]
    held = snippets_by_ping(history)
    rows = mart.rows(
        "select pings.ping_id, metric_value, value_status, value_reason, tier "
        "from fct_metric_values inner join main_intermediate.int_pings as pings "
        "using (instance_id, period_start) where metric_name = 'snippets_28_days_event' and is_period_ping"
    )
    reported = 0
    for row in rows:
        found = (row["metric_value"], row["value_status"], row["value_reason"])
        raw = held.get(row["ping_id"])
        if isinstance(raw, int) and raw >= 0:
            assert found == (raw, "reported", None)
            reported += 1
        elif row["ping_id"] in held and raw is None:
            assert found == (None, "not_reported", "key_null")
        elif row["ping_id"] not in held:
            assert row["value_status"] == "not_reported"
    assert reported > 100


def test_the_page_s_own_metric_is_filled_in(history: History) -> None:
    """Example 29's pings hold the page's key path."""
    row = history.marts["replayed"].one(
        "fct_metric_values",
        instance_id=instance_id("uuid-29", "git29.example"),
        period_start=date(2026, 1, 1),
        metric_name="wiki_pages_28_days_user",
    )
    assert (row["metric_value"], row["value_status"]) == (60, "reported")


def test_the_committed_registry_contract_and_page_are_up_to_date(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`python scripts/registry.py --check` in the repository."""
    assert registry.main(["--check"]) == 0
    assert capsys.readouterr() == ("", "")


def test_check_names_what_is_out_of_date_and_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After a metric was added by hand and `make registry` forgotten."""
    project = copy_project(tmp_path / "project")
    name, sql, yml = contributing_example()
    folder = project / "models/metrics/create"
    (folder / f"{name}.sql").write_text(sql, encoding="utf-8")
    (folder / f"{name}.yml").write_text(yml, encoding="utf-8")
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    assert registry.main(["--check"], project) == 1
    said = capsys.readouterr().err
    for file in ("macros/_generated/metric_models.sql", "gainsight__instance_usage.yml", "usage_weekly.yml"):
        assert file in said
    assert "make registry" in said
    assert before == {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    assert registry.main([], project) == 0
    assert registry.main(["--check"], project) == 0


def test_registry_without_a_yml_beside_the_model_names_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One clear message, and nothing written."""
    project = copy_project(tmp_path / "project")
    (project / "models/metrics/create/metric_lonely.sql").write_text("{{ ping_metric() }}")
    before = (project / registry.REGISTRY).read_text(encoding="utf-8")
    assert registry.main([], project) == 1
    assert "models/metrics/create/metric_lonely.yml is missing" in capsys.readouterr().err
    assert (project / registry.REGISTRY).read_text(encoding="utf-8") == before
