"""Gainsight's metadata: values on their way there and back, and what does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from loader.engine.destination import Field, Rejection

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
PLAIN = ("integer", "double", "boolean")
"""Kinds of value that JSON has, too, and that no field refuses for their length."""


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


def to_api(value: Any, kind: str = "") -> Any:
    """A warehouse value as the API takes it; `kind` is the field's dataType."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"
    if isinstance(value, date):
        return to_api(datetime.combine(value, time())) if kind == "DATETIME" else value.isoformat()
    return value
