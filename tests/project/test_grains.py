"""The same small raw data under month, two_weeks and week: every row is as worked out by hand in grain_rows.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dbt_bench import AGAIN, AGAIN_ON_THE_SAME_PINGS, BUILD, Bench, Mart, Row
from grain_rows import ACTIVITY, AS_OF, COVERAGE, GRAINS, REPORTING, STEADY, WEEKS, day, small_raw, weekly
from raw_folder import RawFolder


@pytest.fixture(scope="module")
def bench(home: Callable[[str], Path], models: Path) -> Bench:
    """One database; the grain changes from run to run."""
    folder = home("grains")
    return Bench(folder, small_raw().write(folder / "raw"), models, as_of=AS_OF)


@pytest.fixture(scope="module")
def marts(bench: Bench) -> dict[str, Mart]:
    """The mart under each grain."""
    built = {}
    for grain in GRAINS:
        bench.variables["grain"] = grain
        bench.build(*(AGAIN_ON_THE_SAME_PINGS if built else BUILD))
        built[grain] = bench.snapshot(grain)
    return built


@pytest.mark.parametrize("grain", GRAINS)
def test_an_instance_has_a_row_for_every_period_from_its_first_ping_on(marts: dict[str, Mart], grain: str) -> None:
    """Period starts, which ping stands, silent rows, change against the calendar neighbour, status."""
    rows = marts[grain].rows(
        "select period_start, ping_count, last_ping_at, activated_seats, active_users, active_users_change, "
        "activity_status from fct_instance_activity where instance_id = ? order by period_start",
        STEADY,
    )
    assert [tuple(row.values()) for row in rows] == ACTIVITY[grain]


@pytest.mark.parametrize("grain", GRAINS)
def test_adoption_explorer_gets_weeks_whatever_the_grain(marts: dict[str, Mart], grain: str) -> None:
    """A row for every week from the first ping on, with the last ping's value, or none and why; no account is lost."""
    mart = marts[grain]
    rows = mart.rows(
        "select week_start, ping_count, historical_max_users, is_complete_week, account_id, missing_reason "
        "from adoption_explorer__usage_weekly where instance_id = ? order by week_start",
        STEADY,
    )
    assert [tuple(row.values())[:4] for row in rows] == WEEKS
    assert {row["account_id"] for row in rows} == {"steady"}
    assert all((row["missing_reason"] == "no_ping") is (row["ping_count"] == 0) for row in rows)
    assert "git_operations_28_days_user key_absent" in rows[0]["missing_reason"]
    assert {row["account_id"] for row in mart.find("adoption_explorer__company_info")} == {"steady", "silent", "ended"}
    assert mart.find("adoption_explorer__left_out") == []
    # of 20 February and of 5 March, after its subscription has ended
    ended = mart.find("adoption_explorer__usage_weekly", account_id="ended")
    assert sorted(row["historical_max_users"] for row in ended if row["ping_count"]) == [16, 17]
    assert repr(rows) == repr(
        marts["month"].rows(
            "select week_start, ping_count, historical_max_users, is_complete_week, account_id, missing_reason "
            "from adoption_explorer__usage_weekly where instance_id = ? order by week_start",
            STEADY,
        )
    )


def test_accounts_that_gainsight_has_no_company_for_are_kept_out_and_listed(
    bench: Bench, marts: dict[str, Mart]
) -> None:
    """By a list of its ids: one that the CRM does not have changes nothing."""
    assert len(marts) == len(GRAINS)
    listed = "(select 'steady' as account_id union all select 'elsewhere' union all select null)"
    bench.variables["gainsight_companies"] = listed
    bench.build("run", "--select", "path:models/marts/publish/adoption_explorer")
    del bench.variables["gainsight_companies"]
    assert [row["account_id"] for row in bench.mart.find("adoption_explorer__company_info")] == ["steady"]
    assert {row["account_id"] for row in bench.mart.find("adoption_explorer__usage_weekly")} == {"steady"}
    # from the week of 16 February to that of 30 March: seven weeks
    assert [
        (row["subject"].partition("/")[0], row["left_out_reason"], row["weeks"])
        for row in sorted(bench.mart.find("adoption_explorer__left_out"), key=lambda row: row["subject"])
    ] == [("ended", "no_company", 7), ("silent", "no_company", 0)]


@pytest.mark.parametrize("subscription", COVERAGE)
@pytest.mark.parametrize("grain", GRAINS)
def test_a_subscription_has_a_row_for_every_period_from_its_start_to_as_of(
    marts: dict[str, Mart], grain: str, subscription: str
) -> None:
    """Silence is a row, with its reason."""
    rows = marts[grain].rows(
        "select period_start, reporting_reason, instance_count, is_reporting from fct_reporting_coverage "
        "where subscription_id = ? order by period_start",
        subscription,
    )
    wanted = [(*row, row[1] == REPORTING or row[2] > 0) for row in COVERAGE[subscription][grain]]
    assert [tuple(row.values()) for row in rows] == wanted


@pytest.mark.parametrize(
    ("grain", "months"),
    [
        ("month", [0, 1, 2]),
        # measured on 25 January, 8 and 22 February, 8 and 22 March, 31 March
        ("two_weeks", [0, 0, 1, 1, 2, 2]),
        # measured on Sundays: 15 February is one month, 15 March two; the last week is measured on 31 March
        ("week", [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]),
    ],
)
def test_completed_months_are_counted_on_the_measurement_day(
    marts: dict[str, Mart], grain: str, months: list[int]
) -> None:
    """From 15 January on."""
    rows = marts[grain].rows(
        "select months_since_start from fct_seat_utilization where subscription_id = 'S-steady' order by period_start"
    )
    assert [row["months_since_start"] for row in rows] == months


