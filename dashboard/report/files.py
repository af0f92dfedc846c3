"""Writes a report: the page and, beside it, its data as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dashboard.app.data import Row, Rows
from dashboard.app.show import harmless
from dashboard.report import missing, sections
from dashboard.report.data import Parcel
from dashboard.report.page import Setting, render
from dashboard.report.words import GOALS, Words

PAGE = "report.html"
FILES = (
    "seats.csv",
    "use_cases.csv",
    "goals.csv",
    "instances.csv",
    "counters.csv",
    "peers.csv",
    "not_measured.csv",
)
LONGEST = 120


def folder_name(account_id: str, taken: Iterable[str] = ()) -> str:
    """A folder's name for an account: its id, where an id is no name for a folder with its odd characters in %..

    Args:
        account_id: any text.
        taken: names that others have, in lower case, for file systems that do not tell A from a.
    """
    name = quote(account_id, safe="")[:LONGEST]
    name = name.replace(".", "%2E", 1) if name.startswith(".") else name
    found, number = name, 1
    while found.lower() in set(taken):
        number += 1
        found = f"{name}~{number}"
    return found


def write(parcel: Parcel, setting: Setting, folder: Path) -> Path:
    """Writes the files of one account; the page comes last and is whole or not there.

    Raises:
        OSError: the folder cannot be written.
    """
    tables = data(parcel, setting)
    page = render(parcel, setting, [(name, what) for name, (what, _) in tables.items()])
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        if name in tables:
            _replace(folder / name, _csv(tables[name][1]))
        else:
            (folder / name).unlink(missing_ok=True)
    _replace(folder / PAGE, page)
    return folder / PAGE


def _replace(path: Path, text: str) -> None:
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, encoding="utf-8", newline="")
    new.replace(path)


def data(parcel: Parcel, setting: Setting) -> dict[str, tuple[str, Rows]]:
    """Files beside the page: what each holds, and its rows; without rows there is no file."""
    words = setting.words
    hosts = {row["instance_id"]: row["hostname"] or row["uuid"] for row in parcel["instances"]}
    found = {
        "seats.csv": ("seats and people by period", [_seats(row, words) for row in parcel["periods"]]),
        "use_cases.csv": ("use cases, with what was measured", _use_cases(parcel, words)),
        "goals.csv": ("your goals", [_goal(row, words) for row in parcel["goals"]]),
        "instances.csv": ("your instances", [_instance(row, words) for row in parcel["instances"]]),
        "counters.csv": (
            "every counter that we know of each instance, from its last report",
            [_counter(row, hosts, words) for row in parcel["counters"]],
        ),
        "peers.csv": ("your figures of a quarter ago beside the quartiles of others", _peers(parcel, words)),
        "not_measured.csv": ("what is not measured, why, and what to do", _not_measured(parcel, words)),
    }
    assert list(found) == list(FILES)
    return {name: table for name, table in found.items() if table[1]}


def _told(words: Words, value: Any, reason: str | None) -> str:
    return words.told(reason) if value is None else ""


def _seats(row: Row, words: Words) -> Row:
    return {
        "period_start": row["period_start"],
        "is_complete": row["is_complete_period"],
        **{column: row[column] for column in sections.SERIES},
        "why_no_activated_seats": _told(words, row["activated_seats"], row["seats_missing_reason"]),
        "why_no_active_users": _told(words, row["active_users"], row["active_users_missing_reason"]),
    }


def _use_cases(parcel: Parcel, words: Words) -> Rows:
    rows = []
    for row in sections.adoption(parcel, words):
        base = {"use_case": row["label"], "status": row["status"], "why_not_measured": row["why"]}
        for each in row["measures"] or [{"text": "", "gap": ""}]:
            rows.append({**base, "measured": each["text"], "gap": each["gap"], "next_step": row["advice"]})
    return rows


def _goal(row: Row, words: Words) -> Row:
    columns = ("starts_on", "due_on", "baseline_value", "current_value", "target_value", "progress")
    return {
        "goal": row["objective_name"],
        "measured_by": row["metric_label"],
        **{column: row[column] for column in columns},
        "status": GOALS[row["status"]],
        "why_not_measured": words.told(row["missing_reason"]) if row["missing_reason"] else "",
        "why_no_schedule": words.told(row["elapsed_missing_reason"]) if row["elapsed_missing_reason"] else "",
    }


def _instance(row: Row, words: Words) -> Row:
    return {
        **{column: row[column] for column in ("hostname", "uuid", "instance_type", "version", "edition")},
        "major_releases_behind": row["major_versions_behind"],
        "release": sections.behind(row, words),
        "last_report_at": row["last_ping_at"],
        "figures_come_from_it": row["is_counted"],
    }


def _counter(row: Row, hosts: dict[str, str], words: Words) -> Row:
    return {
        "instance": hosts.get(row["instance_id"], ""),
        "counter": row["label"],
        "key_paths": row["key_paths"],
        "value": row["metric_value"],
        "why_missing": _told(words, row["metric_value"], row["value_reason"]),
    }


def _peers(parcel: Parcel, words: Words) -> Rows:
    return [
        {
            "figure": row["label"],
            "period_start": row["period_start"],
            "own": None if row["own_value"] is None else round(row["own_value"], 4),
            "why_no_own": _told(words, row["own_value"], row["own_missing_reason"]),
            **{name: row[name] for name in sections.QUARTILES},
            "peers": sections.CELLS.get(row["cell_kind"], ""),
            "why_no_peers": _told(words, row["median"], row["peers_missing_reason"]),
        }
        for row in parcel["peers"]
    ]


def _not_measured(parcel: Parcel, words: Words) -> Rows:
    return [
        {"why": row["why"], "not_measured": thing, "what_to_do": row["remedy"]}
        for row in missing.not_measured(parcel, words)
        for thing in [*row["what"], *row["counters"]]
    ]


def _csv(rows: Rows) -> str:
    text = io.StringIO()
    text.write("\ufeff")  # a spreadsheet takes it for UTF-8 then
    if rows:
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\r\n")
        writer.writeheader()
        writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    return harmless(value) if isinstance(value, str) else value
