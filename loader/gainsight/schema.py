"""Gainsight's metadata: values on their way there and back, and what does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loader.engine.destination import Field
from loader.engine.records import Codes

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
CODES = Codes(null="GSOBJ_1007", too_long="GSOBJ_1001", no_choice="GSOBJ_1012")
"""The vendor's codes for what need not be sent to be refused."""


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
        int(meta["decimalPlaces"]) if kind in _NUMBER and meta.get("decimalPlaces") is not None else None,
    )


def to_api(value: Any, field: Field) -> Any:
    """A value in JSON as this field takes it: a date as a time."""
    return f"{value}T00:00:00.000Z" if field.type == "DATETIME" and len(str(value)) == len("2026-01-31") else value
