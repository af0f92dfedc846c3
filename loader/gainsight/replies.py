"""What a reply of Gainsight's API means: the one place that decides it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from loader.engine.http import Reply
from loader.engine.replies import code_in, harmless, json_of, name_in, not_the_api, raise_if_failing
from loader.errors import FatalError, Problem, RetriableError, RowRejected

NO_MATCH, NO_SUCH_ID = "GSOBJ_1011", "GSOBJ_1004"
EMPTY = (NO_MATCH, "GSOBJ_1XXX")
ENDED = ("GS_APIG_2401", "GSOBJ_1024")
"""Codes of credentials that are not accepted, or not any more."""
_UNAUTHORIZED = (*ENDED, "GS_APIG_2402")
_TOO_MANY = ("GU_2400",)
_NO_SUCH_PATH = ("GSOBJ_1023",)
_ABOUT_VALUES = (*(f"GSOBJ_100{n}" for n in (1, 2, 5, 6, 7, 8)), "GSOBJ_1012")
"""A value with such a code is not taken, whichever row has it."""
_ABOUT_ROWS = (*EMPTY, *_ABOUT_VALUES, "GSOBJ_1003", NO_SUCH_ID, "OBJECT_NOT_FOUND", "TOO_LARGE")
_TIMED_OUT = re.compile("time[-_ ]?d?[-_ ]?out", re.IGNORECASE)
_LATER = re.compile(
    r"(?<![a-z])(un)?lock(ed|_row)?(?![a-z])|busy|concurren|deadlock|unavailable|temporar|try.again|being.modified|"
    + _TIMED_OUT.pattern,
    re.IGNORECASE,
)
"""Codes and texts of what passes by itself: a lock, a busy record, a part of the service that is away."""
_ADVICE = {
    "GS_APIG_2401": "Gainsight refused the credentials: check GAINSIGHT_ACCESS_KEY, or the M2M client's id and secret",
    "GS_APIG_2402": "Gainsight refused this machine's address: add it to the connection's allowlist,"
    " or use an M2M client",
}


@dataclass(frozen=True)
class Written:
    """What the reply to a write says, once it was accepted.

    Attributes:
        count: records written, as the reply claims; None when it claims nothing.
        records: those it lists, with their Gsids.
        problems: of the records that were not written, see `Problem`.
    """

    count: int | None
    records: list[dict[str, Any]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @cached_property
    def ids(self) -> list[str]:
        """Gsids of the records it lists, in its order."""
        return [str(each["Gsid"]) for each in self.records]


def judge(reply: Reply) -> Any:
    """What a reply means, by its HTTP status and `result`.

    Returns:
        `data` of a call that succeeded; of a write it may still name records that were not taken, see `written`.

    Raises:
        RetriableError: too many calls, a server error, or no reply in the documented form.
        RowRejected: the request was understood and refused; nothing was written.
        FatalError: credentials, address or permissions.
    """
    envelope = json_of(reply)
    code = code_in(envelope.get("errorCode") or envelope.get("title"))
    known: dict[str, Any] = {"status": reply.status, "url": reply.path, "code": code}
    known["request_id"] = code_in(envelope.get("requestId"))
    _raise_on_status(reply, code, known)
    if "result" not in envelope and not code:
        if reply.status == 413:
            raise RowRejected("the request is too large", **{**known, "code": "TOO_LARGE"})
        raise not_the_api(reply, known)
    if envelope.get("result") is True and reply.status < 300:
        return _with_errors(envelope)
    if envelope.get("result") is not False and reply.status < 300:
        raise RetriableError("the reply is not in the documented form", **known)
    problems = problems_of(envelope.get("data"))
    text = str(envelope.get("errorDesc") or envelope.get("detail") or "refused without a reason")
    later = bool(_LATER.search(code) or _LATER.search(text)) if not problems else all(p.later for p in problems)
    vague = not problems and not later and code not in _ABOUT_ROWS
    message = harmless(text, [each.value for each in problems])
    under_way = later and bool(_TIMED_OUT.search(code) or _TIMED_OUT.search(text))
    raise RowRejected(message, **known, problems=problems, vague=vague, later=later, under_way=under_way)


def _raise_on_status(reply: Reply, code: str, known: dict[str, Any]) -> None:
    """What the status alone, or a code that means the same, says of a call that did not succeed."""
    if code in _TOO_MANY:
        raise RetriableError("too many calls", **known, retry_after=reply.retry_after, throttled=True)
    raise_if_failing(reply, known, ambiguous=True)
    if reply.status in (401, 403) or code in _UNAUTHORIZED:
        known["code"] = code = code or ("GS_APIG_2401" if reply.status == 401 else "")
        advice = _ADVICE["GS_APIG_2401"] if code in ENDED else _ADVICE.get(code)
        raise FatalError(advice or "Gainsight refused the credentials or their permissions", **known)
    if code in _NO_SUCH_PATH or (reply.status == 404 and not code):
        raise FatalError("Gainsight does not know this address; check GAINSIGHT_BASE_URL", **known)


def _with_errors(envelope: dict[str, Any]) -> Any:
    """`data`, with the errors that stand beside it instead of in it."""
    data, errors = envelope.get("data"), envelope.get("errors")
    if not errors or (data is not None and not isinstance(data, dict)):
        return data
    return {"errors": errors, **(data or {})}


def written(data: Any) -> Written:
    """Read the whole of a write's reply."""
    given = data if isinstance(data, dict) else {}
    count = given.get("count")
    listed = [each for each in given.get("records") or [] if isinstance(each, dict) and each.get("Gsid")]
    return Written(count if type(count) is int else None, listed, problems_of(data))


def problems_of(data: Any) -> list[Problem]:
    """The fields and values that `errors` names, nested by record, by its number or in one flat list; which record they
    are of is not to be trusted. What names neither is a problem all the same."""
    errors = data.get("errors") if isinstance(data, dict) else None
    return [_problem(each) for each in _details(errors)]


def _details(errors: Any) -> Iterator[dict[str, Any]]:
    if isinstance(errors, list):
        for each in errors:
            yield from _details(each)
    elif isinstance(errors, dict):
        parts = [errors["errors"]] if "errors" in errors else list(errors.values())
        inner = [each for each in parts if isinstance(each, list | dict)]
        if errors.get("errorCode") or errors.get("fieldName") or not inner:
            yield from [errors] if errors and errors.get("success") is not True else []
        else:
            yield from _details(inner)
    elif errors:
        yield {"errorMessage": errors}


def _problem(detail: dict[str, Any]) -> Problem:
    field_name, code = name_in(detail.get("fieldName")), code_in(detail.get("errorCode"))
    text, value = str(detail.get("errorMessage") or ""), detail.get("invalidValue")
    later = bool(_LATER.search(code) or _LATER.search(text)) and code not in _ABOUT_VALUES
    message = harmless(text, [value])
    return Problem(field_name, code, message, value, certain=code in _ABOUT_VALUES, later=later)
