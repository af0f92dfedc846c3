"""The bulk route: files instead of calls, and the rows read back afterwards."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import chain

from loader.config import number
from loader.dbt.artifacts import PublishModel
from loader.engine.destination import Destination, FilesAlone, Outcome, Results, Row, TakesFiles, TellsResults
from loader.engine.values import as_sent
from loader.errors import ReplyError, StoppedError, WaitingError
from loader.warehouse import Mart, State
from loader.warehouse.mart import WINDOW

log = logging.getLogger("loader")

FILES_AHEAD = 3
"""While one is worked through, the next ones are made."""
UNKNOWN_UPLOAD = timedelta(minutes=30)
"""How long a file of which nothing is known may still be worked through: no vendor says, so a setting may."""


def unnamed(files: TakesFiles, state: State, object_name: str, before: datetime | None = None) -> str:
    """Why nothing may be sent to an object: a file was handed over, and its run ended before it knew the file's id.

    Args:
        before: only files of an earlier time.
    """
    if files.named_first:
        return ""
    patience = timedelta(seconds=number("LOADER_UNNAMED_FILE_SECONDS", UNKNOWN_UPLOAD.total_seconds()))
    begun = [at for status_id, at in state.open_uploads(object_name) if status_id is None]
    until = max([at + patience for at in begun if not before or at < before], default=state.now())
    if until <= state.now():
        return ""
    return (
        f"{object_name}: a file that was handed over at {until - patience:%Y-%m-%d %H:%M:%S} UTC has no known end: its"
        f" run ended before it knew the file's id. Nothing is sent to {object_name} until {until:%H:%M:%S} UTC, lest"
        " rows be created twice, or older values come after newer ones. When you see at the destination that it has"
        " ended, or that none came, LOADER_UNNAMED_FILE_SECONDS=1 ends the wait."
    )


def next_file(alone: FilesAlone, state: State, object_name: str) -> str:
    """From when on an object's next file may be written; "" where that is now."""
    last = state.last_upload(object_name)
    then = last + timedelta(seconds=alone.seconds_apart) if last else state.now()
    return f"the next file may be written from {then:%H:%M:%S} UTC on" if then > state.now() else ""


