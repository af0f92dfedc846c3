"""Calendar arithmetic and the one source of randomness."""

from __future__ import annotations

import calendar
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta


def stream(*names: object) -> random.Random:
    """A random stream of its own for every name, so that one more customer changes no other."""
    return random.Random("/".join(map(str, names)))


def add_months(day: date, months: int) -> date:
    """The same day some months later; the month's last day where that day does not exist."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def month_start(day: date) -> date:
    """First day of the month."""
    return day.replace(day=1)


def month_end(day: date) -> date:
    """Last day of the month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def window_start(as_of: date, months: int) -> date:
    """First day of the history: `months` calendar months, the one of `as_of` included."""
    return add_months(month_start(as_of), 1 - months)


def weeks(as_of: date, months: int) -> Iterator[int]:
    """Weeks back from `as_of`, the oldest first, 0 last."""
    yield from range((as_of - window_start(as_of, months)).days // 7, -1, -1)


def at(day: date, seconds: int) -> datetime:
    """A UTC moment on a day."""
    return datetime.combine(day, time(), UTC) + timedelta(seconds=seconds)
