"""Values on their way in, in conditions, and out (contract section 5).

Stored are: text as sent, DATE as `yyyy-MM-dd`, DATETIME as `yyyy-MM-ddTHH:mm:ss.SSSZ`, picklists by
label (several joined by `;`), BOOLEAN as 0 or 1, numbers as sent.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sandbox.schema import NUMBERS, Field

Converter = Callable[[Any], Any]

GSID = re.compile(r"1[A-Z0-9]{35}\Z")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_DATETIME = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3})(Z|[+-]\d{2}:?\d{2})\Z")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z")
_URL = re.compile(r"https?://\S+\Z")
_TEXT_OR_NULL = frozenset({str, type(None)})
_SHORTEST_EPOCH_MS = 10**11
"""Shorter integers (such as 210318) are not taken for epoch milliseconds (section 3.4)."""
_LAST_EPOCH_MS = 253_402_300_799_999
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


OFF_PICKLIST = "Invalid/Inactive value provided for picklist."


class InvalidValueError(Exception):
    """A value that the field does not take: `desc` goes to errorDesc, `message` to the details."""

    def __init__(self, code: str, desc: str, message: str | None = None) -> None:
        super().__init__(desc)
        self.code = code
        self.desc = desc
        self.message = message or desc


def writer(field: Field) -> Converter:
    """The check of a value sent to `field`: takes the JSON value, gives the stored one."""
    convert = _WRITERS[field.type](field)
    if not field.required:
        return lambda value: None if value is None else convert(value)

    def refuse_null(value: Any) -> Any:
        if value is None:
            desc = f"Invalid field value ({field.name} = null)"
            raise InvalidValueError("GSOBJ_1007", desc, "Invalid field value")
        return convert(value)

    return refuse_null


def column_writer(field: Field) -> Callable[[list[Any]], list[Any] | None]:
    """The check of many values at once: the stored values, or None where one is not plainly good.

    It is there for speed alone: after None the `writer` goes over the values one by one.
    """
    if field.type in NUMBERS:
        return _plain_numbers(field)
    if field.type == "STRING" and field.length is not None:
        return _plain_text(field, field.length)
    convert = writer(field)

    def convert_all(values: list[Any]) -> list[Any] | None:
        try:
            if _TEXT_OR_NULL.issuperset(map(type, values)):
                converted = {value: convert(value) for value in set(values)}
                return [converted[value] for value in values]
            return [convert(value) for value in values]
        except InvalidValueError:
            return None

    return convert_all


def _plain_numbers(field: Field) -> Callable[[list[Any]], list[Any] | None]:
    plain = frozenset({int, float} if field.required else {int, float, type(None)})

    def convert(values: list[Any]) -> list[Any] | None:
        if not plain.issuperset(map(type, values)):
            return None
        numbers = [value for value in values if value is not None] or [0]
        in_range = min(numbers) > -(2**63) and max(numbers) < 2**63
        return values if in_range and not math.isnan(sum(numbers)) else None

    return convert


def _plain_text(field: Field, length: int) -> Callable[[list[Any]], list[Any] | None]:
    def convert(values: list[Any]) -> list[Any] | None:
        try:
            texts = [value for value in values if value is not None]
            joined = "".join(texts)
        except TypeError:
            return None
        short = len(max(texts, key=len, default="")) <= length
        no_null = len(texts) == len(values) or not field.required
        return values if short and no_null and joined.isascii() else None

    return convert


def epoch_ms(text: str) -> int:
    """Epoch milliseconds of a stored DATETIME."""
    return (datetime.fromisoformat(text) - _EPOCH) // timedelta(milliseconds=1)


def datetime_text(moment: datetime) -> str:
    """A DATETIME as it is stored."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def now_text(seconds: float) -> str:
    """Seconds since the epoch as a stored DATETIME."""
    return datetime_text(datetime.fromtimestamp(seconds, UTC))


def _invalid_field(field: Field) -> InvalidValueError:
    desc = "Invalid field, please re-check data mapping"
    return InvalidValueError("GSOBJ_1002", f"{desc} ({field.name})", desc)


def _text(field: Field, pattern: re.Pattern[str] | None = None) -> Converter:
    length = field.length or math.inf

    def convert(value: Any) -> str:
        if not isinstance(value, str):
            raise _invalid_field(field)
        if len(value) > length:
            desc = "Field exceeds maximum allowed length"
            raise InvalidValueError("GSOBJ_1001", f"{desc} ({field.name})", desc)
        if pattern is not None and not pattern.match(value):
            raise _invalid_field(field)
        if not value.isascii() and any("\ud800" <= each <= "\udfff" for each in value):
            raise _invalid_field(field)
        return value

    return convert


def _own_gsid(value: Any) -> str:
    if isinstance(value, str) and GSID.match(value):
        return value
    desc = "Either the Gainsight ID is invalid or missing, please re-check your request"
    raise InvalidValueError("GSOBJ_1004", desc)


def _number(field: Field) -> Converter:
    def convert(value: Any) -> int | float:
        if type(value) is int and -(2**63) <= value < 2**63:
            return value
        if type(value) is float and math.isfinite(value):
            return value
        raise _invalid_field(field)

    return convert


