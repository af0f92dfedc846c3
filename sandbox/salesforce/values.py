"""Values on their way in, from JSON or from a CSV cell, and out.

Stored are: text as sent ("" is null), numbers rounded to the field's scale, dates as `yyyy-MM-dd`, date/times as the
API writes them, booleans as 0 or 1, ids with 18 characters.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from sandbox.salesforce import ids
from sandbox.salesforce.replies import RefusedError, RowError
from sandbox.salesforce.schema import NUMBERS, PICKLISTS, TEXTS, Field
from sandbox.salesforce.settings import Switches

Convert = Callable[[Any], Any]
CLEARS = "#N/A"
_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)\Z")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(\.\d+)?(Z|[+-]\d{2}:?\d{2})\Z")


class UnreadableError(Exception):
    """A value that is not of the field's type at all."""


def from_json(field: Field, switches: Switches) -> Convert:
    """The check of a JSON value.

    Raises:
        RefusedError: (the converter) it cannot be read as the type: the whole request is refused.
        RowError: (the converter) the field does not take it.
    """
    read = _reader(field, switches)

    def convert(value: Any) -> Any:
        if value is None:
            return None
        try:
            return kept(field, read(value), switches)
        except UnreadableError as error:
            kind, token = _json_type(field), _token(value)
            text = f"Cannot deserialize instance of {kind} from {token} value {value}"
            text += " or request may be missing a required field"
            raise RefusedError("JSON_PARSER_ERROR", text) from error

    return convert


def from_cell(field: Field, switches: Switches) -> Convert:
    """The check of a CSV cell that is neither empty nor `#N/A`; cells of a column are often alike.

    Raises:
        RowError: (the converter) the field does not take it.
    """
    read = _reader(field, switches)

    @lru_cache(maxsize=1_000)
    def convert(text: str) -> Any:
        try:
            if field.type in NUMBERS and not _PLAIN.match(text):
                raise UnreadableError
            return kept(field, read(text), switches)
        except UnreadableError as error:
            message = f"{field.label}: value not of required type: {text}"
            raise RowError("INVALID_TYPE_ON_FIELD_IN_RECORD", message, [field.name]) from error

    return convert


def read_literal(field: Field, value: Any) -> Any:
    """A query's literal in the form that stored values are compared in.

    Raises:
        UnreadableError: it is not of the field's type.
    """
    return value if field.type in TEXTS | PICKLISTS else _reader(field, Switches())(value)


def kept(field: Field, value: Any, switches: Switches) -> Any:
    """A value of the right type as it is stored.

    Raises:
        RowError: the field does not take it.
    """
    if field.type in NUMBERS:
        return _kept_number(field, value)
    if not isinstance(value, str) or field.type in ("date", "datetime"):
        return value
    if switches.text_trimmed:
        value = value.strip()
    if value == "":
        return None
    if field.type in ("id", "reference"):
        found = ids.full(value)
        if found is None:
            raise RowError("MALFORMED_ID", f"{field.label}: id value of incorrect type: {value}", [field.name])
        return found
    if len(value) > field.length:
        text = f"{field.label}: data value too large: {value[:40]} (max length={field.length})"
        raise RowError("STRING_TOO_LONG", text, [field.name])
    if field.type in PICKLISTS and field.restricted and not set(value.split(";")) <= set(field.values):
        text = f"{field.label}: bad value for restricted picklist field: {value}"
        raise RowError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", text, [field.name])
    return value


def shown(field: Field, value: Any, switches: Switches) -> Any:
    """A stored value as a reply has it."""
    if value is None:
        return None
    if field.type == "boolean":
        return bool(value)
    if field.type in ("id", "reference"):
        return value[: switches.ids]
    return value


def _reader(field: Field, switches: Switches) -> Convert:
    """What reads a value as the field's type; raises UnreadableError."""
    match field.type:
        case "boolean":
            return _boolean
        case "int":
            return _integer
        case "date":
            return _date
        case "datetime":
            return _datetime if switches.times == "milliseconds" else lambda value: _seconds(_datetime(value))
    return _number if field.type in NUMBERS else _text


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise UnreadableError
    return value


def _boolean(value: Any) -> int:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and value.lower() in ("true", "1", "false", "0"):
        return int(value.lower() in ("true", "1"))
    raise UnreadableError


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise UnreadableError
    try:
        return float(value)
    except (ValueError, OverflowError) as error:
        raise UnreadableError from error


def _integer(value: Any) -> float:
    number = _number(value)
    if not math.isfinite(number) or number != int(number) or ("." in str(value) and isinstance(value, str)):
        raise UnreadableError
    return number


def _date(value: Any) -> str:
    text = _text(value)
    found = _TIME.match(text)
    if not _DATE.match(text) and found is None:
        raise UnreadableError
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError as error:
        raise UnreadableError from error


def _datetime(value: Any) -> str:
    found = _TIME.match(_text(value))
    if found is None:
        raise UnreadableError
    day, clock, rest, zone = found.groups()
    try:
        at = datetime.fromisoformat(f"{day}T{clock}{((rest or '') + '000')[:4] if rest else '.000'}{zone}")
    except ValueError as error:
        raise UnreadableError from error
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"


def _seconds(text: str) -> str:
    return text[:20] + "000+0000"


def _kept_number(field: Field, value: float) -> float | int:
    if not math.isfinite(value):
        raise RowError("NUMBER_OUTSIDE_VALID_RANGE", f"{field.label}: value outside of valid range", [field.name])
    whole = 10 if field.type == "int" else field.precision - field.scale
    if abs(value) >= 10.0**whole:
        text = f"{field.label}: value outside of valid range on numeric field: {value}"
        raise RowError("NUMBER_OUTSIDE_VALID_RANGE", text, [field.name])
    if field.type == "int":
        return int(value)
    if round(value, field.scale) == value:
        return value
    return float(Decimal(repr(value)).quantize(Decimal(1).scaleb(-field.scale), ROUND_HALF_UP))


def _json_type(field: Field) -> str:
    return {"currency": "double", "percent": "double", "reference": "reference"}.get(field.type, field.type)


def _token(value: Any) -> str:
    if isinstance(value, bool):
        return f"VALUE_{str(value).upper()}"
    if isinstance(value, int):
        return "VALUE_NUMBER_INT"
    if isinstance(value, float):
        return "VALUE_NUMBER_FLOAT"
    if isinstance(value, list | dict):
        return "START_ARRAY" if isinstance(value, list) else "START_OBJECT"
    return "VALUE_STRING"
