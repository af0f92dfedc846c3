"""Serving a sandbox until a signal: what the commands of all of them share."""

from __future__ import annotations

import argparse
import csv
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from sandbox.base import LocalSystem

FOLDER = ".sandbox"


def read_accounts(path: Path) -> dict[str, str]:
    """Names of an `accounts.csv` by account id; the id where there is no name.

    Raises:
        ValueError: when the file lacks a column.
    """
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        missing = {"account_id", "account_name"} - set(reader.fieldnames or ())
        if missing:
            raise ValueError(f"{path} has no column {', '.join(sorted(missing))}")
        names = {row["account_id"]: row["account_name"] or row["account_id"] for row in reader}
    names.pop("", None)
    return names


def with_common(parser: argparse.ArgumentParser, port: int, file: str, calls_per_day: int) -> argparse.ArgumentParser:
    """The options that every sandbox of records has: where it listens, its file, and whose accounts are in it."""
    add = parser.add_argument
    add("--port", type=int, default=port, help="port on 127.0.0.1; 0 is any free one (%(default)s)")
    add("--db", type=Path, default=Path(FOLDER) / file, help="file of the records")
    add("--accounts", type=Path, default=Path("sample/raw/accounts.csv"), help="accounts.csv whose accounts are added")
    add("--calls-per-day", type=int, default=calls_per_day, help="%(default)s")
    add("--bulk-seconds", type=float, default=0.0, help="how long a file takes, besides its work (%(default)s)")
    return parser


def seeded(path: Path, seed: Callable[[Path], int], what: str) -> None:
    """Add what an `accounts.csv` names, if it is there, and say so."""
    told = f"{seed(path)} {what} added from {path}" if path.exists() else f"No {path}: no {what} added"
    print(told)


def serve(make: Callable[[], LocalSystem]) -> int:
    """Serve what `make` makes until SIGINT or SIGTERM.

    Returns:
        0 after a signal, 2 when it could not start.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        box = make()
    except (OSError, ValueError, KeyError, sqlite3.Error) as error:
        print(f"The sandbox cannot start: {error}", file=sys.stderr)
        return 2
    with box:
        print(f"Serving {box.url} (objects, rows and calls are shown there)", flush=True)
        stop.wait()
    print("Stopped; the rows are kept.")
    return 0
