"""Look-ups: by one field's values, or by the values of several fields; pages of 300."""

from __future__ import annotations

import base64
import json
import random
import zlib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from sandbox.marketo.replies import RecordError, RefusedError, success
from sandbox.marketo.schema import Field, ObjectType
from sandbox.marketo.values import kept, shown
from sandbox.marketo.write import AT_ONCE, Writer
from sandbox.replies import JSON, Reply
from sandbox.request import Request
from sandbox.tables import names_list, table

FORM = "application/x-www-form-urlencoded"
_SEED = 18


def parameters(request: Request) -> dict[str, Any]:
    """A query's parameters, from the address or, by POST with `_method=GET`, from a form or JSON.

    Raises:
        RefusedError: the body is neither.
    """
    if request.method == "GET" or not request.body:
        return dict(request.query)
    kind = (request.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    if kind == FORM:
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        return {**request.query, **form}
    return {**request.query, **json_body(request)}


def json_body(request: Request) -> dict[str, Any]:
    """The body as a JSON object.

    Raises:
        RefusedError: it is none.
    """
    kind = (request.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    if kind != JSON:
        raise RefusedError("612")
    try:
        body = request.parsed()
    except (ValueError, RecursionError) as error:
        raise RefusedError("609") from error
    if not isinstance(body, dict):
        raise RefusedError("609")
    return body


def required(given: Mapping[str, Any], name: str) -> Any:
    """A parameter's value.

    Raises:
        RefusedError: it is not there, or blank.
    """
    if name not in given:
        raise RefusedError("1002", f"Missing value for the required parameter '{name}'")
    if given[name] in ("", [], None):
        raise RefusedError("701", f"{name} cannot be blank")
    return given[name]


class Query:
    """One query of one object."""

    def __init__(self, writer: Writer, obj: ObjectType, given: Mapping[str, Any]) -> None:
        self._writer = writer
        self._obj = obj
        self._given = given

    def reply(self, request: Request) -> Reply:
        """The page that was asked for.

        Raises:
            RefusedError: it cannot be answered.
        """
        fields = self._fields()
        rows = self._rows()
        token = self._given.get("nextPageToken")
        asked = {name: value for name, value in self._given.items() if name != "nextPageToken"}
        mark = zlib.crc32(json.dumps(asked, sort_keys=True, default=str).encode())
        start = _start(str(token), mark) if token else 0
        size = self._size()
        page = rows[start : start + size]
        more = len(rows) > start + size
        told: dict[str, Any] = {"moreResult": True, "nextPageToken": _token(start + size, mark)} if more else {}
        request.records = len(page)
        return success(self._read(page, fields), **told)

    def _fields(self) -> list[Field]:
        """The fields to show, besides the id."""
        asked = self._given.get("fields")
        names = asked.split(",") if isinstance(asked, str) else asked
        if not names:
            names = [*(each.name for each in self._obj.dedupe), "createdAt", "updatedAt"]
        if not isinstance(names, list):
            raise RefusedError("1003", "Invalid data: fields")
        fields = []
        for name in [self._obj.id_field, *(str(each).strip() for each in names)]:
            if name not in self._obj.fields:
                raise RefusedError("1006", f"Field '{name}' not found")
            if self._obj.fields[name] not in fields:
                fields.append(self._obj.fields[name])
        return fields

    def _rows(self) -> list[int]:
        """Row numbers of all that is found."""
        keys = self._searched(str(required(self._given, "filterType")))
        if "input" in self._given:
            wanted = self._inputs(keys)
        elif len(keys) > 1:
            raise RefusedError("1003", "Invalid data: a compound key is queried by POST with input")
        else:
            values = required(self._given, "filterValues")
            listed = values if isinstance(values, list) else str(values).split(",")
            wanted = [{keys[0].name: value} for value in listed]
        if len(wanted) > AT_ONCE:
            raise RefusedError("1003", f"Invalid data: more than {AT_ONCE} values")
        rows: set[int] = set()
        for each in wanted:
            stored = {name: self._kept(name, value) for name, value in each.items()}
            rows.update(row for row, _ in self._writer.find(self._obj, stored))
        found = sorted(rows)
        if self._writer.switches.query_order == "shuffled":
            random.Random(_SEED).shuffle(found)
        return found

    def _searched(self, name: str) -> Sequence[Field]:
        if name == "dedupeFields":
            return self._obj.dedupe
        name = self._obj.id_field if name == "idField" else name
        if [name] not in self._obj.searchable:
            raise RefusedError("1011", f"Field '{name}' not supported")
        return (self._obj.fields[name],)

    def _inputs(self, keys: Sequence[Field]) -> list[Mapping[str, Any]]:
        given = required(self._given, "input")
        if len(keys) == 1 and self._writer.switches.input_query == "compound":
            raise RefusedError("1003", "Invalid data: input")
        if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
            raise RefusedError("1003", "Invalid data: input")
        for each in given:
            for key in keys:
                if each.get(key.name) is None:
                    raise RefusedError("1002", f"Missing value for the required parameter '{key.name}'")
        return [{key.name: each[key.name] for key in keys} for each in given]

    def _kept(self, name: str, value: Any) -> Any:
        try:
            return kept(self._obj.fields[name], value, self._writer.switches)
        except RecordError as error:
            if error.code == "1003":
                return None  # nothing is as long as that
            raise RefusedError(error.code, error.message) from error

    def _size(self) -> int:
        text = str(self._given.get("batchSize") or AT_ONCE)
        if not text.isdigit() or not int(text):
            raise RefusedError("1001", f"Invalid value '{text}'. Required of type 'Integer'")
        return min(int(text), AT_ONCE)

    def _read(self, rows: Sequence[int], fields: Sequence[Field]) -> list[dict[str, Any]]:
        switches = self._writer.switches
        listed = "(select value from json_each(?))"
        columns = names_list([each.name for each in fields])
        sql = f"select _row, {columns} from {table(self._obj)} where _row in {listed}"
        found = {row[0]: row[1:] for row in self._writer.store.execute(sql, (json.dumps(list(rows)),))}
        told = []
        for seq, row in enumerate(row for row in rows if row in found):
            values = {f.name: shown(f, value, switches) for f, value in zip(fields, found[row], strict=True)}
            if switches.null_in_query == "omitted":
                values = {name: value for name, value in values.items() if value is not None}
            told.append({"seq": seq, **values})
        return told


def _token(start: int, mark: int) -> str:
    return base64.b32encode(f"{start}.{mark}".encode()).decode()


def _start(token: str, mark: int) -> int:
    """Where the page of a token starts.

    Raises:
        RefusedError: it is not of this query.
    """
    try:
        start, _, of = base64.b32decode(token).decode().partition(".")
        if int(of) != mark:
            raise ValueError(token)
        return int(start)
    except (ValueError, UnicodeDecodeError) as error:
        raise RefusedError("1003", "Invalid data: nextPageToken") from error
