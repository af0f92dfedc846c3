"""Insert, update and delete (contract sections 3.2, 3.3, 3.4, 3.6 and 3.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.keeping import as_kept, collated
from sandbox.replies import INVALID_GSID, NO_MATCH, RefusedError
from sandbox.schema import KEY_TYPES, Field, ObjectType
from sandbox.settings import Switches
from sandbox.store import Row, Store, quoted
from sandbox.values import InvalidValueError, column_writer, writer

MAX_RECORDS = 50
MAX_KEYS = 3
_ON_NO_MATCH = ("NULLABLE", "DEFAULTVALUE", "ERROR")
_MULTI_MATCH = ("FIRSTMATCH", "MARKASERROR")


@dataclass(frozen=True)
class FieldError:
    """One field of one record that is refused."""

    name: str
    value: Any
    code: str
    desc: str
    message: str

    def to_json(self, switches: Switches) -> dict[str, Any]:
        """An item of a record's list in `errors` (section 3.4)."""
        code, value = self.code, self.value
        if code == "GSOBJ_1012" and switches.picklist_refusal == "GSOBJ_1002":
            code = "GSOBJ_1002"
        elif code == "GSOBJ_1012":
            value = [value]
        detail = {
            "errorMessage": self.message,
            "errorCode": code,
            "fieldName": self.name,
            "invalidValue": value,
        }
        return {"success": False, "parsedValue": self.value, "errors": [detail]}


@dataclass
class Checked:
    """Records after validation: stored values, and per record its errors."""

    rows: list[Row] = field(default_factory=list)
    errors: list[list[FieldError]] = field(default_factory=list)

    @property
    def good(self) -> list[Row]:
        """The rows of the records without an error."""
        return [row for row, errors in zip(self.rows, self.errors, strict=True) if not errors]

    def errors_json(self, switches: Switches) -> list[Any] | dict[str, Any] | None:
        """`errors` as the switches have them; None when there are none."""
        if not any(self.errors):
            return None
        if switches.errors_shape == "by_number":
            return {str(n): [e.to_json(switches) for e in each] for n, each in enumerate(self.errors) if each}
        if switches.errors_shape == "texts":
            return [f"{e.name}: {e.message}" for each in self.errors for e in each]
        if switches.errors_shape == "flat":
            return [e.to_json(switches) for each in self.errors for e in each]
        dense = switches.errors_index == "dense"
        return [[e.to_json(switches) for e in each] for each in self.errors if each or dense]

    def first_error(self) -> FieldError | None:
        """The error that the reply is named after."""
        return next((each for errors in self.errors for each in errors), None)


class _Writers:
    """The checks of an object's fields: for one value, and for a column of values."""

    def __init__(self, obj: ObjectType) -> None:
        self.obj = obj
        self.one = {name: writer(each) for name, each in obj.fields.items()}
        self.column = {name: column_writer(each) for name, each in obj.fields.items()}


