"""What a destination need not say itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from loader.dbt.artifacts import PublishModel
from loader.engine.destination import Facts, Field, Finding, Label, Outcome, Record, Row, Work
from loader.engine.values import as_json
from loader.errors import MisuseError


class Defaults:
    """A destination that finds before it writes, one delete a call, and whose settings and metadata hide nothing; see
    `loader.engine.destination.Destination` for what is left to say."""

    batch_bytes, deletes_per_call = 0, 1
    upserts = reads_first = False
    reads_all = True
    object_kind = "object"

    def offers(self, work: Sequence[Work]) -> list[str]:
        """No cheaper way."""
        return []

    def remarks(self, work: Sequence[Work]) -> list[str]:
        """Nothing to be said."""
        return []

    def ignores(self, model: PublishModel) -> frozenset[str]:
        """Keys are compared as they are."""
        return frozenset()

    def misfits(self, model: PublishModel) -> Iterable[tuple[str, str, str]]:
        """Objects, fields and types say all."""
        return ()

    def advice(self, object_name: str, field: str, lack: str) -> str:
        """What holds anywhere."""
        if lack == "absent":
            return "create it, or correct its name in the model (names are case-sensitive)"
        return "let the integration write it, or take it out of the model"

    def is_empty(self, model: PublishModel, rows: int) -> bool:
        """Not asked."""
        return False

    def labels(self, model: PublishModel) -> Iterator[list[Label]]:
        """People fill in nothing that is read back."""
        raise MisuseError(f"{model.name}: no labels come from {model.destination}; take `labels` out of the model.")

    def read(self, model: PublishModel, fields: Sequence[str]) -> Iterator[list[Record]]:
        """Never called where not all records can be read."""
        raise NotImplementedError

    def insert(self, model: PublishModel, rows: Sequence[Row]) -> Iterator[list[Outcome]]:
        """Never called where rows are created by key."""
        raise NotImplementedError

    def upsert(self, model: PublishModel, rows: Sequence[Row]) -> Iterator[list[Outcome]]:
        """Never called where rows are found first."""
        raise NotImplementedError

    def doubts(self, model: PublishModel, facts: Facts) -> Iterable[Finding]:
        """None."""
        return ()

    def settle(self, since: float) -> None:
        """A call that was not answered has taken effect by now, or never will."""


class AsSent:
    """Values are kept as they were sent; see `loader.engine.destination.Compares`."""

    def form(self, value: Any, kind: str, field: Field | None) -> Any:
        """As JSON has it."""
        return as_json(value)

    def same(self, ours: Any, theirs: Any, kind: str, field: Field | None) -> bool:
        """Whether they are equal."""
        return bool(as_json(ours) == as_json(theirs))
