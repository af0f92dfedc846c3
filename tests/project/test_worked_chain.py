"""The worked examples of the domain reference (section 4), from a raw ping to the marts.

Every expected number is the reference's own. Example 29 needs two runs: see test_incremental.py.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from dbt_bench import Mart, Row
from raw_folder import instance_id

JUNE = date(2026, 6, 1)
RED, YELLOW, GREEN = (25, "red"), (63, "yellow"), (88, "green")
UNSCORED = (None, None)


def measure(mart: Mart, name: str, measure: str, period: date = JUNE) -> Row:
    """One measure of an example's subscription."""
    return mart.one("fct_measure_scores", subscription_id=f"S{name}", measure=measure, period_start=period)


def scored(mart: Mart, name: str, of: str, period: date = JUNE) -> tuple[float | None, str | None]:
    """Points and color of one measure."""
    row = measure(mart, name, of, period)
    return row["points"], row["color"]


def judged(mart: Mart, name: str, of: str, period: date = JUNE) -> tuple[Any, Any, Any, Any]:
    """Value, points, status and reason of one measure."""
    row = measure(mart, name, of, period)
    return row["measure_value"], row["points"], row["value_status"], row["value_reason"]


def seats(mart: Mart, name: str, period: date = JUNE) -> Row:
    """The seats of an example's subscription."""
    return mart.one("fct_seat_utilization", subscription_id=f"S{name}", period_start=period)


def use_case(mart: Mart, name: str, use_case: str, period: date = JUNE) -> tuple[Any, Any, Any]:
    """Score, color and adoption status of one use case."""
    row = mart.one("fct_stage_adoption", subscription_id=f"S{name}", use_case=use_case, period_start=period)
    return row["score"], row["color"], row["adoption_status"]


def health(mart: Mart, name: str, period: date = JUNE) -> Row:
    """The health of an example's account."""
    return mart.one("fct_account_health", account_id=f"A{name}", period_start=period)


def adoption(mart: Mart, name: str, period: date = JUNE) -> Row:
    """The adoption of an example's account."""
    return mart.one("fct_account_adoption", account_id=f"A{name}", period_start=period)


def values(row: Row, *names: str) -> tuple[Any, ...]:
    """Some columns of a row."""
    return tuple(row[name] for name in names)


def test_example_1_engagement_and_utilization(worked_mart: Mart) -> None:
    row = seats(worked_mart, "1")
    assert values(row, "license_utilization", "user_engagement") == (0.8333, 0.7)
    assert values(row, "license_utilization_score", "license_utilization_color") == GREEN
    assert values(row, "user_engagement_score", "user_engagement_color") == YELLOW
    assert values(row, "inactive_activated_seats", "seats_over_license") == (300, 0)
    assert values(row, "umau", "umau_source", "missing_reason") == (700, "unique_active", None)


@pytest.mark.parametrize(
    ("active", "engagement", "points", "inactive"),
    [
        (499, 0.499, RED, 501),
        (500, 0.5, YELLOW, 500),
        (799, 0.799, YELLOW, 201),
        (800, 0.8, GREEN, 200),
        (1050, 1.05, GREEN, 0),
    ],
)
def test_example_2_engagement_bands(
    worked_mart: Mart, active: int, engagement: float, points: tuple[int, str], inactive: int
) -> None:
    row = seats(worked_mart, f"2-{active}")
    assert row["user_engagement"] == engagement
    assert values(row, "user_engagement_score", "user_engagement_color") == points
    assert row["inactive_activated_seats"] == inactive


@pytest.mark.parametrize(
    ("git", "handbook", "sql"),
    [
        (100, RED, RED),
        (101, YELLOW, RED),
        (250, YELLOW, YELLOW),
        (330, YELLOW, YELLOW),
        (331, GREEN, YELLOW),
        (500, GREEN, GREEN),
    ],
)
def test_example_3_scm_bands_of_both_sets(
    worked_mart: Mart,
    worked_mart_sql_2023: Mart,
    git: int,
    handbook: tuple[int, str],
    sql: tuple[int, str],
) -> None:
    assert scored(worked_mart, f"3-{git}", "scm_user_rate") == handbook
    assert scored(worked_mart_sql_2023, f"3-{git}", "scm_user_rate") == sql
    assert use_case(worked_mart, f"3-{git}", "scm")[:2] == handbook
    assert use_case(worked_mart_sql_2023, f"3-{git}", "scm")[:2] == sql


