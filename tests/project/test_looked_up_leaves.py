"""What the extraction's one look-up makes of a line: each leaf as text, and absent, null and unreadable told apart."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2
import pytest
from dbt_bench import REPO

ENVELOPE = {"uuid": "uuid", "recorded_at": "recorded_at"}
PATHS = ["counts.issues"]
GOOD = {"ping_id": "p", "received_at": "2026-06-01T06:00:00Z", "payload": {"uuid": "u"}}


def leaves(line: str) -> list[tuple[Any, ...]]:
    """Rows (ping_id, key_path, raw_value) that DuckDB finds in a line."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("create table lines as select ? as line, 'file' as source_file", [line])
        sql = macros().duckdb__ping_leaves([], [*ENVELOPE.values(), *PATHS])
        return connection.execute(f"select ping_id, key_path, raw_value from ({sql}) order by all").fetchall()


def macros() -> Any:
    """The project's own macros, outside dbt; lines come from a table."""
    folder = REPO / "macros"
    names = ["raw/ping_leaves.sql", "raw/duckdb/ping_leaves.sql", "raw/raw_path.sql", "cross_db/text_values.sql"]
    source = "\n".join((folder / name).read_text(encoding="utf-8") for name in names)
    found = SimpleNamespace()
    dispatch = SimpleNamespace(dispatch=lambda name, package: getattr(found, f"duckdb__{name}"))
    known = {
        "adapter": dispatch,
        "customer_health": found, "dbt": SimpleNamespace(type_string=lambda: "varchar"),
    }  # fmt: skip
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])  # noqa: S701
    module = environment.from_string(source, globals=known).module
    found.__dict__.update({name: getattr(module, name) for name in dir(module) if not name.startswith("_")})
    found.envelope_paths = lambda: list(ENVELOPE.values())
    found.ping_lines = lambda files: "select * from lines"
    return found


def with_issues(value: str) -> str:
    """A line whose payload holds `value`, as JSON, at counts.issues."""
    return json.dumps(GOOD).replace('"uuid": "u"', f'"uuid": "u", "counts": {{"issues": {value}}}')


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("12", "12"), ("-1", "-1"), ("1.5", "1.5"), ("true", "true"), ('"12"', "12"), ('" 12 "', " 12 "),
        ('"null"', "null"), ('""', ""), (r'"a \"b\" \u00e9"', 'a "b" é'), ('{"-1": -1}', '{"-1":-1}'), ("[1, 2]", "[1,2]"),
    ],
)  # fmt: skip
def test_a_leaf_is_text(value: str, text: str) -> None:
    """A string without its quotes, anything else as JSON writes it."""
    assert ("p", "counts.issues", text) in leaves(with_issues(value))


def test_null_is_a_row_without_a_value_and_absent_is_no_row() -> None:
    """At a metric's key path; in the envelope both are no row."""
    assert ("p", "counts.issues", None) in leaves(with_issues("null"))
    for line in (json.dumps(GOOD), with_issues("1").replace("issues", "projects")):
        assert leaves(line) == [("p", "", ""), ("p", "uuid", "u")]
    assert leaves(json.dumps(GOOD | {"payload": {"uuid": "u", "recorded_at": None}})) == [
        ("p", "", ""),
        ("p", "uuid", "u"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "{", "[]", "5", '"text"', "null", '{"ping_id": "p"', json.dumps(GOOD | {"ping_id": " "}),
        json.dumps(GOOD | {"received_at": "yesterday"}), json.dumps(GOOD | {"payload": None}),
        json.dumps(GOOD | {"payload": {}}), json.dumps(GOOD | {"payload": {"uuid": None, "counts": {"issues": 1}}}),
        json.dumps(GOOD | {"payload": "text"}),
    ],
)  # fmt: skip
def test_a_line_that_is_no_ping_is_one_row_without_ping_id(line: str) -> None:
    """Not JSON, no id, no arrival, or a payload without a single field of the envelope."""
    assert leaves(line) == [(None, "unreadable", None)]
