"""Imports: files of a custom object's rows, and which of their rows have to go by calls."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from loader.config import number
from loader.dbt.artifacts import PublishModel
from loader.engine.destination import Outcome, Row
from loader.engine.files import cell, next_look
from loader.engine.replies import harmless
from loader.errors import FatalError, RowRejected, WaitingError
from loader.marketo.client import Client
from loader.marketo.replies import ABSENT, FILES, QUEUE

log = logging.getLogger("loader")
PER_HOUR, PER_DAY = 100_000, 100_000
"""No limit: the queue is one, and each file is a call."""
LARGEST_FILE, MOST_ROWS = 9_500_000, 10_000
NOT_TAKEN = "not taken"
"""The id of a file that was refused."""
_CLEARS = "NULL"
"""A word that Marketo's imports of people take for nothing."""
_ENDED = ("Complete", "Failed")
_SHORTEST_POLL = 5.0
"""Seconds between two polls; the vendor asks for 5 to 30."""
_COUNTS = {
    "numOfObjectsProcessed": "rows processed",
    "numOfRowsFailed": "failed",
    "numOfRowsWithWarning": "with warnings",
}
IMPORTED = "import "
"""What the id of a record begins with that no reply has named yet: it came by file."""
Key = tuple[str, ...]


def threshold() -> int:
    """Rows of one object from which they go by file."""
    return int(number("MARKETO_BULK_THRESHOLD", 10_000))


def patience() -> float:
    """Seconds that a run waits for an import."""
    return number("MARKETO_BULK_WAIT_SECONDS", 600)


def fits(line: Mapping[str, Any]) -> bool:
    """Whether a row says in a file what it says in a call."""
    return _CLEARS not in line.values()


def packed(model: PublishModel, lines: Iterable[Mapping[str, Any]]) -> Iterator[tuple[bytes, set[Key]]]:
    """Files that Marketo takes, the dedupe fields first, with the keys of their rows."""
    header = [*model.key, *(name for name in model.targets if name not in model.key)]
    out = io.StringIO(newline="")
    write = csv.writer(out, lineterminator="\n").writerow
    head = f"{','.join(header)}\n".encode()
    rows, keys, held = [head], set[Key](), len(head)
    for line in lines:
        out.seek(0)
        out.truncate()
        write([cell(line[name]) for name in header])
        row = out.getvalue().encode()
        if keys and held + len(row) > LARGEST_FILE:
            yield b"".join(rows), keys
            rows, keys, held = [head], set(), len(head)
        rows.append(row)
        keys.add(key_of(line, model.key))
        held += len(row)
    if keys:
        yield b"".join(rows), keys


def key_of(line: Mapping[str, Any], key: Sequence[str]) -> Key:
    """A row's key as a file has it."""
    return tuple(cell(line[name]) for name in key)


class Imports:
    """The files of one run. An id names object and number, for both are needed to ask for its end."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._sent: dict[str, set[Key]] = {}
        self._ended: dict[str, Mapping[str, Any]] = {}

    def send(self, name: str, content: bytes, keys: set[Key]) -> str:
        """Give a file to the queue, once there is room in it, and note whose rows are in it; its id.

        Raises:
            FatalError: files are not taken, nor will be.
        """
        waited = 0.0
        while True:
            try:
                batch = self._client.send_file(name, content)
            except RowRejected as error:
                if error.code not in QUEUE or waited >= patience():
                    log.warning("%s took no file, its rows go by calls: %s", name, error)
                    return NOT_TAKEN
                log.info("the queue of imports is full (%s)", error.code)
                waited += self._pause(waited)
                continue
            self._sent[f"{name}/{batch}"] = keys
            return f"{name}/{batch}"

    def wait(self, status_id: str, age: float) -> str:
        """Wait until an import has ended; a fault while asking never ends it.

        Args:
            status_id: of the file.
            age: seconds since it was sent.

        Returns:
            What became of it.

        Raises:
            WaitingError: it runs longer than a run waits; the next run looks again.
        """
        name, _, batch = status_id.rpartition("/")
        if not name:
            return "a file was not taken"
        waited = 0.0
        while True:
            try:
                state = self._client.import_state(name, batch)
            except FatalError as error:
                if error.code not in ABSENT:
                    raise
                return f"the import {batch} is not known any more"
            status = str(state.get("status") or "")
            if status in _ENDED:
                self._ended[status_id] = state
                told = (f"{state.get(each) or 0} {what}" for each, what in _COUNTS.items())
                return f"the import {batch} ended as {status} ({', '.join(told)})"
            if waited >= patience():
                raise WaitingError(
                    f"The import {batch} of {name} is still {status} after {waited:.0f} s. It goes on; run this again"
                    " later, and what became of its rows is read then."
                )
            waited += self._pause(age + waited)

    def results(self, model: PublishModel, status_ids: Sequence[str]) -> ImportResults:
        """What became of the rows of files that have ended; their files of failures and warnings are read."""
        found = ImportResults(model)
        for status_id in status_ids:
            state, keys = self._ended.pop(status_id, {}), self._sent.pop(status_id, set())
            name, _, batch = status_id.rpartition("/")
            kinds = [kind for kind, count in FILES.items() if state.get(count)]
            named = {kind: self._named(model, name, batch, kind) for kind in kinds}
            done = (state.get("numOfObjectsProcessed") or 0) + (state.get("numOfRowsFailed") or 0)
            found.failed |= named.get("failures", set())
            if state.get("status") == "Complete" and done == len(keys):
                found.taken |= dict.fromkeys(keys.difference(*named.values()), status_id)
        return found

    def _named(self, model: PublishModel, name: str, batch: str, kind: str) -> set[Key]:
        """Keys of the rows in a file of failures or warnings, whose last column says why."""
        content = self._client.import_rows(name, batch, kind)
        lines = csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""))
        keys, reason = set[Key](), ""
        for line in lines:
            keys.add(tuple(line.get(each) or "" for each in model.key))
            reason = reason or str(line.get((lines.fieldnames or [""])[-1]) or "")
        if keys:
            log.warning("the import %s has %d %s, such as: %s", batch, len(keys), kind, harmless(reason))
        return keys

    def _pause(self, waited: float) -> float:
        pause = next_look(waited, _SHORTEST_POLL, patience())
        self._client.http.meter.pause(pause)
        return pause


class ImportResults:
    """See `loader.engine.destination.Results`. Files do not say which rows are new, nor what ids records have.

    A row is taken when its import is complete, accounts for as many rows as it had, and names it neither among failures
    nor warnings. Every other one goes by a call, which says of it alone what is wrong, and in codes.

    Attributes:
        taken: the import of each such row, by key.
        failed: keys of rows that failed.
    """

    def __init__(self, model: PublishModel) -> None:
        self._model = model
        self.taken: dict[Key, str] = {}
        self.failed: set[Key] = set()

    def outcome(self, row: Row) -> Outcome | None:
        """See `Results`."""
        status_id = self.taken.get(self._key(row))
        if status_id is None:
            return None
        row.destination_id = row.destination_id or f"{IMPORTED}{status_id}{row.row_key}"
        return Outcome(row)

    def holds(self, row: Row) -> bool | None:
        """See `Results`. With which values a row was taken is not said."""
        return False if self._key(row) in self.failed else None

    def _key(self, row: Row) -> Key:
        return key_of(self._model.key_values(row.row_key), self._model.key)