class Writer:
    """Validates and writes records; used by the object API, by bulk imports and by seeding."""

    def __init__(self, store: Store, switches: Switches) -> None:
        self.store = store
        self.switches = switches
        self._writers: dict[int, _Writers] = {}

    def records(self, body: Any) -> list[Mapping[str, Any]]:
        """The records of a request body.

        Raises:
            RefusedError: when there are none, too many, or they are not objects.
        """
        records = body.get("records") if isinstance(body, Mapping) else None
        if not isinstance(records, list) or not records:
            raise RefusedError("GSOBJ_EMU_NO_RECORDS", "records must be a list of 1 to 50 records")
        if len(records) > MAX_RECORDS:
            desc = f"{len(records)} records, at most {MAX_RECORDS} are allowed"
            raise RefusedError("GSOBJ_EMU_TOO_MANY_RECORDS", desc)
        if not all(isinstance(each, dict) for each in records):
            raise RefusedError("GSOBJ_EMU_NO_RECORDS", "every record must be an object")
        return records

    def check(
        self,
        obj: ObjectType,
        records: Sequence[Mapping[str, Any]],
        *,
        creating: bool,
        keys: Sequence[str] = (),
        sources: frozenset[str] = frozenset(),
        trusted: bool = False,
    ) -> Checked:
        """Validate every field of every record; nothing is written.

        Args:
            obj: the object written to.
            records: JSON values by field name.
            creating: insert (required fields must be there) or update.
            keys: fields that identify rows of an update; they may be read-only, not null.
            sources: names that only feed a lookup, and need not be fields.
            trusted: seeding by tests, which may set read-only fields.
        """
        checked = Checked()
        writers = self._writers_of(obj)
        locked = set() if trusted else _locked(obj, creating) - set(keys)
        needed = obj.required if creating else keys
        rows = _check_columns(records, writers, locked)
        if rows is not None and all(name in rows[0] for name in needed):
            checked.rows = rows
            checked.errors = [[] for _ in rows]
        for record in records if not checked.rows else ():
            row, errors = _check_record(record, writers.one, locked, sources)
            checked.rows.append(row)
            checked.errors.append(errors)
        for record, errors in zip(records, checked.errors, strict=True):
            errors += _check_present(record, needed, creating)
        self._check_references(obj, checked)
        checked.rows = [as_kept(obj, row, self.switches, creating=creating) for row in checked.rows]
        return checked

    def refuse(self, checked: Checked) -> None:
        """Raise the validation failure of section 3.4 when a record has an error, unless the good ones are taken."""
        first = checked.first_error()
        if first is None or (self.switches.partial_success != "never" and checked.good):
            return
        data = {"count": 0, "records": None, "errors": checked.errors_json(self.switches)}
        code = first.to_json(self.switches)["errors"][0]["errorCode"]
        raise RefusedError(code, first.desc, data=data)

    def match(self, obj: ObjectType, keys: Mapping[str, Any]) -> list[tuple[int, str]]:
        """Rows that have these stored values, as this tenant compares them."""
        columns = {name: collated(quoted(name), obj.fields[name], self.switches) for name in keys}
        return self.store.match(obj, keys, columns)

    def resolve_lookups(
        self, obj: ObjectType, lookups: Any, records: Sequence[Mapping[str, Any]], checked: Checked
    ) -> None:
        """Fill the fields that `lookups` describes (section 3.7) into the checked rows."""
        for name, config in (lookups or {}).items():
            target, fields, default = self._lookup_target(obj, name, config)
            for record, row, errors in zip(records, checked.rows, checked.errors, strict=True):
                keys = {to: record.get(source) for source, to in fields.items()}
                usable = all(isinstance(value, str) for value in keys.values())
                found = self.match(target, keys) if usable else []
                problem = _lookup_problem(config, len(found))
                if problem is None:
                    row[name] = found[0][1] if found else default
                else:
                    code, desc = problem
                    value = next(iter(keys.values()))
                    errors.append(FieldError(name, value, code, f"{desc} ({name})", desc))

    def lookup_sources(self, lookups: Any) -> frozenset[str]:
        """Names of the record's fields that feed the lookups.

        Raises:
            RefusedError: when a lookup's configuration is not of the documented form.
        """
        if lookups is None:
            return frozenset()
        if not isinstance(lookups, Mapping):
            raise _bad_lookup("lookups must be an object")
        names: set[str] = set()
        for name, config in lookups.items():
            fields = config.get("fields") if isinstance(config, Mapping) else None
            targets = fields.values() if isinstance(fields, Mapping) else [None]
            if not fields or not all(isinstance(each, str) for each in targets):
                raise _bad_lookup(f"{name} needs fields")
            names.update(fields)
        return frozenset(names)

    def find_matches(self, obj: ObjectType, keys: Sequence[str], rows: Sequence[Row]) -> list[list[tuple[int, str]]]:
        """For each checked row the stored rows its key values match, as the switches have it.

        Raises:
            RefusedError: for a key twice, several matches or no match, where a switch says so.
        """
        switches = self.switches
        values = [{name: row[name] for name in keys} for row in rows]
        if switches.put_duplicate_keys == "error":
            distinct = {tuple(each.values()) for each in values}
            if len(distinct) < len(values):
                raise RefusedError("GSOBJ_EMU_DUPLICATE_KEY", "A key occurs twice in the payload")
        matches = [self.match(obj, each) for each in values]
        if switches.put_no_match == "fail_all" and not all(matches):
            raise RefusedError("GSOBJ_1011", NO_MATCH)
        if switches.put_multi_match == "error" and any(len(each) > 1 for each in matches):
            raise RefusedError("GSOBJ_EMU_MULTIPLE_MATCHES", "A key matches several records")
        if switches.put_multi_match == "first":
            return [each[:1] for each in matches]
        return matches

    def apply_updates(
        self,
        obj: ObjectType,
        keys: Sequence[str],
        rows: Sequence[Row],
        matches: Sequence[Sequence[tuple[int, str]]],
    ) -> int:
        """Write each row to its matches, and count the rows written. Needs a transaction."""
        changes = []
        for row, found in zip(rows, matches, strict=True):
            values = {name: value for name, value in row.items() if name not in keys}
            changes += [(number, values) for number, _ in found]
        self.store.update(obj, changes)
        return len(changes)

    def _writers_of(self, obj: ObjectType) -> _Writers:
        known = self._writers.get(id(obj))
        if known is None:
            known = _Writers(obj)
            self._writers[id(obj)] = known
        return known

    def _check_references(self, obj: ObjectType, checked: Checked) -> None:
        """A LOOKUP must point to a row that is there."""
        for each in obj.lookups.values():
            given = {row[each.name] for row in checked.rows if row.get(each.name) is not None}
            target = self.store.get(each.lookup or "")
            if not given or target is None:
                continue
            missing = given - self.store.existing(target, list(given))
            for row, errors in zip(checked.rows, checked.errors, strict=True):
                if row.get(each.name) in missing:
                    errors.append(_unknown_reference(each, row[each.name]))

    def _lookup_target(
        self, obj: ObjectType, name: str, config: Mapping[str, Any]
    ) -> tuple[ObjectType, Mapping[str, str], Any]:
        target = self.store.get(str(config.get("objectName", "")))
        filled = obj.fields.get(name)
        if filled is None or not filled.createable or target is None:
            raise _bad_lookup(f"{name}: no such field or object")
        if config.get("lookupField") != "Gsid":
            raise _bad_lookup(f"{name}: lookupField must be Gsid")
        if config.get("onNoMatch") not in _ON_NO_MATCH:
            raise _bad_lookup(f"{name}: onNoMatch")
        if config.get("multiMatchOption") not in _MULTI_MATCH:
            raise _bad_lookup(f"{name}: multiMatchOption")
        if not set(config["fields"].values()) <= target.fields.keys():
            raise _bad_lookup(f"{name}: {target.name} has no such field")
        default = None
        if config["onNoMatch"] == "DEFAULTVALUE":
            try:
                default = writer(filled)(config.get("defaultValue"))
            except InvalidValueError as error:
                raise _bad_lookup(f"{name}: defaultValue") from error
        return target, config["fields"], default


