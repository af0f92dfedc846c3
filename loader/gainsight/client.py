"""Gainsight's API: credentials, calls, and what a reply means."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any
from urllib.parse import quote

from loader.config import KNOWN_SECRETS, Secret, secret
from loader.engine.http import Http, Reply
from loader.errors import FatalError, MisuseError, Problem, RetriableError, RowRejected

PAGE = 5000
"""Rows per read."""
DATA = "/v1/data/objects"
DESCRIBE = "/v1/meta/services/objects/describe"
TOKEN = "/v1/users/m2m/oauth/token"  # noqa: S105 - a path

NO_MATCH, NO_SUCH_ID = "GSOBJ_1011", "GSOBJ_1004"
_EMPTY = (NO_MATCH, "GSOBJ_1XXX")
_UNAUTHORIZED = ("GS_APIG_2401", "GS_APIG_2402", "GSOBJ_1024")
_TOO_MANY = ("GU_2400",)
_NO_SUCH_PATH = ("GSOBJ_1023",)
_ABOUT_ROWS = (*_EMPTY, *(f"GSOBJ_100{n}" for n in range(1, 9)), "GSOBJ_1012", "OBJECT_NOT_FOUND")
JSON = {"Accept": "application/json"}
"""Without it an error may come as a page with status 200."""
_VAGUE_TRIES = 3
_ADVICE = {
    "GS_APIG_2401": "Gainsight refused the credentials: check GAINSIGHT_ACCESS_KEY, or the M2M client's id and secret",
    "GS_APIG_2402": "Gainsight refused this machine's address: add it to the connection's allowlist,"
    " or use an M2M client",
}


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
            headers = {"Authorization": f"Basic {basic}", **JSON}
            data = {"grant_type": "client_credentials"}
            reply = http.retrying(lambda: _token(http.request("POST", TOKEN, headers, data=data)), also_ambiguous=True)
            self._token = Secret(reply["access_token"])
            KNOWN_SECRETS.add(self._token)
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
        self._credentials = Credentials()

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
        self, name: str, select: Sequence[str], conditions: Mapping[str, Sequence[Any]] | None = None, limit: int = 0
    ) -> Iterator[list[dict[str, Any]]]:
        """Read records, a page at a time.

        Args:
            name: the object.
            select: fields; Gsid comes with them.
            conditions: values a field may have, by field; all must hold. An empty list: any but null.
            limit: size of a page, or 0 for the largest.
        """
        body: dict[str, Any] = {"select": ["Gsid", *select], "orderBy": {"Gsid": "asc"}}
        terms: list[dict[str, Any]] = [
            {"name": field, "alias": alias, "value": list(values), "operator": "IN" if values else "IS_NOT_NULL"}
            for (field, values), alias in zip((conditions or {}).items(), "ABCDEF", strict=False)
        ]
        if terms:
            body["where"] = {"conditions": terms, "expression": " AND ".join(t["alias"] for t in terms)}
        size, offset = limit or PAGE, 0
        while True:
            try:
                data = self.read(f"{DATA}/query/{quote(name)}", {**body, "limit": size, "offset": offset})
            except RowRejected as error:
                if error.code not in _EMPTY:
                    raise
                return
            rows = data.get("records") if isinstance(data, dict) else data
            if rows:
                yield rows
            if not rows or len(rows) < size:
                return
            offset += size

    def insert(self, name: str, records: Sequence[str]) -> list[str]:
        """Create records, each given as JSON, all or none.

        Returns:
            Their Gsids, in order.

        Raises:
            RowRejected: none was created.
            RetriableError: nobody knows whether they were created.
        """
        data = self._call("POST", f"{DATA}/{quote(name)}", _records(records), repeat=False)
        made = [str(each.get("Gsid") or "") for each in (data or {}).get("records") or [] if isinstance(each, dict)]
        if len(made) != len(records) or not all(made):
            raise RetriableError("the reply does not name what was created", 200, f"{DATA}/{name}")
        return made

    def update(self, name: str, records: Sequence[str]) -> int:
        """Change records, each given as JSON, by Gsid.

        Returns:
            How many were changed.

        Raises:
            RowRejected: none was changed.
        """
        data = self._call("PUT", f"{DATA}/{quote(name)}?keys=Gsid", _records(records))
        return int((data or {}).get("count") or 0)

    def delete(self, name: str, gsid: str) -> None:
        """Delete one record; one that is not there is deleted."""
        try:
            self._call("DELETE", f"{DATA}/{quote(name)}/{quote(gsid)}", None)
        except RowRejected as error:
            if error.code not in (NO_MATCH, NO_SUCH_ID):
                raise

    def send_file(self, path: str, job_id: str, file: IO[bytes]) -> Any:
        """Upload a file to a bulk job, once.

        Raises:
            RetriableError: it was not taken, or, when ambiguous, nobody knows.
        """
        parts = {"file": ("rows.csv", file, "text/csv")}
        reply = self.http.request("POST", path, {**JSON, **self._headers()}, files=parts, data={"jobId": job_id})
        data = judge(reply)
        if not isinstance(data, dict) or not data.get("statusId"):
            raise RetriableError("the reply has no status id", reply.status, path)
        return data

    def read(self, path: str, body: Any = None) -> Any:
        """A call that changes nothing; a refusal that names no reason known to us is tried again."""
        text = json.dumps(body).encode() if body else None
        for left in reversed(range(_VAGUE_TRIES)):
            try:
                return self._call("POST" if body else "GET", path, text)
            except RowRejected as error:
                if not error.vague:
                    raise
                refusal = error
            if left:
                self.http.meter.pause(0.25)
        raise FatalError(refusal.message, refusal.status, path, refusal.code, refusal.request_id)

    def _headers(self) -> dict[str, str]:
        return self._credentials.headers(self.http)

    def _call(self, method: str, path: str, body: bytes | None, *, repeat: bool = True) -> Any:
        def once() -> Any:
            headers = {"Content-Type": "application/json", **JSON, **self._headers()}
            return judge(self.http.request(method, path, headers, data=body))

        def call() -> Any:
            try:
                return once()
            except FatalError as error:
                if error.code != "GS_APIG_2401" or not self._credentials.renew():
                    raise
                return once()

        try:
            data = self.http.retrying(call, also_ambiguous=repeat)
        except RowRejected:
            self.http.accepted()
            raise
        self.http.accepted()
        return data


def judge(reply: Reply) -> Any:
    """What a reply means, by its HTTP status and `result`: the one place that decides it.

    Returns:
        `data` of a call that succeeded.

    Raises:
        RetriableError: too many calls, a server error, or no reply in the documented form.
        RowRejected: the request was understood and refused; nothing was written.
        FatalError: credentials, address or permissions.
    """
    envelope = _json(reply)
    code = str(envelope.get("errorCode") or envelope.get("title") or "")
    known: dict[str, Any] = {"status": reply.status, "url": reply.path, "code": code}
    known["request_id"] = str(envelope.get("requestId") or "")
    if reply.status == 429 or code in _TOO_MANY:
        raise RetriableError("too many calls", **known, ambiguous=False, retry_after=reply.retry_after, throttled=True)
    if reply.status >= 500 or reply.status == 408:
        raise RetriableError("the destination failed", **known, retry_after=reply.retry_after)
    if reply.status in (401, 403) or code in _UNAUTHORIZED:
        known["code"] = code = code or "GS_APIG_2401" if reply.status == 401 else code
        raise FatalError(_ADVICE.get(code, "Gainsight refused the credentials or their permissions"), **known)
    if envelope.get("result") is True and reply.status < 300:
        return envelope.get("data")
    if envelope.get("result") is not False and reply.status < 300:
        raise RetriableError("the reply is not in the documented form", **known)
    if code in _NO_SUCH_PATH or (reply.status == 404 and not code):
        raise FatalError("Gainsight does not know this address; check GAINSIGHT_BASE_URL", **known)
    message = str(envelope.get("errorDesc") or envelope.get("detail") or "refused without a reason")
    problems = _problems(envelope.get("data"))
    vague = not problems and code not in _ABOUT_ROWS
    raise RowRejected(_without_values(message, problems), **known, problems=problems, vague=vague)


def _records(records: Sequence[str]) -> bytes:
    return f'{{"records":[{",".join(records)}]}}'.encode()


def _json(reply: Reply) -> dict[str, Any]:
    try:
        loaded = json.loads(reply.body)
    except ValueError:
        return {}
    return loaded if isinstance(loaded, dict) else {}


def _token(reply: Reply) -> dict[str, Any]:
    """A token reply has no envelope."""
    loaded = _json(reply)
    if reply.status < 300 and loaded.get("access_token"):
        return loaded
    if reply.status == 429 or reply.status >= 500 or reply.status < 300:
        throttled = reply.status == 429
        raise RetriableError("no token came", reply.status, TOKEN, retry_after=reply.retry_after, throttled=throttled)
    refused = "Gainsight refused GAINSIGHT_CLIENT_ID and GAINSIGHT_CLIENT_SECRET"
    raise FatalError(refused, reply.status, TOKEN, loaded.get("error", ""))


def _problems(data: Any) -> list[Problem]:
    """The fields and values a refusal names; which record they are of is not to be trusted."""
    errors = data.get("errors") if isinstance(data, dict) else None
    entries = [e for record in errors or [] if isinstance(record, list) for e in record if isinstance(e, dict)]
    details = [d for entry in entries for d in entry.get("errors") or [] if isinstance(d, dict)]
    return [_problem(each) for each in details]


def _problem(detail: dict[str, Any]) -> Problem:
    field, code, message = (str(detail.get(name) or "") for name in ("fieldName", "errorCode", "errorMessage"))
    return Problem(field, code, message, detail.get("invalidValue"))


def _without_values(message: str, problems: Sequence[Problem]) -> str:
    """Descriptions embed field values, which belong in no log: `(field = value)` becomes `(field)`."""
    for each in problems:
        if each.value not in (None, ""):
            message = message.replace(f" = {each.value}", "").replace(str(each.value), "...")
    return message
