"""Records as they come, in JSON or as lines of a CSV, read into what `Writer` takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.salesforce import ids
from sandbox.salesforce.replies import RefusedError, RowError
from sandbox.salesforce.schema import Field, ObjectType, visible_fields
from sandbox.salesforce.settings import Switches
from sandbox.salesforce.store import Store
from sandbox.salesforce.values import CLEARS, from_cell, from_json
from sandbox.salesforce.write import Given

_Set = Callable[[Given, Any], None]


class Reader:
    """Reads records of one object."""

    def __init__(
        self, store: Store, switches: Switches, obj: ObjectType, operation: str, key: str | None = None
    ) -> None:
        self._store = store
        self._switches = switches
        self._obj = obj
        self._operation = operation
        self._key = key
        self._fields = visible_fields(obj, switches)
        self._setters: dict[str, _Set] = {}

    def record(self, record: Mapping[str, Any]) -> Given:
        """A record of JSON.

        Raises:
            RefusedError: a field is not there, or a value cannot be read as its type.
        """
        given = Given()
        for name, value in record.items():
            if name == "attributes":
                continue
            setter = self._setters.get(name)
            if setter is None:
                setter = self._setters[name] = self._json_setter(name)
            try:
                setter(given, value)
            except RowError as error:
                given.error = given.error or error
        return given

    def header(self, names: Sequence[str]) -> list[_Set | None]:
        """What sets each column of a CSV; None is a column that is ignored.

        Raises:
            RefusedError: a column is none of the object's fields.
        """
        setters: list[_Set | None] = []
        for name in names:
            try:
                setters.append(self._cell_setter(name))
            except RefusedError:
                if self._switches.unknown_column == "fails":
                    raise RefusedError("InvalidBatch", f"Field name not found : {name}") from None
                setters.append(None)
        return setters

    @staticmethod
    def line(setters: Sequence[_Set | None], cells: Sequence[str]) -> Given:
        """A line of a CSV."""
        given = Given()
        if len(cells) != len(setters):
            text = f"The number of columns ({len(cells)}) is not that of the header ({len(setters)})"
            given.error = RowError("InvalidBatch", text)
            return given
        for setter, cell in zip(setters, cells, strict=True):
            if setter is None or cell == "":
                continue
            try:
                setter(given, None if cell == CLEARS else cell)
            except RowError as error:
                given.error = given.error or error
        return given

    def _json_setter(self, name: str) -> _Set:
        relation = self._obj.relations.get(name.lower())
        if relation is not None:
            return self._json_link(relation)
        return self._setter(name, from_json)

    def _cell_setter(self, name: str) -> _Set:
        first, _, rest = name.partition(".")
        relation = self._obj.relations.get(first.lower()) if rest else None
        if relation is not None:
            return self._link(relation, rest)
        return self._setter(name, from_cell)

    def _setter(self, name: str, converter: Callable[[Field, Switches], Callable[[Any], Any]]) -> _Set:
        each = self._fields.get(name.lower())
        if each is None:
            raise RefusedError("INVALID_FIELD", f"No such column '{name}' on sobject of type {self._obj.name}")
        if each.name == "Id":
            return self._set_id
        locked = each.auto or f"{self._obj.name}.{each.name}" in self._switches.locked
        if locked and each.name != self._key:
            return _refuse_locked(each)
        convert = converter(each, self._switches)
        field_name = each.name

        def put(given: Given, value: Any) -> None:
            given.row[field_name] = None if value is None else convert(value)

        return put

    def _set_id(self, given: Given, value: Any) -> None:
        if value is None:
            return
        found = ids.full(value) if isinstance(value, str) else None
        if found is None or not found.startswith(self._obj.prefix):
            raise RowError("MALFORMED_ID", f"{self._obj.label} ID: id value of incorrect type: {value}", ["Id"])
        if self._operation == "insert" or (self._operation == "upsert" and self._key != "Id"):
            raise RowError("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ["Id"])
        given.id = found

    def _json_link(self, relation: Field) -> _Set:
        def put(given: Given, value: Any) -> None:
            inner = {k: v for k, v in value.items() if k != "attributes"} if isinstance(value, dict) else {}
            if len(inner) != 1:
                text = f"{relation.relationship} needs one external id of the record that it points to"
                raise RefusedError("INVALID_FIELD", text)
            ((by, wanted),) = inner.items()
            self._link(relation, by)(given, wanted)

        return put

    def _link(self, relation: Field, by: str) -> _Set:
        target = self._store.get(relation.reference_to or "")
        key = target.by_key.get(by.lower()) if target else None
        if key is None or not (key.external_id or key.name == "Id"):
            text = f"Field name {by} is no external id of {relation.reference_to}"
            raise RefusedError("INVALID_FIELD", text)
        if f"{self._obj.name}.{relation.name}" in self._switches.locked:
            return _refuse_locked(relation)
        name = key.name

        def put(given: Given, value: Any) -> None:
            given.links[relation.name] = (name, value)

        return put


def _refuse_locked(each: Field) -> _Set:
    def refuse(given: Given, value: Any) -> None:
        text = f"Unable to create/update fields: {each.name}. Please check the security settings of this field and"
        text += " verify that it is read/write for your profile or permission set."
        raise RowError("INVALID_FIELD_FOR_INSERT_UPDATE", text, [each.name])

    return refuse