def check_keys(obj: ObjectType, given: str | None) -> tuple[str, ...]:
    """The fields of `?keys=` (section 3.3).

    Raises:
        RefusedError: without keys, with more than three, or for a field that cannot be a key.
    """
    keys = tuple(each.strip() for each in (given or "").split(",") if each.strip())
    if not keys:
        raise RefusedError("GSOBJ_EMU_KEYS_MISSING", "An update needs ?keys=")
    if len(set(keys)) > MAX_KEYS or len(set(keys)) < len(keys):
        raise RefusedError("GSOBJ_EMU_TOO_MANY_KEYS", f"At most {MAX_KEYS} distinct keys")
    for name in keys:
        found = obj.fields.get(name)
        if found is None:
            raise RefusedError("GSOBJ_EMU_UNKNOWN_FIELD", f"Invalid field {name}")
        if found.type not in KEY_TYPES:
            desc = f"{name} is of type {found.type}; keys are String, GSID, Number or Email"
            raise RefusedError("GSOBJ_EMU_KEY_TYPE", desc)
    return keys


def _locked(obj: ObjectType, creating: bool) -> set[str]:
    """Names of the fields that a record may not hold."""
    flag = "createable" if creating else "updateable"
    return {each.name for each in obj.fields.values() if not getattr(each, flag)}


