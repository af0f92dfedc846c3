"""Reads back what was published, and lists what is missing, extra or different."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from loader.dbt.artifacts import PublishModel
from loader.engine.check import must_fit
from loader.engine.destination import Destination, Record, Row
from loader.engine.values import ours, theirs
from loader.warehouse import MARKS, Mart, State


@dataclass(frozen=True)
class Difference:
    """A row that is not at the destination as the state says.

    Attributes:
        kind: `missing`, `extra` or `drifted`.
        row_key: key values as JSON; for an extra record, as the destination has them.
        ours: the value that should be there; `theirs` is the one that is.
    """

    model: str
    object: str
    kind: str
    row_key: str
    destination_id: str | None
    field: str = ""
    ours: Any = None
    theirs: Any = None


class Reconciler:
    """Compares one destination with the state and the mart.

    A row that changed in the mart since it was sent is only looked for, not compared.
    """

    def __init__(self, destination: Destination, state: State) -> None:
        self.destination, self.state, self.mart = destination, state, Mart(state)

    def differences(self, models: Sequence[PublishModel]) -> Iterator[Difference]:
        """Read every model's records back.

        Raises:
            MisuseError: an object or field is not there any more.
        """
        must_fit(self.destination, models)
        for model in models:
            self.mart.stage_published(model)
        self.destination.resolve(self.mart.lookup_values(models))
        for model in models:
            yield from self._of(model)

    def mark(self, differences: Sequence[Difference]) -> None:
        """Make the next publish send missing and drifted rows again."""
        for kind in MARKS:
            by_object: dict[str, list[str]] = {}
            for each in differences:
                if each.kind == kind:
                    by_object.setdefault(each.object, []).append(each.row_key)
            for name, keys in by_object.items():
                self.state.mark(name, list(dict.fromkeys(keys)), kind)

    def _of(self, model: PublishModel) -> Iterator[Difference]:
        for records in self._records(model):
            by_key: dict[str, Record] = {}
            for record in records:
                if by_key.setdefault(model.row_key(record.key), record) is not record:
                    yield _extra(model, record)
            rows = self.mart.published(model, list(by_key))
            for row_key, record in by_key.items():
                if row_key in rows:
                    yield from self._compare(model, rows[row_key], record)
                else:
                    yield _extra(model, record)
        for row_key, destination_id in self.mart.unseen(model):
            yield Difference(model.name, model.object, "missing", row_key, destination_id)

    def _records(self, model: PublishModel) -> Iterator[list[Record]]:
        """All records of objects that are ours alone; of others, those with a key of ours."""
        if model.mode != "update":
            yield from self.destination.read(model, model.targets)
            return
        for window in self.mart.rows(model):
            found = self.destination.find(model, window, model.targets)
            yield [record for records in found.values() for record in records]

    def _compare(self, model: PublishModel, row: Row, record: Record) -> Iterator[Difference]:
        if row.row_hash != row.published_hash:
            return
        there = theirs(self.destination, model, record)
        for field, value in ours(self.destination, model, row).items():
            if value != there[field]:
                known = (model.name, model.object, "drifted", row.row_key, record.id)
                yield Difference(*known, field, value, there[field])


def _extra(model: PublishModel, record: Record) -> Difference:
    return Difference(model.name, model.object, "extra", model.row_key(record.key), record.id)
