"""How a model's rows stand to the destination's, and what counts as changed."""

from __future__ import annotations

from dataclasses import dataclass, field

from loader.dbt.artifacts import PublishModel


@dataclass
class Diff:
    """How one model's rows stand to the destination's.

    Attributes:
        rows: rows in the mart.
        deletable: records that are deleted because their rows are gone; `clearable` those that are cleared.
        rejected: rows that cannot be sent, or were rejected and have not changed since.
        newly_rejected: those that cannot be sent and that no earlier run has recorded.
        null_overwrites: per field, values known to be non-null at the destination that would become null.
        standing_values: per field, all values that are known to be non-null there.
        held_back: rows that wait because the user wants but the first few.
    """

    model: PublishModel
    rows: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    deletable: int = 0
    clearable: int = 0
    rejected: int = 0
    newly_rejected: int = 0
    null_overwrites: dict[str, int] = field(default_factory=dict)
    standing_values: dict[str, int] = field(default_factory=dict)
    held_back: int = 0

    @property
    def to_send(self) -> int:
        """Rows that have to be sent."""
        return self.new + self.changed


@dataclass(frozen=True)
class Options:
    """What a diff takes for changed.

    Attributes:
        full: rows that have not changed, too.
        retry_rejected: rows that were rejected and have not changed since, too.
        marked: only rows that a reconcile marked.
    """

    full: bool = False
    retry_rejected: bool = False
    marked: bool = False

    @property
    def fresh(self) -> str:
        """SQL of which of the rejected rows are tried again."""
        return "true" if self.retry_rejected else "not standing"
