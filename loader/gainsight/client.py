"""Gainsight's API: credentials and calls."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any
from urllib.parse import quote

from loader.config import KNOWN_SECRETS, Secret, secret
from loader.engine.api import Api, fetch_token
from loader.engine.http import Http
from loader.errors import MisuseError, RetriableError, RowRejected
from loader.gainsight.replies import EMPTY, ENDED, NO_MATCH, NO_SUCH_ID, Written, judge, written

PAGE = 5000
"""Rows per read."""
LEAST_PAGE = 100
"""No tenant is taken to give pages shorter than this where more is asked for."""
DATA = "/v1/data/objects"
DESCRIBE = "/v1/meta/services/objects/describe"
TOKEN = "/v1/users/m2m/oauth/token"  # noqa: S105 - a path
JSON = {"Accept": "application/json"}
"""Without it an error may come as a page with status 200."""
_ENDS = ("GTE", "LTE")


class Credentials:
    """An access key, or an M2M client's id and secret, from the environment.

    Raises:
        MisuseError: neither is set.
    """

    def __init__(self) -> None:
        self._key = secret("GAINSIGHT_ACCESS_KEY")
        self._id, self._secret = secret("GAINSIGHT_CLIENT_ID"), secret("GAINSIGHT_CLIENT_SECRET")
        self._token, self._ends = Secret(), 0.0
        if not self._key and not (self._id and self._secret):
            raise MisuseError(
                "Gainsight needs credentials: set GAINSIGHT_ACCESS_KEY (or GAINSIGHT_ACCESS_KEY_FILE, a file that"
                " holds it), or GAINSIGHT_CLIENT_ID and GAINSIGHT_CLIENT_SECRET."
            )

    @staticmethod
    def needs_token() -> bool:
        """Whether a call for a token comes first."""
        return secret("GAINSIGHT_ACCESS_KEY") is None and secret("GAINSIGHT_CLIENT_ID") is not None

    def headers(self, http: Http) -> dict[str, str]:
        """The header that authorises a call; an M2M token is fetched when there is none or it ends soon."""
        if self._key:
            return {"Accesskey": self._key}
        if time.monotonic() >= self._ends:
            basic = base64.b64encode(f"{self._id}:{self._secret}".encode()).decode()
            KNOWN_SECRETS.add(basic)
            headers = {"Authorization": f"Basic {basic}", **JSON}
            data = {"grant_type": "client_credentials"}
            refused = "Gainsight refused GAINSIGHT_CLIENT_ID and GAINSIGHT_CLIENT_SECRET"
            reply = fetch_token(http, TOKEN, headers, data, refused)
            self._token = Secret(reply["access_token"])
            lifetime = float(reply.get("expires_in") or 0)
            self._ends = time.monotonic() + lifetime - min(60.0, lifetime / 10)
        return {"Authorization": f"Bearer {self._token}"}

    def renew(self) -> bool:
        """Forget an M2M token; whether there was one, so that another try makes sense."""
        renewable, self._ends = self._key is None, 0.0
        return renewable


class Client:
    """The calls the loader makes. All but `insert` are repeated until they succeed or patience ends."""

    def __init__(self, http: Http) -> None:
        self.http = http
        self._longest: dict[str, int] = {}
        self._api = Api(http, Credentials(), judge, ENDED, JSON)

    def describe(self, objects: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Metadata of these objects, by name; those that do not exist are left out."""
        body = {"objectNames": list(objects), "includeChilds": "false", "populatePickListOptions": "true"}
        body |= {"removeDeleted": "true", "removeHidden": "false"}
        try:
            data = self.read(DESCRIBE, body)
        except RowRejected as error:
            if error.code != "OBJECT_NOT_FOUND":
                raise
            if len(objects) == 1:
                return {}
            parts = [self.describe([name]) for name in objects]
            return {name: found for part in parts for name, found in part.items()}
        found = {str(each["objectName"]).lower(): each for each in data}
        return {name: found[name.lower()] for name in objects if name.lower() in found}

    def query(
        self,
        name: str,
        select: Sequence[str],
        conditions: Mapping[str, Sequence[Any]] | None = None,
        ranges: Mapping[str, tuple[Any, Any]] | None = None,
        limit: int = 0,
    ) -> Iterator[list[dict[str, Any]]]:
        """Read records, a page at a time.

        Args:
            name: the object.
            select: fields; Gsid comes with them.
            conditions: values a field may have, by field; all must hold. An empty list: any but null.
            ranges: least and greatest value a field may have, by field; all must hold.
            limit: size of a page, or 0 for the largest.
        """
        body: dict[str, Any] = {"select": ["Gsid", *select], "orderBy": {"Gsid": "asc"}}
        if terms := _terms(conditions or {}, ranges or {}):
            body["where"] = {"conditions": terms, "expression": " AND ".join(t["alias"] for t in terms)}
        size, offset, before = limit or PAGE, 0, set[str]()
        while True:
            try:
                data = self.read(f"{DATA}/query/{quote(name)}", {**body, "limit": size, "offset": offset})
            except RowRejected as error:
                if error.code not in EMPTY:
                    raise
                return
            rows = data.get("records") if isinstance(data, dict) else data
            if not rows:
                return
            yield [each for each in rows if each["Gsid"] not in before]
            if self._is_last(name, len(rows), size):
                return
            offset, before = offset + len(rows), {each["Gsid"] for each in rows}

    def _is_last(self, name: str, rows: int, size: int) -> bool:
        """Whether no page follows one of so many rows. One that is shorter than was asked for need not be the last, for
        a tenant may give shorter ones: it is when it is shorter than one that this run has seen of the object, or than
        any tenant's."""
        longest = self._longest.get(name, 0)
        self._longest[name] = max(longest, rows)
        return rows < min(size, max(LEAST_PAGE, longest))

    def insert(self, name: str, records: Sequence[str]) -> Written:
        """Create records, each given as JSON; as a rule all or none.

        Returns:
            What the reply says: it lists as many as it was sent, or it has problems.

        Raises:
            RowRejected: none was created.
            RetriableError: nobody knows whether they were created.
        """
        path = f"{DATA}/{quote(name)}"
        made = written(self._api.call("POST", path, _records(records), repeat=False))
        if len(set(made.ids)) != len(made.ids) or (not made.problems and len(made.ids) != len(records)):
            raise RetriableError("the reply does not name what was created", 200, path)
        return made

    def post_once(self, path: str, body: bytes) -> Any:
        """A call that makes something, and is not repeated.

        Raises:
            RowRejected: it was refused.
            RetriableError: nobody knows whether it took effect.
        """
        return self._api.call("POST", path, body, repeat=False)

    def update(self, name: str, records: Sequence[str]) -> Written:
        """Change records, each given as JSON, by Gsid.

        Raises:
            RowRejected: none was changed.
        """
        return written(self._api.call("PUT", f"{DATA}/{quote(name)}?keys=Gsid", _records(records)))

    def delete(self, name: str, gsid: str) -> None:
        """Delete one record; one that is not there is deleted.

        Raises:
            RowRejected: it was not, whatever the reply begins with.
        """
        path = f"{DATA}/{quote(name)}/{quote(gsid)}"
        try:
            if problems := written(self._api.call("DELETE", path)).problems:
                first, later = problems[0], all(each.later for each in problems)
                raise RowRejected(first.message, 200, path, first.code, problems=problems, later=later)
        except RowRejected as error:
            if error.code not in (NO_MATCH, NO_SUCH_ID):
                raise

    def send_file(self, path: str, job_id: str, file: IO[bytes]) -> Any:
        """Upload a file to a bulk job, once.

        Raises:
            RetriableError: it was not taken, or, when ambiguous, nobody knows.
        """
        parts = {"file": ("rows.csv", file, "text/csv")}

        def once() -> Any:
            file.seek(0)
            return self._api.once("POST", path, {}, files=parts, data={"jobId": job_id})

        self._api.writes()
        return self._api.renewing(once)

    def read(self, path: str, body: Any = None) -> Any:
        """A call that changes nothing."""
        return self._api.read("POST" if body else "GET", path, json.dumps(body).encode() if body else None)

    def state(self, path: str) -> Any:
        """A call that asks how something stands.

        Raises:
            RowRejected: it is not known.
        """
        return self._api.call("GET", path, reads=True)


def _records(records: Sequence[str]) -> bytes:
    return f'{{"records":[{",".join(records)}]}}'.encode()


def _terms(values: Mapping[str, Sequence[Any]], ranges: Mapping[str, tuple[Any, Any]]) -> list[dict[str, Any]]:
    """The conditions of a query, each with an alias."""
    wanted = [(field, list(each), "IN" if each else "IS_NOT_NULL") for field, each in values.items()]
    wanted += [(field, [end], op) for field, ends in ranges.items() for end, op in zip(ends, _ENDS, strict=True)]
    return [
        {"name": field, "alias": alias, "value": each, "operator": operator}
        for (field, each, operator), alias in zip(wanted, "ABCDEFGH", strict=False)
    ]
