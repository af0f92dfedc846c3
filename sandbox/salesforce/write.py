"""Creating, changing and deleting records: what a collection of at most 200 does, by REST or inside a job."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.row_faults import RowFault, RowFaults
from sandbox.salesforce.replies import RowError
from sandbox.salesforce.schema import Field, ObjectType
from sandbox.salesforce.settings import Switches
from sandbox.salesforce.store import Store
from sandbox.tables import Row, quoted, table

CHUNK = 200
WRAPPER = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
_TEXTS = {
    "UNABLE_TO_LOCK_ROW": "unable to obtain exclusive access to this record or 1 records",
    "API_TEMPORARILY_UNAVAILABLE": "An API call was not processed. Please try again.",
    "SERVER_UNAVAILABLE": "Server too busy",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": "A rule of this org refuses the record",
}


@dataclass
class Given:
    """One record to write, as it was read.

    Attributes:
        row: stored values by field.
        id: the record's id, for updates.
        links: values by reference field and by external id field of the record pointed to.
        error: why it cannot be read.
    """

    row: Row = field(default_factory=dict)
    id: str | None = None
    links: dict[str, tuple[str, Any]] = field(default_factory=dict)
    error: RowError | None = None


@dataclass
class Result:
    """What became of one record."""

    id: str | None = None
    created: bool = False
    error: RowError | None = None


def _error_of(fault: RowFault | None, obj: ObjectType) -> RowError | None:
    if fault is None:
        return None
    text = fault.message or _TEXTS.get(fault.code, "It was refused")
    if not fault.wrapped:
        return RowError(fault.code, text, fault.fields)
    told = f"{obj.name.removesuffix('__c')}Trigger: execution of AfterUpdate\n\ncaused by: System.DmlException:"
    return RowError(WRAPPER, f"{told} Update failed. First exception on row 0; first error: {fault.code}, {text}: []")


class Writer:
    """Writes records of one object, at most 200 at a time. Every call needs a transaction of the store."""

    def __init__(self, store: Store, switches: Switches) -> None:
        self.store = store
        self.switches = switches
        self.faults = RowFaults()

    def save(
        self,
        obj: ObjectType,
        operation: str,
        given: Sequence[Given],
        key: Field | None = None,
        *,
        allow_duplicates: bool = False,
    ) -> list[Result]:
        """Write records, each for itself.

        Args:
            obj: the object.
            operation: insert, update or upsert.
            given: the records, as read.
            key: the field of an upsert; Id or an external id.
            allow_duplicates: whether the caller may save what a duplicate rule finds.
        """
        results = [Result(error=each.error) for each in given]
        self._link(obj, given, results)
        places = self._places(obj, operation, given, key, results)
        self._check(obj, given, places, key, results, allow_duplicates)
        creates = [n for n, result in enumerate(results) if result.error is None and places[n] is None]
        changes = [n for n, result in enumerate(results) if result.error is None and places[n] is not None]
        rows = [self._altered(obj, each.row) for each in given]
        if creates:
            new = self.store.insert(obj, [_complete(obj, rows[n]) for n in creates])
            for n, record_id in zip(creates, new, strict=True):
                results[n].id, results[n].created = record_id, True
        if changes:
            self.store.update(obj, [(places[n][0], rows[n]) for n in changes])  # type: ignore[index]
        for n, place in enumerate(places):
            if place is not None:
                results[n].id = place[1]
        return results

    def delete(self, obj: ObjectType, record_ids: Sequence[str]) -> list[Result]:
        """Delete records by id."""
        found = {row_id: row for row, row_id in self._rows_of(obj, record_ids)}
        results = []
        gone: set[str] = set()
        for record_id in record_ids:
            error: RowError | None = None
            if record_id in gone:
                error = RowError("ENTITY_IS_DELETED", "entity is deleted")
            elif record_id not in found:
                error = self._missing(record_id)
            error = error or _error_of(self.faults.pick(obj.name, {"Id": record_id}), obj)
            results.append(Result(record_id, error=error))
            if error is None:
                gone.add(record_id)
        self.store.forget(obj, [(found[record_id], record_id) for record_id in gone])
        return results

    def find(self, obj: ObjectType, key: Field, values: Sequence[Any]) -> dict[Any, list[tuple[int, str]]]:
        """Row and id of the records that have these values, by the value as it is compared."""
        blind = not key.exact(self.switches) and key.type == "string"
        name, collation = quoted(key.name), " collate nocase" if blind else ""
        index = quoted(f"by {obj.key} {key.name.lower()}{collation}")
        self.store.execute(f"create index if not exists {index} on {table(obj)} ({name}{collation})")
        listed = "(select value from json_each(?))"
        sql = f"select {name}, _row, Id from {table(obj)} where {name}{collation} in {listed} order by _row"
        found: dict[Any, list[tuple[int, str]]] = {}
        for value, row, record_id in self.store.execute(sql, (json.dumps(list(values)),)):
            found.setdefault(self.compared(key, value), []).append((row, record_id))
        return found

    def compared(self, key: Field, value: Any) -> Any:
        """A key's value as it is compared."""
        return value.lower() if isinstance(value, str) and not key.exact(self.switches) else value

    def _rows_of(self, obj: ObjectType, record_ids: Sequence[str]) -> list[tuple[int, str]]:
        sql = f"select _row, Id from {table(obj)} where Id in (select value from json_each(?))"
        return [(row, row_id) for row, row_id in self.store.execute(sql, (json.dumps(list(record_ids)),))]

    def _missing(self, record_id: str) -> RowError:
        if self.store.was_deleted(record_id):
            return RowError("ENTITY_IS_DELETED", "entity is deleted")
        return RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")

    def _link(self, obj: ObjectType, given: Sequence[Given], results: Sequence[Result]) -> None:
        """Fill references that are given by the external id of the record pointed to."""
        for name, by in {(name, by) for each in given for name, (by, _) in each.links.items()}:
            target = self.store.get(obj.fields[name].reference_to or "")
            if target is None:
                continue
            key = target.fields[by]
            found = self.find(target, key, [each.links[name][1] for each in given if name in each.links])
            for each, result in zip(given, results, strict=True):
                if name not in each.links or result.error is not None:
                    continue
                value = each.links[name][1]
                matches = found.get(self.compared(key, value), [])
                if len(matches) == 1 or value is None:
                    each.row[name] = matches[0][1] if value is not None else None
                else:
                    what = f"Foreign key external ID: {value} not found for field {by} in entity {target.name}"
                    result.error = RowError("INVALID_FIELD", what)

    def _places(
        self, obj: ObjectType, operation: str, given: Sequence[Given], key: Field | None, results: Sequence[Result]
    ) -> list[tuple[int, str] | None]:
        """Row and id of the record that each one changes; None where it creates one, or has an error."""
        if operation == "insert":
            return [None] * len(given)
        if operation == "update" or key is None or key.name == "Id":
            return self._places_by_id(obj, operation, given, results)
        values = [each.row.get(key.name) for each in given]
        compared = [self.compared(key, value) for value in values]
        found = self.find(obj, key, [value for value in values if value is not None])
        times = Counter(compared)
        places: list[tuple[int, str] | None] = []
        for value, alike, result in zip(values, compared, results, strict=True):
            matches = found.get(alike, [])
            places.append(matches[0] if len(matches) == 1 else None)
            if result.error is None:
                result.error = _key_error(obj, key, value, matches, times[alike] > 1)
        return places

    def _places_by_id(
        self, obj: ObjectType, operation: str, given: Sequence[Given], results: Sequence[Result]
    ) -> list[tuple[int, str] | None]:
        rows = {row_id: row for row, row_id in self._rows_of(obj, [each.id for each in given if each.id])}
        places: list[tuple[int, str] | None] = []
        for each, result in zip(given, results, strict=True):
            places.append((rows[each.id], each.id) if each.id in rows else None)
            if result.error is None and each.id is None and operation == "update":
                result.error = RowError("MISSING_ARGUMENT", "Id not specified in an update call")
            elif result.error is None and each.id is not None and each.id not in rows:
                result.error = self._missing(each.id)
        return places

    def _check(
        self,
        obj: ObjectType,
        given: Sequence[Given],
        places: Sequence[tuple[int, str] | None],
        key: Field | None,
        results: Sequence[Result],
        allow_duplicates: bool,
    ) -> None:
        """Required fields, references, unique fields, duplicate rules and scheduled faults."""
        self._check_references(obj, given, results)
        unique = [each for each in obj.own_fields if each.unique and each != key]
        for each, place, result in zip(given, places, results, strict=True):
            if result.error is not None:
                continue
            result.error = (
                _required(obj, each.row, creating=place is None)
                or self._taken(obj, unique, each.row, place)
                or (self._duplicate(obj) if place is None and not allow_duplicates else None)
                or _error_of(self.faults.pick(obj.name, each.row), obj)
            )

    def _check_references(self, obj: ObjectType, given: Sequence[Given], results: Sequence[Result]) -> None:
        for each in obj.own_fields:
            target = self.store.get(each.reference_to) if each.reference_to else None
            wanted = {one.row[each.name] for one in given if one.row.get(each.name)}
            if target is None or not wanted:
                continue
            missing = wanted - self.store.existing(target, list(wanted))
            for one, result in zip(given, results, strict=True):
                if result.error is None and one.row.get(each.name) in missing:
                    text = f"{each.label}: invalid cross reference id"
                    result.error = RowError("INVALID_CROSS_REFERENCE_KEY", text, [each.name])

    def _taken(
        self, obj: ObjectType, unique: Sequence[Field], row: Row, place: tuple[int, str] | None
    ) -> RowError | None:
        for each in unique:
            value = row.get(each.name)
            others = self.find(obj, each, [value]).get(self.compared(each, value), []) if value is not None else []
            for number, record_id in others:
                if place is None or number != place[0]:
                    text = f"duplicate value found: {each.name} duplicates value on record with id: {record_id[:15]}"
                    return RowError("DUPLICATE_VALUE", text, [each.name])
        return None

    def _duplicate(self, obj: ObjectType) -> RowError | None:
        if self.switches.duplicate_rule == "none":
            return None
        return RowError("DUPLICATES_DETECTED", "Use one of these records?")

    def _altered(self, obj: ObjectType, row: Row) -> Row:
        """The row after this org's triggers."""
        if not self.switches.triggers:
            return row
        out = dict(row)
        for name, value in row.items():
            change = self.switches.triggers.get(f"{obj.name}.{name}")
            if change is not None and value is not None:
                out[name] = change(value)
        return out


def _key_error(
    obj: ObjectType, key: Field, value: Any, matches: Sequence[tuple[int, str]], twice: bool
) -> RowError | None:
    if value is None:
        return RowError("MISSING_ARGUMENT", f"{key.name} not specified")
    if twice:
        return RowError("DUPLICATE_VALUE", f"Duplicate external id specified: {value}", [key.name])
    if len(matches) > 1:
        listed = ", ".join(record_id for _, record_id in matches)
        text = f"{key.label}: more than one record found for external id field: [{listed}]"
        return RowError("DUPLICATE_EXTERNAL_ID", text, [key.name])
    return None


def _required(obj: ObjectType, row: Row, *, creating: bool) -> RowError | None:
    missing = [
        each.name
        for each in obj.fields.values()
        if each.required and row.get(each.name) is None and (creating or each.name in row)
    ]
    if not missing:
        return None
    return RowError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing)


def _complete(obj: ObjectType, row: Row) -> Row:
    """A new row; a checkbox that nobody set is not ticked."""
    return {**{each.name: 0 for each in obj.own_fields if each.type == "boolean"}, **row}
