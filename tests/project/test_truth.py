"""The mart of sample/small holds what its generator knows to be true, to the last digit."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from dbt_bench import SMALL, Bench, DbtRun, Mart
from raw_folder import instance_id

TRUTH = json.loads((SMALL / "truth.json").read_text(encoding="utf-8"))
PERIODS = [
    pytest.param(account, account[which], id=f"{account['account_name']}-{which}")
    for account in TRUTH["accounts"]
    for which in ("current", "previous")
    if account[which]
]
ADOPTION = [
    "adopted_count",
    "adopted_use_cases",
    "adoption_level",
    "in_progress_use_cases",
    "next_use_case",
]
COVERAGE = ["reporting_reason", "is_reporting", "instance_count"]


def identity(instance: dict[str, Any] | None) -> str | None:
    """The instance_id of what truth names by uuid and hostname."""
    return instance and instance_id(instance["uuid"], instance["hostname"] or "")


def held_against(row: dict[str, Any], wanted: dict[str, Any], where: str) -> Iterator[str]:
    """One line for every value of `wanted` that the row does not hold."""
    for name, value in wanted.items():
        found = row[name]
        if found != value or isinstance(found, bool) != isinstance(value, bool):
            yield f"{where}.{name}: {found!r} in the mart, {value!r} in truth"


def subscription_findings(mart: Mart, period: str, wanted: dict[str, Any]) -> Iterator[str]:
    """What the mart holds otherwise of one subscription in one period."""
    wanted = dict(wanted)
    where = wanted.pop("subscription_id")
    keys = {"subscription_id": where, "period_start": date.fromisoformat(period)}
    coverage = mart.one("fct_reporting_coverage", **keys)
    yield from held_against(coverage, {name: wanted.pop(name) for name in COVERAGE}, where)
    seats = mart.one("fct_seat_utilization", **keys)
    primary = identity(wanted.pop("primary_instance"))
    # Open: the generator names a primary instance for an ended subscription that still pings, the mart does not.
    if coverage["reporting_reason"] != "no_active_subscription":
        yield from held_against(seats, {"primary_instance_id": primary}, where)
    use_cases = wanted.pop("use_cases")
    yield from held_against(seats, wanted, where)
    assert len(mart.find("fct_stage_adoption", **keys)) == len(use_cases)
    for use_case, values in use_cases.items():
        yield from held_against(
            mart.one("fct_stage_adoption", use_case=use_case, **keys), values, f"{where}.{use_case}"
        )


def instance_findings(mart: Mart, period: str, wanted: dict[str, Any]) -> Iterator[str]:
    """What the mart holds otherwise of one instance in one period."""
    row = mart.one(
        "fct_instance_activity",
        instance_id=identity(wanted),
        period_start=date.fromisoformat(period),
    )
    values = {name: value for name, value in wanted.items() if name not in ("uuid", "hostname")}
    yield from held_against(row, values, wanted["hostname"] or "")


@pytest.mark.parametrize(("account", "wanted"), PERIODS)
def test_a_named_account_is_as_its_generator_says(
    sample_mart: Mart, account: dict[str, Any], wanted: dict[str, Any]
) -> None:
    """Health, adoption, subscriptions and instances of one account in one period."""
    wanted = dict(wanted)
    period = wanted.pop("period_start")
    keys = {"account_id": account["account_id"], "period_start": date.fromisoformat(period)}
    subscriptions, instances = wanted.pop("subscriptions"), wanted.pop("instances")
    findings = [
        *held_against(
            sample_mart.one("fct_account_adoption", **keys),
            {name: wanted.pop(name) for name in ADOPTION},
            "adoption",
        ),
        *held_against(sample_mart.one("fct_account_health", **keys), wanted, "health"),
    ]
    for subscription in subscriptions:
        findings += subscription_findings(sample_mart, period, subscription)
    for instance in instances:
        findings += instance_findings(sample_mart, period, instance)
    assert not findings, "\n".join(findings)


@pytest.mark.parametrize(("account", "wanted"), PERIODS)
def test_a_named_account_has_no_other_reporting_instance_and_no_other_subscription(
    sample_mart: Mart, account: dict[str, Any], wanted: dict[str, Any]
) -> None:
    """What truth lists is all there is."""
    period = date.fromisoformat(wanted["period_start"])
    keys = {"account_id": account["account_id"], "period_start": period}
    subscriptions = sample_mart.find("fct_seat_utilization", **keys)
    activity = sample_mart.find("fct_instance_activity", **keys)
    assert {row["subscription_id"] for row in subscriptions} == {
        one["subscription_id"] for one in wanted["subscriptions"]
    }
    assert {row["instance_id"] for row in activity if row["ping_count"]} == {
        identity(one) for one in wanted["instances"]
    }


OBJECTIVES = [
    pytest.param(account, objective, id=objective["objective_id"])
    for account in TRUTH["accounts"]
    for objective in account.get("objectives", [])
]


@pytest.mark.parametrize(("account", "objective"), OBJECTIVES)
def test_an_objective_stands_where_its_generator_says(
    sample_mart: Mart, account: dict[str, Any], objective: dict[str, Any]
) -> None:
    """Value, target, progress and status in the period of as_of."""
    row = sample_mart.one(
        "fct_objective_progress",
        objective_id=objective["objective_id"],
        period_start=date.fromisoformat(account["current"]["period_start"]),
    )
    assert row["account_id"] == account["account_id"]
    assert not list(held_against(row, objective, objective["objective_id"]))


@pytest.mark.parametrize(
    ("name", "sql"),
    [
        ("accounts", "select count(*) from dim_accounts"),
        ("subscriptions", "select count(*) from dim_subscriptions"),
        (
            "subscription_lineages",
            "select count(distinct original_subscription_id) from dim_subscriptions",
        ),
        ("licenses", "select count(*) from main_staging.stg_crm__licenses"),
        ("instance_labels", "select count(*) from main_staging.stg_gainsight__instance_labels"),
        ("objectives", "select count(*) from main_staging.stg_crm__objectives"),
        ("instances", "select count(*) from dim_instances"),
        ("lines_not_json", "select count(*) from quarantined_pings where reason = 'not JSON'"),
    ],
)
def test_the_mart_has_as_many_rows_as_the_generator_wrote(sample_mart: Mart, name: str, sql: str) -> None:
    """Rows of the dimensions against the generator's counts."""
    assert sample_mart.rows(f"select ({sql}) as found") == [{"found": TRUTH["counts"][name]}]


