"""What a reply of Salesforce's API means: the one place that decides it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from loader.engine.destination import Outcome, Rejection, Row
from loader.engine.http import Reply
from loader.engine.replies import NotTheApi, code_in, harmless, name_in, not_the_api, raise_if_failing
from loader.errors import FatalError, RetriableError, RowRejected, StoppedError

ENDED = ("INVALID_SESSION_ID", "INVALID_AUTH_HEADER")
"""Codes of a session that is over."""
ABSENT = "NOT_FOUND"
SEVERAL = "MULTIPLE_MATCHES"
LIMIT = "REQUEST_LIMIT_EXCEEDED"
LATER = ("UNABLE_TO_LOCK_ROW", "API_TEMPORARILY_UNAVAILABLE", "SERVER_UNAVAILABLE")
"""Codes of what passes by itself; they also come inside the text of `WRAPPING`, when a trigger met them."""
WRAPPING = ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",)
_VANISHED = ("ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", ABSENT, "MALFORMED_ID", "INVALID_ID_FIELD")
"""Codes of a record that is not there (any more), where they name no field but its id."""
_SCHEMA = ("INVALID_FIELD", "INVALID_TYPE", "INVALID_QUERY_FILTER_OPERATOR", "MALFORMED_QUERY", "NOT_FOUND")
"""Codes of a call that no row can help."""
_DAY = re.compile(r"total\s*requests", re.IGNORECASE)
_USAGE = re.compile(r"api-usage=(\d+)/(\d+)")


def usage(reply: Reply) -> tuple[int, int] | None:
    """Calls of the day that the whole org has made and may make, as each reply tells."""
    found = _USAGE.search(str(reply.headers.get("Sforce-Limit-Info") or ""))
    return (int(found[1]), int(found[2])) if found else None


def judge(reply: Reply) -> Any:
    """What a reply means, by its HTTP status and `errorCode`.

    Returns:
        The reply's JSON; bytes of a reply in CSV; None of an empty one.

    Raises:
        StoppedError: the org's calls of the day are used up.
        RetriableError: a server error, too many long calls at once, or no reply in the documented form.
        RowRejected: the request was understood and refused; nothing was written.
        FatalError: credentials, permissions, or a schema that is not as expected.
    """
    is_csv = "csv" in str(reply.headers.get("Content-Type") or "").lower()
    if reply.status < 300 and is_csv:
        return reply.body
    if reply.status in (201, 204) and not reply.body.strip():
        return None
    try:
        loaded = json.loads(reply.body)
    except (ValueError, RecursionError):
        loaded = None
    if reply.status < 300 and isinstance(loaded, dict | list):
        return loaded
    if reply.status == 300:
        raise RowRejected("several records have this key", 300, reply.path, SEVERAL)
    first = loaded[0] if isinstance(loaded, list) and loaded and isinstance(loaded[0], dict) else loaded
    error = first if isinstance(first, dict) else {}
    code, text = code_in(error.get("errorCode")), harmless(str(error.get("message") or "refused without a reason"))
    known: dict[str, Any] = {"status": reply.status, "url": reply.path, "code": code}
    _raise_on_status(reply, code, text, known)
    if not code:
        raise not_the_api(reply, known)
    if code in _SCHEMA:
        raise FatalError(text, **known)
    raise RowRejected(text, **known, later=is_later(code, text), vague=True)


def _raise_on_status(reply: Reply, code: str, text: str, known: dict[str, Any]) -> None:
    """What the status, or a code that means the same, says of a call that did not succeed."""
    if code == LIMIT:
        used = usage(reply)
        if _DAY.search(text) or (used and used[0] >= used[1]):
            raise StoppedError(
                f"Salesforce says that the org's calls of the day are used up ({text}). All of its integrations share"
                " them. What was sent is recorded; run this again later."
            )
        raise RetriableError(f"too many long calls at once: {text}", **known, ambiguous=False)
    raise_if_failing(reply, known, ambiguous=False)
    if reply.status == 401 or code in ENDED:
        raise FatalError("Salesforce does not accept the session, nor a new one", **known)
    if reply.status == 403 and code not in LATER:
        raise FatalError(f"Salesforce refuses this user or app: {text}", **known)
    if reply.status == 404 and not code:
        raise NotTheApi("the answer is something in place of the API's reply", **known)


def is_later(code: str, text: str) -> bool:
    """Whether a refusal passes by itself."""
    return code in LATER or (code in WRAPPING and any(each in text for each in LATER))


def outcome(row: Row, result: Mapping[str, Any]) -> Outcome:
    """What became of one row, of the list of results that a Collections call gives."""
    if result.get("success") is True:
        return Outcome(row)
    given = result.get("errors")
    errors = [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []
    error = errors[0] if errors else {}
    fields = [name_in(each) for each in error.get("fields") or []]
    return refused(row, code_in(error.get("statusCode")), str(error.get("message") or ""), fields)


def refused(row: Row, code: str, text: str, fields: Sequence[str]) -> Outcome:
    """What a code, a message and the fields that it is about make of a row that was not taken."""
    values = row.values
    told = [values[name] for name in fields if values.get(name) not in (None, "")]
    message = harmless(text or "refused without a reason", told)
    named = [name for name in fields if name and name.lower() != "id"]
    if code in _VANISHED and not named and row.destination_id is not None:
        return Outcome(row, vanished=True)
    why = Rejection(", ".join(named), code or "UNKNOWN", message)
    return Outcome(row, later=why) if is_later(code, text) else Outcome(row, why)
