"""Marketo's REST API: the calls the loader makes."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from loader.engine.api import Api
from loader.engine.http import Http
from loader.errors import FatalError
from loader.marketo.auth import Credentials
from loader.marketo.replies import ABSENT, ENDED, FILES, judge
from loader.marketo.schema import is_company

BATCH = PAGE = 300
"""Records of a write, and values of a query."""
UPSERT, UPDATE = "createOrUpdate", "updateOnly"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Client:
    """Calls of one run. All but those that may create are repeated until they succeed or patience ends: each may take
    effect twice, and is then as if it had once."""

    def __init__(self, http: Http) -> None:
        self.http = http
        self._api = Api(http, Credentials(), judge, ENDED, {"Accept": "application/json"})

    def used_today(self) -> int:
        """Calls that all users have made today, by Marketo's day (Central Standard Time)."""
        days = self._read("GET", "/rest/v1/stats/usage.json").get("result") or [{}]
        return int(days[0].get("total") or 0)

    def describe(self, name: str) -> dict[str, Any] | None:
        """An object's metadata; None when it is not there, or not approved."""
        try:
            found = self._read("GET", _path(name, "/describe")).get("result")
        except FatalError as error:
            if error.code not in ABSENT:
                raise
            return None
        return dict(found[0]) if found else None

    def query(
        self, name: str, field: str, values: Sequence[Any], select: Sequence[str]
    ) -> Iterator[list[dict[str, Any]]]:
        """Records in which a field has one of these values, none of which may hold a comma. By POST, for addresses are
        short."""
        for start in range(0, len(values), PAGE):
            asked = ",".join(str(each) for each in values[start : start + PAGE])
            given = {"filterType": field, "filterValues": asked, "fields": ",".join(select)}
            yield from self._pages(name, given, FORM)

    def query_keys(
        self, name: str, keys: Sequence[Mapping[str, Any]], select: Sequence[str]
    ) -> Iterator[list[dict[str, Any]]]:
        """Records that have one of these keys, each of several dedupe fields."""
        for start in range(0, len(keys), PAGE):
            asked = {"filterType": "dedupeFields", "fields": list(select), "input": list(keys[start : start + PAGE])}
            yield from self._pages(name, asked, None)

    def sync(self, name: str, action: str, records: Sequence[str]) -> Any:
        """Create or change records by their dedupe fields, each given as JSON; a result each.

        Raises:
            RetriableError: nobody knows whether they were written, and some may have been created.
        """
        how = f'"action":"{action}","dedupeBy":"dedupeFields"'
        return self._write(_path(name), how, records, repeat=action == UPDATE)

    def delete(self, name: str, records: Sequence[str]) -> Any:
        """Delete records, each given as JSON with its id; a result each."""
        return self._write(_path(name, "/delete"), '"deleteBy":"idField"', records)

    def send_file(self, name: str, content: bytes) -> str:
        """Give a file to the queue of imports; its number.

        Raises:
            RowRejected: it was not taken, or not now.
        """
        mark = uuid.uuid4().hex  # no text holds it
        head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="rows.csv"\r\n'
        body = f"{head}Content-Type: text/csv\r\n\r\n".encode() + content + f"\r\n--{mark}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={mark}"}
        path = f"/bulk/v1/customobjects/{quote(name)}/import.json?format=csv"
        return str(self._api.call("POST", path, body, headers=kind)["result"][0]["batchId"])

    def import_state(self, name: str, batch: str) -> dict[str, Any]:
        """How far an import is."""
        return dict(self._read("GET", _import_path(name, batch, "status"))["result"][0])

    def import_rows(self, name: str, batch: str, kind: str) -> bytes:
        """The file of an import's failures or warnings; empty where there is none."""
        assert kind in FILES
        found: bytes = self._api.read("GET", _import_path(name, batch, kind))
        return found

    def _pages(
        self, name: str, given: Mapping[str, Any], headers: dict[str, str] | None
    ) -> Iterator[list[dict[str, Any]]]:
        token: dict[str, Any] = {}
        while True:
            asked = {**given, **token}
            body = urlencode(asked) if headers else json.dumps(asked)
            reply = self._api.read("POST", f"{_path(name)}?_method=GET", body.encode(), headers)
            if reply.get("result"):
                yield reply["result"]
            if not (reply.get("moreResult") and reply.get("nextPageToken")):
                return
            token = {"nextPageToken": reply["nextPageToken"]}

    def _read(self, method: str, path: str) -> dict[str, Any]:
        found: dict[str, Any] = self._api.read(method, path)
        return found

    def _write(self, path: str, how: str, records: Sequence[str], *, repeat: bool = True) -> Any:
        body = f'{{{how},"input":[{",".join(records)}]}}'.encode()
        return self._api.call("POST", path, body, repeat=repeat).get("result")


def _path(name: str, tail: str = "") -> str:
    return f"/rest/v1/{'companies' if is_company(name) else f'customobjects/{quote(name)}'}{tail}.json"


def _import_path(name: str, batch: str, what: str) -> str:
    return f"/bulk/v1/customobjects/{quote(name)}/import/{quote(batch)}/{what}.json"
