"""Endpoints: from a request to a reply."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.marketo.allowances import Allowances
from sandbox.marketo.auth import Credentials
from sandbox.marketo.bulk import DELIMITERS, Imports
from sandbox.marketo.query import Query, json_body, parameters, required
from sandbox.marketo.replies import UNCOUNTED, RecordError, RefusedError, bare, failure, success
from sandbox.marketo.schema import COMPANY, ObjectType, describe, listed_field
from sandbox.marketo.settings import Switches
from sandbox.marketo.store import Store
from sandbox.marketo.write import ACTIONS, AT_ONCE, Result, Writer
from sandbox.multipart import parts_of
from sandbox.replies import JSON, Reply, json_reply
from sandbox.request import Request, routes
from sandbox.settings import Fault

_CO, _BULK = r"/rest/v1/customobjects", r"/bulk/v1/customobjects/(?P<object>[^/]+)/import"
_X = r"(?P<object>[^/]+)"
ROUTES = routes(
    ("GET", "token", "/identity/oauth/token"),
    ("POST", "token", "/identity/oauth/token"),
    ("GET", "usage", r"/rest/v1/stats/(?P<id>usage|usage/last7days|errors|errors/last7days)\.json"),
    ("GET", "describe", r"/rest/v1/companies/describe\.json"),
    ("GET", "fields", r"/rest/v1/companies/schema/fields\.json"),
    ("GET", "fields", r"/rest/v1/companies/schema/fields/(?P<id>[^/]+)\.json"),
    ("POST", "delete", r"/rest/v1/companies/delete\.json"),
    ("GET", "query", r"/rest/v1/companies\.json"),
    ("POST", "upsert", r"/rest/v1/companies\.json"),
    ("GET", "list", _CO + r"\.json"),
    ("GET", "types", _CO + r"/schema(?:/.+)?\.json"),
    ("POST", "types", _CO + r"/schema(?:/.+)?\.json"),
    ("GET", "describe", f"{_CO}/{_X}/describe" + r"\.json"),
    ("POST", "delete", f"{_CO}/{_X}/delete" + r"\.json"),
    ("GET", "query", f"{_CO}/{_X}" + r"\.json"),
    ("POST", "upsert", f"{_CO}/{_X}" + r"\.json"),
    ("POST", "bulk", _BULK + r"\.json"),
    ("GET", "bulk_status", _BULK + r"/(?P<id>[^/]+)/status\.json"),
    ("GET", "failures", _BULK + r"/(?P<id>[^/]+)/failures\.json"),
    ("GET", "warnings", _BULK + r"/(?P<id>[^/]+)/warnings\.json"),
)
CSV = "text/csv;charset=UTF-8"
_SEED = 18


@dataclass
class Api:
    """The instance behind the HTTP server."""

    store: Store
    credentials: Credentials
    allowances: Allowances
    imports: Imports
    writer: Writer
    call_seconds: float = 0.0
    max_body: int = 64_000_000
    takes_chunks: bool = True
    open: threading.Event = field(default_factory=threading.Event)
    """Not set while calls are held."""
    _closing: threading.Event = field(default_factory=threading.Event)
    _endpoints: dict[str, Callable[[Request], Reply]] = field(init=False)

    def __post_init__(self) -> None:
        self.open.set()
        self._endpoints = {
            "usage": self.usage,
            "list": self.list_objects,
            "types": self.types,
            "describe": self.describe,
            "fields": self.fields,
            "query": self.query,
            "upsert": self.sync,
            "delete": self.delete,
            "bulk": self.bulk,
            "bulk_status": self.bulk_status,
            "failures": self.file,
            "warnings": self.file,
        }

    @property
    def switches(self) -> Switches:
        """What this instance does."""
        return self.writer.switches

    def end(self) -> None:
        """Let go of every call that waits."""
        self._closing.set()
        self.open.set()

    def read(self, *parts: Any) -> Request:
        """The request that the server read, and where it goes."""
        request = Request(*parts)
        if "//" in request.path:
            return request
        request.route(ROUTES)
        if request.operation == "upsert" and request.query.get("_method", "").upper() == "GET":
            request.operation = "query"
        if request.path.startswith("/rest/v1/companies"):
            request.object = COMPANY
        return request

    def refused(self, status: int, why: str, text: str) -> Reply:
        """A refusal by the server itself."""
        return failure("611", text) if status == 500 else bare(status, text)

    def admit(self, request: Request) -> Reply | None:
        """The reply to a call that is not authorised or over a limit, or None."""
        limits = self.allowances.limits
        if request.uri > limits.uri_bytes:
            return bare(414, "Request-URI Too Long")
        if request.operation != "token":
            refusal = self.credentials.refuse(request.headers, request.query, self.switches)
            if refusal is not None:
                return refusal
            try:
                self.allowances.take_call()
            except RefusedError as error:
                return error.reply()
        if request.operation != "bulk" and len(request.body) > limits.body_bytes:
            return bare(413, "Request Entity Too Large")
        return None

    def handle(self, request: Request) -> Reply:
        """The reply to an admitted call, within what may run at once."""
        if request.operation == "token":
            return self.credentials.issue(request, self.switches)
        try:
            self.allowances.enter()
        except RefusedError as error:
            return error.reply()
        try:
            self.open.wait()
            self._closing.wait(self.call_seconds)
            return self._answer(request)
        finally:
            self.allowances.leave()

    def _answer(self, request: Request) -> Reply:
        try:
            self._check_allowed(request)
            return self._endpoints[request.operation](request)
        except RefusedError as error:
            self._uncount(error.code)
            return error.reply()

    def _check_allowed(self, request: Request) -> None:
        switches = self.switches
        if request.operation == "unknown":
            known = "//" not in request.path and any(pattern.match(request.path) for _, _, pattern in ROUTES)
            if known:
                raise RefusedError("605", f"Request method '{request.method}' not supported")
            raise RefusedError("610", status=switches.unknown_uri)
        if request.operation in switches.denied:
            raise RefusedError("603")
        if request.object != COMPANY and request.operation != "usage" and not switches.custom_objects:
            raise RefusedError("1026")
        if request.object == COMPANY and switches.native_sync != "none":
            writes = request.operation in ("upsert", "delete")
            by_record = switches.crm_refusal == "records" and writes
            if (writes or switches.native_sync == "disabled") and not by_record:
                raise RefusedError("1018")

    def _uncount(self, code: str) -> None:
        if code in UNCOUNTED:
            self.allowances.uncount()

    def as_asked(self, request: Request, reply: Reply) -> Reply:
        """The reply; an error is counted for `errors.json`."""
        if reply.content_type == JSON:
            reply.content_type = f"{JSON};charset=UTF-8"
        if reply.code is not None and reply.code.isdigit() and reply.status == 200:
            self.allowances.note(reply.code)
        return reply

    def struck(self, fault: Fault, request: Request) -> Reply:
        """The reply of a fault that speaks in the API's words; it counts as one that the API gave."""
        reply = self._struck(fault, request)
        if reply.code is not None and reply.code.isdigit() and request.operation != "token":
            self._uncount(reply.code)
            self.allowances.note(reply.code)
        return reply

    def _struck(self, fault: Fault, request: Request) -> Reply:
        match fault.kind:
            case "status":
                return self._status(fault)
            case "result_false":
                return failure(fault.code or "611")
            case "echo":
                given = request.headers.get("Authorization") or ""
                return failure(fault.code or "609", f"Bad request (Authorization: {given})", 400)
            case "revoke_key":
                self.credentials.revoked = True
                return failure("601")
        self.credentials.expire_tokens()
        return failure("602")

    def _status(self, fault: Fault) -> Reply:
        status, body = fault.status, fault.body
        if isinstance(body, dict | list):
            reply = json_reply(body, status)
        elif body == "html" or (fault.code is None and body is None):
            reply = bare(status, "Error")
        else:
            reply = failure(fault.code or "611", status=status)
        if fault.retry_after is not None:
            reply.headers["Retry-After"] = str(fault.retry_after)
        return reply

    def usage(self, request: Request) -> Reply:
        """Calls, or errors, of today or of the last seven days."""
        days = 7 if str(request.id).endswith("last7days") else 1
        told = self.allowances.errors(days) if str(request.id).startswith("errors") else self.allowances.usage(days)
        return success(told)

    def list_objects(self, request: Request) -> Reply:
        """The custom objects."""
        names = [name for name in request.query.get("names", "").split(",") if name]
        found = [obj for obj in self.store.objects() if obj.custom and (not names or obj.name in names)]
        return success([describe(obj, self.switches, fields=False) for obj in found])

    def types(self, request: Request) -> Reply:
        """The API of custom object types, which this subscription has not."""
        raise RefusedError("616")

    def describe(self, request: Request) -> Reply:
        """An object with its fields."""
        return success([describe(self._object(request), self.switches)])

    def fields(self, request: Request) -> Reply:
        """All fields of Company, or one."""
        company = self._object(request)
        found = [each for each in company.fields.values() if request.id in (None, each.name)]
        if not found:
            raise RefusedError("1006", f"Field '{request.id}' not found")
        return success([listed_field(each) for each in found])

    def query(self, request: Request) -> Reply:
        """Records by the values of some fields."""
        given = {name: value for name, value in parameters(request).items() if name != "_method"}
        with self.store.lock:
            return Query(self.writer, self._object(request), given).reply(request)

    def sync(self, request: Request) -> Reply:
        """Create or change up to 300 records."""
        obj, body = self._object(request), json_body(request)
        action = body.get("action", "createOrUpdate")
        by_id = _by_id(body, "dedupeBy")
        records = _records(body)
        request.records = len(records)
        if action not in ACTIONS or (by_id and action != "updateOnly"):
            raise RefusedError("1003", f"Invalid data: action {action}")
        return self._written(obj, lambda: self.writer.sync(obj, action, by_id, records), records)

    def delete(self, request: Request) -> Reply:
        """Delete up to 300 records."""
        obj, body = self._object(request), json_body(request)
        by_id = _by_id(body, "deleteBy")
        records = _records(body)
        request.records = len(records)
        return self._written(obj, lambda: self.writer.delete(obj, by_id, records), records)

    def _written(self, obj: ObjectType, write: Callable[[], list[Result]], records: Sequence[Any]) -> Reply:
        if obj.name == COMPANY and self.switches.native_sync != "none":
            results = [Result(error=RecordError("1018")) for _ in records]
        else:
            with self.store.transaction():
                results = write()
        every = self.switches.results_missing
        shown = [(seq, result) for seq, result in enumerate(results) if not every or (seq + 1) % every]
        told = [_told(obj, seq, result) for seq, result in shown]
        if self.switches.results_order == "shuffled":
            random.Random(_SEED).shuffle(told)
        reply = success(told)
        reply.committed = any(result.error is None for result in results)
        return reply

    def bulk(self, request: Request) -> Reply:
        """A file to import."""
        obj = self._object(request)
        kind = request.headers.get("Content-Type") or ""
        if not kind.lower().startswith("multipart/form-data"):
            raise RefusedError("612")
        try:
            parts = parts_of(kind, request.body)
        except ValueError as error:
            raise RefusedError("613") from error
        if "file" not in parts:
            raise RefusedError("1002", "Missing value for the required parameter 'file'")
        content = parts["file"][1]
        if len(content) >= self.allowances.limits.file_bytes:
            return bare(413, "Request Entity Too Large")
        form = request.query.get("format") or parts.get("format", ("", b"csv"))[1].decode("latin-1").strip()
        if form.lower() not in DELIMITERS:
            raise RefusedError("1003", f"Invalid data: format {form}")
        accepted = self.imports.accept(obj, form.lower(), content)
        reply = success([{"batchId": accepted.id, "status": accepted.state, "objectApiName": obj.name}])
        reply.committed = True
        return reply

    def bulk_status(self, request: Request) -> Reply:
        """How far an import is."""
        return success([self.imports.polled(self._object(request), request.id or "")])

    def file(self, request: Request) -> Reply:
        """The file of an import's failures or warnings."""
        kind = request.operation.removesuffix("s")
        content = self.imports.file(self._object(request), request.id or "", kind)
        return bare(404, "Not Found") if content is None else Reply(200, content.encode(), CSV)

    def _object(self, request: Request) -> ObjectType:
        name = request.object or ""
        obj = self.store.get(name)
        if obj is None or obj.name != name or (name == COMPANY) != request.path.startswith("/rest/v1/companies"):
            raise RefusedError(self.switches.unknown_object)
        return obj


def _by_id(body: Mapping[str, Any], name: str) -> bool:
    how = body.get(name, "dedupeFields")
    if how not in ("dedupeFields", "idField"):
        raise RefusedError("1003", f"Invalid data: {name} {how}")
    return how == "idField"


def _records(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    records = required(body, "input")
    if not isinstance(records, list) or not all(isinstance(each, dict) for each in records):
        raise RefusedError("1003", "Invalid data: input")
    if len(records) > AT_ONCE:
        raise RefusedError("1003", f"Invalid data: more than {AT_ONCE} records")
    return records


def _told(obj: ObjectType, seq: int, result: Result) -> dict[str, Any]:
    """One record's result."""
    told: dict[str, Any] = {"seq": seq, "status": result.status}
    if result.error is not None and not result.error.code:
        return told
    if result.error is not None:
        return {**told, "reasons": [{"code": result.error.code, "message": result.error.message}]}
    return {**told, obj.id_field: result.id}