def _check_columns(records: Sequence[Mapping[str, Any]], writers: _Writers, locked: set[str]) -> list[Row] | None:
    """The stored rows, when all records have the same writable fields and every value is good."""
    names = tuple(records[0]) if records else ()
    if not names or not locked.isdisjoint(names) or not writers.column.keys() >= set(names):
        return None
    if any(tuple(record) != names for record in records):
        return None
    columns = []
    for name, values in zip(names, zip(*(r.values() for r in records), strict=True), strict=True):
        column = writers.column[name](list(values))
        if column is None:
            return None
        columns.append(column)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _check_record(
    record: Mapping[str, Any],
    writers: Mapping[str, Any],
    locked: set[str],
    sources: frozenset[str],
) -> tuple[Row, list[FieldError]]:
    row: Row = {}
    errors: list[FieldError] = []
    for name, value in record.items():
        convert = writers.get(name)
        if convert is None:
            if name not in sources:
                errors.append(_field_error(name, value, "UNKNOWN_FIELD", "Invalid field"))
        elif name in locked:
            errors.append(_field_error(name, value, "READ_ONLY", "Field is not writable"))
        else:
            try:
                row[name] = convert(value)
            except InvalidValueError as error:
                errors.append(FieldError(name, value, error.code, error.desc, error.message))
    return row, errors


def _check_present(record: Mapping[str, Any], needed: Sequence[str], creating: bool) -> list[FieldError]:
    """Required fields of an insert, key values of an update."""
    errors = []
    for name in needed:
        if creating and name not in record:
            desc = f"Invalid field value ({name} = null)"
            errors.append(FieldError(name, None, "GSOBJ_1007", desc, "Invalid field value"))
        elif not creating and name == "Gsid" and record.get(name) is None:
            errors.append(FieldError(name, None, "GSOBJ_1004", INVALID_GSID, INVALID_GSID))
        elif not creating and name != "Gsid" and record.get(name) in (None, ""):
            errors.append(_field_error(name, None, "KEY_VALUE", "Key value is missing"))
    return errors


def _field_error(name: str, value: Any, code: str, desc: str) -> FieldError:
    return FieldError(name, value, f"GSOBJ_EMU_{code}", f"{desc} ({name})", desc)


def _unknown_reference(each: Field, value: Any) -> FieldError:
    desc = "Invalid field, please re-check data mapping"
    return FieldError(each.name, value, "GSOBJ_1002", f"{desc} ({each.name})", desc)


def _lookup_problem(config: Mapping[str, Any], found: int) -> tuple[str, str] | None:
    if found == 0 and config["onNoMatch"] == "ERROR":
        return "GSOBJ_EMU_LOOKUP_NO_MATCH", "Lookup has no match"
    if found > 1 and config["multiMatchOption"] == "MARKASERROR":
        return "GSOBJ_EMU_LOOKUP_MULTIPLE", "Lookup has several matches"
    return None


def _bad_lookup(what: str) -> RefusedError:
    return RefusedError("GSOBJ_EMU_LOOKUP", f"Lookup configuration invalid: {what}")
