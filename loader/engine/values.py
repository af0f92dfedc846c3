"""Values of the warehouse and of destinations in one form, to be compared."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from loader.dbt.artifacts import PublishModel
from loader.engine.destination import Compares, Destination, Field, Record, Row

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def as_json(value: Any) -> Any:
    """A value of the warehouse as JSON has it: dates and times in ISO 8601, times in UTC to the millisecond."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return f"{value.isoformat(timespec='milliseconds')}Z"
    return value.isoformat() if isinstance(value, date) else value


class Suspects:
    """Which rows of a model have to be looked at before they are sent: for a text that is too long or off a picklist,
    a null that may not be taken, or a date that goes into a field for a time. The others fit as they are."""

    def __init__(self, model: PublishModel, fields: Mapping[str, Field]) -> None:
        filled = [(fields[name], model.kinds[column]) for column, name in model.fields.items()]
        keys = set(model.key)  # a row without one does not come as far as this
        self._shortest = min((f.length for f, kind in filled if kind == "text" and f.length), default=math.inf)
        self._required = [f",{f.name}," for f, _ in filled if not f.nillable and f.name not in keys]
        self._listed = [_listings(f) for f, kind in filled if f.choices and kind == "text"]
        self._dates = any(kind == "date" and f.type == "DATETIME" for f, kind in filled)

    def concern(self, row: Row) -> bool:
        """Whether this row is one of them."""
        if self._dates or row.longest > self._shortest:
            return True
        if self._listed and any(not any(each in row.record for each in listed) for listed in self._listed):
            return True
        return bool(self._required) and any(name in row.null_fields for name in self._required)


def _listings(field: Field) -> list[str]:
    """How a row's JSON says that a picklist's field is null or one of its items. One that says it otherwise is looked
    at closely, and loses nothing but time."""
    values = [None, *field.choices]
    texts = (json.dumps(each, ensure_ascii=False) for each in values)
    return [f'"{field.name}":{space}{text}' for text in texts for space in ("", " ")]


def key_of(compares: Compares, model: PublishModel, values: Mapping[str, Any]) -> tuple[str, ...]:
    """The text of a record's key, ours or theirs, in one form."""
    kinds = (model.kinds[column] for column in model.key_columns)
    parts = zip(model.key, kinds, strict=True)
    return tuple(_key_text(compares, values.get(field), kind) for field, kind in parts)


def _key_text(compares: Compares, value: Any, kind: str) -> str:
    if kind == "integer" and value is not None:
        return str(int(value))
    return str(value) if kind == "text" else str(compares.form(value, kind, None))


def loose(key: tuple[str, ...]) -> tuple[str, ...]:
    """A key without what a destination may ignore in it: case, and spaces around."""
    return tuple(part.strip().lower() for part in key)


def moment(value: Any) -> datetime:
    """A date or time of ours or of theirs, in UTC.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    if isinstance(value, str) and not value.isdigit():
        parsed = datetime.fromisoformat(value)
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return EPOCH + timedelta(milliseconds=float(value))


def differing(
    destination: Destination, model: PublishModel, row: Row, record: Record
) -> Iterator[tuple[str, Any, Any]]:
    """Fields in which a record is not as a row was sent, with our value and theirs; the key is how it was found, and a
    stamp may be an earlier run's."""
    fields, values, compares = destination.fields(model.object) or {}, row.values, destination.compares
    for column, name in model.fields.items():
        ours, theirs, kind, field = values.get(name), record.values.get(name), model.kinds[column], fields.get(name)
        if name not in model.key and column not in model.stamps and not compares.same(ours, theirs, kind, field):
            yield name, compares.form(ours, kind, field), compares.form(theirs, kind, field)
    for each in model.lookups:
        ids = destination.linked(each, row.lookups[each.field])
        wanted, there = ids[0] if ids else None, record.values.get(each.field) or None
        if wanted != there:
            yield each.field, wanted, there


def as_sent(destination: Destination, model: PublishModel, row: Row, records: Sequence[Record]) -> Record | None:
    """Of the records with a row's key the one that has its values, when it is the only one."""
    if len(records) != 1 or any(True for _ in differing(destination, model, row, records[0])):
        return None
    return records[0]
