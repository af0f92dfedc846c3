"""Values of the warehouse and of destinations in one form, to be compared."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from loader.dbt.artifacts import PublishModel
from loader.engine.destination import Destination, Field, Record, Row

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
    """Which rows of a model have to be looked at before they are sent: for a text that may be too long, a null that may
    not be taken, or a date that goes into a field for a time. The others fit as they are."""

    def __init__(self, model: PublishModel, fields: Mapping[str, Field]) -> None:
        filled = [(fields[name], model.kinds[column]) for column, name in model.fields.items()]
        keys = set(model.key)  # a row without one does not come as far as this
        self._shortest = min((f.length for f, kind in filled if kind == "text" and f.length), default=math.inf)
        self._required = [f",{f.name}," for f, _ in filled if not f.nillable and f.name not in keys]
        self._dates = any(kind == "date" and f.type == "DATETIME" for f, kind in filled)

    def concern(self, row: Row) -> bool:
        """Whether this row is one of them."""
        if self._dates or row.longest > self._shortest:
            return True
        return bool(self._required) and any(name in row.null_fields for name in self._required)


def canonical(value: Any, kind: str, field: Field | None = None) -> Any:
    """A value of ours or of theirs in one form, to be compared.

    Args:
        value: of the warehouse, or as read from the API: dates as epoch milliseconds, picklists as item ids.
        kind: kind of value of the column.
        field: the field's metadata, for picklists.
    """
    if value is None or value == "":
        return None
    if kind in ("date", "timestamp"):
        at = moment(value)
        return at.date().isoformat() if kind == "date" else (at - _EPOCH) // timedelta(milliseconds=1)
    if kind in ("integer", "decimal", "double"):
        return round(float(value), 9)
    if kind == "boolean":
        return bool(value)
    if field is not None and field.labels:
        return field.labels.get(str(value), str(value))
    return str(value)


def key_of(values: Mapping[str, Any], model: PublishModel) -> tuple[str, ...]:
    """The canonical text of a record's key."""
    kinds = (model.kinds[column] for column in model.key_columns)
    parts = zip(model.key, kinds, strict=True)
    return tuple(_key_text(values.get(field), kind) for field, kind in parts)


def _key_text(value: Any, kind: str) -> str:
    if kind == "integer" and value is not None:
        return str(int(value))
    return str(value) if kind == "text" else str(canonical(value, kind))


def moment(value: Any) -> datetime:
    """A date or time of ours or of theirs, in UTC."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    if isinstance(value, str):
        parsed = datetime.fromisoformat(value)
        return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return _EPOCH + timedelta(milliseconds=float(value))


def ours(destination: Destination, model: PublishModel, row: Row) -> dict[str, Any]:
    """A row's values by field, look-ups resolved, in the form of `theirs`."""
    ids = {each.field: destination.linked(each, row.lookups[each.field]) for each in model.lookups}
    return {**_compared(destination, model, row.values), **{f: found[0] if found else None for f, found in ids.items()}}


def theirs(destination: Destination, model: PublishModel, record: Record) -> dict[str, Any]:
    """A record's values by field, in a form that can be compared."""
    linked = {each.field: record.values.get(each.field) for each in model.lookups}
    return {**_compared(destination, model, record.values), **linked}


def as_sent(destination: Destination, model: PublishModel, row: Row, records: Sequence[Record]) -> Record | None:
    """Of the records with a row's key the one that has its values, when it is the only one."""
    same = len(records) == 1 and ours(destination, model, row) == theirs(destination, model, records[0])
    return records[0] if same else None


def _compared(destination: Destination, model: PublishModel, values: Mapping[str, Any]) -> dict[str, Any]:
    fields = destination.fields(model.object) or {}
    return {f: canonical(values.get(f), model.kinds[column], fields.get(f)) for column, f in model.fields.items()}
