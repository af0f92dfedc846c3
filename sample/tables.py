"""The CSV files of the raw contract."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from pathlib import Path

from sample.model import Account, Customer, Label, License, Objective, Subscription

CSV_ROWS: dict[str, type] = {
    "accounts.csv": Account,
    "subscriptions.csv": Subscription,
    "licenses.csv": License,
    "instance_labels.csv": Label,
    "objectives.csv": Objective,
}


def write_tables(folder: Path, customers: Sequence[Customer], excluded: Iterable[tuple[str, str]]) -> None:
    """Write every CSV file, with its header even when it has no row."""
    rows: dict[str, list[object]] = {
        "accounts.csv": [c.account for c in customers],
        "subscriptions.csv": [s for c in customers for s in c.subscriptions],
        "licenses.csv": [r for c in customers for r in c.licenses],
        "instance_labels.csv": [label for c in customers for label in c.labels],
        "objectives.csv": [o for c in customers for o in c.objectives],
    }
    for name, row_type in CSV_ROWS.items():
        columns = [f.name for f in fields(row_type)]
        table = [[_text(getattr(row, column)) for column in columns] for row in rows[name]]
        _write(folder / name, columns, table)
    _write(folder / "excluded_pings.csv", ["ping_id", "reason"], excluded)


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value)
