"""Reads back what was published, and lists what is missing, extra or different."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from loader.dbt.artifacts import PublishModel
from loader.engine.check import must_fit
from loader.engine.destination import Destination, Record, Row
from loader.engine.values import differing, key_of, loose
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

    def unmended(self, models: Sequence[PublishModel], before: Sequence[Difference]) -> list[Difference]:
        """Read back after a repair: those of the differences that are as they were, so that sending changed nothing."""
        mended = {(each.object, each.row_key, each.field) for each in before if each.kind != "extra"}
        return [each for each in self.differences(models) if (each.object, each.row_key, each.field) in mended]

    def _of(self, model: PublishModel) -> Iterator[Difference]:
        """First records whose id we know, whatever their key is by now; then those that have a key of ours, at a row
        whose own record is not there; a record of neither kind is extra."""
        others: dict[str, list[Record]] = {}
        for records in filter(None, self._records(model)):
            known = self.mart.known_ids(model, [each.id for each in records])
            yield from self._seen(model, {known[each.id]: each for each in records if each.id in known})
            for record in [each for each in records if each.id not in known]:
                others.setdefault(model.row_key(record.key), []).append(record)
        yield from self._by_id(model)
        yield from self._seen(model, {row_key: records[0] for row_key, records in others.items()}, others)
        for record in chain.from_iterable(others.values()):
            yield _extra(model, record)
        for row_key, destination_id in self.mart.unseen(model):
            yield Difference(model.name, model.object, "missing", row_key, destination_id)

    def _seen(
        self, model: PublishModel, by_key: Mapping[str, Record], others: dict[str, list[Record]] | None = None
    ) -> Iterator[Difference]:
        """Compare rows with their records, and note that they were seen; what is theirs is none of the `others`."""
        rows = self.mart.published(model, list(by_key))
        for row_key, row in rows.items():
            if others is not None:
                others[row_key].pop(0)
            yield from self._compare(model, row, by_key[row_key])

    def _by_id(self, model: PublishModel) -> Iterator[Difference]:
        """Where not all records were read, those of rows that were not found by key may have another key by now."""
        if self._reads_all(model):
            return
        ids = {each: row_key for row_key, each in self.mart.unseen(model) if each}
        for records in self.destination.by_id(model, list(ids), model.targets):
            yield from self._seen(model, {ids[each.id]: each for each in records})

    def _records(self, model: PublishModel) -> Iterator[list[Record]]:
        """All records of objects that are ours alone; of others, those with a key of ours."""
        if self._reads_all(model):
            yield from self.destination.read(model, model.targets)
            return
        for window in self.mart.rows(model):
            found = self.destination.find(model, window, model.targets)
            yield [record for records in found.values() for record in records]

    def _reads_all(self, model: PublishModel) -> bool:
        return self.destination.reads_all and model.mode != "update"

    def _compare(self, model: PublishModel, row: Row, record: Record) -> Iterator[Difference]:
        if row.row_hash != row.published_hash:
            return
        wanted = key_of(self.destination.compares, model, row.values)
        for field, ours, theirs in zip(model.key, wanted, record.key, strict=True):
            if loose((ours,)) != loose((theirs,)):
                yield Difference(model.name, model.object, "drifted", row.row_key, record.id, field, ours, theirs)
        for field, ours, theirs in differing(self.destination, model, row, record):
            yield Difference(model.name, model.object, "drifted", row.row_key, record.id, field, ours, theirs)


def _extra(model: PublishModel, record: Record) -> Difference:
    return Difference(model.name, model.object, "extra", model.row_key(record.key), record.id)