def _percentage(field: Field) -> Converter:
    number = _number(field)

    def convert(value: Any) -> Any:
        try:
            return number(value)
        except InvalidValueError:
            desc = "Failed to parse value as percentage."
            raise InvalidValueError("GSOBJ_1008", f"{desc} ({value})", desc) from None

    return convert


def _boolean(field: Field) -> Converter:
    def convert(value: Any) -> int:
        if value is True or value is False:
            return int(value)
        desc = f"Invalid Boolean Value: {value}"
        raise InvalidValueError("GSOBJ_1008", f"{desc} ({field.name})", "Invalid Boolean Value")

    return convert


def _is_epoch(value: Any) -> bool:
    return type(value) is int and _SHORTEST_EPOCH_MS <= value <= _LAST_EPOCH_MS


def _bad_date(code: str, field: Field, value: Any) -> InvalidValueError:
    desc = "Invalid dateTime format"
    return InvalidValueError(code, f"{desc} ({field.name} = {value})", desc)


def _date(field: Field) -> Converter:
    def convert(value: Any) -> str:
        if isinstance(value, str) and _DATE.match(value):
            try:
                date.fromisoformat(value)
            except ValueError:
                raise _bad_date("GSOBJ_1006", field, value) from None
            return value
        if _is_epoch(value):
            return (_EPOCH + timedelta(milliseconds=value)).date().isoformat()
        raise _bad_date("GSOBJ_1006", field, value)

    return convert


def _datetime(field: Field) -> Converter:
    def convert(value: Any) -> str:
        if isinstance(value, str) and _DATETIME.match(value):
            try:
                return datetime_text(datetime.fromisoformat(value))
            except (ValueError, OverflowError):
                raise _bad_date("GSOBJ_1005", field, value) from None
        if _is_epoch(value):
            return datetime_text(_EPOCH + timedelta(milliseconds=value))
        raise _bad_date("GSOBJ_1005", field, value)

    return convert


def _picklist(field: Field) -> Converter:
    active = {option.label for option in field.options if option.active}

    def convert(value: Any) -> str:
        if isinstance(value, str):
            label = field.labels.get(value, value)
            if label in active:
                return label
            raise InvalidValueError("GSOBJ_1012", f"{OFF_PICKLIST} ({field.name} = {value}).", OFF_PICKLIST)
        raise _invalid_field(field)

    return convert


def _multi_picklist(field: Field) -> Converter:
    one = _picklist(field)

    def convert(value: Any) -> str:
        items = value.split(";") if isinstance(value, str) else value
        if not isinstance(items, list):
            raise _invalid_field(field)
        return ";".join(one(each) for each in items)

    return convert


_WRITERS: dict[str, Callable[[Field], Converter]] = {
    "STRING": _text,
    "RICHTEXTAREA": _text,
    "GSID": lambda field: _own_gsid if field.name == "Gsid" else _text(field, GSID),
    "LOOKUP": lambda field: _text(field, GSID),
    "EMAIL": lambda field: _text(field, _EMAIL),
    "URL": lambda field: _text(field, _URL),
    "NUMBER": _number,
    "CURRENCY": _number,
    "PERCENTAGE": _percentage,
    "BOOLEAN": _boolean,
    "DATE": _date,
    "DATETIME": _datetime,
    "PICKLIST": _picklist,
    "MULTISELECTDROPDOWNLIST": _multi_picklist,
}

_BOOLEANS = {"true": True, "false": False}
_FILTER_DATES = ("%Y-%m-%d", "%m-%d-%Y", "%Y-%m-%d %H:%M:%S")


def from_csv(field: Field, text: str) -> Any:
    """The JSON value a CSV cell stands for; an empty cell is null (section 8 leaves it open)."""
    if text == "":
        return None
    if field.type in NUMBERS:
        return _number_text(text)
    if field.type == "BOOLEAN":
        return _BOOLEANS.get(text.lower(), text)
    if field.type in ("DATE", "DATETIME") and text.isdigit():
        return int(text)
    return text


def condition(field: Field, value: Any) -> Any:
    """A condition's value as it is stored (section 3.5); null and unreadable ones are an error."""
    if value is None:
        raise _invalid_field(field)
    if field.type in ("DATE", "DATETIME"):
        return _filter_date(field, value)
    if field.type == "PICKLIST" or field.type == "MULTISELECTDROPDOWNLIST":
        return field.labels.get(str(value), str(value))
    if field.type in NUMBERS and isinstance(value, str):
        value = _number_text(value)
    if field.type == "BOOLEAN" and isinstance(value, str):
        value = _BOOLEANS.get(value.lower(), value)
    if field.type in NUMBERS or field.type == "BOOLEAN":
        return _WRITERS[field.type](field)(value)
    if not isinstance(value, str):
        raise _invalid_field(field)
    return value


def _number_text(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _filter_date(field: Field, value: Any) -> str:
    moment = None
    if _is_epoch(value):
        moment = _EPOCH + timedelta(milliseconds=value)
    elif isinstance(value, str):
        moment = _parse_filter(value)
    if moment is None:
        raise _bad_date("GSOBJ_1006" if field.type == "DATE" else "GSOBJ_1005", field, value)
    return datetime_text(moment) if field.type == "DATETIME" else moment.date().isoformat()


def _parse_filter(text: str) -> datetime | None:
    for form in _FILTER_DATES:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
