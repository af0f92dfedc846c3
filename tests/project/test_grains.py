"""The same small raw data under month, two_weeks and week; every expected row is worked out by hand.

Day by day (2026; weeks start on Monday, two-week periods on the Mondays 12 and 26 January, 9 and 23 February,
9 and 23 March; as_of is Tuesday 31 March):

- Steady, from Thu 15 January, 100 seats. Pings: Tue 20 January; Sat 31 January, last second; Sun 1 February, first
  second; Mon 2 February, first second; Tue 10 March.
- Silent, from Mon 16 February: never a ping.
- Ended, from Mon 1 December 2025 to Sat 28 February. Pings: Fri 20 February, and Thu 5 March, after the end.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dbt_bench import AGAIN, AGAIN_ON_THE_SAME_PINGS, BUILD, Bench, Mart, Row
from raw_folder import RawFolder, instance_id

GRAINS = ["month", "two_weeks", "week"]
AS_OF = "2026-03-31"
STEADY = instance_id("uuid-steady", "git.steady.example")


def day(text: str) -> date:
    """'12-01' is in 2025, every other month in 2026."""
    return date.fromisoformat(f"{2025 if text.startswith('12-') else 2026}-{text}")


def weekly(first: str, last: str, days: int = 7) -> list[date]:
    """The first days of consecutive periods."""
    found = [day(first)]
    while found[-1] < day(last):
        found.append(found[-1] + timedelta(days))
    return found


def small_raw() -> RawFolder:
    """Three accounts and seven pings."""
    raw = RawFolder()
    for name, start, end, seats in (
        ("steady", "2026-01-15", "2027-01-14", 100),
        ("silent", "2026-02-16", "2027-02-15", 10),
        ("ended", "2025-12-01", "2026-02-28", 20),
    ):
        raw.account(name)
        raw.subscription(f"S-{name}", name, start, end_date=end, seats=seats)
        raw.label(f"uuid-{name}", f"git.{name}.example")
    for name, received_at, activated, active in (
        ("steady", "2026-01-20T10:00:00Z", 50, 40),
        ("steady", "2026-01-31T23:59:59Z", 52, 42),
        ("steady", "2026-02-01T00:00:00Z", 54, 44),
        ("steady", "2026-02-02T00:00:00Z", 56, 46),
        ("steady", "2026-03-10T12:00:00Z", 70, 60),
        ("ended", "2026-02-20T12:00:00Z", 15, 12),
        ("ended", "2026-03-05T12:00:00Z", 16, 13),
    ):
        fields = {
            "license_subscription_id": f"S-{name}",
            "license_plan": "premium",
            "historical_max_users": activated + 1,
        }
        uuid, hostname = f"uuid-{name}", f"git.{name}.example"
        raw.ping(uuid, hostname, received_at, fields, activated=activated, active=active)
    return raw


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


NO_BASELINE, AS_EXPECTED, ABOVE, SILENT = "no_baseline", "as_expected", "above_expectation", "not_reporting"
# period, pings, the ping that stands, activated, active, change against the period before, status
Activity = tuple[date, int, datetime | None, int | None, int | None, int | None, str]
FIRST, SECOND, FOURTH = datetime(2026, 1, 20, 10), datetime(2026, 1, 31, 23, 59, 59), datetime(2026, 2, 2)
THIRD, FIFTH = datetime(2026, 2, 1), datetime(2026, 3, 10, 12)


def silent(*periods: date) -> list[Activity]:
    """Rows without a ping."""
    return [(period, 0, None, None, None, None, SILENT) for period in periods]


ACTIVITY: dict[str, list[Activity]] = {
    "month": [
        (day("01-01"), 2, SECOND, 52, 42, None, NO_BASELINE),
        # 46 against 42: +9.5 %
        (day("02-01"), 2, FOURTH, 56, 46, 4, AS_EXPECTED),
        # 60 against the mean of 42 and 46: +36 %
        (day("03-01"), 1, FIFTH, 70, 60, 14, ABOVE),
    ],
    "two_weeks": [
        (day("01-12"), 1, FIRST, 50, 40, None, NO_BASELINE),
        # 46 against 40: +15 %
        (day("01-26"), 3, FOURTH, 56, 46, 6, AS_EXPECTED),
        *silent(day("02-09"), day("02-23")),
        # no neighbour to compare with; 60 against 46, three periods ago: +30 %
        (day("03-09"), 1, FIFTH, 70, 60, None, ABOVE),
        *silent(day("03-23")),
    ],
    "week": [
        (day("01-19"), 1, FIRST, 50, 40, None, NO_BASELINE),
        (day("01-26"), 2, THIRD, 54, 44, 4, AS_EXPECTED),
        (day("02-02"), 1, FOURTH, 56, 46, 2, AS_EXPECTED),
        *silent(*weekly("02-09", "03-02")),
        # the three weeks before were silent
        (day("03-09"), 1, FIFTH, 70, 60, None, NO_BASELINE),
        *silent(*weekly("03-16", "03-30")),
    ],
}


@pytest.mark.parametrize("grain", GRAINS)
def test_an_instance_has_a_row_for_every_period_from_its_first_ping_on(marts: dict[str, Mart], grain: str) -> None:
    """Period starts, which ping stands, silent rows, change against the calendar neighbour, status."""
    rows = marts[grain].rows(
        "select period_start, ping_count, last_ping_at, activated_seats, active_users, active_users_change, "
        "activity_status from fct_instance_activity where instance_id = ? order by period_start",
        STEADY,
    )
    assert [tuple(row.values()) for row in rows] == ACTIVITY[grain]


# week, pings, historical max users (one more than the activated seats of the week's last ping), complete
WEEKS: list[tuple[date, int, float | None, bool]] = [
    (day("01-19"), 1, 51, True),
    # Saturday's last second and Sunday's first: Sunday's ping stands
    (day("01-26"), 2, 55, True),
    (day("02-02"), 1, 57, True),
    *((week, 0, None, True) for week in weekly("02-09", "03-02")),
    (day("03-09"), 1, 71, True),
    *((week, 0, None, True) for week in weekly("03-16", "03-23")),
    (day("03-30"), 0, None, False),
]


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


REPORTING, NEVER, STOPPED, NO_SUBSCRIPTION = (
    "reporting",
    "never_reported",
    "stopped_reporting",
    "no_active_subscription",
)
# subscription, grain: period, reason, instances that reported
COVERAGE: dict[str, dict[str, list[tuple[date, str, int]]]] = {
    "S-steady": {
        "month": [(start, REPORTING, 1) for start in (day("01-01"), day("02-01"), day("03-01"))],
        "two_weeks": [
            (day("01-12"), REPORTING, 1),
            (day("01-26"), REPORTING, 1),
            (day("02-09"), STOPPED, 0),
            (day("02-23"), STOPPED, 0),
            (day("03-09"), REPORTING, 1),
            # still open on 31 March: who reported in the period before is only not heard of yet
            (day("03-23"), REPORTING, 0),
        ],
        "week": [
            (day("01-12"), NEVER, 0),
            *((start, REPORTING, 1) for start in weekly("01-19", "02-02")),
            *((start, STOPPED, 0) for start in weekly("02-09", "03-02")),
            (day("03-09"), REPORTING, 1),
            *((start, STOPPED, 0) for start in weekly("03-16", "03-30")),
        ],
    },
    "S-silent": {
        "month": [(day("02-01"), NEVER, 0), (day("03-01"), NEVER, 0)],
        "two_weeks": [(start, NEVER, 0) for start in weekly("02-09", "03-23", 14)],
        "week": [(start, NEVER, 0) for start in weekly("02-16", "03-30")],
    },
    "S-ended": {
        "month": [
            (day("12-01"), NEVER, 0),
            (day("01-01"), NEVER, 0),
            # 28 February is its last day and the measurement day
            (day("02-01"), REPORTING, 1),
            (day("03-01"), NO_SUBSCRIPTION, 1),
        ],
        "two_weeks": [
            *((start, NEVER, 0) for start in weekly("12-01", "01-26", 14)),
            (day("02-09"), REPORTING, 1),
            (day("02-23"), NO_SUBSCRIPTION, 1),
            (day("03-09"), NO_SUBSCRIPTION, 0),
            (day("03-23"), NO_SUBSCRIPTION, 0),
        ],
        "week": [
            *((start, NEVER, 0) for start in weekly("12-01", "02-09")),
            (day("02-16"), REPORTING, 1),
            # Sunday 1 March, the measurement day, is after its end
            (day("02-23"), NO_SUBSCRIPTION, 0),
            (day("03-02"), NO_SUBSCRIPTION, 1),
            *((start, NO_SUBSCRIPTION, 0) for start in weekly("03-09", "03-30")),
        ],
    },
}


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
    scores = (*AGAIN, "--select", "+fct_account_health", "+dim_instances")
    run = bench.dbt(*scores)
    assert run.exit_code != 0
    assert f'made from the raw data in "{first}"' in run.failures
    bench.build("run-operation", "forget_raw", "--args", f"{{path: '{first}'}}")
    bench.build(*scores)
    assert {row["hostname"] for row in bench.mart.find("dim_instances")} == {"git.other.example"}
    assert {row["account_id"] for row in bench.mart.find("fct_account_health")} == {"other"}
    assert bench.mart.row("select count(*) as n from main_staging.stg_service_ping__pings")["n"] == 1
    bench.build("run-operation", "forget_raw", "--args", f"{{path: '{bench.raw}'}}")
    bench.raw = first
    bench.build(*scores)
    for relation in ("dim_instances", "fct_account_health", "main_intermediate.int_primary_instances"):
        assert sorted(map(repr, bench.mart.find(relation))) == sorted(map(repr, marts["month"].find(relation)))
