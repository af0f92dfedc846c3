"""How Marketo keeps values: the one place that says when one of ours and one of theirs are the same."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from loader.engine.destination import Field
from loader.engine.values import EPOCH, as_json, moment

_NUMBERS = ("integer", "decimal", "double")


class Comparing:
    """See `loader.engine.destination.Compares`. Null and empty text are the same; a query may leave a null out."""

    def form(self, value: Any, kind: str, field: Field | None) -> Any:
        """A value of ours or of theirs in one form, as differences show it."""
        if value is None or value == "":
            return None
        try:
            return _form(value, kind)
        except (ValueError, TypeError, OverflowError):
            return str(value)

    def same(self, ours: Any, theirs: Any, kind: str, field: Field | None) -> bool:
        """Whether theirs is what became of ours: times have whole seconds, numbers may be text, a currency has two
        decimals."""
        a, b = self.form(ours, kind, field), self.form(theirs, kind, field)
        if kind == "timestamp" and type(a) is type(b) is int:
            return bool(a // 1000 == b // 1000)
        if field is not None and field.type == "CURRENCY" and type(a) is type(b) is float:
            return bool(abs(a - b) <= 0.005 * (1 + 1e-9))
        return bool(a == b)


def _form(value: Any, kind: str) -> Any:
    if kind == "date":
        return str(as_json(value))[:10]
    if kind == "timestamp":
        return (moment(value) - EPOCH) // timedelta(milliseconds=1)
    if kind in _NUMBERS:
        return round(float(value), 9)
    if kind == "boolean":
        return str(value).lower() in ("true", "1")
    return str(value).strip().replace("\r\n", "\n") or None
