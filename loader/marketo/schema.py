"""Marketo's metadata: types, links, and values on their way there."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from loader.engine.destination import Field
from loader.engine.records import Codes
from loader.engine.values import moment

COMPANY, COMPANY_KEY = "Company", "externalCompanyId"
LINK = "LOOKUP"
"""A field that leads to a record by Marketo's own id."""
_TEXT = {"STRING", "TEXT", "EMAIL", "PHONE", "URL", "REFERENCE"}
_DECIMAL = {"FLOAT", "CURRENCY"}
_NUMBER = _DECIMAL | {"INTEGER", "PERCENT", "SCORE"}
TYPES = {
    "text": _TEXT,
    "integer": _NUMBER,
    "decimal": _DECIMAL,
    "double": _DECIMAL,
    "boolean": {"BOOLEAN"},
    "date": {"DATE", "DATETIME"},
    "timestamp": {"DATETIME"},
}
"""Types of fields that take a column, by kind of value: those for whole numbers take nothing else."""
CODES = Codes("1002", "1003", "1003")
"""The vendor's codes for what need not be sent to be refused."""
_LONGEST_TEXT = 30_000
_DAY = len("2026-01-31")


def is_company(name: str) -> bool:
    """Whether an object is the standard one."""
    return name.lower() == COMPANY.lower()


def id_field(name: str) -> str:
    """The field that Marketo itself tells an object's records apart by."""
    return "id" if is_company(name) else "marketoGUID"


def links(given: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """The object and the field of it that each link field of a described object leads to."""
    found = {}
    for each in given.get("relationships") or []:
        target = each.get("object") or each.get("relatedTo") or {}
        found[str(each.get("field"))] = (str(target.get("name") or ""), str(target.get("field") or ""))
    return found


def fields(given: Mapping[str, Any]) -> dict[str, Field]:
    """The fields of a described object. A dedupe field is written once, with the record, which describe calls not
    updateable."""
    keys, linked = set(given.get("dedupeFields") or []), links(given)
    return {str(each["name"]): _field(each, keys, linked) for each in given.get("fields") or []}


def _field(each: Mapping[str, Any], keys: Collection[str], linked: Mapping[str, tuple[str, str]]) -> Field:
    name, kind = str(each["name"]), str(each.get("dataType") or "").upper()
    to, by = linked.get(name, ("", ""))
    own_id = bool(to) and by == id_field(to)
    length = int(each["length"]) if each.get("length") else _LONGEST_TEXT if kind == "TEXT" else None
    written = name in keys or each.get("updateable", True) is not False
    return Field(
        name,
        LINK if own_id else kind,
        None if own_id else length,
        name not in keys,
        written,
        written,
        {},
        (),
        to.lower() if own_id else "",
        0 if kind in _NUMBER - _DECIMAL else None,
    )


def to_api(value: Any, field: Field) -> Any:
    """A value in JSON as this field takes it: a date as a time."""
    return f"{value}T00:00:00+00:00" if field.type == "DATETIME" and len(str(value)) == _DAY else value


def with_offsets(record: str, names: Collection[str]) -> str:
    """A record in which times have an offset and whole seconds, as Marketo documents them."""
    values = json.loads(record)
    times = {n: moment(values[n]).isoformat(timespec="seconds") for n in names if values.get(n) is not None}
    return json.dumps({**values, **times})
