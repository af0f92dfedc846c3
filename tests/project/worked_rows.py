"""Rows of the marts by the names of the worked examples."""

from __future__ import annotations

from datetime import date
from typing import Any

from dbt_bench import Mart, Row

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
