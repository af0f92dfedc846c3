"""What the project's own data tests find: each rule by a row that breaks it alone, and none in a row that breaks none."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from dbt_bench import REPO
from jinja2 import Environment

Values = tuple[Any, ...]
METRICS = [{"name": "share", "max_value": 1}, {"name": "drift", "min_value": -5}, {"name": "people"}]
GOOD_METRIC = ("people", "i1", "2026-06-01", 3.0, "reported", None)
GOOD_ROW = ("a1", "2026-06-01", "text", "red", "no_ping")


def sql_of(name: str, **arguments: Any) -> str:
    """The SQL of a generic test of this name."""
    text = (REPO / "tests" / "generic" / f"{name}.sql").read_text(encoding="utf-8")
    text = re.sub(r"{% endtest %}", "{% endmacro %}", re.sub(r"{% test (.*?) %}", r"{% macro \1 %}", text))
    template = Environment(autoescape=False).from_string(text)  # noqa: S701
    project = SimpleNamespace(metric_registry=lambda: METRICS)
    module = template.make_module({"customer_health": project, "ref": lambda seed: seed})
    if hasattr(module, "judged_rows"):
        project.judged_rows = module.judged_rows
    return str(getattr(module, name)(**arguments))


def problems(columns: str, rows: list[Values], sql: str) -> list[str]:
    """What a test says of these rows."""
    with duckdb.connect() as connection:
        connection.execute("create table value_statuses as select 'no_ping' as value_reason union all select null")
        connection.execute(f"create table judged_model ({columns})")
        connection.executemany(f"insert into judged_model values ({', '.join('?' * len(rows[0]))})", rows)
        found = connection.execute(f"select problem from ({sql}) as broken order by problem").fetchall()
    return [problem for (problem,) in found]


def metric_problems(*rows: Values) -> list[str]:
    """What are_metrics says of rows of int_metric_values."""
    columns = (
        "metric_name text, instance_id text, period_start date, metric_value double, value_status text,"
        " value_reason text"
    )
    return problems(columns, list(rows), sql_of("are_metrics", model="judged_model"))


def row_problems(*rows: Values) -> list[str]:
    """What grain_and_values says of rows of a mart."""
    sql = sql_of(
        "grain_and_values",
        model="judged_model",
        columns=["account_id", "period_start"],
        filled=["sentence"],
        allowed={"color": ["red", "green"]},
        reasons=["reason"],
    )
    columns = "account_id text, period_start date, sentence text, color text, reason text"
    return problems(columns, list(rows), sql)


def test_good_metrics_pass() -> None:
    silent = ("people", "i1", "2026-07-01", None, "not_reported", "no_ping")
    assert metric_problems(GOOD_METRIC, silent, ("drift", "i1", "2026-06-01", -5, "reported", None)) == []


def test_a_row_that_stands_twice_is_told_of_its_metric_alone() -> None:
    assert metric_problems(GOOD_METRIC, GOOD_METRIC, ("share", *GOOD_METRIC[1:3], 1, "reported", None)) == [
        "more than one row of the instance and period"
    ]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (("people", None, "2026-06-01", 3, "reported", None), "instance_id is null"),
        (("people", "i1", None, 3, "reported", None), "period_start is null"),
        (("people", "i1", "2026-06-01", 3, None, None), "value_status is null"),
        (("people", "i1", "2026-06-01", None, "lost", "no_ping"), "value_status is lost"),
        (("people", "i1", "2026-06-01", None, "reported", None), "reported, and metric_value is null"),
        (("people", "i1", "2026-06-01", 3, "failed", "bad_type"), "a metric_value that is not reported"),
        (("people", "i1", "2026-06-01", 3, "reported", "no_ping"), "reported, and there is a value_reason"),
        (("people", "i1", "2026-06-01", None, "failed", None), "no metric_value, and value_reason is null"),
        (("people", "i1", "2026-06-01", -0.5, "reported", None), "metric_value is below its min_value"),
        (("drift", "i1", "2026-06-01", -5.5, "reported", None), "metric_value is below its min_value"),
        (("share", "i1", "2026-06-01", 1.5, "reported", None), "metric_value is above its max_value"),
    ],
)
def test_each_rule_of_a_metric_is_told_by_its_own_words(row: Values, problem: str) -> None:
    assert metric_problems(row) == [problem]


def test_good_rows_pass() -> None:
    assert row_problems(GOOD_ROW, ("a1", "2026-07-01", "text", None, None)) == []


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (GOOD_ROW, "more than one row of (account_id, period_start)"),
        ((None, "2026-06-01", "text", "red", None), "account_id is null"),
        (("a2", "2026-06-01", None, "red", None), "sentence is null"),
        (("a2", "2026-06-01", "text", "blue", None), "color is blue, not one of red, green"),
        (
            ("a2", "2026-06-01", "text", "red", "no_idea"),
            "reason is no_idea, which the seed value_statuses lacks",
        ),
    ],
)
def test_each_rule_of_a_row_is_told_by_its_own_words(row: Values, problem: str) -> None:
    assert row_problems(GOOD_ROW, row) == [problem]
