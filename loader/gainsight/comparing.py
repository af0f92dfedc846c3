"""How Gainsight keeps values: the one place that says when one of ours and one of theirs are the same.

What differs between tenants is a setting: the zone of dates, the decimals that are kept, what text keys ignore.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from loader.engine.destination import Field
from loader.engine.values import EPOCH, moment
from loader.errors import MisuseError

ZONE, PLACES, IGNORED = "GAINSIGHT_TIME_ZONE", "GAINSIGHT_DECIMAL_PLACES", "GAINSIGHT_KEYS_IGNORE"
MULTIPLE = "MULTISELECTDROPDOWNLIST"
_NUMBERS = ("integer", "decimal", "double")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


class Comparing:
    """See `loader.engine.destination.Compares`.

    Attributes:
        zone: the tenant's, whose midnight a DATE may stand at; None: the nearest midnight is meant, which is right in
            all zones within 12 hours of UTC.
        places: decimals that are kept at most, whatever the metadata say; None: as these say.
        ignored: what the tenant ignores in text keys, `case` and `space`.

    Raises:
        MisuseError: a setting is none of those.
    """

    def __init__(self) -> None:
        self.zone = _zone(os.environ.get(ZONE, "").strip())
        self.places = _places(os.environ.get(PLACES, "").strip())
        given = {each.strip().lower() for each in os.environ.get(IGNORED, "").split(",")} - {""}
        if not given <= {"case", "space"}:
            raise MisuseError(f"{IGNORED} must be case, space, or case,space, not {os.environ[IGNORED]!r}.")
        self.ignored = frozenset(given)

    def form(self, value: Any, kind: str, field: Field | None) -> Any:
        """A value of ours or of theirs in one form, as differences show it.

        Args:
            value: of the warehouse, or as read from the API: dates in several forms, picklists as item ids.
            kind: kind of value of the column.
            field: the field's metadata.
        """
        if value is None or value == "" or value == []:
            return None
        if field is not None and (field.labels or field.type == MULTIPLE):
            return _items(value, field) if field.type == MULTIPLE else field.labels.get(str(value), str(value))
        try:
            return self._form(value, kind, field)
        except (ValueError, TypeError, OverflowError):
            return str(value)

    def _form(self, value: Any, kind: str, field: Field | None) -> Any:
        if kind == "date":
            return self._day(value, instant=field is not None and field.type == "DATETIME")
        if kind == "timestamp":
            return (moment(value) - EPOCH) // timedelta(milliseconds=1)
        if kind in _NUMBERS:
            return round(float(value), 9)
        return bool(value) if kind == "boolean" else str(value).strip() or None

    def same(self, ours: Any, theirs: Any, kind: str, field: Field | None) -> bool:
        """Whether theirs is what became of ours."""
        a, b = self.form(ours, kind, field), self.form(theirs, kind, field)
        if a == b or a is None or b is None or type(a) is not type(b):
            return bool(a == b)
        if kind == "timestamp":  # a tenant may keep no milliseconds
            return bool(b % 1000 == 0 and a // 1000 == b // 1000)
        return kind in _NUMBERS and self._same_number(a, b, field)

    def _same_number(self, ours: float, theirs: float, field: Field | None) -> bool:
        """Whether theirs is ours with fewer decimals, rounded or cut. One that shows more decimals than are kept shows
        that they are kept."""
        kept = [each for each in (field.places if field else None, self.places) if each is not None]
        if not kept:
            return False
        places = min(kept)
        return round(theirs, places) == theirs and abs(ours - theirs) < 10.0**-places * (1 - 1e-9)

    def _day(self, value: Any, *, instant: bool) -> str:
        if isinstance(value, str) and _DAY.match(value):
            return value
        if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
        at = moment(value)
        if self.zone is not None and not instant:
            there = at.astimezone(self.zone)
            if there.time() == time():
                return there.date().isoformat()
        if instant or at.time() == time():
            return at.date().isoformat()
        return (at + timedelta(hours=12)).date().isoformat()

    def unlike_midnight(self, value: Any) -> str | None:
        """The time of day, in UTC, that a DATE stands at when it is no midnight known to us; else None."""
        if value is None or value == "" or (isinstance(value, str) and _DAY.match(value)):
            return None
        at = moment(value)
        known = (at.time(), at.astimezone(self.zone or UTC).time())
        return None if time() in known else f"{at:%H:%M}"


def _items(value: Any, field: Field) -> str:
    """The labels of a multi-select, in one order."""
    comma = any("," in label for label in field.labels.values())
    parts = value if isinstance(value, list) else re.split(";" if comma or ";" in str(value) else ",", str(value))
    items = (str(each).strip() for each in parts)
    return ";".join(sorted(field.labels.get(each, each) for each in items if each))


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        raise MisuseError(f"{ZONE} is no time zone such as Europe/Berlin: {name!r}.") from None


def _places(text: str) -> int | None:
    if not text:
        return None
    if not text.isdigit() or int(text) > 9:
        raise MisuseError(f"{PLACES} must be a number from 0 to 9, not {text!r}.")
    return int(text)
