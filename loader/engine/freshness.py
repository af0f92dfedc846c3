"""Of which day, grain and input the marts are, and whether that may take the place of what stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from loader.dbt.artifacts import PublishModel
from loader.errors import RefusedError
from loader.warehouse import State
from loader.warehouse.invocations import invocations
from loader.warehouse.standing import standing

FATES = {
    "leave": "would stay beside it (on_gone: leave)",
    "clear": "would be cleared (on_gone: clear)",
    "delete": "would be deleted where we created it (on_gone: delete)",
}
"""What becomes of records whose rows are of a grain that the mart has no more."""


def pace(grain: str | None) -> str:
    """How often there is a row, of a grain."""
    return "every two weeks" if grain == "two_weeks" else f"a {grain}"


@dataclass(frozen=True)
class Marts:
    """What the marts are of, as dbt noted it; None where it noted nothing.

    Attributes:
        as_of: the day they were built for, YYYY-MM-DD.
        newest_ping_at: when the newest ping among their input arrived.
        built_at: when dbt built them.
        changes: what differs from what stands at the destination, in words.
        regrained: the grain of what stands, by object, where it is another one.
    """

    as_of: str | None = None
    grain: str | None = None
    newest_ping_at: datetime | None = None
    changes: tuple[str, ...] = ()
    regrained: Mapping[str, str] = field(default_factory=dict)
    built_at: datetime | None = None

    @property
    def input_age(self) -> int | None:
        """Days from the newest ping to the day that the marts are of."""
        if self.as_of is None or self.newest_ping_at is None:
            return None
        return (date.fromisoformat(self.as_of) - self.newest_ping_at.date()).days

    def as_dict(self) -> dict[str, Any]:
        """The same as JSON has it."""
        newest = self.newest_ping_at.isoformat() if self.newest_ping_at else None
        built = self.built_at.isoformat() if self.built_at else None
        known = {"as_of": self.as_of, "grain": self.grain, "built_at": built, "newest_ping_at": newest}
        return {**known, "input_age_days": self.input_age, "mart_changes": list(self.changes)}


@dataclass(frozen=True)
class Allowed:
    """Changes that the user means."""

    older: bool = False
    grain: bool = False


def read_marts(state: State, models: Sequence[PublishModel]) -> Marts:
    """What the publish models are of: of the newest run of dbt that built one of them."""
    wanted = {model.unique_id for model in models}
    built = (run for run in invocations(state) if any(run.statuses.get(each) == "success" for each in wanted))
    run = next(built, None)
    if run is None:
        return Marts()
    changes = _older(state, models, run.as_of) + _other_grain(state, models, run.grain)
    regrained = {model.object: before for model, before in _regrained(state, models, run.grain)}
    return Marts(run.as_of, run.grain, run.newest_ping_at, tuple(changes), regrained, run.at)


def refuse_older(state: State, models: Sequence[PublishModel], marts: Marts, allowed: Allowed) -> None:
    """Refuse marts of an earlier day, or of another grain, than what stands.

    Raises:
        RefusedError: they are, and nobody said that this is meant.
    """
    checks = (
        (allowed.older, _older(state, models, marts.as_of), "--allow-older"),
        (allowed.grain, _other_grain(state, models, marts.grain), "--allow-grain-change"),
    )
    for meant, found, option in checks:
        if found and not meant:
            raise RefusedError(f"{'; '.join(found)}. Nothing was sent; if this is meant, publish with {option}.")


def _older(state: State, models: Sequence[PublishModel], as_of: str | None) -> list[str]:
    pairs = ((model, standing(state, model)) for model in models)
    return [
        f"{model.object}: the mart is as of {as_of}, older than what stands (as of {before.as_of})"
        for model, before in pairs
        if before and before.as_of and as_of and as_of < before.as_of
    ]


def _other_grain(state: State, models: Sequence[PublishModel], grain: str | None) -> list[str]:
    return [
        f"{model.object}: the mart has a row {pace(grain)}, what stands has one {pace(before)}, and"
        f" {FATES[model.on_gone]}"
        for model, before in _regrained(state, models, grain)
    ]


def _regrained(state: State, models: Sequence[PublishModel], grain: str | None) -> list[tuple[PublishModel, str]]:
    """Models whose rows are of periods, and of which rows of another grain stand; with that grain."""
    pairs = ((model, standing(state, model)) for model in models if model.period_column)
    return [(m, before.grain) for m, before in pairs if before and before.grain and grain and before.grain != grain]
