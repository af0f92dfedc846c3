"""The worked examples of the domain reference (section 4), 22 to 34: accounts, time, flows, adoption, activity, objectives.

Every expected number is the reference's own. Example 29 needs two runs: see test_incremental.py.
"""

from __future__ import annotations

from datetime import date, datetime

import pytest
from dbt_bench import Mart
from raw_folder import instance_id
from worked_rows import JUNE, adoption, health, seats, use_case, values


def test_example_22_overall_of_a_premium_customer(worked_mart: Mart) -> None:
    row = health(worked_mart, "22")
    assert values(row, "license_utilization_score", "user_engagement_score") == (88, 63)
    assert values(row, "scm_score", "ci_score", "cd_score") == (88, 63, 58.67)
    assert row["devsecops_score"] is None
    assert values(row, "overall_score", "overall_color", "weight_present") == (
        75.47,
        "green",
        0.85,
    )


def test_example_23_overall_of_an_ultimate_customer(worked_mart: Mart) -> None:
    row = health(worked_mart, "23")
    assert row["devsecops_score"] == 71.33
    assert values(row, "overall_score", "overall_color", "weight_present") == (74.85, "yellow", 1)


def test_example_24_all_absent_is_null_and_not_red(worked_mart: Mart) -> None:
    row = health(worked_mart, "24")
    assert {value for name, value in row.items() if name.endswith(("_score", "_color"))} == {None}
    assert values(row, "weight_present", "unscored_reason") == (0, "key_absent")
    assert adoption(worked_mart, "24")["adopted_count"] is None
    assert values(adoption(worked_mart, "24"), "adoption_level", "adoption_missing_reason") == (None, "key_absent")


def test_example_25_seats_of_one_licence_are_not_added_up(worked_mart: Mart) -> None:
    row = seats(worked_mart, "25")
    assert values(row, "licensed_seats", "activated_seats") == (500, 400)
    assert row["license_utilization"] == 0.8
    assert row["primary_instance_id"] == instance_id("uuid-25", "git25.example")
    coverage = worked_mart.one("fct_reporting_coverage", subscription_id="S25", period_start=JUNE)
    assert values(coverage, "instance_count", "production_instance_count") == (3, 1)
    types = {row["hostname"]: row["instance_type"] for row in worked_mart.find("dim_instances", subscription_id="S25")}
    assert types == {
        "git25.example": "Production",
        "git25n.example": "Non-Production",
        "git25g.example": "Geo Secondary Node",
    }


def test_example_26_an_account_is_weighted_by_arr(worked_mart: Mart) -> None:
    assert use_case(worked_mart, "26", "scm")[0] == 88
    assert use_case(worked_mart, "26b", "scm")[0] == 25
    row = health(worked_mart, "26")
    assert values(row, "scm_score", "scm_color") == (72.25, "yellow")
    assert values(row, "weight_basis", "arr_reporting_share") == ("arr", 1)


def test_example_27_a_silent_subscription_is_in_no_denominator(worked_mart: Mart) -> None:
    row = health(worked_mart, "27")
    assert values(row, "scm_score", "scm_color") == (88, "green")
    assert row["arr_reporting_share"] == 0.75


def test_example_28_sixty_days_are_current_and_sixty_one_are_stale(worked_mart: Mart) -> None:
    measured = worked_mart.one("gainsight__company_health", account_id="A28-60")
    assert measured["health_period"] == date(2026, 5, 1)
    assert measured["unscored_reason"] is None
    # 0.8 of the seats and 0.5 of the users: 88 points; 700 of 800 are active: 88 points
    assert values(measured, "overall_score", "license_utilization_score", "scm_score") == (
        88,
        88,
        88,
    )
    stale = worked_mart.one("gainsight__company_health", account_id="A28-61")
    assert stale["unscored_reason"] == "stale"
    assert {value for name, value in stale.items() if name.endswith("_score")} == {None}
    for name, activated, reason in (("28-60", 800, None), ("28-61", None, "stale")):
        row = worked_mart.one("gainsight__instances", uuid=f"uuid-{name}")
        assert values(row, "activated_seats", "missing_reason") == (activated, reason)


@pytest.mark.parametrize(("name", "suspect"), [("30-ahead", True), ("30-behind", True), ("30-right", False)])
def test_example_30_a_wrong_clock_moves_no_ping(worked_mart: Mart, name: str, suspect: bool) -> None:
    instance = instance_id(f"uuid-{name}", f"git{name}.example")
    rows = worked_mart.rows(
        "select min(period_start) as first, sum(ping_count) as pings, max(last_ping_at) as last "
        "from fct_instance_activity where instance_id = ?",
        instance,
    )
    february = date(2026, 2, 1)
    assert rows == [{"first": february, "pings": 1, "last": datetime(2026, 2, 10, 6)}]
    assert worked_mart.one("dim_instances", instance_id=instance)["recorded_at_suspect"] is suspect


