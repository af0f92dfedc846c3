"""Codes of the mart as words. Meanings come from the seeds; what they lack is put here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dashboard.formats import humanize

Row = Mapping[str, Any]

_WORDS = {
    "adopted": "adopted",
    "in_progress": "in progress",
    "not_adopted": "not adopted",
    "not_measured": "not measured",
    "not_applicable": "not in the plan",
    "as_expected": "as expected",
    "below_expectation": "below expectation",
    "above_expectation": "above expectation",
    "no_baseline": "no baseline yet",
    "not_reporting": "not reporting",
    "reporting": "reports usage",
    "never_reported": "never reported",
    "stopped_reporting": "stopped reporting",
    "no_active_subscription": "no subscription in force",
    "no_license": "the ping carries no license",
    "license_unknown": "its license leads to no known subscription",
    "excluded": "on the list of excluded pings",
    "internal": "an instance of our own",
    "invalid": "no instance id, or a test build",
    "label": "labelled",
    "suggested": "suggested, nobody owns the account",
    "default": "not labelled yet",
    "none": "no step taken yet",
    "not_supported": "version too old",
    "not_reported": "not in the ping",
    "failed": "could not be counted",
    "reported": "reported",
    "no_data": "no data",
    "on_track": "on track",
    "unique_active": "log-ins",
    "events": "estimate from events",
    "mixed": "log-ins and estimates",
}


def word(code: str | None) -> str:
    """A status or label in words; an unknown one is only made readable."""
    return "" if code is None else _WORDS.get(code, humanize(code).lower())


class Words:
    """The seeds' words: reasons (`value_statuses`) and the labels of use cases and score groups."""

    def __init__(self, value_statuses: Iterable[Row], labels: Mapping[str, str | None]) -> None:
        """Take the seed's rows, and labels by name; each may be empty."""
        self._meanings = {row["value_reason"]: row["meaning"] for row in value_statuses if row["value_reason"]}
        self._labels = labels

    def reason(self, code: str | None) -> str:
        """Why a value is missing, in words; never empty."""
        if not code:
            return "no reason given"
        return self._meanings.get(code) or word(code)

    def group(self, code: str | None) -> str:
        """A score group's or use case's label."""
        return self._labels.get(code or "") or humanize(code)
