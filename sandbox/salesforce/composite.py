"""`/composite`: up to 25 calls in one, so that a query may be longer than an address."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sandbox.replies import Reply, json_reply
from sandbox.request import Request
from sandbox.salesforce.replies import RefusedError

_MOST = 25
_MOST_LARGE = 5
_LARGE = ("query", "query_more", "insert", "update", "upsert", "delete", "read")


def composite(request: Request, body: Any, read: Callable[..., Request], handle: Callable[[Request], Reply]) -> Reply:
    """Run the calls of a body one after the other.

    Raises:
        RefusedError: there are none, or too many of them, or too many queries and collections.
    """
    calls = body.get("compositeRequest") if isinstance(body, dict) else None
    if not isinstance(calls, list) or not calls or not all(isinstance(each, dict) for each in calls):
        raise RefusedError("INVALID_INPUT", "compositeRequest must be a list of calls")
    parts = [_part(request, each, read) for each in calls]
    large = sum(part.operation in _LARGE for part in parts)
    if len(parts) > _MOST or large > _MOST_LARGE:
        text = f"at most {_MOST} calls, and {_MOST_LARGE} queries and collections among them"
        raise RefusedError("PROCESSING_HALTED", text)
    answers = []
    committed = False
    for given, part in zip(calls, parts, strict=True):
        reply = handle(part)
        committed = committed or reply.committed
        answers.append(
            {
                "body": json.loads(reply.body) if reply.body else None,
                "httpHeaders": {},
                "httpStatusCode": reply.status,
                "referenceId": given.get("referenceId"),
            }
        )
    whole = json_reply({"compositeResponse": answers})
    whole.committed = committed
    return whole


def _part(request: Request, given: Mapping[str, Any], read: Callable[..., Request]) -> Request:
    parts = urlsplit(str(given.get("url") or ""))
    body = json.dumps(given["body"]).encode() if given.get("body") is not None else b""
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return read(str(given.get("method") or "GET"), parts.path, query, request.headers, body, request.address)
