"""Endpoints: from a request to a reply."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox import replies as shared
from sandbox.replies import Reply, json_reply
from sandbox.request import Request, routes
from sandbox.salesforce.allowances import Allowances
from sandbox.salesforce.auth import Credentials, ended_session
from sandbox.salesforce.bulk import Jobs, job_json
from sandbox.salesforce.composite import composite
from sandbox.salesforce.records import Collections
from sandbox.salesforce.replies import CSV, RefusedError, failure, not_found
from sandbox.salesforce.schema import ObjectType, describe, summary, visible
from sandbox.salesforce.settings import Switches
from sandbox.salesforce.soql import Soql, as_records
from sandbox.salesforce.store import Store
from sandbox.salesforce.write import Writer
from sandbox.settings import Fault

_V = r"/services/data/v\d+\.\d"
_X, _ID = r"(?P<object>[^/]+)", r"(?P<id>[^/]+)"
ROUTES = routes(
    ("POST", "token", r"/services/oauth2/token"),
    ("GET", "versions", r"/services/data"),
    ("GET", "resources", _V),
    ("GET", "limits", _V + "/limits"),
    ("GET", "list", _V + "/sobjects"),
    ("GET", "describe", f"{_V}/sobjects/{_X}/describe"),
    ("GET", "basic", f"{_V}/sobjects/{_X}"),
    ("POST", "insert", f"{_V}/sobjects/{_X}"),
    ("GET", "record", f"{_V}/sobjects/{_X}/{_ID}"),
    ("PATCH", "update", f"{_V}/sobjects/{_X}/{_ID}"),
    ("DELETE", "delete", f"{_V}/sobjects/{_X}/{_ID}"),
    ("GET", "record", f"{_V}/sobjects/{_X}/(?P<id>[^/]+/[^/]+)"),
    ("PATCH", "upsert", f"{_V}/sobjects/{_X}/(?P<id>[^/]+/[^/]+)"),
    ("POST", "composite", _V + "/composite"),
    ("POST", "insert", _V + "/composite/sobjects"),
    ("PATCH", "update", _V + "/composite/sobjects"),
    ("DELETE", "delete", _V + "/composite/sobjects"),
    ("PATCH", "upsert", f"{_V}/composite/sobjects/{_X}/{_ID}"),
    ("POST", "read", f"{_V}/composite/sobjects/{_X}"),
    ("GET", "read", f"{_V}/composite/sobjects/{_X}"),
    ("GET", "query_more", f"{_V}/query(?:All)?/(?P<id>01g[^/]+)"),
    ("GET", "query", _V + "/query(?:All)?"),
    ("POST", "job_create", _V + "/jobs/ingest"),
    ("GET", "jobs", _V + "/jobs/ingest"),
    ("PUT", "upload", f"{_V}/jobs/ingest/{_ID}/batches"),
    ("PATCH", "job_state", f"{_V}/jobs/ingest/{_ID}"),
    ("GET", "job", f"{_V}/jobs/ingest/{_ID}"),
    ("DELETE", "job_delete", f"{_V}/jobs/ingest/{_ID}"),
    ("GET", "results", f"{_V}/jobs/ingest/(?P<id>[^/]+/(?:successfulResults|failedResults|unprocessed[Rr]ecords))"),
)
NEWEST = 67
_LONGEST_URI = 16_384
_PAGE = 2_000
_KEPT_QUERIES = 50


@dataclass
class Api:
    """The org behind the HTTP server."""

    store: Store
    credentials: Credentials
    allowances: Allowances
    jobs: Jobs
    writer: Writer
    max_body: int = 150_000_000
    takes_chunks: bool = True
    _queries: dict[str, tuple[list[Any], int]] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _endpoints: dict[str, Callable[[Request], Reply]] = field(init=False)

    def __post_init__(self) -> None:
        records = Collections(self.store, self.writer)
        self._endpoints = {
            "token": self.credentials.issue,
            "versions": self.versions,
            "resources": self.resources,
            "limits": lambda request: json_reply(self.allowances.to_json()),
            "list": self.list_objects,
            "basic": self.describe,
            "describe": self.describe,
            "query": self.query,
            "query_more": self.query_more,
            "insert": records.insert,
            "update": records.update,
            "upsert": records.upsert,
            "delete": records.delete,
            "record": records.record,
            "read": records.read,
            "composite": lambda request: composite(request, parsed(request), self.read, self._answer),
            "job_create": self.create_job,
            "jobs": self.list_jobs,
            "upload": self.upload,
            "job_state": self.change_job,
            "job": self.job,
            "job_delete": self.delete_job,
            "results": self.results,
        }

    @property
    def switches(self) -> Switches:
        """What this org does."""
        return self.writer.switches

    def read(self, *parts: Any) -> Request:
        """The request that the server read, and where it goes."""
        request = Request(*parts)
        request.route(ROUTES)
        return request

    def refused(self, status: int, why: str, text: str) -> Reply:
        """A refusal by the server itself."""
        return failure(status, "UNKNOWN_EXCEPTION" if status == 500 else why, text)

    def admit(self, request: Request) -> Reply | None:
        """The reply to a call that is not authorised or over a limit, or None."""
        if request.operation == "token":
            return None
        if request.uri > _LONGEST_URI:
            return failure(414, "URI_TOO_LONG", f"The URI has more than {_LONGEST_URI} bytes")
        if request.operation == "versions":
            return None
        refusal = self.credentials.refuse(request.headers)
        if refusal is not None:
            return refusal
        if request.uri + sum(len(name) + len(value) + 4 for name, value in request.headers.items()) > _LONGEST_URI:
            return failure(431, "HEADERS_TOO_LONG", f"Address and headers have more than {_LONGEST_URI} bytes")
        try:
            self.allowances.take_call()
        except RefusedError as error:
            return error.reply()
        return None

    def handle(self, request: Request) -> Reply:
        """The reply to an admitted call, within what may run at once."""
        try:
            self.allowances.enter()
        except RefusedError as error:
            return error.reply()
        try:
            return self._answer(request)
        finally:
            self.allowances.leave()

    def _answer(self, request: Request) -> Reply:
        endpoint = self._endpoints.get(request.operation)
        try:
            if endpoint is None or not _known_version(request.path):
                raise not_found()
            return endpoint(request)
        except RefusedError as error:
            return error.reply()

    def as_asked(self, request: Request, reply: Reply) -> Reply:
        """The reply with what every REST reply carries."""
        if request.operation not in ("token", "versions") and self.switches.limit_header:
            reply.headers["Sforce-Limit-Info"] = self.allowances.header()
        return reply

    def struck(self, fault: Fault, request: Request) -> Reply:
        """The reply of a fault that speaks in the API's words."""
        match fault.kind:
            case "status":
                return self._status(fault)
            case "result_false":
                return failure(200, fault.code or "UNKNOWN_EXCEPTION", "Something went wrong")
            case "echo":
                given = request.headers.get("Authorization") or ""
                return failure(400, fault.code or "UNKNOWN_EXCEPTION", f"Bad request (Authorization: {given})")
            case "revoke_key":
                self.credentials.revoked = True
        self.credentials.expire_tokens()
        return ended_session()

    def _status(self, fault: Fault) -> Reply:
        status, body = fault.status, fault.body
        if body is not None and body != "html" and body != "json":
            told = body if isinstance(body, list) else [body]
            reply = json_reply(told, status, told[0].get("errorCode"))
        elif body == "html" or (body is None and status in (502, 504)):
            reply = shared.html_error(status, shared.REASONS.get(status, "Error"))
        elif status == 401 and fault.code is None:
            reply = ended_session()
        else:
            codes = {403: "REQUEST_LIMIT_EXCEEDED", 503: "SERVER_UNAVAILABLE", 500: "UNKNOWN_EXCEPTION"}
            code = fault.code or codes.get(status, "UNKNOWN_EXCEPTION")
            reply = failure(status, code, "TotalRequests Limit exceeded." if status == 403 else "Unexpected error")
        if fault.retry_after is not None:
            reply.headers["Retry-After"] = str(fault.retry_after)
        return reply

    def versions(self, request: Request) -> Reply:
        """The API's versions."""
        shown = [{"label": f"v{n}", "url": f"/services/data/v{n}.0", "version": f"{n}.0"} for n in (65, 66, NEWEST)]
        return json_reply(shown)

    def resources(self, request: Request) -> Reply:
        """What a version has."""
        root = root_of(request)
        return json_reply({name: f"{root}/{name}" for name in ("sobjects", "limits", "query", "composite", "jobs")})

    def list_objects(self, request: Request) -> Reply:
        """All objects that the user may see."""
        seen = [obj for obj in self.store.objects() if visible(obj, self.switches)]
        root = root_of(request)
        shown = {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": [summary(obj, root) for obj in seen]}
        return json_reply(shown)

    def describe(self, request: Request) -> Reply:
        """An object's fields, or only what every list says of it."""
        obj = seen_object(self.store, self.switches, request.object or "")
        root = root_of(request)
        if request.operation == "basic":
            return json_reply({"objectDescribe": summary(obj, root), "recentItems": []})
        return json_reply(describe(obj, self.switches, root))

    def query(self, request: Request) -> Reply:
        """The first page of what a query finds."""
        found = Soql(self.store, self.switches, request.query.get("q", "")).run()
        if found.count_only:
            return json_reply({"totalSize": len(found.rows), "done": True, "records": []})
        records = as_records(found, root_of(request))
        locator = f"01g{next(self._numbers):012d}AAA"
        wished = re.search(r"batchSize=(\d+)", request.headers.get("Sforce-Query-Options") or "")
        size = min(max(int(wished[1]), 200), _PAGE) if wished else _PAGE
        if len(records) > size:
            self._queries[locator] = (records, size)
            for old in list(self._queries)[:-_KEPT_QUERIES]:
                del self._queries[old]
        return self._page(request, locator, records, 0, size)

    def query_more(self, request: Request) -> Reply:
        """A further page."""
        locator, _, start = (request.id or "").rpartition("-")
        records, size = self._queries.get(locator, (None, 0))
        if records is None or not start.isdigit():
            raise RefusedError("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(request, locator, records, int(start), size)

    def _page(self, request: Request, locator: str, records: list[Any], start: int, size: int) -> Reply:
        page, end = records[start : start + size], start + size
        request.records = len(page)
        shown: dict[str, Any] = {"totalSize": len(records), "done": end >= len(records), "records": page}
        if end < len(records):
            shown["nextRecordsUrl"] = f"{root_of(request)}/query/{locator}-{end}"
        return json_reply(shown)

    def create_job(self, request: Request) -> Reply:
        """A new ingest job."""
        reply = json_reply(self._job_json(request, self.jobs.create(parsed(request))))
        reply.committed = True
        return reply

    def list_jobs(self, request: Request) -> Reply:
        """All jobs."""
        records = [self._job_json(request, job) for job in self.jobs.listed()]
        return json_reply({"done": True, "records": records, "nextRecordsUrl": None})

    def upload(self, request: Request) -> Reply:
        """A job's file."""
        if not (request.headers.get("Content-Type") or "").startswith("text/csv"):
            raise RefusedError("UNSUPPORTED_MEDIA_TYPE", "Content-Type must be text/csv", 415)
        self.jobs.upload(request.id or "", request.body)
        return Reply(201, b"", committed=True)

    def change_job(self, request: Request) -> Reply:
        """UploadComplete or Aborted."""
        body = parsed(request)
        job = self.jobs.change(request.id or "", body.get("state") if isinstance(body, dict) else None)
        reply = json_reply(self._job_json(request, job))
        reply.committed = True
        return reply

    def job(self, request: Request) -> Reply:
        """A job's state and counts."""
        return json_reply(self._job_json(request, self.jobs.polled(request.id or "")))

    def delete_job(self, request: Request) -> Reply:
        """Forget a job."""
        self.jobs.delete(request.id or "")
        return Reply(204, b"", committed=True)

    def results(self, request: Request) -> Reply:
        """A job's results of one kind."""
        job_id, _, kind = (request.id or "").partition("/")
        return Reply(200, self.jobs.results(job_id, kind.replace("dRecords", "drecords")).encode(), CSV)

    def _job_json(self, request: Request, job: Any) -> dict[str, Any]:
        return job_json(job, root_of(request).rpartition("v")[2], self.store.api_user)


def _known_version(path: str) -> bool:
    found = re.search(r"/v(\d+)\.0(?:/|\Z)", path)
    return not path.startswith("/services/data/v") or (found is not None and 31 <= int(found[1]) <= NEWEST)


def root_of(request: Request) -> str:
    """`/services/data/vXX.X` of a request's path."""
    return "/".join(request.path.split("/")[:4])


def seen_object(store: Store, switches: Switches, name: str) -> ObjectType:
    """An object that the user may see.

    Raises:
        RefusedError: there is none of this name.
    """
    obj = store.get(name)
    if obj is None or not visible(obj, switches):
        raise not_found()
    return obj


def parsed(request: Request) -> Any:
    """The body as JSON.

    Raises:
        RefusedError: it is none.
    """
    try:
        return request.parsed()
    except (ValueError, RecursionError) as error:
        raise RefusedError("JSON_PARSER_ERROR", "The body is not JSON") from error
