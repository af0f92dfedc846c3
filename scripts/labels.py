"""Writes a starter of instance_labels.csv: the suggested type of every instance of a customer that nobody has labelled.

python scripts/labels.py    into RAW_PATH; a file with rows of yours is never overwritten: the starter stands beside it

Look the rows over, change what is wrong, and build again. labelled_at is the instance's first ping, so that a label
counts for all of its history; where a server changed its role, give the day of the change.
"""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

import duckdb

PROJECT = Path(__file__).resolve().parent.parent
COLUMNS = ("uuid", "hostname", "label", "labelled_by", "labelled_at")
SUGGESTED = """
    select uuid, hostname, suggested_instance_type, 'suggested', strftime(first_ping_at, '%Y-%m-%dT%H:%M:%SZ')
    from dim_instances
    where instance_type_source != 'label' and account_id is not null
    order by account_id, suggested_instance_type = 'Unknown', suggested_instance_type, hostname, uuid"""
Row = tuple[str, str, str, str, str]


def has_rows(path: Path) -> bool:
    """Whether a CSV file holds more than a header."""
    if not path.exists():
        return False
    return sum(1 for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()) > 1


def starter_path(raw: Path) -> Path:
    """The file to write: instance_labels.csv while it is empty, else the first free name beside it."""
    path = raw / "instance_labels.csv"
    number = 1
    while has_rows(path):
        path = raw / f"instance_labels.suggested{'' if number == 1 else f'-{number}'}.csv"
        number += 1
    return path


def suggestions(database: Path) -> list[Row]:
    """The suggested labels, in the order of `COLUMNS`."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(SUGGESTED).fetchall()


def main(raw: Path, database: Path) -> int:
    """Writes the file; returns the exit status."""
    if not database.exists():
        print(f"labels: there is no mart at {database}; run `make build` first (or set DUCKDB_PATH)", file=sys.stderr)
        return 1
    if not raw.is_dir():
        print(f"labels: there is no folder {raw}; set RAW_PATH to your raw files", file=sys.stderr)
        return 1
    found = suggestions(database)
    rows = [row for row in found if row[2] != "Unknown"]
    if not rows:
        print(f"labels: nothing to suggest; {len(found)} instances of customers are without a label")
        return 0
    path = starter_path(raw)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])
    print(f"labels: {len(rows)} suggestions in {path}; look them over, then build again")
    if path.name != "instance_labels.csv":
        print("labels: instance_labels.csv has rows of yours; copy into it what is right")
    if len(found) > len(rows):
        print(f"labels: for {len(found) - len(rows)} instances nothing can be suggested")
    return 0


if __name__ == "__main__":
    os.chdir(PROJECT)
    sys.exit(
        main(
            Path(os.environ.get("RAW_PATH") or "sample/raw"),
            Path(os.environ.get("DUCKDB_PATH") or "customer_health.duckdb"),
        )
    )
