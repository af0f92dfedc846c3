"""Ids: 15 characters that differ by case, or 18 with a suffix that says the case."""

from __future__ import annotations

import hashlib
import re
import time
from functools import lru_cache

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_FORM = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?\Z")
_BLOCK = 62**3
_last = 0


@lru_cache(maxsize=_BLOCK + 100)
def base62(number: int, length: int) -> str:
    """The last digits of a number."""
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    return "".join(reversed(digits))


def custom_prefix(key: str) -> str:
    """The key prefix of a custom object."""
    return "a" + base62(int.from_bytes(hashlib.sha256(key.encode()).digest()), 2)


def new_ids(prefix: str, count: int) -> list[str]:
    """Ids of new records; they rise with time."""
    global _last
    first = max(time.time_ns() // 1000 * 100_000, _last + 1)
    _last = first + count
    numbers = (divmod(first + n, _BLOCK) for n in range(count))
    return [with_suffix(prefix + base62(high, 9) + base62(low, 3)) for high, low in numbers]


def with_suffix(short: str) -> str:
    """The 18 characters of an id of 15."""
    return short + _mark(short[:5]) + _mark(short[5:10]) + _mark(short[10:])


@lru_cache(maxsize=100_000)
def _mark(five: str) -> str:
    """The character that says which of five are capitals."""
    return _SUFFIX[sum(1 << n for n in range(5) if "A" <= five[n] <= "Z")]


def full(text: str) -> str | None:
    """The 18 characters of an id as somebody wrote it; None when it is none.

    The last three restore the case of what is all capitals or all small; otherwise the case is as written.
    """
    if not _FORM.match(text):
        return None
    short = text[:15]
    if len(text) == 15 or short not in (short.upper(), short.lower()):
        return with_suffix(short)
    letters = []
    for place, letter in enumerate(short):
        bits = _SUFFIX.find(text[15 + place // 5].upper())
        if bits < 0:
            return None
        letters.append(letter.upper() if bits >> place % 5 & 1 else letter.lower())
    return with_suffix("".join(letters))
