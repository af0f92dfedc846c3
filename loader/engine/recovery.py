"""After a run that was killed: what it created and could not record is read back by key."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from loader.dbt.artifacts import PublishModel
from loader.engine.destination import Destination, Row
from loader.engine.limits import Meter
from loader.engine.uploads import Uploads
from loader.warehouse import State

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
    intents = sorted((each for each in state.intents() if each[0] in by_object), key=itemgetter(0))
    accepted = 0
    for name, group in groupby(intents, key=itemgetter(0)):
        uncertain = [each[1:4] for each in group if not each[-1]]
        if uncertain:
            destination.connect(meter)
            log.info("an earlier run was cut off: looking for the %d rows it was about to create", len(uncertain))
            made = _made(destination, by_object[name], uncertain)
            state.record(name, meter.unsaved(), made)
            accepted += len(made)
        state.drop_intents(name)
    return accepted


def _made(destination: Destination, model: PublishModel, uncertain: list[tuple[Any, ...]]) -> list[Row]:
    """Those of the uncertain rows that are there, with their ids."""
    keyed = ((key, hashed, nulls, json.dumps(model.key_values(key))) for key, hashed, nulls in uncertain)
    rows = [Row(key, hashed, None, True, nulls, record=record) for key, hashed, nulls, record in keyed]
    found = destination.find(model, rows)
    if not all(found.values()):
        destination.settle(0)  # nobody knows when the last call was made
        found = destination.find(model, rows)
    for row in rows:
        row.destination_id = found[row.row_key][0].id if found[row.row_key] else None
    return [row for row in rows if row.destination_id]
