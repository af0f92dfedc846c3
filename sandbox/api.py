"""Endpoints: from a request to a reply (contract sections 1 to 6)."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox import replies
from sandbox.auth import Credentials
from sandbox.bulk import BulkImports
from sandbox.cockpit import Cockpit
from sandbox.fault_replies import struck
from sandbox.limits import LimitGate
from sandbox.query import Query
from sandbox.replies import INVALID_GSID, NO_MATCH, MetadataError, RefusedError, Reply
from sandbox.request import Request, routes
from sandbox.schema import ObjectType, describe, list_entry
from sandbox.settings import Fault, Switches
from sandbox.store import Store
from sandbox.values import GSID
from sandbox.write import Checked, FieldError, Writer, check_keys

_BULK = "/v1.0/admin/connector/job/bulkimport"
ROUTES = routes(
    ("POST", "token", r"/v1/users/m2m/oauth/token"),
    ("POST", "query", r"/v1/data/objects/query/(?P<object>[^/]+)"),
    ("POST", "insert", r"/v1/data/objects/(?P<object>[^/]+)"),
    ("PUT", "update", r"/v1/data/objects/(?P<object>[^/]+)"),
    ("GET", "record", r"/v1/data/objects/(?P<object>[^/]+)/(?P<id>[^/]+)"),
    ("DELETE", "delete", r"/v1/data/objects/(?P<object>[^/]+)(?:/(?P<id>[^/]*))?"),
    ("GET", "list", r"/v1/meta/services/objects/list"),
    ("POST", "describe", r"/v1/meta/services/objects/describe"),
    ("GET", "describe", r"/v1/meta/services/objects/(?P<object>[^/]+)/describe"),
    ("GET", "dropdown", r"/v1/meta/services/dropdowns/(?P<id>[^/]+)"),
    ("POST", "bulk", _BULK),
    ("GET", "bulk_status", _BULK + r"/status/(?P<id>[^/]+)"),
    ("POST", "cta_create", r"/v2/cockpit/cta"),
    ("POST", "cta_list", r"/v2/cockpit/cta/list"),
    ("GET", "cta_names", r"/v2/cockpit/admin/picklist/lite"),
)


class GainsightRequest(Request):
    """A request to Gainsight."""

    def count_records(self) -> None:
        """Set `records` from the body of a call that is not handled."""
        if self.operation in ("insert", "update"):
            with contextlib.suppress(RefusedError, AttributeError, TypeError):
                self.records = len(self.json().get("records"))

    def json(self) -> Any:
        """The body as JSON."""
        try:
            return self.parsed()
        except (ValueError, RecursionError) as error:
            raise RefusedError("GSOBJ_EMU_BAD_JSON", "The body is not JSON") from error


@dataclass
class Api:
    """The tenant behind the HTTP server."""

    store: Store
    credentials: Credentials
    gate: LimitGate
    bulk: BulkImports
    writer: Writer
    reads: int = 0
    writes: int = 0
    max_body: int = 96_000_000
    takes_chunks: bool = False
    _endpoints: dict[str, Callable[[GainsightRequest], Reply]] = field(init=False)

    def __post_init__(self) -> None:
        cockpit = Cockpit(self.store)
        self._endpoints = {
            "token": lambda request: self.credentials.issue(),
            "query": self.query,
            "insert": self.insert,
            "update": self.update,
            "record": self.record,
            "delete": self.delete,
            "list": self.list_objects,
            "describe": self.describe,
            "dropdown": self.dropdown,
            "bulk": self.bulk_import,
            "bulk_status": self.bulk_status,
            "cta_create": lambda request: cockpit.create(request, request.json(), self.switches),
            "cta_list": lambda request: cockpit.list(request, request.json(), self.switches),
            "cta_names": lambda request: cockpit.names(request.query.get("category", "")),
        }

    @property
    def switches(self) -> Switches:
        """The gaps' settings."""
        return self.writer.switches

    def read(self, *parts: Any) -> GainsightRequest:
        """The request that the server read, and where it goes."""
        request = GainsightRequest(*parts)
        request.route(ROUTES)
        return request

    def refused(self, status: int, why: str, text: str) -> Reply:
        """A refusal by the server itself."""
        return replies.failure(status, f"GSOBJ_EMU_{why}", text)

    def struck(self, fault: Fault, request: Request) -> Reply:
        """The reply of a fault that speaks in the API's words."""
        return struck(self, fault, request)

    def as_asked(self, request: GainsightRequest, reply: Reply) -> Reply:
        """A refusal as a client sees it: one that does not ask for JSON may get a page, section 14."""
        refused = reply.code is not None and reply.status < 500 and reply.status != 429
        if not refused or request.operation == "token" or "json" in (request.headers.get("Accept") or ""):
            return reply
        if self.switches.error_without_accept == "json":
            return reply
        page = replies.html_error(200, "Error")
        page.code = reply.code
        return page

    def admit(self, request: GainsightRequest) -> Reply | None:
        """The reply to a call that is not authorised or over a limit, or None."""
        try:
            refusal = self._authorise(request)
        except RefusedError as error:
            return replies.failure(error.status, error.code, error.desc)
        if refusal is not None:
            return refusal
        wait = self.gate.take(bulk=request.operation == "bulk")
        if wait is None:
            return None
        done = self.handle(request) if self.switches.over_limit == "done" else None
        reply = self.too_many(wait)
        reply.committed = done is not None and done.committed
        return reply

    def handle(self, request: GainsightRequest) -> Reply:
        """The reply to an admitted call; never raises."""
        endpoint = self._endpoints.get(request.operation)
        if endpoint is None:
            return replies.failure(404, "GSOBJ_1023", "API path invalid")
        try:
            return endpoint(request)
        except RefusedError as error:
            status = self.switches.error_status if error.status == 400 else error.status
            return replies.failure(status, error.code, error.desc, error.data)
        except MetadataError as error:
            return replies.metadata_failure(error)

    def too_many(self, wait: float) -> Reply:
        """429 in the shape of the network mock (section 7), as the switches have it."""
        if self.switches.error_body == "html":
            reply = replies.html_error(429, "Too Many Requests")
        else:
            reply = replies.failure(429, "GU_2400", "Too many request")
        if self.switches.retry_after:
            reply.headers["Retry-After"] = str(int(wait) + 1)
        return reply

    def query(self, request: GainsightRequest) -> Reply:
        """Read, section 3.5."""
        obj = self._object(request)
        body = request.json()
        if not isinstance(body, Mapping):
            raise RefusedError("GSOBJ_EMU_BAD_JSON", "The body is not a JSON object")
        self.reads += 1
        rows = Query(self.store, obj, body, self.switches, self.reads).run()
        if not rows:
            return self._empty()
        as_list = self.switches.query_shape == "list" and obj.kind != "SYSTEM"
        request.records = len(rows)
        return replies.success(rows if as_list else {"records": rows})

    def insert(self, request: GainsightRequest) -> Reply:
        """Insert, section 3.2: all records or none; no key, so twice makes two."""
        obj = self._writable(request)
        body = request.json()
        records = self.writer.records(body)
        request.records = len(records)
        lookups = body.get("lookups")
        sources = self.writer.lookup_sources(lookups)
        with self.store.transaction():
            checked = self.writer.check(obj, records, creating=True, sources=sources)
            self.writer.resolve_lookups(obj, lookups, records, checked)
            self.writer.refuse(checked)
            self._check_room(obj, len(records))
            gsids = self.store.insert(obj, checked.good)
        good = [record for record, errors in zip(records, checked.errors, strict=True) if not errors]
        full = self.switches.insert_echo == "full"
        echoed = [{**(r if full else {}), "Gsid": gsid} for r, gsid in zip(good, gsids, strict=True)]
        if self.switches.insert_order == "shuffled":
            random.Random(self.writes).shuffle(echoed)
        return self._written(len(records), len(gsids), echoed, checked)

    def update(self, request: GainsightRequest) -> Reply:
        """Update by keys, section 3.3: never creates."""
        obj = self._writable(request)
        keys = check_keys(obj, request.query.get("keys"))
        body = request.json()
        records = self.writer.records(body)
        request.records = len(records)
        lookups = body.get("lookups")
        sources = self.writer.lookup_sources(lookups)
        with self.store.transaction():
            checked = self.writer.check(obj, records, creating=False, keys=keys, sources=sources)
            self.writer.resolve_lookups(obj, lookups, records, checked)
            self.writer.refuse(checked)
            good = [record for record, errors in zip(records, checked.errors, strict=True) if not errors]
            matches = self.writer.find_matches(obj, keys, checked.good)
            written = self.writer.apply_updates(obj, keys, checked.good, matches)
        echoed = [{**record, "Gsid": gsid} for record, found in zip(good, matches, strict=True) for _, gsid in found]
        if self.switches.put_no_match == "partial":
            _note_unmatched(checked, keys[0], good, matches)
        return self._written(len(records), written, echoed, checked)

    def record(self, request: GainsightRequest) -> Reply:
        """One record by its Gsid, section 14."""
        obj = self._object(request)
        conditions = [{"name": "Gsid", "alias": "A", "value": [request.id], "operator": "EQ"}]
        where = {"conditions": conditions, "expression": "A"}
        rows = Query(self.store, obj, {"select": list(obj.fields), "where": where}, self.switches).run()
        if not rows:
            raise RefusedError("GSOBJ_1011", NO_MATCH)
        return replies.success(rows[0])

    def delete(self, request: GainsightRequest) -> Reply:
        """Delete by Gsid, section 3.6."""
        obj = self._writable(request)
        if not request.id or not GSID.match(request.id):
            raise RefusedError("GSOBJ_1004", INVALID_GSID)
        with self.store.transaction():
            if not self.store.delete(obj, request.id):
                raise RefusedError("GSOBJ_1011", NO_MATCH)
        reply = replies.success(None, f"Record with GSID: {request.id} successfully deleted.")
        reply.committed = True
        return reply

    def list_objects(self, request: GainsightRequest) -> Reply:
        """GET objects/list, section 4."""
        return replies.metadata([list_entry(obj) for obj in self.store.objects()])

    def describe(self, request: GainsightRequest) -> Reply:
        """Both forms of describe, section 4."""
        if request.method == "GET":
            return replies.metadata([describe(self._described(request.object), options=True)])
        body = request.json()
        names = body.get("objectNames") if isinstance(body, Mapping) else None
        if not isinstance(names, list) or not names:
            raise MetadataError("INVALID_REQUEST", "objectNames is missing.", 400)
        options = str(body.get("populatePickListOptions", "false")).lower() == "true"
        found = [self._described(name) for name in names]
        return replies.metadata([describe(obj, options=options) for obj in found])

    def dropdown(self, request: GainsightRequest) -> Reply:
        """GET dropdowns/{categoryId}, section 4."""
        for obj in self.store.objects():
            for each in obj.fields.values():
                if each.options and each.category_id == request.id:
                    return replies.metadata(_dropdown(each))
        raise MetadataError("CATEGORY_NOT_FOUND", "Requested category not found.", 404)

    def bulk_import(self, request: GainsightRequest) -> Reply:
        """Accept a CSV for a job, section 8."""
        status_id = self.bulk.accept(request.headers.get("Content-Type") or "", request.body)
        reply = replies.success({"statusId": status_id})
        reply.committed = True
        return reply

    def bulk_status(self, request: GainsightRequest) -> Reply:
        """State and counts of an import, section 8."""
        return replies.success(self.bulk.status(request.id or ""))

    def _authorise(self, request: GainsightRequest) -> Reply | None:
        if request.operation == "token":
            return self.credentials.check_basic(request.headers.get("Authorization"), request.body)
        return self.credentials.refuse(request.headers, request.address, self.switches)

    def _object(self, request: GainsightRequest) -> ObjectType:
        name = request.object or ""
        obj = self.store.get(name)
        if obj is None or (self.switches.object_name_case == "exact" and obj.name != name):
            raise RefusedError("GSOBJ_EMU_UNKNOWN_OBJECT", f"Object {name} not found")
        return obj

    def _writable(self, request: GainsightRequest) -> ObjectType:
        """Section 3.1: Company, Relationship and Low Volume custom objects."""
        obj = self._object(request)
        if not obj.writable or (obj.kind == "CUSTOM" and not obj.transactional):
            desc = f"Object {obj.name} is not written through this API"
            raise RefusedError("GSOBJ_EMU_OBJECT_NOT_SUPPORTED", desc)
        return obj

    def _described(self, name: Any) -> ObjectType:
        obj = self.store.get(str(name))
        if obj is None:
            raise MetadataError("OBJECT_NOT_FOUND", "Requested object not found.", 404)
        return obj

    def _check_room(self, obj: ObjectType, more: int) -> None:
        room = self.gate.limits.low_volume_rows
        if room is not None and obj.transactional and self.store.count(obj) + more > room:
            desc = f"A Low Volume object holds at most {room} records"
            raise RefusedError("GSOBJ_EMU_OBJECT_FULL", desc)

    def _empty(self) -> Reply:
        """The documented answers to a read that finds nothing."""
        match self.switches.empty_result:
            case "result_false":
                return replies.failure(200, "GSOBJ_1XXX", "No data found for given criteria")
            case "gsobj_1011":
                return replies.failure(400, "GSOBJ_1011", NO_MATCH)
            case "list":
                return replies.success([])
        return replies.success({"records": []})

    def _written(self, sent: int, written: int, records: list[Any], checked: Checked) -> Reply:
        """The reply of a write, and the errors of those records that it did not take."""
        self.writes += 1
        count = sent if self.switches.partial_success == "count_all" else written
        data = {"count": count, "errors": checked.errors_json(self.switches), "records": records}
        if not self.switches.count_reply:
            del data["count"]
        reply = replies.success(data)
        reply.committed = written > 0
        return reply


def _note_unmatched(checked: Checked, key: str, good: list[Any], matches: list[Any]) -> None:
    """Records that the keys did not find become errors of theirs."""
    found = iter(zip(good, matches, strict=True))
    for errors in [each for each in checked.errors if not each]:
        record, there = next(found)
        if not there:
            errors.append(FieldError(key, record[key], "GSOBJ_1011", NO_MATCH, NO_MATCH))


def _dropdown(each: Any) -> dict[str, Any]:
    items = [
        {
            "name": option.label,
            "description": option.label,
            "displayOrder": order,
            "active": option.active,
            "deleted": False,
            "systemName": option.label,
            "default": False,
            "categoryId": each.category_id,
            "gsid": option.gsid,
        }
        for order, option in enumerate(each.options, start=1)
    ]
    category = {
        "name": each.label,
        "description": each.label,
        "deleted": False,
        "type": "CUSTOM" if each.group == "CUSTOM" else "SYSTEM",
        "count": len(items),
        "limit": 500,
        "variant": "SINGLE_SELECT" if each.type == "PICKLIST" else "MULTI_SELECT",
        "systemName": each.label,
        "gsid": each.category_id,
    }
    return {"categoryDetails": category, "childItems": items}
