"""After a run that was killed: what it created and could not record is read back by key."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from loader.dbt.artifacts import PublishModel
from loader.engine.destination import Destination, Row
from loader.engine.limits import Meter
from loader.engine.uploads import Uploads
from loader.warehouse import State, utc_now

log = logging.getLogger("loader")


def recover(
    destination: Destination, state: State, models: Sequence[PublishModel], uploads: Uploads, meter: Meter
) -> int:
    """Settle what an earlier run left open; calls nothing when there is nothing.

    Returns:
        Rows that stand at the destination and were not known to.
    """
    by_object = {model.object: model for model in models}
    for model in models:
        if state.open_uploads(model.object):
            destination.connect(meter)
            uploads.wait(model)
    intents = [each for each in state.intents() if each[0] in by_object]
    if not intents:
        return 0
    destination.connect(meter)
    log.info("an earlier run was cut off: looking for the %d rows it was about to create", len(intents))
    accepted = 0
    for name, group in groupby(sorted(intents, key=itemgetter(0)), key=itemgetter(0)):
        made = _made(destination, by_object[name], list(group))
        state.record(name, meter.unsaved(), made)
        state.drop_intents(name)
        accepted += len(made)
    return accepted


def _made(destination: Destination, model: PublishModel, uncertain: list[tuple[Any, ...]]) -> list[Row]:
    """Those of the uncertain rows that are there, with their ids."""
    rows = [Row(key, hashed, None, True, nulls, values=model.key_values(key)) for _, key, hashed, nulls, _ in uncertain]
    found = destination.find(model, rows)
    if not all(found.values()):
        destination.settle((utc_now() - max(each[-1] for each in uncertain)).total_seconds())
        found = destination.find(model, rows)
    for row in rows:
        row.destination_id = found[row.row_key][0].id if found[row.row_key] else None
    return [row for row in rows if row.destination_id]
