"""What a struck call is answered, where the answer is in Gainsight's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import replies
from sandbox.auth import ended_token
from sandbox.replies import Reply
from sandbox.settings import Fault, Switches

if TYPE_CHECKING:
    from sandbox.api import Api
    from sandbox.request import Request


def struck(api: Api, fault: Fault, request: Request) -> Reply:
    """The reply of the kinds `status`, `result_false`, `echo`, `revoke_key` and `end_tokens`."""
    switches = api.switches
    match fault.kind:
        case "status":
            return _status(fault, switches)
        case "result_false":
            return replies.failure(200, fault.code or "GSOBJ_EMU_FAULT", "Something went wrong")
        case "echo":
            given = request.headers.get("Accesskey") or request.headers.get("Authorization") or ""
            return replies.failure(400, fault.code or "GSOBJ_EMU_FAULT", f"Bad request (accesskey = {given})")
        case "revoke_key":
            api.credentials.revoked = True
            return replies.unauthorized(switches.unauthorized_status)
    api.credentials.expire_tokens()
    return ended_token(switches)


def _status(fault: Fault, switches: Switches) -> Reply:
    """What `Fault(kind="status")` answers."""
    status, body = fault.status, fault.body
    if body is None:
        body = switches.error_body if status == 429 or status >= 500 else "json"
    if isinstance(body, dict):
        reply = replies.json_reply(body, status, body.get("errorCode"))
    elif body == "html":
        reply = replies.html_error(status, replies.REASONS.get(status, "Error"))
    elif status in (401, 403) and fault.code is None:
        reply = replies.unauthorized(status)
    elif status == 429:
        reply = replies.failure(status, fault.code or "GU_2400", "Too many request")
    else:
        reply = replies.failure(status, fault.code or "GSOBJ_EMU_FAULT", "Unexpected error")
    if fault.retry_after is not None:
        reply.headers["Retry-After"] = str(fault.retry_after)
    elif switches.retry_after and status in (429, 503):
        reply.headers["Retry-After"] = "1"
    return reply
