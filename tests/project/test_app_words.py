"""Numbers and codes are written for people, and missing is never a zero."""

from __future__ import annotations

from dashboard import formats
from dashboard.words import Words, word


def test_numbers_are_written_for_people() -> None:
    assert [formats.number(value, 1) for value in (None, 0, 1234567.25, -0.04, 12.0)] == [
        "–", "0", "1,234,567.2", "0", "12",
    ]  # fmt: skip
    assert [formats.compact(value) for value in (9999, 10000, 999_600, 1_250_000, 31_000_000)] == [
        "9,999", "10k", "1.0M", "1.2M", "31.0M",
    ]  # fmt: skip
    assert [formats.percent(value) for value in (None, 0, 0.001, 0.8333, 0.999, 1, 1.1)] == [
        "–", "0%", "<1%", "83%", ">99%", "100%", "110%",
    ]  # fmt: skip
    assert [formats.signed(value) for value in (None, -0.0, 0.04, 2.94, -41)] == [
        "–", "0", "0", "+2.9", "−41.0",
    ]  # fmt: skip
    assert formats.humanize("ci_builds_per_user") == "CI builds per user"


def test_a_share_of_nothing_is_unknown() -> None:
    assert [formats.share(*pair) for pair in ((1, 4), (0, 4), (None, 4), (1, None), (1, 0))] == [
        0.25, 0, None, None, None,
    ]  # fmt: skip


def test_a_reason_is_never_empty() -> None:
    words = Words([{"value_reason": "no_ping", "meaning": "no usage ping arrived"}], {"ci": "Continuous integration"})
    assert [words.reason(code) for code in ("no_ping", "stale_thing", "", None)] == [
        "no usage ping arrived", "stale thing", "no reason given", "no reason given",
    ]  # fmt: skip
    assert [words.group(code) for code in ("ci", "user_engagement")] == ["Continuous integration", "User engagement"]
    assert [word(code) for code in (None, "events", "odd_code")] == ["", "estimate from events", "odd code"]
