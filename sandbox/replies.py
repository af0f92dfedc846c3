"""Reply bodies: the envelope, errors and pages (contract sections 2, 3.4 and 6)."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

JSON = "application/json"
HTML = "text/html; charset=utf-8"
REASONS = {200: "OK", 201: "Created", 204: "No Content", 300: "Multiple Choices", 400: "Bad Request"}
REASONS |= {401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 414: "URI Too Long", 429: "Too Many Requests"}
REASONS |= {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}

NO_MATCH = "No entity matches the given criteria, please re-check your request"
INVALID_GSID = "Either the Gainsight ID is invalid or missing, please re-check your request"


@dataclass
class Reply:
    """An HTTP reply, with what the call log wants to know of it."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    code: str | None = None
    committed: bool = False


class RefusedError(Exception):
    """A request that is answered with an error envelope; nothing was written."""

    def __init__(self, code: str, desc: str, status: int = 400, data: Any = None) -> None:
        super().__init__(f"{code}: {desc}")
        self.code = code
        self.desc = desc
        self.status = status
        self.data = data


class MetadataError(Exception):
    """An error of a metadata endpoint, which has a shape of its own (section 2)."""

    def __init__(self, title: str, detail: str, status: int) -> None:
        super().__init__(detail)
        self.title = title
        self.detail = detail
        self.status = status


def json_reply(payload: Any, status: int = 200, code: str | None = None) -> Reply:
    """A reply with this JSON body."""
    return Reply(status, json.dumps(payload, separators=(",", ":")).encode(), code=code)


def success(data: Any, message: str | None = None) -> Reply:
    """The success envelope."""
    return json_reply(_envelope(True, None, None, data, message))


def failure(status: int, code: str, desc: str, data: Any = None) -> Reply:
    """The error envelope."""
    return json_reply(_envelope(False, code, desc, data, None), status, code)


def metadata(data: Any) -> Reply:
    """Success of a metadata endpoint: null keys are left out."""
    return json_reply({"requestId": str(uuid.uuid4()), "result": True, "data": data})


def metadata_failure(error: MetadataError) -> Reply:
    """Failure of a metadata endpoint: RFC 7807-like keys, no errorCode."""
    payload = {
        "requestId": str(uuid.uuid4()),
        "result": False,
        "instance": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        "title": error.title,
        "detail": error.detail,
        "errorDesc": error.detail,
    }
    return json_reply(payload, error.status, error.title)


def unauthorized(status: int) -> Reply:
    """GS_APIG_2401: the body of the vendor's sample, which has no `data`."""
    payload = {
        "result": False,
        "errorCode": "GS_APIG_2401",
        "errorDesc": "Unauthorized",
        "requestId": str(uuid.uuid4()),
        "message": "Unauthorized",
    }
    return json_reply(payload, status, "GS_APIG_2401")


def html_error(status: int, title: str) -> Reply:
    """A page such as a proxy in front of the API sends."""
    page = (
        f"<html><head><title>{status} {title}</title></head>"
        f"<body><center><h1>{status} {title}</h1></center><hr><center>proxy</center></body></html>"
    )
    return Reply(status, page.encode(), HTML)


def _envelope(result: bool, code: str | None, desc: str | None, data: Any, message: str | None) -> dict[str, Any]:
    return {
        "result": result,
        "errorCode": code,
        "errorDesc": desc,
        "requestId": str(uuid.uuid4()),
        "data": data,
        "message": message,
    }