@pytest.mark.parametrize(
    ("builds", "per_user", "handbook", "sql"),
    [
        (2000, 2.0, RED, YELLOW),
        (2001, 2.001, YELLOW, YELLOW),
        (40000, 40.0, YELLOW, GREEN),
        (40001, 40.001, GREEN, GREEN),
    ],
)
def test_example_4_builds_per_user_count_in_handbook_2025_only(
    worked_mart: Mart,
    worked_mart_sql_2023: Mart,
    builds: int,
    per_user: float,
    handbook: tuple[int, str],
    sql: tuple[int, str],
) -> None:
    name = f"4-{builds}"
    assert measure(worked_mart, name, "ci_builds_per_user")["measure_value"] == per_user
    assert scored(worked_mart, name, "ci_builds_per_user") == handbook
    assert use_case(worked_mart, name, "ci")[:2] == handbook
    # sql_2023 has bands for it (1 and 30), published and not counted.
    assert scored(worked_mart_sql_2023, name, "ci_builds_per_user") == sql
    assert not measure(worked_mart_sql_2023, name, "ci_builds_per_user")["is_counted"]
    assert use_case(worked_mart_sql_2023, name, "ci") == (None, None, "not_measured")


@pytest.mark.parametrize(("users", "points"), [(100, RED), (101, YELLOW), (333, YELLOW), (334, GREEN)])
def test_example_5_pipeline_users_count_in_sql_2023_only(
    worked_mart: Mart, worked_mart_sql_2023: Mart, users: int, points: tuple[int, str]
) -> None:
    name = f"5-{users}"
    assert scored(worked_mart_sql_2023, name, "ci_pipeline_user_rate") == points
    assert use_case(worked_mart_sql_2023, name, "ci")[:2] == points
    assert use_case(worked_mart, name, "ci") == (None, None, "not_measured")


@pytest.mark.parametrize(
    ("age", "handbook", "sql"),
    [
        (5, GREEN, GREEN),
        (6, YELLOW, GREEN),
        (7, YELLOW, YELLOW),
        (9, RED, YELLOW),
        (10, RED, RED),
    ],
)
def test_example_6_utilization_is_judged_by_age(
    worked_mart: Mart,
    worked_mart_sql_2023: Mart,
    age: int,
    handbook: tuple[int, str],
    sql: tuple[int, str],
) -> None:
    for mart, points in ((worked_mart, handbook), (worked_mart_sql_2023, sql)):
        row = seats(mart, f"6-{age}")
        assert values(row, "months_since_start", "license_utilization") == (age, 0.505)
        assert values(row, "license_utilization_score", "license_utilization_color") == points


def test_example_7_exactly_ten_percent(worked_mart: Mart, worked_mart_sql_2023: Mart) -> None:
    for mart, points in ((worked_mart, YELLOW), (worked_mart_sql_2023, RED)):
        row = seats(mart, "7")
        assert values(row, "months_since_start", "license_utilization") == (4, 0.1)
        assert values(row, "license_utilization_score", "license_utilization_color") == points


@pytest.mark.parametrize(("activated", "points"), [(500, RED), (750, RED), (751, GREEN)])
def test_example_8_no_yellow_from_nine_months_on(worked_mart: Mart, activated: int, points: tuple[int, str]) -> None:
    row = seats(worked_mart, f"8-{activated}")
    assert values(row, "license_utilization_score", "license_utilization_color") == points


def test_example_9_nothing_is_scored_in_the_first_thirty_days(worked_mart: Mart) -> None:
    february = date(2026, 2, 1)
    rows = worked_mart.find("fct_measure_scores", subscription_id="S9", period_start=february)
    assert len(rows) == 11
    for row in rows:
        found = values(row, "points", "color", "value_status", "value_reason")
        if row["score_group"] == "devsecops":  # not_applicable comes before too_early (1.4)
            assert found == (None, None, "not_applicable", "tier"), row
        else:
            assert found == (None, None, "too_early", "onboarding"), row
    row = health(worked_mart, "9", february)
    assert values(row, "overall_score", "overall_color") == UNSCORED
    assert row["unscored_reason"] == "onboarding"
    # Ratios are shown as soon as they can be computed (3.9).
    assert seats(worked_mart, "9", february)["license_utilization"] == 0.3


def test_example_10_two_months_old(worked_mart: Mart, worked_mart_sql_2023: Mart) -> None:
    march = date(2026, 3, 1)
    row = seats(worked_mart, "9", march)
    assert values(row, "months_since_start", "license_utilization") == (2, 0.3)
    assert values(row, "license_utilization_score", "license_utilization_color") == YELLOW
    assert judged(worked_mart_sql_2023, "9", "license_utilization", march) == (
        0.3,
        None,
        "too_early",
        "age_below_first_band",
    )


def test_example_11_completed_months(worked_mart: Mart, worked_mart_sql_2023: Mart) -> None:
    july = date(2026, 7, 1)
    assert seats(worked_mart, "11", july)["months_since_start"] == 5  # on 14 July
    assert seats(worked_mart_sql_2023, "11", july)["months_since_start"] == 6  # on 31 July


