"""Creating, changing and deleting records, each for itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.marketo.replies import RecordError, RefusedError
from sandbox.marketo.schema import BUILT_IN, COMPANY, Field, ObjectType
from sandbox.marketo.settings import Switches
from sandbox.marketo.store import Store
from sandbox.marketo.values import kept
from sandbox.row_faults import RowFault, RowFaults
from sandbox.tables import Row, quoted

AT_ONCE = 300
ACTIONS = ("createOrUpdate", "createOnly", "updateOnly")


@dataclass
class Result:
    """What became of one record.

    Attributes:
        warning: why it was not taken as it came; of imports only.
    """

    id: Any = None
    status: str = "skipped"
    error: RecordError | None = None
    warning: RowFault | None = None


@dataclass
class _Given:
    """One record as it was read: stored values, and what it is found by."""

    row: Row = field(default_factory=dict)
    keys: dict[str, Any] = field(default_factory=dict)
    found: list[tuple[int, Any]] = field(default_factory=list)


class Writer:
    """Writes records of one object. Every call needs a transaction of the store."""

    def __init__(self, store: Store, switches: Switches) -> None:
        self.store = store
        self.switches = switches
        self.faults = RowFaults()

    def sync(
        self, obj: ObjectType, action: str, by_id: bool, records: Sequence[Mapping[str, Any]], *, by_hand: bool = False
    ) -> list[Result]:
        """Create and change records.

        Args:
            obj: the object.
            action: one of `ACTIONS`.
            by_id: whether records are found by the id field, else by the dedupe fields.
            records: values by field.
            by_hand: as a person in the UI would: nothing fails by schedule.

        Raises:
            RefusedError: an unknown field, where that refuses the call.
        """
        read = [self._read(obj, by_id, record) for record in records]
        self._mark_duplicates([given for given, _ in read], [result for _, result in read])
        for given, result in read:
            if result.error is None:
                self._judge(obj, action, by_id, given, result, by_hand)
        good = [(given, result) for given, result in read if result.error is None]
        created = [(given, result) for given, result in good if not given.found]
        changed = [(given, result) for given, result in good if given.found]
        if created:
            new = self.store.insert(obj, [_whole(obj, given.row) for given, _ in created])
            for (_, result), record_id in zip(created, new, strict=True):
                result.id, result.status = record_id, "created"
        if changed:
            self.store.update(obj, [(given.found[0][0], given.row) for given, _ in changed])
            for given, result in changed:
                result.id, result.status = given.found[0][1], "updated"
        return [result for _, result in read]

    def delete(self, obj: ObjectType, by_id: bool, records: Sequence[Mapping[str, Any]]) -> list[Result]:
        """Delete records."""
        results, gone = [], set()
        for record in records:
            given, result = self._read(obj, by_id, record)
            results.append(result)
            if result.error is not None:
                continue
            places = [place for place in self.find(obj, given.keys) if place[0] not in gone]
            if not places:
                result.error = RecordError("1013", "Object not found" if obj.custom else "Record not found")
                continue
            result.error = _error_of(self.faults.pick(obj.name, given.keys))
            if result.error is None:
                gone.add(places[0][0])
                result.id, result.status = places[0][1], "deleted"
        self.store.remove(obj, sorted(gone))
        return results

    def find(self, obj: ObjectType, keys: Mapping[str, Any]) -> list[tuple[int, Any]]:
        """Row and id of the records that have all these stored values."""
        columns = {
            name: f"{quoted(name)} collate nocase"
            for name in keys
            if self.switches.case_blind and obj.fields[name].type == "string"
        }
        return self.store.match(obj, keys, columns)

    def _read(self, obj: ObjectType, by_id: bool, record: Mapping[str, Any]) -> tuple[_Given, Result]:
        given, result = _Given(), Result()
        try:
            for name, value in record.items():
                each = self._field(obj, name, by_id)
                given.row[name] = kept(each, value, self.switches)
            for key in self._keys(obj, by_id):
                if given.row.get(key.name) is None:
                    raise RecordError("1002", f"Missing value for the required parameter '{key.name}'")
                given.keys[key.name] = given.row[key.name]
        except RecordError as error:
            result.error = error
        given.row.pop(obj.id_field, None)
        return given, result

    def _field(self, obj: ObjectType, name: str, by_id: bool) -> Field:
        each = obj.fields.get(name)
        if each is None:
            text = f"Field '{name}' not found"
            if self.switches.unknown_field == "refuses":
                raise RefusedError("1006", text)
            raise RecordError("1006", text)
        if each.auto and not (by_id and name == obj.id_field):
            raise RecordError("1003", f"Invalid data: field '{name}' is not updateable")
        return each

    @staticmethod
    def _keys(obj: ObjectType, by_id: bool) -> Sequence[Field]:
        return (obj.fields[obj.id_field],) if by_id else obj.dedupe

    def _mark_duplicates(self, read: Sequence[_Given], results: Sequence[Result]) -> None:
        """1036 for a key that comes twice."""
        told = [self._compared(given) for given in read]
        times = Counter(key for key in told if key)
        seen: set[tuple[Any, ...]] = set()
        for key, result in zip(told, results, strict=True):
            spared = self.switches.duplicate_input == "later" and key not in seen
            seen.add(key)
            if result.error is None and times[key] > 1 and not spared:
                result.error = RecordError("1036")

    def _compared(self, given: _Given) -> tuple[Any, ...]:
        blind = self.switches.case_blind
        return tuple(value.lower() if blind and isinstance(value, str) else value for value in given.keys.values())

    def _judge(self, obj: ObjectType, action: str, by_id: bool, given: _Given, result: Result, by_hand: bool) -> None:
        """Find the record, and say why this one is not taken."""
        given.found = self.find(obj, given.keys)
        if len(given.found) > 1:
            result.error = RecordError("1007")
        elif not given.found and (by_id or action == "updateOnly"):
            result.error = RecordError("1004")
        elif given.found and action == "createOnly":
            result.error = RecordError(self.switches.exists_code)
        elif by_id and any(each.name in given.row for each in obj.dedupe):
            result.error = RecordError("1003", "Invalid data: a dedupe field never changes")
        elif self._is_orphan(obj, given.row):
            result.error = RecordError("1003", "Invalid data: no Company has the value of the link field")
        elif not by_hand:
            fault = self.faults.pick(obj.name, given.row)
            if fault is not None and fault.warning:
                result.warning = fault
            else:
                result.error = _error_of(fault)

    def _is_orphan(self, obj: ObjectType, row: Row) -> bool:
        if self.switches.orphans == "kept":
            return False
        return any(row.get(each.name) is not None and not self._leads(each, row[each.name]) for each in obj.links)

    def _leads(self, link: Field, value: Any) -> bool:
        """Whether a Company has a link's value."""
        company = self.store.get(COMPANY) or BUILT_IN
        to = company.fields[str(link.link)]
        try:
            return bool(self.find(company, {to.name: kept(to, value, self.switches)}))
        except RecordError:
            return False


def _whole(obj: ObjectType, row: Row) -> Row:
    """A new record's values, one for each field, so that rows are of one shape."""
    return {each.name: row.get(each.name) for each in obj.own_fields}


def _error_of(fault: RowFault | None) -> RecordError | None:
    return None if fault is None else RecordError(fault.code, fault.message)
