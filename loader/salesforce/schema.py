"""Salesforce's metadata: types, ids, and values on their way there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from loader.engine.destination import Field
from loader.engine.records import Codes

LINK = "LOOKUP"
MULTIPLE = "MULTIPICKLIST"
_TEXT = {"STRING", "TEXTAREA", "PICKLIST", MULTIPLE, "COMBOBOX", "EMAIL", "URL", "PHONE", "ID"}
_NUMBER = {"DOUBLE", "INT", "LONG", "CURRENCY", "PERCENT"}
TYPES = {
    "text": _TEXT,
    "integer": _NUMBER,
    "decimal": _NUMBER - {"INT", "LONG"},
    "double": _NUMBER - {"INT", "LONG"},
    "boolean": {"BOOLEAN"},
    "date": {"DATE", "DATETIME"},
    "timestamp": {"DATETIME"},
}
"""Types of fields that take a column, by kind of value."""
CODES = Codes("REQUIRED_FIELD_MISSING", "STRING_TOO_LONG", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST")
"""The vendor's codes for what need not be sent to be refused."""
ID = "Id"
_AN_ID = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?\Z")
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def described(given: Mapping[str, Any]) -> Field:
    """Read one item of describe's `fields`."""
    kind = str(given.get("type") or "").upper()
    items = [each for each in given.get("picklistValues") or [] if each.get("active", True)]
    defaulted = bool(given.get("defaultedOnCreate"))
    targets = given.get("referenceTo") or [""]
    return Field(
        str(given["name"]),
        LINK if kind == "REFERENCE" else kind,
        int(given["length"]) if given.get("length") else None,
        bool(given.get("nillable", True)) or (defaulted and kind != "BOOLEAN"),
        bool(given.get("createable", True)),
        bool(given.get("updateable", True)),
        {},
        tuple(str(each["value"]) for each in items) if given.get("restrictedPicklist") and kind == "PICKLIST" else (),
        str(targets[0]).lower() if kind == "REFERENCE" else "",
        int(given.get("scale") or 0) if kind in _NUMBER else None,
        defaulted,
    )


def to_api(value: Any, field: Field) -> Any:
    """A value in JSON as this field takes it: a date as a time."""
    return f"{value}T00:00:00.000Z" if field.type == "DATETIME" and len(str(value)) == len("2026-01-31") else value


def is_id(value: Any) -> bool:
    """Whether a text can be a record's id."""
    return bool(_AN_ID.match(str(value)))


def short(value: Any) -> str:
    """The 15 characters of an id that tell records apart; a text that is none as it is."""
    return str(value)[:15] if is_id(value) else str(value)


def full(record_id: str) -> str:
    """An id with its 18 characters; the last three say which of the others are capitals."""
    if len(record_id) != 15 or not is_id(record_id):
        return record_id
    fives = (record_id[0:5], record_id[5:10], record_id[10:15])
    return record_id + "".join(_SUFFIX[sum(each.isupper() << n for n, each in enumerate(five))] for five in fives)