def test_example_31_flows_of_an_all_time_counter(worked_mart: Mart) -> None:
    instance = instance_id("uuid-31", "git31.example")
    rows = worked_mart.rows(
        "select period_start, increase, increase_per_day, is_estimated, value_reason "
        "from fct_counter_increases where instance_id = ? and metric_name = ? order by all",
        instance,
        "projects_all_time_event",
    )
    assert [tuple(row.values()) for row in rows] == [
        (date(2026, 4, 1), None, None, False, "no_previous_value"),
        (date(2026, 5, 1), 140, 10.0, False, None),
        (date(2026, 6, 1), None, None, False, "counter_reset"),
    ]
    flows = worked_mart.rows(
        "select metric_value, value_status, value_reason from fct_metric_values "
        "where instance_id = ? and metric_name = 'projects_increase' and period_start < ? "
        "order by period_start",
        instance,
        date(2026, 7, 1),
    )
    assert [tuple(row.values()) for row in flows] == [
        (None, "not_reported", "no_previous_value"),
        (140, "reported", None),
        (None, "failed", "counter_reset"),
    ]


def test_example_31_no_flow_of_a_28_day_metric(worked_mart: Mart) -> None:
    assert worked_mart.rows(
        "select distinct time_frame from fct_counter_increases inner join dim_metrics using (metric_name)"
    ) == [{"time_frame": "all"}]


def test_example_32_adoption_along_the_path(worked_mart: Mart) -> None:
    scores = {of: use_case(worked_mart, "32", of)[2] for of in ("scm", "ci", "cd", "devsecops")}
    assert scores == {
        "scm": "adopted",
        "ci": "in_progress",
        "cd": "not_measured",
        "devsecops": "not_applicable",
    }
    row = adoption(worked_mart, "32")
    assert values(row, "adopted_count", "adopted_use_cases", "in_progress_use_cases") == (
        1,
        "scm",
        "ci",
    )
    assert values(row, "is_platform_customer", "adoption_level", "next_use_case") == (
        False,
        "basic_adoption",
        "ci",
    )


@pytest.mark.parametrize(
    ("now", "change", "status"),
    [
        (79, -0.21, "below_expectation"),
        (80, -0.2, "below_expectation"),
        (81, -0.19, "as_expected"),
    ],
)
def test_example_33_activity_against_its_expectation(worked_mart: Mart, now: int, change: float, status: str) -> None:
    row = worked_mart.one(
        "fct_instance_activity",
        instance_id=instance_id(f"uuid-33-{now}", f"git33-{now}.example"),
        period_start=JUNE,
    )
    assert values(row, "active_users", "expected_active_users", "baseline_periods") == (
        now,
        100,
        3,
    )
    assert values(row, "change_against_expectation", "activity_status") == (change, status)
    assert row["active_users_change"] == now - 90


@pytest.mark.parametrize(
    ("name", "due_on", "progress", "status"),
    [
        ("34-300", "2026-08-29", 0.75, "on_track"),
        ("34-300", "2026-07-15", 0.75, "behind"),
        ("34-400", "2026-08-29", 1.0, "achieved"),
        ("34-400", "2026-07-15", 1.0, "achieved"),
    ],
)
def test_example_34_objectives(worked_mart: Mart, name: str, due_on: str, progress: float, status: str) -> None:
    row = worked_mart.one("fct_objective_progress", objective_id=f"O{name}-{due_on}", period_start=JUNE)
    assert values(row, "current_value", "target_value") == (int(name[3:]), 400)
    assert values(row, "progress", "status") == (progress, status)


@pytest.mark.parametrize("direction", ["up", "down"])
def test_progress_from_a_given_start_is_the_part_of_the_way(worked_mart: Mart, direction: str) -> None:
    """300 lies half-way between 200 and 400, when half of the time is gone."""
    row = worked_mart.one("fct_objective_progress", objective_id=f"O34-{direction}", period_start=JUNE)
    assert values(row, "direction", "baseline_source", "progress", "status") == (direction, "given", 0.5, "on_track")


def test_an_objective_without_data_says_why(worked_mart: Mart) -> None:
    """In May nobody had pinged; the period is over."""
    row = worked_mart.one("fct_objective_progress", objective_id="O34-up", period_start=date(2026, 5, 1))
    assert values(row, "current_value", "status", "missing_reason") == (None, "no_data", "no_ping")
