"""After a run that was killed: what it sent and could not record is read back by key."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from loader.dbt.artifacts import PublishModel
from loader.engine.check import must_fit
from loader.engine.destination import Destination, Results
from loader.engine.limits import Meter
from loader.engine.uploads import Uploads
from loader.engine.values import as_sent
from loader.errors import WaitingError
from loader.warehouse import Mart

log = logging.getLogger("loader")


def recover(
    destination: Destination, mart: Mart, models: Sequence[PublishModel], uploads: Uploads | None, meter: Meter
) -> tuple[int, dict[str, str]]:
    """Settle what an earlier run left open; calls nothing when there is nothing.

    Returns:
        Rows that stand at the destination and were not known to; and why which objects have to wait.
    """
    noted, accepted, waiting = mart.state.noted_objects(), 0, dict[str, str]()
    for model in models:
        ended, results = list[str](), None
        opened = bool(uploads and mart.state.open_uploads(model.object))
        if uploads and opened:
            destination.connect(meter)
            try:
                ended = uploads.wait(model)
            except WaitingError as error:
                log.warning("%s", error)
                waiting[model.object] = str(error)
                continue
            results = uploads.results(model, ended)
        if model.object in noted:
            if uncertain := mart.stage_uncertain(model):
                destination.connect(meter)
                log.info("an earlier run was cut off: looking for the %d rows it was about to send", uncertain)
                accepted += _made(destination, mart, model, meter, results)
            mart.state.drop_intents(model.object)
        if opened:
            mart.state.end_uploads(model.object)
    return accepted, waiting


def _made(destination: Destination, mart: Mart, model: PublishModel, meter: Meter, results: Results | None) -> int:
    """Record those of the staged rows that are there as the mart has them. Others are not known to be ours: somebody
    else may have made a record with such a key. They are planned like any row, and updated when they are found."""
    must_fit(destination, [model])
    destination.settle(0)  # nobody knows when the last call was made
    destination.resolve(mart.lookup_values([model]))
    made = 0
    for window in mart.rows(model):
        told = {row.row_key: results.holds(row) if results and row.row_hash else None for row in window}
        ours = [row for row in window if told[row.row_key]]
        untold = [row for row in window if told[row.row_key] is None]
        found = destination.find(model, untold, model.targets) if untold else {}
        for row in untold:
            if row.row_hash and (record := as_sent(destination, model, row, found[row.row_key])):
                row.destination_id = record.id
                ours.append(row)
            elif found[row.row_key] and not (row.row_hash or row.stands):
                log.warning("%s %s may be ours, and the mart does not have it any more", model.object, row.row_key)
        mart.state.record(model.object, meter.unsaved(), ours)
        made += len(ours)
    return made
