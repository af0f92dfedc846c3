"""Rows as an API takes them: look-ups filled, and what it would refuse refused before."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from loader.dbt.artifacts import Lookup, PublishModel
from loader.engine.destination import Field, Outcome, Rejection, Row
from loader.engine.sending import Item
from loader.engine.values import Suspects, as_json


@dataclass(frozen=True)
class Codes:
    """A vendor's codes for values that it does not take."""

    null: str
    too_long: str
    no_choice: str


class Links:
    """Ids of the records that look-ups point to, by object, matching field and value.

    Args:
        form: a value of ours or of theirs as they are compared.
    """

    def __init__(self, form: Callable[[Any], str]) -> None:
        self._form = form
        self._ids: dict[tuple[str, str], dict[str, list[str]]] = {}

    def unasked(self, object_name: str, match: str, values: Iterable[Any]) -> list[Any]:
        """Those of the values, as JSON has them, that have not been asked for; from now on they have."""
        ids = self._ids.setdefault((object_name, match), {})
        found = {form: each for each in map(as_json, values) if (form := self._form(each)) not in ids}
        ids.update({form: [] for form in found})
        return list(found.values())

    def take(self, object_name: str, match: str, found: Iterable[tuple[Any, str]]) -> None:
        """Note values and ids of records that were found."""
        ids = self._ids[object_name, match]
        for value, record_id in found:
            ids.setdefault(self._form(value), []).append(record_id)

    def ids(self, lookup: Lookup, value: Any) -> list[str]:
        """Of the records that a value points to."""
        return self._ids[lookup.object, lookup.match].get(self._form(as_json(value)), [])


class Filled(dict[Any, tuple[str, Rejection | None]]):
    """What fills a look-up's field, as JSON, or why there is nothing; by our value, worked out when it is first asked
    for."""

    def __init__(self, links: Links, lookup: Lookup) -> None:
        super().__init__()
        self._links, self._lookup = links, lookup

    def __missing__(self, value: Any) -> tuple[str, Rejection | None]:
        found = self[value] = self._fill(value)
        return found

    def _fill(self, value: Any) -> tuple[str, Rejection | None]:
        lookup = self._lookup
        ids = [None] if value is None else self._links.ids(lookup, value)
        if len(ids) == 1:
            return f'"{lookup.field}":{json.dumps(ids[0])}', None
        problem = f"no {lookup.object} has" if not ids else f"{len(ids)} records of {lookup.object} have"
        code = "NO_LOOKUP_MATCH" if not ids else "MULTIPLE_LOOKUP_MATCHES"
        return "", Rejection(lookup.field, code, f"{problem} {lookup.match} = {value}")


class Records:
    """Makes what is sent of rows.

    Args:
        fields: the object's fields by name, by object.
        to_api: a value in JSON as a field takes it, where that is not as the warehouse made it.
    """

    def __init__(
        self,
        fields: Mapping[str, Mapping[str, Field]],
        links: Links,
        codes: Codes,
        to_api: Callable[[Any, Field], Any],
    ) -> None:
        self._fields, self._links, self._codes, self._to_api = fields, links, codes, to_api
        self._known: dict[str, tuple[Suspects, list[tuple[str, Filled]]]] = {}

    def items(self, model: PublishModel, rows: Iterable[Row]) -> tuple[list[Item], list[Outcome]]:
        """Rows as the API takes them, and those that cannot be."""
        items, refused = list[Item](), list[Outcome]()
        for row in rows:
            record, rejection = self.of(model, row)
            if rejection:
                refused.append(Outcome(row, rejection))
            else:
                items.append((row, record))
        return items, refused

    def of(self, model: PublishModel, row: Row) -> tuple[str, Rejection | None]:
        """A row as the API takes it, or why it cannot be. Most are sent as the warehouse made them."""
        record, known = row.record, self._known.get(model.object)
        if known is None:
            filled = [(each.field, Filled(self._links, each)) for each in model.lookups]
            known = self._known[model.object] = Suspects(model, self._fields[model.object]), filled
        if known[0].concern(row):
            fields = self._fields[model.object]
            for name, value in row.values.items():
                if refusal := self._refusal(fields[name], value):
                    return record, refusal
            record = json.dumps({n: self._to_api(v, fields[n]) for n, v in row.values.items()})
        for field, links in known[1]:
            link, rejection = links[row.lookups[field]]
            if rejection:
                return record, rejection
            record = f"{record[:-1]},{link}}}"
        return record, None

    def _refusal(self, field: Field, value: Any) -> Rejection | None:
        """Why this value cannot be sent, or None."""
        if value is None and not field.nillable:
            return Rejection(field.name, self._codes.null, "the field may not be null")
        if isinstance(value, str) and field.length and len(value) > field.length and not field.labels:
            problem = f"{len(value)} characters, the field takes {field.length}"
            return Rejection(field.name, self._codes.too_long, problem)
        if value and field.choices and value not in field.choices:
            return Rejection(field.name, self._codes.no_choice, "the value is no active item of the picklist")
        return None


def pages(rows: int, size: int) -> int:
    """Calls that so many rows take, so many a call."""
    return -(-rows // size)