def test_example_12_no_seats_sold_is_no_zero_percent(worked_mart: Mart) -> None:
    row = seats(worked_mart, "12")
    assert values(row, "licensed_seats", "licensed_seats_source") == (0, "subscription")
    assert values(row, "license_utilization", "license_utilization_color") == (None, None)
    assert row["missing_reason"] == "zero_denominator"
    assert row["seats_over_license"] == 40
    assert judged(worked_mart, "12", "license_utilization") == (
        None,
        None,
        "not_applicable",
        "zero_denominator",
    )


def test_example_13_an_old_version(worked_mart: Mart) -> None:
    row = seats(worked_mart, "13")
    assert values(row, "user_engagement", "umau", "umau_source") == (None, 500, "events")
    assert judged(worked_mart, "13", "user_engagement")[2:] == (
        "not_supported",
        "version_below_minimum",
    )
    assert values(row, "license_utilization", "license_utilization_score") == (0.8, 88)
    assert row["months_since_start"] == 20
    assert use_case(worked_mart, "13", "scm") == (88, "green", "adopted")
    assert measure(worked_mart, "13", "scm_user_rate")["measure_value"] == 0.5
    assert use_case(worked_mart, "13", "ci") == (None, None, "not_measured")
    assert judged(worked_mart, "13", "ci_builds_per_user")[2] == "not_supported"
    assert use_case(worked_mart, "13", "cd") == (None, None, "not_measured")
    assert judged(worked_mart, "13", "cd_user_rate")[2:] == ("not_reported", "key_absent")
    assert use_case(worked_mart, "13", "devsecops") == (None, None, "not_applicable")
    assert values(health(worked_mart, "13"), "overall_score", "overall_color") == (88, "green")
    assert health(worked_mart, "13")["weight_present"] == 0.45


def test_example_14_a_failed_count_is_not_replaced_in_the_score(worked_mart: Mart) -> None:
    row = seats(worked_mart, "14")
    assert values(row, "user_engagement", "inactive_activated_seats") == (None, None)
    assert values(row, "umau", "umau_source") == (650, "events")
    assert judged(worked_mart, "14", "user_engagement") == (None, None, "failed", "sentinel_1")


def test_example_15_devsecops(worked_mart: Mart) -> None:
    assert judged(worked_mart, "15", "secure_scanner_user_rate")[:2] == (0.15, 63)
    assert judged(worked_mart, "15", "secure_scans_per_pipeline")[:2] == (0.12, 63)
    assert judged(worked_mart, "15", "secure_scanner_types")[:2] == (3, 88)
    assert use_case(worked_mart, "15", "devsecops") == (71.33, "yellow", "in_progress")


def test_example_16_one_failed_scan_fails_the_sum_and_the_count(worked_mart: Mart) -> None:
    for name in ("secure_scans_per_pipeline", "secure_scanner_types"):
        assert judged(worked_mart, "16", name) == (None, None, "failed", "sentinel_1")
    assert use_case(worked_mart, "16", "devsecops") == (63, "yellow", "in_progress")


def test_example_17_no_pipelines(worked_mart: Mart) -> None:
    assert judged(worked_mart, "17", "secure_scans_per_pipeline") == (
        None,
        None,
        "not_applicable",
        "zero_denominator",
    )
    assert use_case(worked_mart, "17", "devsecops") == (75.5, "green", "adopted")


def test_example_18_the_last_day_of_a_trial_counts(worked_mart: Mart) -> None:
    march, april = date(2026, 3, 1), date(2026, 4, 1)
    assert use_case(worked_mart, "18-in", "devsecops", march) == (71.33, "yellow", "in_progress")
    assert use_case(worked_mart, "18-out", "devsecops", april) == (None, None, "not_applicable")
    assert judged(worked_mart, "18-out", "secure_scanner_types", april)[2:] == (
        "not_applicable",
        "tier",
    )


def test_example_19_no_deployments(worked_mart: Mart) -> None:
    assert scored(worked_mart, "19", "cd_user_rate") == RED
    assert scored(worked_mart, "19", "cd_deployments_per_user") == RED
    assert judged(worked_mart, "19", "cd_success_rate") == (
        None,
        None,
        "not_applicable",
        "zero_denominator",
    )
    assert use_case(worked_mart, "19", "cd") == (25, "red", "not_adopted")


def test_example_20_deployments(worked_mart: Mart) -> None:
    assert judged(worked_mart, "20", "cd_user_rate")[:2] == (0.16, 88)
    assert judged(worked_mart, "20", "cd_deployments_per_user")[:2] == (3.0, 63)
    assert judged(worked_mart, "20", "cd_success_rate")[:2] == (0.9, 88)
    assert use_case(worked_mart, "20", "cd") == (79.67, "green", "adopted")


@pytest.mark.parametrize(("name", "points"), [("21-low", YELLOW), ("21-high", YELLOW), ("21-above", GREEN)])
def test_example_21_edges_of_cd(worked_mart: Mart, name: str, points: tuple[int, str]) -> None:
    for of in ("cd_user_rate", "cd_deployments_per_user", "cd_success_rate"):
        assert scored(worked_mart, name, of) == points


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
