"""One publish of the suite: within a test, or as a process of its own, which a test kills.

    python one_run.py DATABASE FILE

FILE holds the publish model; the destination's settings come from the environment.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from loader.dbt.artifacts import Artifacts, PublishModel
from loader.dbt.profile import Target
from loader.destinations import DESTINATIONS
from loader.engine import http, sender, uploads
from loader.engine.destination import Destination
from loader.engine.publish import Publisher, Request
from loader.engine.result import Result
from loader.marketo import bulk as imports
from loader.salesforce import bulk
from loader.warehouse import State

PACE: list[tuple[Any, str, Any]] = [
    (sender, "LATER_PAUSES", (0.0, 0.0, 0.0)),
    (http, "BACKOFF_SECONDS", 0.02),
    (http, "LONGEST_BACKOFF", 0.2),
    (bulk, "_SHORTEST_POLL", 0.02),
    (imports, "_SHORTEST_POLL", 0.02),
    (uploads, "UNKNOWN_UPLOAD", timedelta(microseconds=1)),
]
"""Pauses that are short in the suite: module, name, value. A destination that waits adds its own."""


@contextmanager
def opened(database: Path, destination: Destination) -> Iterator[State]:
    """The state tables."""
    target = Target("duckdb", "main", {"path": str(database)})
    state = State(target, destination.name, destination.connection, write=True)
    try:
        yield state
    finally:
        state.close()


def publish(
    database: Path,
    destination: Destination,
    model: PublishModel,
    request: Request | None = None,
    progress: Callable[[int], None] = lambda rows: None,
) -> Result:
    """One run."""
    with opened(database, destination) as state:
        publisher = Publisher(destination, state, request or Request(gate=False), progress=progress)
        return publisher.run(Artifacts(database.parent), [model])


if __name__ == "__main__":
    for module, name, value in PACE:
        setattr(module, name, value)
    given: PublishModel = pickle.loads(Path(sys.argv[2]).read_bytes())  # noqa: S301 - written by the test
    publish(Path(sys.argv[1]), DESTINATIONS[given.destination](), given)
