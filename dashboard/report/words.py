"""The mart's codes in words that a customer reads: facts, and what can be done; no judgement of ours."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.app.data import Mart, Row
from dashboard.report import queries

STATUSES = {
    "adopted": "adopted",
    "in_progress": "in use, not everywhere yet",
    "not_adopted": "still to come",
    "not_measured": "not measured",
    "not_applicable": "not in your plan",
}
GOALS = {
    "achieved": "reached",
    "on_track": "on schedule",
    "behind": "behind schedule",
    "no_data": "not measured",
}
USES = {
    "Production": "production",
    "Non-Production": "test or staging",
    "Geo Secondary Node": "Geo secondary",
    "Obsolete": "no longer used",
    "Unknown": "not known to us",
}
SOURCES = {
    "events": "People active are estimated from events, since the version in use does not count them by name.",
    "mixed": "People active are partly estimated from events, since not every version in use counts them.",
}
STAGES = {"secure": "security"}


@dataclass(frozen=True)
class Words:
    """The seeds' texts: reasons (`customer_reasons`) and what the vendor says (`report_texts`)."""

    reasons: dict[str, Row]
    texts: dict[str, str]

    @classmethod
    def of(cls, mart: Mart) -> Words:
        """Those of the mart."""
        return cls(
            {row["reason"]: row for row in mart.rows(queries.REASONS)},
            {row["text_name"]: row["text"] for row in mart.rows(queries.TEXTS)},
        )

    def told(self, reason: str | None) -> str:
        """Why something is missing; a reason without words is not made up from its code."""
        row = self.reasons.get(reason or "")
        return "the reason is not known" if row is None else str(row["told"])

    def remedy(self, reason: str | None) -> str:
        """What the customer can do about it."""
        row = self.reasons.get(reason or "")
        return "Ask us." if row is None else str(row["remedy"])

    def text(self, name: str) -> str:
        """One of the vendor's own texts; empty where it took it out."""
        return self.texts.get(name) or ""
