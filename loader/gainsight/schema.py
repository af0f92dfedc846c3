"""Gainsight's metadata: values on their way there and back, and what does not fit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from loader.dbt.artifacts import PublishModel
from loader.engine.destination import Field, Rejection, Row

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


def described(given: Mapping[str, Any]) -> Field:
    """Read one item of describe's `fields`."""
    meta = given.get("meta") or {}
    locked = bool(meta.get("readOnly"))
    targets = (meta.get("lookupDetail") or {}).get("lookupObjects") or [{}]
    labels = {str(o.get("value")): str(o.get("label")) for o in given.get("options") or [] if o.get("active", True)}
    kind = str(given.get("dataType") or "").upper()
    return Field(
        str(given["fieldName"]),
        kind,
        int(meta["length"]) if meta.get("length") else None,
        bool(meta.get("nillable", True)) and not meta.get("required", False),
        bool(meta.get("createable", True)) and not locked,
        bool(meta.get("updateable", True)) and not locked,
        labels,
        tuple({*labels, *labels.values()}) if kind == "PICKLIST" else (),
        str(targets[0].get("objectName") or "").lower(),
    )


def refusal(field: Field, value: Any) -> Rejection | None:
    """Why this value cannot be sent, in the vendor's codes, or None."""
    if value is None and not field.nillable:
        return Rejection(field.name, "GSOBJ_1007", "the field may not be null")
    if isinstance(value, str) and field.length and len(value) > field.length and not field.labels:
        return Rejection(field.name, "GSOBJ_1001", f"{len(value)} characters, the field takes {field.length}")
    return None


class Suspects:
    """Which rows of a model have to be looked at before they are sent: for a text that may be too long, a null that may
    not be taken, or a date that goes into a field for a time. The others fit as they are."""

    def __init__(self, model: PublishModel, fields: Mapping[str, Field]) -> None:
        filled = [(fields[name], model.kinds[column]) for column, name in model.fields.items()]
        self._shortest = min((f.length for f, kind in filled if kind == "text" and f.length), default=math.inf)
        self._required = [f",{f.name}," for f, _ in filled if not f.nillable]
        self._dates = any(kind == "date" and f.type == "DATETIME" for f, kind in filled)

    def concern(self, row: Row) -> bool:
        """Whether this row is one of them."""
        nulls = self._required and any(name in row.null_fields for name in self._required)
        return self._dates or row.longest > self._shortest or bool(nulls)


def to_api(value: Any, field: Field) -> Any:
    """A value in JSON as this field takes it: a date as a time."""
    return f"{value}T00:00:00.000Z" if field.type == "DATETIME" and len(str(value)) == len("2026-01-31") else value