class Uploads:
    """One run's files to one destination.

    Args:
        files: the destination again, as what takes files.
        built: says that the marts are those that the gate saw, or raises.
        pause: waits so many seconds.
    """

    def __init__(
        self,
        destination: Destination,
        files: TakesFiles,
        mart: Mart,
        built: Callable[[], None],
        pause: Callable[[float], None],
    ) -> None:
        self._built, self._pause = built, pause
        self.destination, self.files, self.state, self.mart = destination, files, mart.state, mart
        self._alone = files if isinstance(files, FilesAlone) else None
        self._started = self.state.now()

    def take(self, model: PublishModel) -> bool:
        """Whether the staged rows go by file."""
        return self.files.takes_bulk(model, sum(self.mart.counts(model)))

    def send(self, model: PublishModel, heed_signal: Callable[[], None]) -> Iterator[list[Outcome]]:
        """Upload the staged rows, and see what became of them.

        Yields:
            Outcomes. Rows without one stay staged for single calls, which say why.
        """
        for known in (False, True):
            self.mart.intend(model, known=known)

        def sent(status_id: str | None) -> bool:
            heed_signal()
            if status_id is None:
                apart = self._alone.seconds_apart if self._alone else 0.0
                return self.state.begin_upload(model.object, *self.files.uploads_allowed, apart)
            self.state.name_upload(model.object, status_id, self.state.now() if self._alone else None)
            return True

        if isinstance(self.files, TellsResults):
            yield from self._told(model, self.files, sent)
        else:
            self.files.upload(model, chain.from_iterable(self._rows(model)), sent)
            self.wait(model)
            self.state.end_uploads(model.object)
            for window in self._rows(model):
                yield [Outcome(row) for row in self._arrived(model, window)]
        self.state.drop_intents(model.object)

    def _told(
        self, model: PublishModel, files: TellsResults, sent: Callable[[str | None], bool]
    ) -> Iterator[list[Outcome]]:
        """Files of so many rows, a few of them under way at a time, so that memory does not grow with their number."""
        windows, under_way, more = self._rows(model), deque[_Part](), True
        left: list[str] = []
        while more or under_way:
            if not more or len(under_way) == FILES_AHEAD:
                yield from self._settled(model, files, under_way.popleft(), left)
                continue
            part = _Part(windows, files.rows_per_file)
            try:
                self.files.upload(model, part, partial(part.noting, sent))
            except ReplyError as error:
                if self._alone and not getattr(error, "ambiguous", False):
                    self.state.forget_uploads(model.object, part.ids)  # none was taken, so the next need not wait
                raise
            more = part.allowed and bool(part.rows)
            if part.rows and (part.allowed or part.ids):
                under_way.append(part)
        self.mart.postpone(model, left, 1)

    def _settled(
        self, model: PublishModel, files: TellsResults, part: _Part, left: list[str]
    ) -> Iterator[list[Outcome]]:
        """What became of a part's rows; the keys of those that are to go by calls are added to `left`."""
        self.wait(model, part.ids)
        results = files.results(model, part.ids)
        self.mart.done(model, part.rows[-1].pos)
        for start in range(0, len(part.rows), WINDOW):
            told = [(row, results.outcome(row)) for row in part.rows[start : start + WINDOW]]
            left += [row.row_key for row, outcome in told if outcome is None]
            yield [outcome for _, outcome in told if outcome]
        self.state.end_uploads(model.object, part.ids)

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

    def wait(self, model: PublishModel, only: Sequence[str] | None = None) -> list[str]:
        """Wait until nothing that was uploaded can take effect any more. Meanwhile others may have the warehouse.

        Args:
            model: the publish model.
            only: of these files.

        Returns:
            The ids of what was.

        Raises:
            WaitingError: an earlier run left a file of which nothing is known, or that is not through yet.
            StoppedError: dbt ran meanwhile.
        """
        if only is None and (text := unnamed(self.files, self.state, model.object, self._started)):
            raise WaitingError(text)
        ended = []
        for status_id, at in self.state.open_uploads(model.object):
            if status_id is None or (only is not None and status_id not in only):
                continue
            age = (self.state.now() - at).total_seconds()
            with self.state.away(self._pause):
                what = self.files.await_upload(status_id, age)
            log.info("%s: %s", model.object, what)
            self._built()
            ended.append(status_id)
        return ended

    def refuse_rest(self, models: Sequence[PublishModel]) -> None:
        """Where there are no calls, what no file took waits for the next run.

        Raises:
            StoppedError: there is such.
        """
        texts = []
        for model in models if self._alone else ():
            rows = sum(self.mart.counts(model))
            if rows and self._alone:
                why = self._alone.hindrance(model.object) or next_file(self._alone, self.state, model.object)
                texts.append(f"{rows} rows of {model.object} wait: {why or 'the next file takes them'}.")
        if texts:
            raise StoppedError(f"{' '.join(texts)} Run this again then.")

    def results(self, model: PublishModel, ended: Sequence[str]) -> Results | None:
        """What became of the rows of files that have ended, where the destination says it."""
        return self.files.results(model, ended) if ended and isinstance(self.files, TellsResults) else None


class _Part:
    """Rows for one file; what has been read of them is kept without its values.

    Attributes:
        ids: of the files that they went into.
        allowed: whether the last of these might be sent.
    """

    def __init__(self, windows: Iterator[list[Row]], most: int) -> None:
        self._windows, self._most = windows, most
        self.rows: list[Row] = []
        self.ids: list[str] = []
        self.allowed = True

    def noting(self, sent: Callable[[str | None], bool], status_id: str | None) -> bool:
        """Say `sent`, and note what it says."""
        if status_id is not None:
            self.ids.append(status_id)
        self.allowed = sent(status_id)
        return self.allowed

    def __iter__(self) -> Iterator[Row]:
        while len(self.rows) < self._most and (window := next(self._windows, None)):
            for row in window:
                yield row
                row.record, row.lookups = "{}", {}
                self.rows.append(row)
