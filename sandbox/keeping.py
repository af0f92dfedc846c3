"""How this tenant keeps, compares and shows values, where the vendor leaves it open (contract sections 5 and 14)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.schema import NUMBERS, TEXTS, Field, ObjectType
from sandbox.settings import Switches
from sandbox.store import Row
from sandbox.values import Converter, condition, epoch_ms

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z|\d{2}-\d{2}-\d{4}\Z")


def as_kept(obj: ObjectType, row: Row, switches: Switches, *, creating: bool) -> Row:
    """A checked row as it is written."""
    if not creating and switches.null_write == "ignored":
        row = {name: value for name, value in row.items() if value is not None}
    if not switches.text_trimmed and switches.number_places == "all":
        return row
    return {name: _kept(obj.fields[name], value, switches) for name, value in row.items()}


def _kept(field: Field, value: Any, switches: Switches) -> Any:
    if value is None:
        return None
    if switches.text_trimmed and field.type in TEXTS:
        return value.strip()
    if switches.number_places != "all" and field.type in NUMBERS:
        places = field.decimal_places if switches.number_places == "metadata" else switches.number_places
        return round(value, places)
    return value


def compared(field: Field, value: Any, switches: Switches) -> Any:
    """A condition's value in the form that stored values are compared in.

    Where a DATE is an instant, one that is no midnight at the tenant lies between two days.
    """
    if field.type == "DATE" and switches.dates == "midnight":
        form = "%Y-%m-%d" if re.match(r"\d{4}-", str(value)) else "%m-%d-%Y"
        at = datetime.strptime(value, form).replace(tzinfo=UTC) if _DAY.match(str(value)) else _instant(field, value)
        there = at.astimezone(ZoneInfo(switches.time_zone))
        return there.date().isoformat() if there.time() == time() else there.strftime("%Y-%m-%dT%H:%M:%S")
    stored = condition(field, value)
    return stored.strip() if switches.text_trimmed and field.type in TEXTS else stored


def _instant(field: Field, value: Any) -> datetime:
    at = datetime.fromisoformat(condition(_as_time(field), value))
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def _as_time(field: Field) -> Field:
    return Field(field.name, "DATETIME", field.label)


def collated(column: str, field: Field, switches: Switches) -> str:
    """A column as it is compared."""
    return f"{column} collate nocase" if switches.text_case_blind and field.type in TEXTS else column


def reader(field: Field, switches: Switches) -> Converter | None:
    """The conversion of a stored value, never null, to the reply's; None where it is the same."""
    match field.type:
        case "DATE":
            return _date_reader(switches)
        case "DATETIME":
            return (lambda text: text[:19] + "Z") if field.iso_reply else _time_reader(switches)
        case "BOOLEAN":
            return bool
        case "PICKLIST":
            return lambda label: field.gsids.get(label, label)
        case "MULTISELECTDROPDOWNLIST":
            return _multi_reader(field, switches)
    return None


def _date_reader(switches: Switches) -> Converter | None:
    if switches.dates == "day" and switches.date_reply == "iso":
        return None
    zone = ZoneInfo(switches.time_zone if switches.dates == "midnight" else "UTC")
    show = _time_reader(switches) or str

    def convert(text: str) -> Any:
        at = datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
        return show(at.strftime("%Y-%m-%dT%H:%M:%S.000Z"))

    return convert


def _time_reader(switches: Switches) -> Converter | None:
    """Of a stored DATETIME."""
    if switches.date_reply == "epoch":
        return epoch_ms
    if switches.date_reply == "space":
        return lambda text: text[:10] + " " + text[11:21] + text[21:-1].rstrip("0")
    return None


def _multi_reader(field: Field, switches: Switches) -> Callable[[str], Any]:
    order = {option.label: place for place, option in enumerate(field.options)}

    def convert(text: str) -> Any:
        labels = text.split(";")
        if switches.multi_select == "sorted":
            labels.sort(key=lambda label: order.get(label, len(order)))
        items = [field.gsids.get(each, each) for each in labels]
        if switches.multi_select == "list":
            return items
        return (", " if switches.multi_select == "comma" else ";").join(items)

    return convert
