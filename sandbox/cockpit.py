"""Calls to action: create, list and the names of their types, states and priorities (contract section 11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox import replies
from sandbox.query import Query
from sandbox.replies import RefusedError, Reply
from sandbox.request import Request
from sandbox.schema import ObjectType
from sandbox.settings import Switches
from sandbox.store import Store
from sandbox.values import InvalidValueError

CALLS = "call_to_action"
NAMES = {
    "CTA_TYPE": ("Risk", "Opportunity", "Lifecycle", "Objective"),
    "CTA_STATUS": ("New", "Work In Progress", "Closed Success", "Closed Lost"),
    "CTA_PRIORITY": ("High", "Medium", "Low"),
}
MAX_REQUESTS, MAX_PAGE = 50, 1000
_PATHS = {f"{name}Id__gr.Name": name for name in ("Type", "Reason", "Status", "Priority")}
_NAMED = {"type": "CTA_TYPE", "status": "CTA_STATUS", "priority": "CTA_PRIORITY"}
_HIDDEN = ("Type", "Reason", "Status", "Priority")


class Cockpit:
    """The cockpit of a tenant. Creating is not idempotent: twice the same `referenceId` makes two calls."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, request: Request, body: Any, switches: Switches) -> Reply:
        """POST /v2/cockpit/cta/: each record by itself."""
        given = body.get("requests") if isinstance(body, Mapping) else None
        if not isinstance(given, list) or not 0 < len(given) <= MAX_REQUESTS:
            raise RefusedError("COCKPIT_EMU_REQUESTS", f"requests must be a list of 1 to {MAX_REQUESTS}")
        request.records = len(given)
        made: list[tuple[str, str]] = []
        failed = []
        with self._store.transaction():
            for each in given:
                record = each.get("record") if isinstance(each, Mapping) else None
                if not isinstance(record, Mapping) or not record.get("referenceId"):
                    raise RefusedError("COCKPIT_EMU_REFERENCE", "a record needs a referenceId")
                reference, wrong = str(record["referenceId"]), self._wrong(record)
                if wrong:
                    failed.append({"referenceId": reference, "errors": [{"errorCode": wrong[0], "message": wrong[1]}]})
                else:
                    made.append((reference, self._insert(record, switches)))
        reply = replies.success({"success": _made(made, switches), "failure": failed})
        reply.committed = bool(made)
        return reply

    def _wrong(self, record: Mapping[str, Any]) -> tuple[str, str] | None:
        for name in ("Name", "CompanyId", "OwnerId", "DueDate", "type", "reason", "status", "priority"):
            if not record.get(name):
                return "COCKPIT_EMU_MISSING", f"{name} is missing"
        for name, category in _NAMED.items():
            if record[name] not in NAMES[category]:
                return "COCKPIT_EMU_NAME", f"{name} is not known"
        for name, target in (("CompanyId", "company"), ("OwnerId", "gsuser")):
            obj = self._store.get(target)
            if obj is None or not self._store.existing(obj, [str(record[name])]):
                return "COCKPIT_EMU_ID", f"{name} is no record"
        return None

    def _insert(self, record: Mapping[str, Any], switches: Switches) -> str:
        row = {name: record.get(name) for name in ("Name", "CompanyId", "OwnerId", "DueDate", "Comments")}
        row |= {name: record.get(name.lower()) for name in _HIDDEN}
        row |= {"IsClosed": 0, "ReferenceId": record["referenceId"] if switches.cta_reference == "stored" else None}
        return self._store.insert(self._calls, [row])[0]

    @property
    def _calls(self) -> ObjectType:
        obj = self._store.get(CALLS)
        assert obj is not None
        return obj

    def list(self, request: Request, body: Any, switches: Switches) -> Reply:
        """POST /v2/cockpit/cta/list: pages from 1."""
        if not isinstance(body, Mapping):
            raise RefusedError("COCKPIT_5101", "The body is not a JSON object")
        paths = body.get("select") or []
        where = body.get("where") or {}
        conditions = [
            {**{k: v for k, v in each.items() if k != "fieldName"}, "name": self._column(each["fieldName"], switches)}
            for each in where.get("conditions") or []
        ]
        size, page = int(body.get("pageSize") or MAX_PAGE), int(body.get("pageNumber") or 1)
        if not 0 < size <= MAX_PAGE or page < 1:
            raise RefusedError("COCKPIT_5101", "Invalid page")
        query: dict[str, Any] = {
            "select": [self._column(path, switches) for path in paths],
            "orderBy": {"Gsid": "asc"},
            "limit": size,
            "offset": (page - 1) * size,
        }
        if conditions:
            query["where"] = {"conditions": conditions, "expression": where.get("expression")}
        try:
            rows = Query(self._store, self._calls, query, switches).run()
        except InvalidValueError as error:
            raise RefusedError("COCKPIT_5101", "Invalid value in where clause") from error
        request.records = len(rows)
        return replies.success([dict(zip(paths, row.values(), strict=True)) for row in rows])

    def _column(self, path: str, switches: Switches) -> str:
        name = _PATHS.get(path, path)
        hidden = path in _HIDDEN or (path == "ReferenceId" and switches.cta_reference == "hidden")
        if hidden or (name not in self._calls.fields and "__gr." not in name):
            raise RefusedError("COCKPIT_5101", f"Invalid fields in select clause - {path}")
        return name

    def names(self, categories: str) -> Reply:
        """GET /v2/cockpit/admin/picklist/lite."""
        wanted = [each for each in categories.split(",") if each in NAMES]
        return replies.success({each: [{"name": name, "active": True} for name in NAMES[each]] for each in wanted})


def _made(made: Sequence[tuple[str, str]], switches: Switches) -> list[Any]:
    if switches.cta_reply == "objects":
        return [{"referenceId": reference, "gsid": gsid} for reference, gsid in made]
    return [gsid if switches.cta_reply == "bare" else {reference: gsid} for reference, gsid in made]
