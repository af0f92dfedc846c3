"""Why a value is missing: the precedence of reasons, and a metric whose status is missing itself."""

from __future__ import annotations

import csv
import re

import duckdb
import pytest
from dbt_bench import REPO, Mart
from jinja2 import Environment

# The domain reference, 1.4: the first of these that holds for a measure is its reason.
PRECEDENCE = (
    ("no_active_subscription", "instance_type", "tier"),
    ("onboarding",),
    ("no_ping", "stale", "key_absent", "key_null", "metric_removed", "seats_unknown"),
    ("version_below_minimum",),
    ("sentinel_1", "sentinel_2", "sentinel_3", "sentinel_1000", "sentinel_other", "bad_type", "out_of_range"),
    ("zero_denominator",),
    ("age_below_first_band",),
)


def test_the_precedence_of_reasons_is_that_of_the_reference() -> None:
    """Only a value that is there can be too early for its bands: that reason gives way to every missing value's."""
    with (REPO / "seeds" / "value_statuses.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["precedence"]) for row in rows] == list(range(1, len(rows) + 1))
    ranks = {row["value_reason"]: int(row["precedence_step"]) for row in rows}
    assert list(ranks.values()) == sorted(ranks.values())
    levels = [{ranks[reason] for reason in reasons} for reasons in PRECEDENCE]
    assert all(len(level) == 1 for level in levels)
    assert [level.pop() for level in levels] == sorted({ranks[one] for reasons in PRECEDENCE for one in reasons})
    assert max(ranks.values()) == ranks[""]


@pytest.mark.parametrize(
    ("value", "status", "reason", "passes"),
    [
        (1, "reported", None, True),
        (None, "not_reported", "no_ping", True),
        (1, None, None, False),
        (None, None, None, False),
        (None, None, "no_ping", False),
        (None, "reported", None, False),
        (None, "failed", None, False),
    ],
)
def test_a_metric_without_a_status_fails_its_test(
    value: float | None, status: str | None, reason: str | None, passes: bool
) -> None:
    """The SQL of the generic test `is_metric` over one row."""
    text = (REPO / "tests" / "generic" / "is_metric.sql").read_text(encoding="utf-8")
    sql = Environment(autoescape=False).from_string(re.sub(r"{% (end)?test.*?%}", "", text))  # noqa: S701
    with duckdb.connect() as connection:
        connection.execute(
            "create table metric as select 'i' as instance_id, date '2026-06-01' as period_start, "
            "cast(? as double) as metric_value, cast(? as text) as value_status, cast(? as text) as value_reason",
            [value, status, reason],
        )
        rows = connection.execute(sql.render(model="metric", min_value=0, max_value=None)).fetchall()
    assert (rows == []) is passes


def test_active_people_have_their_source_wherever_they_are_shown(sample_mart: Mart) -> None:
    """Every mart and publish model with such a column."""
    shown = sample_mart.rows(
        "select table_name, column_name from information_schema.columns"
        " where table_schema = 'main' and column_name in ('active_users', 'umau') order by all"
    )
    assert len(shown) >= 8
    for place in shown:
        table, column = place["table_name"], place["column_name"]
        rows = sample_mart.rows(f"select {column} as people, {column}_source as source from {table}")
        assert {(row["people"] is None) == (row["source"] is None) for row in rows} == {True}, table
        assert {row["source"] for row in rows} <= {None, "unique_active", "events", "mixed"}, table


def test_no_adoption_is_said_only_where_something_was_measured(sample_mart: Mart) -> None:
    """`none` is a measured level; where nothing was measured the level is null, with a reason."""
    rows = sample_mart.rows(
        "select adoption_level, adoption_missing_reason, (select count(*) from fct_stage_adoption as cases"
        " where cases.account_id = levels.account_id and cases.period_start = levels.period_start"
        " and cases.score is not null) as measured from fct_account_adoption as levels"
    )
    assert {row["adoption_level"] for row in rows} >= {None, "none", "basic_adoption"}
    for row in rows:
        assert (row["adoption_level"] is None) == (row["measured"] == 0) == (row["adoption_missing_reason"] is not None)


def test_a_projection_has_a_value_now_a_term_whole_seats_and_an_interval_or_a_reason(sample_mart: Mart) -> None:
    rows = sample_mart.find("fct_seat_utilization")
    assert any(row["projected_activated_seats"] is not None for row in rows)
    ended = {
        (row["subscription_id"], row["period_start"])
        for row in sample_mart.find("fct_reporting_coverage", reporting_reason="no_active_subscription")
    }
    assert ended
    for row in rows:
        seats = row["projected_activated_seats"]
        assert (seats is None) == (row["projection_missing_reason"] is not None)
        if seats is not None:
            assert row["activated_seats"] is not None
            assert (row["subscription_id"], row["period_start"]) not in ended
            assert seats == int(seats)
            assert 0 <= row["projected_activated_seats_low"] <= seats <= row["projected_activated_seats_high"]
