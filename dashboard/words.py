"""Codes of the mart as words. Meanings come from the seeds; what they lack is put here."""

from __future__ import annotations

from collections.abc import Iterable

from dashboard.formats import humanize
from dashboard.source import Row

COLORS = ("green", "yellow", "red", "unscored")
LEVELS = ("enablement_and_expansion", "product_stickiness", "basic_adoption", "none")

NO_SUBSCRIPTION = "no_active_subscription"
OPEN_PERIOD = "open_period"

_SHORT = {"license_utilization": "Utilization", "user_engagement": "Engagement"}

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
    """The seeds' words: reasons (`value_statuses`), use cases (`use_cases`) and score groups (`score_groups`).

    Attributes:
        use_cases: codes of the use cases, in the order of the customer's path.
        groups: codes of the score groups; those that are use cases come last, in that order.
    """

    def __init__(self, value_statuses: Iterable[Row], use_cases: Iterable[Row], score_groups: Iterable[Row]) -> None:
        """Take the seeds' rows; each may be empty."""
        self._meanings = {row["value_reason"]: row["meaning"] for row in value_statuses if row["value_reason"]}
        path = sorted(use_cases, key=lambda row: (row["step"] is None, row["step"]))
        self.use_cases = tuple(row["use_case"] for row in path)
        self._use_cases = {row["use_case"]: row["label"] for row in path if row["label"]}
        self._advice = {row["use_case"]: row["advice"] for row in path}
        names = {row["score_group"]: row["field_name"] for row in score_groups}
        self._short = {code: name.replace("_", " ") for code, name in names.items() if name}
        others = [code for code in names if code not in self.use_cases]
        self.groups = (*others, *self.use_cases)

    def reason(self, code: str | None) -> str:
        """Why a value is missing, in words; never empty."""
        if not code:
            return "no reason given"
        return self._meanings.get(code) or word(code)

    def group(self, code: str | None) -> str:
        """A score group's or use case's label."""
        return self._use_cases.get(code) or humanize(code)

    def short(self, code: str) -> str:
        """A score group's or use case's short label, where there is little room."""
        return _SHORT.get(code) or self._short.get(code) or humanize(code)

    def advice(self, code: str | None) -> str | None:
        """What to do next for a use case."""
        return self._advice.get(code)
