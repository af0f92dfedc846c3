"""The worked examples of the domain reference (section 4), 1 to 21: from a raw ping to the measures of a subscription.

Every expected number is the reference's own.
"""

from __future__ import annotations

from datetime import date

import pytest
from dbt_bench import Mart
from worked_rows import GREEN, RED, UNSCORED, YELLOW, health, judged, measure, scored, seats, use_case, values


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
