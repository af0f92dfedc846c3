"""How a publish ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from loader.engine.plan import Plan
from loader.errors import ACCEPTED

_COUNTS = ("accepted", "rejected", "later", "deleted", "cleared", "unrecorded")


@dataclass
class Result:
    """How a publish ended.

    Attributes:
        connection: which of the destination's systems it spoke to.
        later: rows that were not taken yet, through no fault of theirs.
        unrecorded: rows that were accepted and of which the warehouse was not told; the next run reads them back.
    """

    run_id: str = ""
    destination: str = ""
    connection: str = ""
    outcome: str = ""
    exit_code: int = ACCEPTED
    accepted: int = 0
    rejected: int = 0
    later: int = 0
    deleted: int = 0
    cleared: int = 0
    unrecorded: int = 0
    api_calls: int = 0
    gate: str = ""
    message: str = ""
    plan: Plan | None = None
    reasons: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The result as JSON has it."""
        known = {k: v for k, v in vars(self).items() if k != "plan" and k not in _COUNTS}
        counts = {f"rows_{name}": getattr(self, name) for name in _COUNTS}
        return {**known, **counts, "plan": self.plan.as_dict() if self.plan else None}
