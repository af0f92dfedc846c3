"""Why a value is missing: the precedence of reasons, and a metric whose status is missing itself."""

from __future__ import annotations

import csv
import re

import duckdb
import pytest
from dbt_bench import REPO
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
