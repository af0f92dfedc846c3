"""Values as they come in JSON and in files, as they are kept, and as they are read."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.marketo.replies import RecordError
from sandbox.marketo.schema import DECIMALS, TEXTS, WHOLE, Field
from sandbox.marketo.settings import Switches

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_LARGEST = 2**31


def kept(field: Field, value: Any, switches: Switches) -> Any:
    """A value as it is stored; None for null and for empty text.

    Raises:
        RecordError: it is none of the field's type.
    """
    if value is None or value == "":
        return None
    if isinstance(value, dict | list):
        raise _mismatch(field, value)
    if field.type in TEXTS:
        return _text(field, value, switches)
    if field.type in WHOLE:
        return _whole(field, value, switches)
    if field.type in DECIMALS:
        return float(_number(field, value))
    if field.type == "boolean":
        found = _TRUTH.get(str(value).lower())
        if found is None:
            raise _mismatch(field, value)
        return int(found)
    return _day(field, value) if field.type == "date" else _time(field, value, switches)


def shown(field: Field, value: Any, switches: Switches) -> Any:
    """A stored value as a query shows it."""
    if field.type == "boolean" and (value is not None or switches.unset_boolean == "false"):
        return bool(value)
    if value is not None and field.type in DECIMALS and switches.decimals == "text":
        return f"{value:.2f}" if field.type == "currency" else repr(float(value))
    return value


def _text(field: Field, value: Any, switches: Switches) -> str | None:
    if isinstance(value, bool):
        value = "true" if value else "false"
    text = str(value)
    if switches.text_trimmed:
        text = text.strip()
    size = len(text.encode()) if field.type == "text" else len(text)
    if field.length is not None and size > field.length:
        if switches.too_long == "cut":
            cut = text.encode()[: field.length].decode(errors="ignore") if field.type == "text" else text
            return cut[: field.length]
        if switches.too_long == "1001":
            raise _mismatch(field, value)
        raise RecordError("1003", f"Value of field '{field.name}' is longer than {field.length}")
    return text or None


def _whole(field: Field, value: Any, switches: Switches) -> int:
    number = _number(field, value)
    if number != math.floor(number) and switches.fractions != "cut":
        raise _mismatch(field, value)
    if abs(number) >= _LARGEST:
        raise _mismatch(field, value)
    return int(number)


def _number(field: Field, value: Any) -> float | int:
    if isinstance(value, bool):
        raise _mismatch(field, value)
    if isinstance(value, int | float):
        return value
    if not _NUMBER.match(str(value)):
        raise _mismatch(field, value)
    return float(value) if set(value) & set(".eE") else int(value)


def _day(field: Field, value: Any) -> str:
    text = str(value)
    try:
        if not _DATE.match(text):
            raise ValueError(text)
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise _mismatch(field, value) from error


def _time(field: Field, value: Any, switches: Switches) -> str:
    """In UTC, to the second."""
    text = str(value)
    try:
        if not re.match(r"\d{4}-\d{2}-\d{2}", text):
            raise ValueError(text)
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise _mismatch(field, value) from error
    at = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(switches.time_zone))
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _mismatch(field: Field, value: Any) -> RecordError:
    text = f"Invalid value '{value}'. Required of type '{field.type.capitalize()}'"
    return RecordError("1001", text, field.label)
