"""Every cell of the catalogue of odd ones is read as what it says, or told; read here a second time, in Python."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import hostile_values as odd
import pytest
from dbt_bench import Bench, Mart
from raw_folder import RawFolder

BLANKS = " \t\n\r\xa0"
SEATS_MAX, ARR_MAX, COUNT_MAX = 10**8, 10**12, 10**12
TERM = {"starts_on": "2026-01-01", "due_on": "2026-12-31"}
Reading = tuple[Any, str | None]


def number(text: str, largest: int, whole: bool = False) -> Reading:
    """(value, finding) of a number."""
    if not text:
        return None, None
    if not re.fullmatch(r"[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?", text):
        return None, "unreadable"
    value = Decimal(text)
    if value < 0:
        return None, "negative"
    if value > largest:
        return None, "out_of_range"
    return (None, "fractional") if whole and value != int(value) else (float(value), None)


def seats(text: str) -> Reading:
    """The same of seats, where none and no seats are told."""
    value, finding = number(text, SEATS_MAX, whole=True)
    return value, "seats_missing" if not text else "seats_zero" if value == 0 else finding


def day(text: str) -> Reading:
    """(value, finding) of a date."""
    if not text:
        return None, None
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].*)?", text):
        try:
            return date.fromisoformat(text[:10]), None
        except ValueError:
            pass
    return None, "unreadable"


def due(text: str) -> Reading:
    """The same of an objective's due day, where none is told."""
    return day(text) if text else (None, "due_missing")


def boolean(text: str) -> Reading:
    """(value, finding) of a boolean."""
    words = {"true": (True, None), "false": (False, None), "": (None, None)}
    return words.get(text.lower(), (None, "unreadable"))


CELLS: list[tuple[str, str, str, Callable[[str], Reading]]] = [
    *(("subscriptions", "seats", text, seats) for text in odd.CELL_NUMBERS),
    *(("subscriptions", "arr", text, lambda cell: number(cell, ARR_MAX)) for text in odd.CELL_NUMBERS),
    *(("subscriptions", "is_trial", text, boolean) for text in odd.CELL_BOOLEANS),
    *(("subscriptions", "end_date", text, day) for text in odd.CELL_DATES),
    *(("licenses", "seats", text, lambda cell: number(cell, SEATS_MAX, whole=True)) for text in odd.CELL_NUMBERS),
    *(("licenses", "starts_at", text, day) for text in odd.CELL_DATES),
    *(("objectives", "target_value", text, lambda cell: number(cell, COUNT_MAX)) for text in odd.CELL_NUMBERS),
    *(("objectives", "due_on", text, due) for text in odd.CELL_DATES),
]
KEYS = {"subscriptions": "subscription_id", "licenses": "license_id", "objectives": "objective_id"}


def key(index: int) -> str:
    """The id of the row that this cell stands in."""
    return f"R{index:04}"


@pytest.fixture(scope="module")
def mart(home: Callable[[str], Path], models: Path) -> Mart:
    """One row for each cell; staging and the findings."""
    folder, raw = home("cells"), RawFolder()
    raw.account("A1")
    raw.ping("uuid-1", "git.example", "2026-06-20T06:00:00Z")
    for index, (table, column, text, _) in enumerate(CELLS):
        if table == "subscriptions":
            raw.subscription(key(index), "A1", "0001-01-01", **{"seats": 100, column: text})
        elif table == "licenses":
            raw.add(table, license_id=key(index), subscription_id="R0000", **{column: text})
        else:
            row = {"objective_id": key(index), "account_id": "A1", "metric_name": "activated_seats", **TERM}
            raw.add(table, **{**row, "starts_on": "0001-01-01", column: text})
    for index, text in enumerate(odd.CELL_TIMES):
        raw.label(f"uuid-{index}", f"git{index}.example", at=text)
    bench = Bench(folder, raw.write(folder / "raw"), models, as_of="2026-06-30")
    bench.variables["unreadable_cells"] = "finding"
    bench.build("build", "--exclude-resource-type", "unit_test", "test", "--select", "+fct_input_findings")
    return bench.mart


def test_every_cell_is_read_as_what_it_says_or_told(mart: Mart) -> None:
    """Seats `1e3` are 1000, ` 12` is 12, and a tab or a hard blank behind a number is no part of it."""
    found: dict[str, dict[str, Any]] = {}
    for table, name in KEYS.items():
        found |= {row[name]: row for row in mart.find(f"main_staging.base_crm__{table}")}
    told = {(row["row_key"], row["column_name"]): row["finding"] for row in mart.find("fct_input_findings")}
    wrong = []
    for index, (table, column, text, read) in enumerate(CELLS):
        cell = text.strip(BLANKS)
        got = (found[key(index)][column], told.get((key(index), column)))
        if got != read(cell) and not (got[0] is not None and got[1] == "end_before_start"):
            wrong.append((table, column, text, got, read(cell)))
    assert wrong == []


def test_every_label_counts_or_is_told(mart: Mart) -> None:
    """Whatever stands for its time."""
    used = {
        row["instance_id"]
        for row in mart.rows(
            "select instance_id from main_staging.base_gainsight__instance_labels where row_finding is null"
        )
    }
    rows = mart.find("main_staging.base_gainsight__instance_labels")
    told = {row["row_key"] for row in mart.find("fct_input_findings", source="instance_labels", effect="kept_out")}
    assert len(rows) == len(odd.CELL_TIMES)
    assert [row["labelled_at_text"] for row in rows if (row["instance_id"] in used) == (row["row_key"] in told)] == []
