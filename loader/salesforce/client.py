"""Salesforce's REST API: the calls the loader makes."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from loader.engine.api import Api
from loader.engine.http import Http, Reply
from loader.errors import FatalError, MisuseError
from loader.salesforce.auth import Credentials
from loader.salesforce.replies import ABSENT, ENDED, judge, usage

PAGE = 2000
"""Records of a retrieve, and of a page of a query."""
BATCH = 200
"""Records of a write."""
_LONGEST_QUERY = 14_000
"""Characters of a query in an address; the vendor takes about 16,000."""
_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}


def version() -> str:
    """The API's version.

    Raises:
        MisuseError: it is none.
    """
    text = os.environ.get("SALESFORCE_API_VERSION", "").strip() or "67.0"
    if not re.fullmatch(r"\d{2,3}\.0", text):
        raise MisuseError(f"SALESFORCE_API_VERSION must look like 67.0, not {text!r}.")
    return text


def literal(value: Any) -> str:
    """A value in SOQL."""
    if isinstance(value, str):
        return "'" + "".join(_ESCAPES.get(each, each) for each in value) + "'"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


class Client:
    """Calls of one run. All but those that may create are repeated until they succeed or patience ends: each may take
    effect twice, and is then as if it had once."""

    def __init__(self, http: Http, base: str, *, allow_duplicates: bool) -> None:
        self.http, self._base = http, base
        self._api = Api(http, Credentials(), self._judged, ENDED, {"Accept": "application/json"})
        self._write_headers = {"Content-Type": "application/json"}
        if allow_duplicates:
            self._write_headers["Sforce-Duplicate-Rule-Header"] = "allowSave=true"

    def limits(self) -> None:
        """Ask how many calls the org may yet make today; the reply's header says it as well."""
        limits = self.read("/limits")
        left = (limits.get("DailyApiRequests") or {}).get("Remaining")
        if isinstance(left, int):
            self.http.meter.told(left)

    def describe(self, name: str) -> dict[str, Any] | None:
        """An object's metadata as this user sees it; None when it is not there, or not for this user."""
        try:
            found: dict[str, Any] = self.read(f"/sobjects/{quote(name)}/describe")
        except FatalError as error:
            if error.code != ABSENT:
                raise
            return None
        return found

    def query(self, soql: str) -> Iterator[list[dict[str, Any]]]:
        """Read records, a page at a time."""
        path = f"/query?q={quote(soql, safe=_AS_THEY_ARE)}"
        while path:
            reply = self.read(path)
            if reply.get("records"):
                yield reply["records"]
            path = "" if reply.get("done", True) else str(reply["nextRecordsUrl"]).removeprefix(self._base)

    def having(
        self, name: str, select: Sequence[str], field: str, values: Iterable[Any]
    ) -> Iterator[list[dict[str, Any]]]:
        """Records in which a field has one of these values."""
        begin = f"SELECT {', '.join(dict.fromkeys(['Id', *select]))} FROM {name} WHERE {field} IN ("
        room = _LONGEST_QUERY - len(quote(begin, safe=_AS_THEY_ARE))
        for part in _cut([literal(each) for each in values], room):
            yield from self.query(f"{begin}{','.join(part)})")

    def retrieve(self, name: str, ids: Sequence[str], select: Sequence[str]) -> Iterator[list[dict[str, Any]]]:
        """Those of the records with these ids that are there."""
        for start in range(0, len(ids), PAGE):
            wanted = {"ids": list(ids[start : start + PAGE]), "fields": list(dict.fromkeys(["Id", *select]))}
            path = f"{self._base}/composite/sobjects/{quote(name)}"
            found = self._api.read("POST", path, json.dumps(wanted).encode())
            yield [each for each in found if each]

    def update(self, records: Sequence[str]) -> list[dict[str, Any]]:
        """Change records, each given as JSON with type and id; results in the same order."""
        return self._write("/composite/sobjects", records)

    def upsert(self, name: str, key: str, records: Sequence[str]) -> list[dict[str, Any]]:
        """Create or change records by an external id; results in the same order.

        Raises:
            RetriableError: nobody knows whether they were written, and some may have been created.
        """
        return self._write(f"/composite/sobjects/{quote(name)}/{quote(key)}", records, repeat=False)

    def delete(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Delete records; results in the same order."""
        path = f"{self._base}/composite/sobjects?ids={','.join(ids)}&allOrNone=false"
        found: list[dict[str, Any]] = self._api.call("DELETE", path)
        return found

    def read(self, path: str) -> Any:
        """A call that changes nothing, below the API's version."""
        return self._api.read("GET", f"{self._base}{path}")

    def job(self, method: str, path: str, body: Any = None, *, repeat: bool = True) -> Any:
        """A call about a bulk job; a file of rows is given as bytes."""
        kind = "text/csv" if isinstance(body, bytes) else "application/json"
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        reads, where = method == "GET", f"{self._base}/jobs/ingest{path}"
        return self._api.call(method, where, data, reads=reads, repeat=repeat, headers={"Content-Type": kind})

    def _write(self, path: str, records: Sequence[str], *, repeat: bool = True) -> list[dict[str, Any]]:
        body = f'{{"allOrNone":false,"records":[{",".join(records)}]}}'.encode()
        headers = self._write_headers
        found: list[dict[str, Any]] = self._api.call("PATCH", self._base + path, body, repeat=repeat, headers=headers)
        return found

    def _judged(self, reply: Reply) -> Any:
        if told := usage(reply):
            self.http.meter.told(told[1] - told[0])
        return judge(reply)


_AS_THEY_ARE = "(),'=*!<>:"
"""Characters that stand for themselves in a query's address."""


def _cut(literals: Sequence[str], room: int) -> Iterator[list[str]]:
    """Values in parts that fit into an address."""
    part: list[str] = []
    held = 0
    for each in literals:
        size = len(quote(each, safe=_AS_THEY_ARE)) + 1
        if part and (held + size > room or len(part) == PAGE):
            yield part
            part, held = [], 0
        part.append(each)
        held += size
    if part:
        yield part
