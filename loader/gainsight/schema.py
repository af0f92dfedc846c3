"""Gainsight's metadata: values on their way there and back, and what does not fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from loader.artifacts import PublishModel
from loader.destination import Finding, Rejection

_TEXT = {"STRING", "RICHTEXTAREA", "EMAIL", "URL", "PICKLIST", "MULTISELECTDROPDOWNLIST", "GSID", "SFDCID"}
_NUMBER = {"NUMBER", "PERCENTAGE", "CURRENCY"}
TYPES = {
    "text": _TEXT,
    "integer": _NUMBER,
    "decimal": _NUMBER,
    "double": _NUMBER,
    "boolean": {"BOOLEAN"},
    "date": {"DATE", "DATETIME"},
    "timestamp": {"DATETIME"},
}
"""dataTypes that take a column, by kind of value (contract section 5)."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Field:
    """What describe says about a field.

    Attributes:
        labels: label by item id, of a picklist's active items; empty for other types.
    """

    name: str
    type: str
    length: int | None
    nillable: bool
    createable: bool
    updateable: bool
    labels: Mapping[str, str]
    lookup: str

    @classmethod
    def described(cls, given: Mapping[str, Any]) -> Field:
        """Read one item of describe's `fields`."""
        meta = given.get("meta") or {}
        locked = bool(meta.get("readOnly"))
        targets = (meta.get("lookupDetail") or {}).get("lookupObjects") or [{}]
        return cls(
            str(given["fieldName"]),
            str(given.get("dataType") or "").upper(),
            int(meta["length"]) if meta.get("length") else None,
            bool(meta.get("nillable", True)) and not meta.get("required", False),
            bool(meta.get("createable", True)) and not locked,
            bool(meta.get("updateable", True)) and not locked,
            {str(o.get("value")): str(o.get("label")) for o in given.get("options") or [] if o.get("active", True)},
            str(targets[0].get("objectName") or "").lower(),
        )

    def refusal(self, value: Any) -> Rejection | None:
        """Why this value cannot be sent, in the vendor's codes, or None."""
        if value is None and not self.nillable:
            return Rejection(self.name, "GSOBJ_1007", "the field may not be null")
        if isinstance(value, str) and self.length and len(value) > self.length and not self.labels:
            return Rejection(self.name, "GSOBJ_1001", f"{len(value)} characters, the field takes {self.length}")
        return None


def to_api(value: Any, kind: str = "") -> Any:
    """A warehouse value as the API takes it; `kind` is the field's dataType."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"
    if isinstance(value, date):
        return to_api(datetime.combine(value, time())) if kind == "DATETIME" else value.isoformat()
    return value


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


def findings(model: PublishModel, fields: Mapping[str, Field] | None) -> Iterator[Finding]:
    """What keeps a model's rows from being sent; `fields` is None when the object is not there."""

    def found(field: str, problem: str, fix: str) -> Finding:
        return Finding(model.name, model.object, field, problem, fix)

    if fields is None:
        yield found(
            "", "the object does not exist", f"create {model.object} as a Low Volume object, or correct `object`"
        )
        return
    for column, name in model.fields.items():
        kind = model.kinds[column]
        yield from _field_findings(model, name, fields.get(name), TYPES[kind], f"{kind} column {column}", found)
    for each in model.lookups:
        yield from _field_findings(model, each.field, fields.get(each.field), {"LOOKUP"}, "look-up", found)
        target = fields[each.field].lookup if each.field in fields else ""
        if target and target != each.object.lower():
            yield found(each.field, f"points to {target}, the model says {each.object}", "correct lookups in the model")
    sent = {*model.fields.values(), *(each.field for each in model.lookups)}
    if model.mode != "update":
        for name, field in fields.items():
            if not field.nillable and field.createable and name not in sent:
                yield found(name, "is required, and the model does not fill it", "publish it, or make it optional")
    if model.labels and model.labels not in fields:
        yield found(model.labels, "the label field does not exist", "create it, or correct labels.field")


def _field_findings(
    model: PublishModel, name: str, field: Field | None, types: set[str], what: str, found: Any
) -> Iterator[Finding]:
    if field is None:
        near = f"create it, or correct its name in the model {model.name} (names are case-sensitive)"
        yield found(name, "the field does not exist", near)
        return
    if field.type not in types:
        yield found(name, f"is of type {field.type}, the model sends a {what}", f"use {' or '.join(sorted(types))}")
    only_found = name in model.key and model.mode == "update"
    if (not field.updateable and not only_found) or (not field.createable and model.mode != "update"):
        yield found(name, "is read-only", "let the integration write it, or take it out of the model")
