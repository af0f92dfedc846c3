"""How Salesforce keeps values: the one place that says when one of ours and one of theirs are the same."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from loader.config import one_of
from loader.engine.destination import Field
from loader.engine.values import EPOCH, moment
from loader.salesforce.schema import LINK, MULTIPLE, short

IGNORED = "SALESFORCE_KEYS_IGNORE"
_NUMBERS = ("integer", "decimal", "double")


class Comparing:
    """See `loader.engine.destination.Compares`.

    Attributes:
        ignored: `case`, unless the setting says that external ids are case-sensitive, as they may be made.

    Raises:
        MisuseError: the setting is none of those.
    """

    def __init__(self) -> None:
        self.ignored = frozenset({"case"} if one_of(IGNORED, "case", "nothing") == "case" else ())

    def form(self, value: Any, kind: str, field: Field | None) -> Any:
        """A value of ours or of theirs in one form, as differences show it."""
        if value is None or value == "":
            return None
        if field is not None and field.type in (LINK, "ID"):
            return short(value)
        try:
            return _form(value, kind, field)
        except (ValueError, TypeError, OverflowError):
            return str(value)

    def same(self, ours: Any, theirs: Any, kind: str, field: Field | None) -> bool:
        """Whether theirs is what became of ours: decimals beyond the field's are rounded, of times the parts of a
        second may be cut, and text has no spaces around it."""
        a, b = self.form(ours, kind, field), self.form(theirs, kind, field)
        if a == b or a is None or b is None or type(a) is not type(b):
            return bool(a == b)
        if kind == "timestamp":
            return bool(b % 1000 == 0 and a // 1000 == b // 1000)
        if kind in _NUMBERS and field is not None and field.places is not None:
            return bool(abs(a - b) <= 0.5 * 10.0**-field.places * (1 + 1e-9))
        return False


def _form(value: Any, kind: str, field: Field | None) -> Any:
    if kind == "date":
        if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
        return str(value)[:10] if isinstance(value, str) else moment(value).date().isoformat()
    if kind == "timestamp":
        return (moment(value) - EPOCH) // timedelta(milliseconds=1)
    if kind in _NUMBERS:
        return round(float(value), 9)
    if kind == "boolean":
        return bool(value)
    if field is not None and field.type == MULTIPLE:
        return ";".join(sorted(each.strip() for each in str(value).split(";") if each.strip()))
    return str(value).strip().replace("\r\n", "\n") or None
