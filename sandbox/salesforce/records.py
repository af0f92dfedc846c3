"""Records over REST: one at a time, or up to 200 in a call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.replies import Reply, json_reply
from sandbox.request import Request
from sandbox.salesforce import ids
from sandbox.salesforce.reading import Reader
from sandbox.salesforce.replies import RefusedError, RowError, not_found
from sandbox.salesforce.schema import Field, ObjectType, visible, visible_fields
from sandbox.salesforce.store import Store
from sandbox.salesforce.values import shown
from sandbox.salesforce.write import CHUNK, Given, Result, Writer
from sandbox.tables import Row, names_list, table

_READ_AT_ONCE = 2_000
_ROLLED_BACK = "Record rolled back because not all records were valid and the request was using AllOrNone header"


class _RolledBackError(Exception):
    """One record of an all-or-none call failed."""


class Collections:
    """The endpoints of records."""

    def __init__(self, store: Store, writer: Writer) -> None:
        self._store = store
        self._writer = writer

    def insert(self, request: Request) -> Reply:
        """Create one record, or a collection of them."""
        if request.object is not None:
            obj = self._object(request.object)
            given = Reader(self._store, self._writer.switches, obj, "insert").record(_body(request))
            request.records = 1
            (result,) = self._save(obj, "insert", [given], request)
            return _single(result, 201)
        return self._many(request, "insert")

    def update(self, request: Request) -> Reply:
        """Change one record by its id, or a collection of them."""
        if request.object is None:
            return self._many(request, "update")
        obj = self._object(request.object)
        given = Reader(self._store, self._writer.switches, obj, "update").record(_body(request))
        given.id = self._id(obj, request.id or "")
        request.records = 1
        (result,) = self._save(obj, "update", [given], request)
        return _single(result, 204)

    def upsert(self, request: Request) -> Reply:
        """Create or change by external id: one record (`id` is field/value), or a collection (`id` is the field)."""
        obj = self._object(request.object or "")
        name, _, value = (request.id or "").partition("/")
        key = self._key(obj, name)
        reader = Reader(self._store, self._writer.switches, obj, "upsert", key.name)
        if not value:
            return self._upsert_many(request, obj, key, reader)
        request.records = 1
        given = reader.record({**_body(request), key.name: value})
        matches = self._matches(obj, key, given.row.get(key.name))
        if len(matches) > 1:
            return self._several(request, obj, matches)
        if not matches and request.query.get("updateOnly") == "true":
            raise not_found()
        (result,) = self._save(obj, "upsert", [given], request, key)
        return _single(result, 201 if result.created else 200, upsert=True)

    def delete(self, request: Request) -> Reply:
        """Delete one record, or up to 200 by their ids."""
        if request.object is not None:
            obj = self._object(request.object)
            with self._store.transaction():
                (result,) = self._writer.delete(obj, [self._id(obj, request.id or "")])
            return _single(result, 204)
        given = [each.strip() for each in request.query.get("ids", "").split(",") if each.strip()]
        _check_count(given)
        request.records = len(given)
        results = [Result(each) for each in given]
        by_object: dict[str, list[int]] = {}
        for place, each in enumerate(given):
            record_id = ids.full(each)
            obj_of = self._store.by_prefix(record_id) if record_id else None
            if record_id is None or obj_of is None:
                results[place].error = RowError("MALFORMED_ID", f"malformed id {each}")
            else:
                results[place].id = record_id
                by_object.setdefault(obj_of.key, []).append(place)

        def write() -> None:
            for key, places in by_object.items():
                done = self._writer.delete(self._object(key), [str(results[place].id) for place in places])
                for place, result in zip(places, done, strict=True):
                    results[place] = result

        all_or_none = request.query.get("allOrNone", "false").lower() == "true"
        return self._answer(results, write, all_or_none, upsert=False)

    def record(self, request: Request) -> Reply:
        """One record, by id or by external id."""
        obj = self._object(request.object or "")
        name, _, value = (request.id or "").partition("/")
        if value:
            key = self._key(obj, name)
            found = self._matches(obj, key, value)
            if len(found) > 1:
                return self._several(request, obj, found)
            record_id = found[0][1] if found else ""
        else:
            record_id = self._id(obj, name)
        wanted = [each for each in request.query.get("fields", "").split(",") if each]
        fields = [self._field(obj, each) for each in wanted] or list(
            visible_fields(obj, self._writer.switches).values()
        )
        found_rows = self._read(obj, [record_id], fields, request)
        if record_id not in found_rows:
            raise not_found("Provided external ID field does not exist or is not accessible" if value else "")
        return json_reply(found_rows[record_id])

    def read(self, request: Request) -> Reply:
        """Up to 2,000 records by id, in the order asked for; null where there is none."""
        obj = self._object(request.object or "")
        if request.method == "POST":
            body = _body(request)
            wanted, names = body.get("ids"), body.get("fields")
        else:
            wanted, names = request.query.get("ids", "").split(","), request.query.get("fields", "").split(",")
        if not isinstance(wanted, list) or not isinstance(names, list) or not wanted or not names:
            raise RefusedError("MALFORMED_QUERY", "ids and fields are needed")
        if len(wanted) > _READ_AT_ONCE:
            raise RefusedError("EXCEEDED_ID_LIMIT", f"record limit reached. cannot read more than {_READ_AT_ONCE}")
        fields = [self._field(obj, str(name)) for name in names]
        full = [ids.full(str(each)) for each in wanted]
        found = self._read(obj, [each for each in full if each], fields, request)
        request.records = len(found)
        return json_reply([found.get(each or "") for each in full])

    def _many(self, request: Request, operation: str) -> Reply:
        """Create or change a collection, of one object or of several."""
        records, all_or_none = _records(request)
        request.records = len(records)
        kinds: dict[str, list[int]] = {}
        for place, record in enumerate(records):
            kinds.setdefault(_type_of(record), []).append(place)
        results: list[Result] = [Result() for _ in records]
        parts: list[tuple[ObjectType, list[int], list[Given]]] = []
        for name, places in kinds.items():
            obj = self._typed(name)
            reader = Reader(self._store, self._writer.switches, obj, operation)
            parts.append((obj, places, [reader.record(records[place]) for place in places]))

        def write() -> None:
            for obj, places, given in parts:
                done = self._writer.save(obj, operation, given, allow_duplicates=_allows(request))
                for place, result in zip(places, done, strict=True):
                    results[place] = result

        return self._answer(results, write, all_or_none, upsert=False)

    def _upsert_many(self, request: Request, obj: ObjectType, key: Field, reader: Reader) -> Reply:
        records, all_or_none = _records(request)
        request.records = len(records)
        for record in records:
            if self._typed(_type_of(record)) is not obj:
                raise RefusedError("INVALID_INPUT", f"all records must be of type {obj.name}")
        given = [reader.record(record) for record in records]
        results: list[Result] = []

        def write() -> None:
            results[:] = self._writer.save(obj, "upsert", given, key, allow_duplicates=_allows(request))

        return self._answer(results, write, all_or_none, upsert=True)

    def _matches(self, obj: ObjectType, key: Field, value: Any) -> list[tuple[int, str]]:
        """Row and id of the records with this external id."""
        return self._writer.find(obj, key, [value]).get(self._writer.compared(key, value), [])

    @staticmethod
    def _several(request: Request, obj: ObjectType, matches: Sequence[tuple[int, str]]) -> Reply:
        """300: the addresses of the records that have one external id."""
        root = "/".join(request.path.split("/")[:4])
        return json_reply([f"{root}/sobjects/{obj.name}/{record_id}" for _, record_id in matches], 300, "300")

    def _answer(self, results: list[Result], write: Callable[[], None], all_or_none: bool, *, upsert: bool) -> Reply:
        try:
            with self._store.transaction():
                write()
                if all_or_none and any(result.error for result in results):
                    raise _RolledBackError
        except _RolledBackError:
            for result in results:
                result.id, result.created = None, False
                result.error = result.error or RowError("ALL_OR_NONE_OPERATION_ROLLED_BACK", _ROLLED_BACK)
        reply = json_reply([self._result_json(result, upsert) for result in results])
        reply.committed = any(result.error is None for result in results)
        return reply

    def _result_json(self, result: Result, upsert: bool) -> Row:
        if result.error is not None:
            told: Row = {"success": False, "errors": [result.error.to_json()]}
            return {**told, "created": False} if upsert else told
        told = {"id": (result.id or "")[: self._writer.switches.ids], "success": True, "errors": []}
        return {**told, "created": result.created} if upsert else told

    def _save(
        self, obj: ObjectType, operation: str, given: Sequence[Given], request: Request, key: Field | None = None
    ) -> list[Result]:
        with self._store.transaction():
            return self._writer.save(obj, operation, given, key, allow_duplicates=_allows(request))

    def _read(
        self, obj: ObjectType, record_ids: Sequence[str], fields: Sequence[Field], request: Request
    ) -> dict[str, Row]:
        """Records by id."""
        switches, root = self._writer.switches, "/".join(request.path.split("/")[:4])
        names = [each.name for each in fields]
        sql = f"select Id, {names_list(names)} from {table(obj)} where Id = ?"
        found: dict[str, Row] = {}
        for record_id in record_ids:
            for row in self._store.execute(sql, (record_id,)):
                attributes = {"type": obj.name, "url": f"{root}/sobjects/{obj.name}/{row[0]}"}
                values = {f.name: shown(f, value, switches) for f, value in zip(fields, row[1:], strict=True)}
                found[record_id] = {"attributes": attributes, **values}
        return found

    def _object(self, name: str) -> ObjectType:
        obj = self._store.get(name)
        if obj is None or not visible(obj, self._writer.switches):
            raise not_found()
        return obj

    def _typed(self, name: str) -> ObjectType:
        obj = self._store.get(name)
        if obj is None or not visible(obj, self._writer.switches):
            raise RefusedError("INVALID_TYPE", f"sObject type '{name}' is not supported.")
        return obj

    def _field(self, obj: ObjectType, name: str) -> Field:
        each = visible_fields(obj, self._writer.switches).get(name.lower())
        if each is None:
            raise RefusedError("INVALID_FIELD", f"No such column '{name}' on entity '{obj.name}'.")
        return each

    def _key(self, obj: ObjectType, name: str) -> Field:
        key = visible_fields(obj, self._writer.switches).get(name.lower())
        if key is None or not (key.external_id or key.name == "Id"):
            raise not_found("Provided external ID field does not exist or is not accessible: " + name)
        return key

    @staticmethod
    def _id(obj: ObjectType, text: str) -> str:
        found = ids.full(text)
        if found is None or not found.startswith(obj.prefix):
            raise not_found()
        return found


def _body(request: Request) -> Mapping[str, Any]:
    try:
        body = request.parsed()
    except (ValueError, RecursionError) as error:
        raise RefusedError("JSON_PARSER_ERROR", "The body is not JSON") from error
    if not isinstance(body, dict):
        raise RefusedError("JSON_PARSER_ERROR", "The body is not a JSON object")
    return body


def _records(request: Request) -> tuple[list[Mapping[str, Any]], bool]:
    """The records of a collection, and whether all are to be written or none."""
    body = _body(request)
    records = body.get("records")
    if not isinstance(records, list) or not all(isinstance(each, dict) for each in records):
        raise RefusedError("JSON_PARSER_ERROR", "records must be a list of objects")
    _check_count(records)
    return records, body.get("allOrNone") is True


def _check_count(given: Sequence[Any]) -> None:
    if not given:
        raise RefusedError("REQUIRED_FIELD_MISSING", "records are needed")
    if len(given) > CHUNK:
        text = f"record limit reached. cannot submit more than {CHUNK} records into this call"
        raise RefusedError("EXCEEDED_ID_LIMIT", text)


def _type_of(record: Mapping[str, Any]) -> str:
    attributes = record.get("attributes")
    kind = attributes.get("type") if isinstance(attributes, dict) else None
    if not isinstance(kind, str):
        raise RefusedError("INVALID_INPUT", "each record needs attributes with a type")
    return kind


def _allows(request: Request) -> bool:
    return "allowsave=true" in (request.headers.get("Sforce-Duplicate-Rule-Header") or "").lower().replace(" ", "")


def _single(result: Result, status: int, *, upsert: bool = False) -> Reply:
    """The reply to a call for one record."""
    error = result.error
    if error is not None:
        status = 404 if error.code in ("ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY") and not error.fields else 400
        code = "NOT_FOUND" if status == 404 else error.code
        raise RefusedError(code, error.message, status, error.fields)
    if status == 204:
        return Reply(204, b"", committed=True)
    told: Row = {"id": result.id, "success": True, "errors": []}
    reply = json_reply({**told, "created": result.created} if upsert else told, status)
    reply.committed = True
    return reply
