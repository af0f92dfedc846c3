"""What a reply of Marketo's API means: the one place that decides it. Its status is 200 nearly always."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from loader.engine.destination import Outcome, Rejection, Row
from loader.engine.http import Reply
from loader.engine.replies import code_in, harmless, name_in, not_the_api, raise_if_failing
from loader.errors import FatalError, Problem, RetriableError, RowRejected, StoppedError

ENDED = ("600", "601", "602")
"""Codes of a token that is missing, not known, or over."""
ABSENT = ("610", "1013")
"""Codes of an object, or a file, that is not there."""
CRM = "1018"
TOO_MANY, DAY, AT_ONCE = "606", "607", "615"
QUEUE = ("1016", "1029")
"""Codes of a queue that is full; it empties by itself."""
LATER = ("1014", "1019", "1022")
"""Codes of what passes by itself: an object that could not be made now, that is being imported to, or is in use."""
_MOMENTARY = ("500", "502", "604", "608", "611", "614", "713", "719")
MISSING = ("1004", "1013")
"""Codes of a record that is not there."""
_NOT_THERE_FOR_US = ("1026",)
"""Codes of what the subscription has not."""
DENIED = "603"
_OF_THE_ROWS = re.compile(r"1\d{3}\Z")
_EXPORTED = re.compile(r"export.*quota", re.IGNORECASE)
_FIELD = re.compile(r"[Ff]ield '(\w+)'|parameter '(\w+)'")
_WINDOW = re.compile(r"in '([\d.]+)' secs")
FILES = {"failures": "numOfRowsFailed", "warnings": "numOfRowsWithWarning"}
"""Files about an import's rows, and the count in its state that says whether there is one."""
_FILE = re.compile(rf"/bulk/.*/({'|'.join(FILES)})\.json")
NATIVE_SYNC = (
    "Companies cannot be written here: a native CRM sync (Salesforce or Dynamics) keeps them. Let account health go to"
    " a custom object: var marketo_account_object (docs/marketo.md)"
)


def judge(reply: Reply) -> Any:
    """What a reply means, by its HTTP status, then by `success` and the code of its first error.

    Returns:
        The reply's JSON; bytes of a reply that is a file.

    Raises:
        StoppedError: the subscription's calls of the day are used up.
        RetriableError: a server error, too many calls, or no reply in the documented form.
        RowRejected: the call was understood and refused; nothing was written.
        FatalError: credentials, permissions, or a schema that is not as expected.
    """
    if reply.status < 300 and "csv" in str(reply.headers.get("Content-Type") or "").lower():
        return reply.body
    if (
        reply.status == 404
        and reply.path.startswith("/bulk/")
        and reply.path.endswith(tuple(f"/{each}.json" for each in FILES))
    ):
        return b""  # there is no such file
    try:
        loaded = json.loads(reply.body)
    except (ValueError, RecursionError):
        loaded = None
    body = loaded if isinstance(loaded, dict) else {}
    known: dict[str, Any] = {"status": reply.status, "url": reply.path}
    if errors := _errors(body):
        code, text = (
            code_in(errors[0].get("code")),
            harmless(str(errors[0].get("message") or "refused without a reason")),
        )
        _raise_on_code(text, reply, known | {"code": code, "request_id": code_in(body.get("requestId"))})
    if reply.status < 300 and body.get("success") is True:
        return body
    _raise_on_status(reply, known)
    raise not_the_api(reply, known)


def _errors(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    given = body.get("errors")
    return [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []


def _raise_on_code(text: str, reply: Reply, known: dict[str, Any]) -> None:
    """What the code of a response-level error says; nothing was done."""
    code = known["code"]
    if code == DAY or (code == "1029" and _EXPORTED.search(text)):
        raise StoppedError(
            f"Marketo says that the subscription's calls of the day are used up ({code}: {text}). All of its"
            " integrations share them, and they start again at 00:00 Central Standard Time. What was sent is recorded;"
            " run this again then."
        )
    if code == TOO_MANY:
        found = _WINDOW.search(text)
        after = float(found[1]) if found else None
        raise RetriableError("too many calls of all integrations", **known, ambiguous=False, retry_after=after)
    if code == AT_ONCE:
        raise RetriableError("too many calls at once", **known, ambiguous=False)
    if code in _MOMENTARY:
        raise RetriableError(f"Marketo failed: {text}", **known, retry_after=reply.retry_after)
    if code in ENDED:
        raise FatalError("Marketo does not accept the token, nor a new one", **known)
    if code == DENIED:
        raise FatalError(
            "Marketo denies it: the API-only user's role lacks a permission (docs/marketo.md), or an allowlist of"
            " addresses does not have this machine's",
            **known,
        )
    if code == CRM:
        raise FatalError(NATIVE_SYNC, **known)
    if code in QUEUE or code in LATER:
        raise RowRejected(text, **known, later=True)
    if code in (*ABSENT, *_NOT_THERE_FOR_US) or not _OF_THE_ROWS.match(code):
        raise FatalError(text, **known)
    raise RowRejected(text, **known, problems=[Problem(_field(text), code, text)], vague=not _field(text))


def _raise_on_status(reply: Reply, known: dict[str, Any]) -> None:
    """What the status of a reply without a code says."""
    if reply.status == 413:
        raise RowRejected("the call is larger than Marketo takes", **known, code="413")
    raise_if_failing(reply, known, ambiguous=True)
    if reply.status == 401:
        raise FatalError("Marketo does not accept the token, nor a new one", **known)
    if reply.status == 403:
        raise FatalError("what stands before Marketo forbids it", **known)


def outcome(row: Row, result: Mapping[str, Any]) -> Outcome:
    """What became of one row: only `created`, `updated` and `deleted` are success.

    Raises:
        FatalError: a native CRM sync keeps all records of this object.
    """
    if result.get("status") in ("created", "updated", "deleted"):
        return Outcome(row)
    reason = _reason(result)
    code, text = code_of(result), str(reason.get("message") or "skipped without a reason")
    if code == CRM:
        raise FatalError(NATIVE_SYNC, 200, "", code)
    field = _field(text)
    message = harmless(text, [each for each in row.values.values() if isinstance(each, str)])
    why = Rejection(field, code or "SKIPPED", message)
    if code in MISSING:
        return Outcome(row, vanished=True)
    return Outcome(row, later=why) if code in LATER or code in QUEUE else Outcome(row, why)


def code_of(result: Mapping[str, Any]) -> str:
    """Why a record was skipped; "" where it was not, or no code says it."""
    return code_in(_reason(result).get("code"))


def _reason(result: Mapping[str, Any]) -> Mapping[str, Any]:
    given = result.get("reasons")
    return next((each for each in given if isinstance(each, dict)), {}) if isinstance(given, list) else {}


def _field(text: str) -> str:
    """The field that a message names."""
    found = _FIELD.search(text)
    return name_in(found[1] or found[2]) if found else ""
