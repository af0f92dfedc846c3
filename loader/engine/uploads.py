"""The bulk route: files instead of calls, and the rows read back afterwards."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import chain

from loader.dbt.artifacts import PublishModel
from loader.engine.destination import Destination, Row, TakesFiles
from loader.engine.values import as_sent
from loader.errors import StoppedError
from loader.warehouse import Mart

log = logging.getLogger("loader")

UNKNOWN_UPLOAD = timedelta(minutes=30)
"""How long a file of which nothing is known may still be worked through."""


class Uploads:
    """One run's files to one destination.

    Args:
        files: the destination again, as what takes files.
    """

    def __init__(self, destination: Destination, files: TakesFiles, mart: Mart) -> None:
        self.destination, self.files, self.state, self.mart = destination, files, mart.state, mart
        self._started = self.state.now()

    def take(self, model: PublishModel) -> bool:
        """Whether the staged rows go by file."""
        return self.files.takes_bulk(model, sum(self.mart.counts(model)))

    def send(self, model: PublishModel, heed_signal: Callable[[], None]) -> Iterator[list[Row]]:
        """Upload the staged rows and read them back.

        Yields:
            Rows that arrived. The others stay staged for single calls, which say why.
        """
        self.mart.intend(model)

        def sent(status_id: str | None) -> bool:
            heed_signal()
            if status_id is None:
                return self.state.begin_upload(model.object, *self.files.uploads_allowed)
            self.state.name_upload(model.object, status_id)
            return True

        self.files.upload(model, chain.from_iterable(self._rows(model)), sent)
        self.wait(model)
        for window in self._rows(model):
            yield self._arrived(model, window)
        self.state.drop_intents(model.object)

    def _rows(self, model: PublishModel) -> Iterator[list[Row]]:
        """The staged rows, without those that the mart has lost meanwhile."""
        for window in self.mart.rows(model):
            yield [row for row in window if row.row_hash]

    def _arrived(self, model: PublishModel, window: list[Row]) -> list[Row]:
        found = self.destination.find(model, window, model.targets)
        arrived: list[Row] = []
        others: dict[str, str | None] = {}
        for row in window:
            records = found[row.row_key]
            if same := as_sent(self.destination, model, row, records):
                row.created_by_us = row.created_by_us or row.destination_id is None
                row.destination_id = same.id
                arrived.append(row)
            elif records:
                others[row.row_key] = records[0].id
        self.mart.mark(model, {row.row_key: row.destination_id for row in arrived}, 0)
        self.mart.mark(model, others, 1)
        return arrived

    def wait(self, model: PublishModel) -> None:
        """Wait until nothing that was uploaded can take effect any more.

        Raises:
            StoppedError: an earlier run left a file of which nothing is known.
        """
        for status_id, at in self.state.open_uploads(model.object):
            if status_id is not None:
                age = (self.state.now() - at).total_seconds()
                log.info("%s: %s", model.object, self.files.await_upload(status_id, age))
            elif self.state.now() - at < UNKNOWN_UPLOAD and at < self._started:
                raise StoppedError(
                    f"A bulk upload to {model.object} of {at} UTC has no known end. Nothing is sent there until"
                    f" {at + UNKNOWN_UPLOAD} UTC, lest rows be created twice; run this again then."
                )
        self.state.end_uploads(model.object)
