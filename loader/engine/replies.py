"""What is read from replies of whatever API, fit to be kept and shown."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from loader.config import KNOWN_SECRETS
from loader.engine.http import Reply
from loader.errors import RetriableError

_CODE, _NAME = re.compile(r"[A-Za-z0-9_.-]{1,60}\Z"), re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,120}\Z")
_LONGEST_TEXT = 300


class NotTheApi(RetriableError):  # noqa: N818 - it may be a moment's fault of what stands between
    """A page, or nothing, in place of the API's answer."""


def json_of(reply: Reply) -> dict[str, Any]:
    """The body's object; empty when it is none."""
    try:
        loaded = json.loads(reply.body)
    except (ValueError, RecursionError):
        return {}
    return loaded if isinstance(loaded, dict) else {}


def raise_if_failing(reply: Reply, known: dict[str, Any], *, ambiguous: bool) -> None:
    """What a status says of a moment's fault.

    Args:
        ambiguous: whether a call that was one too many may have taken effect.

    Raises:
        RetriableError: too many calls, or a server error.
    """
    after = reply.retry_after
    if reply.status == 429:
        raise RetriableError("too many calls", **known, ambiguous=ambiguous, retry_after=after, throttled=True)
    if reply.status >= 500 or reply.status in (408, 425):
        raise RetriableError("the destination failed", **known, retry_after=after)


def not_the_api(reply: Reply, known: dict[str, Any]) -> NotTheApi:
    """What it is that came in place of the API's reply."""
    what = "a page" if reply.body.lstrip()[:1] == b"<" else "nothing" if not reply.body.strip() else "something"
    return NotTheApi(f"the answer is {what} in place of the API's reply", **known)


def harmless(text: str, values: Sequence[Any] = ()) -> str:
    """What the vendor says, fit to be kept and shown: without field values, which belong in no log, without any
    credential that it echoes, without control characters, and not long."""
    text = re.sub(r"\((\w+) = .*?\)(?=\W*\Z)", r"(\1)", text, flags=re.DOTALL)
    for value in (part for each in values for part in (each if isinstance(each, list) else [each])):
        if value not in (None, "") and len(str(value)) > 1:
            text = text.replace(f" = {value}", "").replace(str(value), "...")
    for secret in sorted(KNOWN_SECRETS, key=len, reverse=True):
        text = re.sub(re.escape(secret), "***", text, flags=re.IGNORECASE)
    return "".join(each if each.isprintable() else " " for each in text)[:_LONGEST_TEXT]


def code_in(value: Any) -> str:
    """A code; "" for what cannot be one, or is a credential."""
    return _matching(_CODE, value)


def name_in(value: Any) -> str:
    """The name of a field; "" for what cannot be one, or is a credential."""
    return _matching(_NAME, value)


def _matching(pattern: re.Pattern[str], value: Any) -> str:
    text = str(value or "")
    return text if pattern.match(text) and harmless(text) == text else ""
