"""How a publish ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from loader.engine.destination import Rejection
from loader.engine.plan import Plan
from loader.errors import ACCEPTED

_COUNTS = ("accepted", "rejected", "later", "held", "deleted", "cleared", "unrecorded")


@dataclass
class Result:
    """How a publish ended.

    Attributes:
        connection: which of the destination's systems it spoke to.
        later: rows that were not taken yet, through no fault of theirs.
        held: rows that wait for a cap of the destination's own.
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
    held: int = 0
    deleted: int = 0
    cleared: int = 0
    unrecorded: int = 0
    api_calls: int = 0
    gate: str = ""
    message: str = ""
    plan: Plan | None = None
    reasons: dict[str, int] = field(default_factory=dict)
    _later: set[tuple[str, str]] = field(default_factory=set, init=False, repr=False)

    def note_rejected(self, rejected: Sequence[Rejection]) -> None:
        """Count these, by their reasons."""
        self.rejected += len(rejected)
        for each in rejected:
            self.reasons[each.code] = self.reasons.get(each.code, 0) + 1

    def note_later(self, object_name: str, later: Iterable[str], known: Iterable[str]) -> None:
        """Count rows that were not taken yet, each once, however often it has its turn.

        Args:
            object_name: the destination's object.
            later: keys of those.
            known: keys of all rows of which something is known now.
        """
        self._later -= {(object_name, key) for key in known}
        self._later |= {(object_name, key) for key in later}
        self.later = len(self._later)

    def as_dict(self) -> dict[str, Any]:
        """The result as JSON has it."""
        known = {k: v for k, v in vars(self).items() if k not in ("plan", "_later", *_COUNTS)}
        counts = {f"rows_{name}": getattr(self, name) for name in _COUNTS}
        return {**known, **counts, "plan": self.plan.as_dict() if self.plan else None}