def seats(mart: Mart, period: str) -> Row:
    """Seats of the steady subscription."""
    return mart.one("fct_seat_utilization", subscription_id="S-steady", period_start=day(period))


@pytest.mark.parametrize(
    ("grain", "period", "utilization", "engagement", "color", "reason"),
    [
        # 31 January is day 16 of 30
        ("month", "01-01", 0.52, 0.8077, None, "onboarding"),
        ("month", "02-01", 0.56, 0.8214, None, "age_below_first_band"),
        ("month", "03-01", 0.7, 0.8571, "green", None),
        ("two_weeks", "01-26", 0.56, 0.8214, None, "onboarding"),
        ("two_weeks", "02-09", None, None, None, "no_ping"),
        ("two_weeks", "03-09", 0.7, 0.8571, "green", None),
        ("week", "01-26", 0.54, 0.8148, None, "onboarding"),
        ("week", "02-02", 0.56, 0.8214, None, "onboarding"),
        ("week", "02-09", None, None, None, "no_ping"),
        ("week", "03-09", 0.7, 0.8571, "green", None),
    ],
)
def test_seats_are_those_of_the_standing_ping(
    marts: dict[str, Mart],
    grain: str,
    period: str,
    utilization: float | None,
    engagement: float | None,
    color: str | None,
    reason: str | None,
) -> None:
    """Ratios are shown as soon as they can be computed; colors come with the age."""
    row = seats(marts[grain], period)
    assert (row["license_utilization"], row["user_engagement"]) == (utilization, engagement)
    assert (row["license_utilization_color"], row["missing_reason"]) == (color, reason)
    assert (row["licensed_seats"], row["licensed_seats_source"]) == (100, "subscription")


@pytest.mark.parametrize("grain", GRAINS)
def test_every_fact_has_the_periods_of_the_grain_and_no_other(marts: dict[str, Mart], grain: str) -> None:
    """All marts with a period_start, derived and published ones included."""
    starts = {
        "month": {day("12-01"), day("01-01"), day("02-01"), day("03-01")},
        "two_weeks": set(weekly("12-01", "03-23", 14)),
        "week": set(weekly("12-01", "03-30")),
    }[grain]
    mart = marts[grain]
    relations = mart.rows(
        "select table_name from information_schema.columns "
        "where table_schema = 'main' and column_name = 'period_start' order by 1"
    )
    assert len(relations) >= 12
    for relation in relations:
        held = mart.rows(f"select distinct period_start from {relation['table_name']}")
        assert {row["period_start"] for row in held} <= starts, relation


@pytest.mark.parametrize("grain", GRAINS)
def test_accounts_have_a_row_for_every_period(marts: dict[str, Mart], grain: str) -> None:
    """Health and adoption, from the first subscription's start on."""
    for relation in ("fct_account_health", "fct_account_adoption"):
        rows = marts[grain].rows(f"select account_id, period_start from {relation} order by all")
        wanted = sorted(
            (subscription.removeprefix("S-"), period)
            for subscription, grains in COVERAGE.items()
            for period, *_ in grains[grain]
        )
        assert [tuple(row.values()) for row in rows] == wanted


@pytest.mark.parametrize(
    ("grain", "scores"),
    [
        # weights 0.30 and 0.10, 88 points each
        ("month", {"03-01": 88.0, "02-01": 88.0, "01-01": None}),
        ("two_weeks", {"03-09": 88.0, "03-23": None, "01-26": None}),
        ("week", {"03-09": 88.0, "02-02": None, "03-30": None}),
    ],
)
def test_the_account_is_scored_in_the_periods_with_a_ping_after_onboarding(
    marts: dict[str, Mart], grain: str, scores: dict[str, Any]
) -> None:
    """Engagement alone (weight 0.10) in February, when utilization has no band yet."""
    for period, score in scores.items():
        row = marts[grain].one("fct_account_health", account_id="steady", period_start=day(period))
        assert row["overall_score"] == score
        if grain == "month":
            assert row["weight_present"] == {"03-01": 0.4, "02-01": 0.1, "01-01": 0}[period]


def test_another_raw_folder_is_refused_until_the_first_is_forgotten(
    bench: Bench, marts: dict[str, Mart], home: Callable[[str], Path]
) -> None:
    """Then nothing of the first is left, and the first folder's mart comes back the same."""
    other = RawFolder()
    other.account("other")
    other.subscription("S-other", "other", "2025-01-15", seats=10)
    other.label("uuid-other", "git.other.example")
    fields = {"license_subscription_id": "S-other", "license_plan": "premium"}
    other.ping("uuid-other", "git.other.example", "2026-03-20T06:00:00Z", fields, activated=9, active=9)
    first = bench.raw
    bench.variables["grain"] = "month"
    bench.raw = other.write(home("other") / "raw")
    scores = (*AGAIN, "--select", "+fct_seat_utilization", "+dim_instances")
    run = bench.dbt(*scores)
    assert run.exit_code != 0
    assert f'made from the raw data in "{first}"' in run.failures
    bench.build("run-operation", "forget_raw", "--args", f"{{path: '{first}'}}")
    bench.build(*scores)
    assert {row["hostname"] for row in bench.mart.find("dim_instances")} == {"git.other.example"}
    assert {row["account_id"] for row in bench.mart.find("fct_seat_utilization")} == {"other"}
    assert bench.mart.row("select count(*) as n from main_staging.stg_service_ping__pings")["n"] == 1
    bench.build("run-operation", "forget_raw", "--args", f"{{path: '{bench.raw}'}}")
    bench.raw = first
    bench.build(*scores)
    for relation in ("dim_instances", "fct_seat_utilization", "main_intermediate.int_primary_instances"):
        assert sorted(map(repr, bench.mart.find(relation))) == sorted(map(repr, marts["month"].find(relation)))
