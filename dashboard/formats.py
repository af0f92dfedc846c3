"""Numbers, dates and names as people write them. Missing is a dash, never a zero."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

MISSING = "–"
MINUS = "−"

Number = int | float | Decimal

_ACRONYMS = {
    "api": "API", "arr": "ARR", "cd": "CD", "ci": "CI", "crm": "CRM", "csm": "CSM", "dast": "DAST",
    "devops": "DevOps", "devsecops": "DevSecOps", "gitops": "GitOps",
    "id": "ID", "json": "JSON", "mr": "MR", "pct": "%",
    "saml": "SAML", "sast": "SAST", "scm": "SCM", "umau": "UMAU", "uuid": "UUID",
}  # fmt: skip


def number(value: Number | None, decimals: int = 0) -> str:
    """1234567.5 -> `1,234,568`; trailing zeros after the point are dropped."""
    if value is None:
        return MISSING
    text = f"{abs(float(value)):,.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return _with_sign(text, float(value))


def compact(value: Number | None) -> str:
    """1234567 -> `1.2M`, 45600 -> `46k`; below 10,000 in full."""
    if value is None:
        return MISSING
    size = abs(float(value))
    for limit, divisor, unit in ((999_500_000, 1e9, "B"), (999_500, 1e6, "M"), (9_999.5, 1e3, "k")):
        if size >= limit:
            scaled = size / divisor
            text = f"{scaled:.0f}" if scaled >= 99.95 or unit == "k" else f"{scaled:.1f}"
            return _with_sign(text + unit, float(value))
    return number(value)


def percent(value: Number | None, decimals: int = 0) -> str:
    """0.8333 -> `83%`. A share that is not nothing or not all is never rounded to it."""
    if value is None:
        return MISSING
    share = float(value) * 100
    step = 10.0**-decimals
    if 0 < share < step / 2:
        return f"<{number(step, decimals)}%"
    if 100 - step / 2 <= share < 100:
        return f">{number(100 - step, decimals)}%"
    return f"{number(share, decimals)}%"


def share(part: Number | None, whole: Number | None) -> float | None:
    """`part` of `whole`, or None when one is missing or there is nothing to divide by."""
    if part is None or not whole:
        return None
    return float(part) / float(whole)


def score(value: Number | None, decimals: int = 1) -> str:
    """88 -> `88.0`: scores stand under each other, so they all have as many decimals."""
    return MISSING if value is None else f"{float(value):.{decimals}f}"


def signed(value: Number | None, decimals: int = 1) -> str:
    """2.94 -> `+2.9`, -41 -> `−41.0`; what rounds to nothing is `0`."""
    if value is None:
        return MISSING
    text = f"{abs(float(value)):,.{decimals}f}"
    if not text.strip("0.,"):
        return "0"
    return ("+" if float(value) > 0 else MINUS) + text


def day(value: date | datetime | None) -> str:
    """`22 Nov 2026`."""
    return MISSING if value is None else f"{value.day} {value:%b %Y}"


def plural(count: Number, one: str, many: str | None = None) -> str:
    """`1 account`, `2 accounts`."""
    word = one if count == 1 else many or f"{one}s"
    return f"{number(count)} {word}"


def humanize(name: str | None) -> str:
    """`ci_builds_per_user` -> `CI builds per user`."""
    words = [_ACRONYMS.get(word.lower(), word) for word in (name or "").replace("_", " ").split()]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def _with_sign(text: str, value: float) -> str:
    return f"{MINUS}{text}" if value < 0 and text.strip("0.,") else text