def test_unmapped_pings_are_listed_by_reason_as_the_generator_counts_them(
    sample_mart: Mart,
) -> None:
    """Every reason, and no other."""
    found = Counter(row["unmapped_reason"] for row in sample_mart.find("fct_unmapped_pings"))
    assert found == TRUTH["counts"]["unmapped_pings"]


def raw_arrivals() -> tuple[dict[str, str], int, int]:
    """Read without dbt: newest arrival by ping id (manual files: by name), lines, broken lines."""
    newest: dict[str, str] = {}
    lines = broken = 0
    for path in sorted((SMALL / "service_pings").rglob("*.jsonl*")):
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for line in content.decode("utf-8").split("\n"):
            if not line.strip():
                continue
            lines += 1
            try:
                record = json.loads(line)
            except ValueError:
                broken += 1
                continue
            known = newest.get(record["ping_id"], "")
            newest[record["ping_id"]] = max(known, record["received_at"])
    for path in sorted((SMALL / "service_pings" / "manual").glob("*.json")):
        newest[path.name] = json.loads(path.read_text(encoding="utf-8"))["recorded_at"]
    return newest, lines, broken


def test_no_raw_ping_vanishes(sample_mart: Mart) -> None:
    """Raw pings = used + superseded + unmapped + excluded + quarantined, and those after as_of."""
    newest, lines, broken = raw_arrivals()
    counts = TRUTH["counts"]
    assert (lines - broken, broken) == (counts["ping_lines"], counts["lines_not_json"])
    assert len(newest) == counts["distinct_ping_ids"] + counts["manual_files"]
    later = sum(received_at[:10] > TRUTH["as_of"] for received_at in newest.values())
    assert later == counts["after_as_of"]

    activity = sample_mart.row(
        "select sum(ping_count) as pings, count(*) filter (ping_count > 0) as standing from fct_instance_activity"
    )
    unmapped = Counter(row["unmapped_reason"] for row in sample_mart.find("fct_unmapped_pings"))
    never_in_a_mart = unmapped["invalid"] + unmapped["internal"] + unmapped["excluded"]
    superseded = activity["pings"] - activity["standing"]
    assert superseded > 0
    assert activity["standing"] + superseded + never_in_a_mart + later == len(newest)
    assert len(sample_mart.find("quarantined_pings")) == broken


def test_the_whole_build_has_no_warning_no_skip_and_no_error(
    sample_bench: tuple[Bench, DbtRun],
) -> None:
    """`dbt build` with its unit tests and data tests, as an analyst runs it."""
    _, run = sample_bench
    assert run.exit_code == 0, run.failures
    assert run.of_level("warn") == []
    assert run.of_level("error") == []
    # exposures are no-op: there is nothing of theirs to build
    bad = {name: status for name, status in run.nodes.items() if status not in ("success", "pass", "no-op")}
    assert not bad
    assert any(name.startswith("unique_grain_") for name in run.nodes)
