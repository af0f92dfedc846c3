"""Taking over a state that is not known to be this connection's: compared with the destination first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from loader.dbt.artifacts import PublishModel
from loader.engine.destination import Destination
from loader.errors import ACCEPTED, REJECTED
from loader.warehouse import State, owner

ENOUGH = 0.9
"""The share of a sample that must be there under the ids we know; people delete records now and then."""


@dataclass(frozen=True)
class Adoption:
    """How an adoption ended.

    Attributes:
        sampled: rows that were looked for; `found` of them are there under the id that the state has.
    """

    connection: str
    exit_code: int
    message: str
    rows: int = 0
    sampled: int = 0
    found: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The adoption as JSON has it."""
        return dict(vars(self))


def adopt(destination: Destination, state: State, models: Sequence[PublishModel], source: str | None) -> Adoption:
    """Make a state of before this connection's when a sample of its rows is at the destination, and nothing else.

    Args:
        destination: connected.
        state: of its connection, locked.
        models: whose objects are looked at.
        source: another connection whose state is to be taken over.
    """
    found = owner.claim(state, source)
    if found is None:
        return Adoption(state.connection, ACCEPTED, f"{state.name}: there is nothing to adopt.")
    sampled = there = 0
    destination.describe([model.object for model in models])
    for model in models:
        if rows := owner.sample(state, found, model):
            records = destination.find(model, rows)
            sampled += len(rows)
            there += sum(any(each.id == row.destination_id for each in records[row.row_key]) for row in rows)
    counts = {"rows": found.rows, "sampled": sampled, "found": there}
    if found.rows and there < max(1, ENOUGH * sampled):
        return _not_ours(state, found, counts)
    owner.take_over(state, found)
    beware = " Only one of the two warehouses may publish to it from now on." if found.kind == "copy" else ""
    message = (
        f"{state.name} has adopted {found.rows} rows {found.what}; {there} of {sampled} looked for are there.{beware}"
    )
    return Adoption(state.connection, ACCEPTED, message, **counts)


def _not_ours(state: State, found: owner.Claim, counts: dict[str, int]) -> Adoption:
    """The records are not there: the state was made with another system."""
    message = (
        f"{state.name} does not have the records of the {found.rows} rows {found.what}: {counts['found']} of"
        f" {counts['sampled']} looked for are there under the ids we know. Nothing was adopted."
    )
    if found.kind == "earlier":
        owner.register(state)
        message += " They stay with nobody, and this connection begins a state of its own."
    else:
        message += (
            f" Name this connection otherwise ({state.destination.upper()}_CONNECTION) to begin a state of its own."
        )
    return Adoption(state.connection, REJECTED, message, **counts)
