"""Reply bodies in Marketo's form: HTTP 200 nearly always, and what is wrong inside."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from typing import Any

from sandbox.replies import Reply, html_error, json_reply

MESSAGES = {
    "502": "Bad Gateway",
    "600": "Empty access token",
    "601": "Access token invalid",
    "602": "Access token expired",
    "603": "Access denied",
    "604": "Request time-out",
    "605": "HTTP Method not supported",
    "606": "Max rate limit '100' exceeded with in '20' secs",
    "607": "Daily quota reached",
    "608": "API Temporarily Unavailable",
    "609": "Invalid JSON",
    "610": "Requested resource not found",
    "611": "System error",
    "612": "Invalid Content Type",
    "613": "Invalid Multipart Request",
    "614": "Invalid Subscription",
    "615": "Concurrent access limit '10' reached",
    "616": "Invalid subscription type",
    "703": "The feature is not enabled for the subscription",
    "709": "Business Rule Violation",
    "713": "Transient Error",
    "1003": "Invalid data",
    "1004": "Lead not found",
    "1005": "Lead already exists",
    "1007": "Multiple leads match the lookup criteria",
    "1013": "Object not found",
    "1014": "Failed to create Object",
    "1016": "Too many imports",
    "1017": "Object already exists",
    "1018": "CRM Enabled",
    "1019": "Import in progress",
    "1021": "Company update not allowed",
    "1022": "Object in use",
    "1026": "Custom object not enabled",
    "1029": "Too many jobs in queue",
    "1036": "Duplicate object found in input",
}
UNCOUNTED = frozenset({"601", "602", "604", "605", "608", "611"})
"""Codes with a star in the vendor's table: their calls count neither for the day nor for the rate."""


class RefusedError(Exception):
    """A call that is answered with an error; nothing was done."""

    def __init__(self, code: str, message: str = "", status: int = 200) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status

    def reply(self) -> Reply:
        """The reply."""
        return failure(self.code, self.message, self.status)


class RecordError(Exception):
    """Why one record was skipped.

    Attributes:
        code: empty for a record that is skipped without a reason.
        field: display name of the field that it is about.
    """

    def __init__(self, code: str, message: str = "", field: str = "") -> None:
        self.code = code
        self.field = field
        self.message = message or MESSAGES.get(code, "It was skipped")
        super().__init__(f"{code}: {self.message}")


def success(result: Sequence[Any], **more: Any) -> Reply:
    """The envelope of a call that was carried out."""
    return json_reply({"requestId": request_id(), "result": list(result), "success": True, **more})


def failure(code: str, message: str = "", status: int = 200) -> Reply:
    """The envelope of a call that was not."""
    error = {"code": code, "message": message or MESSAGES.get(code, "Error")}
    return json_reply({"requestId": request_id(), "success": False, "errors": [error]}, status, code)


def bare(status: int, title: str) -> Reply:
    """An error of HTTP: 404, 413, 414."""
    reply = html_error(status, title)
    reply.code = str(status)
    return reply


def request_id() -> str:
    """Such as e42b#14272d07d78."""
    return f"{secrets.randbelow(0xFFFFF) + 1:x}#{time.time_ns() // 1_000_000:x}"
