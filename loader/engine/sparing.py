"""Not sending what stands already: a write fires flows and triggers though it changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loader.dbt.artifacts import PublishModel
from loader.engine.destination import Destination, Outcome, Record, Row
from loader.engine.values import as_sent, key_of
from loader.warehouse import Mart


def spare(destination: Destination, mart: Mart, model: PublishModel) -> Iterator[list[Outcome]]:
    """Read the records of the staged rows; those rows whose record has their values and key have had their turn."""
    for window in mart.rows(model):
        rows = [row for row in window if row.row_hash]
        records = _records(destination, model, rows)
        same = []
        for row in rows:
            found = as_sent(destination, model, row, records.get(row.row_key, ()))
            if found and found.key == key_of(destination.compares, model, row.values):
                row.destination_id = found.id
                same.append(Outcome(row))
        mart.postpone(model, [each.row.row_key for each in same], 0)
        yield same


def _records(destination: Destination, model: PublishModel, rows: Sequence[Row]) -> dict[str, list[Record]]:
    known = {row.destination_id: row.row_key for row in rows if row.destination_id}
    found: dict[str, list[Record]] = {}
    if known:
        for page in destination.by_id(model, [each for each in known if each], model.targets):
            found |= {known[each.id]: [each] for each in page if each.id in known}
    if unknown := [row for row in rows if not row.destination_id]:
        found |= destination.find(model, unknown, model.targets)
    return found
