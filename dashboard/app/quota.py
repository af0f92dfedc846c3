"""How many of a system's calls a day are used: the loader counts them, and its settings say how many there are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import streamlit as st

from dashboard.app.data import Row, Rows

UNKNOWN = "the loader's settings are not at hand here"
ANOTHER_DAY = "no call was made today"


@st.cache_resource(show_spinner=False)
def limits() -> Mapping[str, int]:
    """Calls a day that the loader allows itself, by destination, as this process is set; empty without the loader."""
    try:
        from loader.destinations import DESTINATIONS
        from loader.errors import LoaderError
    except ImportError:  # inside Snowflake
        return {}
    found = {}
    for name, make in DESTINATIONS.items():
        try:
            found[name] = make().calls_per_day
        except LoaderError:  # a setting of it is no number, or none that is safe
            continue
    return found


def used(rows: Rows, allowed: Mapping[str, int], today: date) -> Rows:
    """Each connection's calls today with their share of what is allowed; what is unknown has a reason.

    Args:
        rows: the loader's counts, of the newest day on which each connection was called.
        allowed: calls a day by destination.
        today: in UTC, at whose midnight the counts begin anew.
    """
    return [_used(row, allowed.get(row["destination"]), today) for row in rows]


def _used(row: Row, allowed: int | None, today: date) -> Row:
    calls = row["calls"] if row["day"] == today else 0
    reasons = [UNKNOWN] if allowed is None else []
    if row["day"] != today:
        reasons.append(f"{ANOTHER_DAY}; {row['calls']:,} on {row['day']}")
    return {
        **row,
        "today": calls,
        "allowed": allowed,
        "share": None if not allowed else calls / allowed,
        "left": None if allowed is None else max(allowed - calls, 0),
        "note": "; ".join(reasons),
    }
