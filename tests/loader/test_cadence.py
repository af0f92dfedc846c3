"""The same tenant fed monthly, two-weekly, weekly: the plan shows what a switch changes, and old rows go as on_gone says."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness import Bench

from loader.dbt.artifacts import Artifacts
from scripts.salesforce import read_nodes

REPO = Path(__file__).parents[2]

MODEL, OBJECT = "gainsight__instance_usage", "Instance_Usage__gc"
ONLY = ("--select", MODEL)
PERIODS = {
    "month": ("2026-04-01", "2026-05-01", "2026-06-01"),
    "two_weeks": ("2026-05-18", "2026-06-01"),
    "week": ("2026-05-25", "2026-06-01", "2026-06-08"),
}
"""1 June 2026 is a Monday: the first day of a month, of two weeks and of a week."""
BASES = {"month": 1000, "two_weeks": 2000, "week": 3000}
"""Active people, so that a record tells which row it is of."""


def feed(bench: Bench, grain: str) -> None:
    """Ten instances, a row a period of the grain, as dbt would have built them."""
    bench.sql(f"delete from {MODEL}")
    for period in PERIODS[grain]:
        bench.sql(
            f"insert into {MODEL} select 'i' || i, date '{period}', 'A' || (i % 10), {BASES[grain]} + i, 0.5, null"
            " from range(10) as r(i)"
        )
    bench.sql(f"update main_publish.dbt_results set grain = '{grain}'")


def published(bench: Bench, **given: Any) -> None:
    """Change what the model says of how it is published."""
    path = bench.folder / "target" / "manifest.json"
    document = json.loads(path.read_text())
    node = document["nodes"][f"model.mini_project.{MODEL}"]
    node["config"]["meta"]["publish"] |= given
    path.write_text(json.dumps(document))


@pytest.fixture
def months(make_bench: Callable[..., Bench], request: pytest.FixtureRequest) -> Bench:
    """A tenant that holds months: 30 records."""
    bench = make_bench()
    bench.companies(10)
    published(bench, on_gone=getattr(request, "param", "leave"))
    feed(bench, "month")
    assert bench.publish(*ONLY, "--no-gate").result["rows_accepted"] == 30
    return bench


def switch(bench: Bench, *arguments: str) -> Any:
    """Publish although the grain is another one."""
    return bench.publish(*ONLY, "--no-gate", "--allow-grain-change", *arguments)


def records(bench: Bench) -> dict[str, tuple[int, set[str]]]:
    """By period: how many records there are, and of which grains their values are."""
    names = {base: grain for grain, base in BASES.items()}
    rows = bench.box.rows(OBJECT)
    counts = Counter(row["Period_Start__gc"] for row in rows)
    grains: dict[str, set[str]] = {}
    for row in rows:
        users = row["Active_Users__gc"]
        grains.setdefault(row["Period_Start__gc"], set()).add(names[int(users) // 1000 * 1000] if users else "none")
    return {period: (count, grains[period]) for period, count in sorted(counts.items())}


def plan(bench: Bench) -> Any:
    """What another grain changes, as the plan has it."""
    return bench.run("plan", *ONLY, "--output", "json").json["plans"][0]["grain_switches"]


def test_the_plan_shows_what_a_switch_changes_before_it_happens(months: Bench) -> None:
    assert plan(months) == [], "of the grain that stands there is nothing to tell"
    feed(months, "week")
    made = len(months.box.calls)
    (told,) = plan(months)
    assert told == {
        "object": OBJECT,
        "key": ["Instance_Id__gc", "Period_Start__gc"],
        "before": "month",
        "after": "week",
        "on_gone": "leave",
        "leaving": 20,
        "deletes": 0,
        "clears": 0,
        "overwritten": 10,
        "new": 20,
    }
    text = " ".join(months.run("plan", *ONLY).out.split())
    assert (
        "Instance_Usage__gc, key Instance_Id__gc, Period_Start__gc: from a row a month to a row a week. 20 records have"
        " no row any more and stay as they are, beside the new ones (on_gone: leave); 10 have the key of a row of the"
        " new grain and are overwritten; 20 are new." in text
    )
    refused = months.publish(*ONLY, "--no-gate")
    assert (refused.code, len(months.box.calls)) == (3, made), "nothing is sent unless it is meant"
    assert "publish with --allow-grain-change" in refused.json["error"]


def test_month_to_week_on_leave_keeps_the_months_beside_the_weeks(months: Bench) -> None:
    feed(months, "week")
    assert switch(months).result["rows_accepted"] == 30
    assert records(months) == {
        "2026-04-01": (10, {"month"}),
        "2026-05-01": (10, {"month"}),
        "2026-05-25": (10, {"week"}),
        "2026-06-01": (10, {"week"}),
        "2026-06-08": (10, {"week"}),
    }
    again = months.publish(*ONLY, "--no-gate")
    assert (again.code, again.result["rows_accepted"]) == (0, 0), "weeks are what stands now"


@pytest.mark.parametrize("months", ["delete"], indirect=True)
def test_month_to_week_on_delete_leaves_weeks_alone(months: Bench) -> None:
    feed(months, "week")
    assert (plan(months)[0]["deletes"], plan(months)[0]["leaving"]) == (20, 20)
    capped = switch(months, "--max-deletes", "19")
    assert capped.code == 3, "a cap holds for a switch, too"
    assert switch(months).result["rows_deleted"] == 20
    assert records(months) == {period: (10, {"week"}) for period in PERIODS["week"]}


@pytest.mark.parametrize("months", ["clear"], indirect=True)
def test_month_to_week_on_clear_keeps_empty_months(months: Bench) -> None:
    feed(months, "week")
    assert plan(months)[0]["clears"] == 20
    refused = switch(months)
    assert refused.code == 3, "that many values become null at once only when it is said"
    assert switch(months, "--max-null-overwrites", "1000").result["rows_cleared"] == 20
    assert records(months) == {
        "2026-04-01": (10, {"none"}),
        "2026-05-01": (10, {"none"}),
        **{period: (10, {"week"}) for period in PERIODS["week"]},
    }


@pytest.mark.parametrize("months", ["delete"], indirect=True)
def test_a_tenant_is_fed_monthly_then_two_weekly_then_weekly_then_monthly_again(months: Bench) -> None:
    for grain in ("two_weeks", "week", "month"):
        feed(months, grain)
        (told,) = plan(months)
        assert (told["after"], told["overwritten"]) == (grain, 10), "1 June is a first day in each"
        assert switch(months).code == 0
        assert records(months) == {period: (10, {grain}) for period in PERIODS[grain]}


def test_a_period_that_is_part_of_a_texts_key_is_told_and_refused_too(make_bench: Callable[..., Bench]) -> None:
    """As Salesforce has it, where a record is known by one text: account, period and use case."""
    bench = make_bench()
    bench.companies(10)
    published(bench, key=["Activity_Status__gc"], period="period_start")
    for grain in ("month", "two_weeks"):
        feed(bench, grain)
        bench.sql(f"update {MODEL} set activity_status = instance_id || '/' || period_start")
        if grain == "month":
            assert bench.publish(*ONLY, "--no-gate").result["rows_accepted"] == 30
    (told,) = plan(bench)
    assert (told["before"], told["after"], told["leaving"], told["overwritten"]) == ("month", "two_weeks", 20, 10)
    text = " ".join(bench.run("plan", *ONLY).out.split())
    assert "Activity_Status__gc: from a row a month to a row every two weeks. 20 records have no row any more" in text
    made = len(bench.box.calls)
    refused = bench.publish(*ONLY, "--no-gate")
    assert (refused.code, len(bench.box.calls)) == (3, made)
    assert "the mart has a row every two weeks, what stands has one a month" in refused.json["error"]
    assert switch(bench).result["rows_accepted"] == 20


def test_each_model_with_a_row_a_period_or_an_episode_says_which_column_that_is(tmp_path: Path) -> None:
    """Its grain is in its description; the loader can tell another cadence only by the column."""
    nodes, wanted = {}, {}
    for entry in read_nodes(REPO, "*__*.yml"):
        name, columns = entry["name"], {each["name"]: each for each in entry["columns"]}
        config = {"meta": {"publish": entry["publish"]}, "contract": {"enforced": True}}
        known = {"resource_type": "model", "name": name, "unique_id": name, "database": "", "schema": "main"}
        nodes[name] = {**known, "config": config, "columns": columns}
        (grain,) = re.findall(r"[Oo]ne row per (.*?)[.:;]", " ".join(entry["description"].split()))
        wanted[name] = "period" in grain or "episode" in grain
    assert sum(wanted.values()) == 3
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "manifest.json").write_text(json.dumps({"metadata": {}, "nodes": nodes}))
    models = Artifacts(tmp_path).publish_models()
    assert {each.name: each.period_column is not None for each in models} == wanted
