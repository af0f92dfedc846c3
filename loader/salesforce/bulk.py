"""Bulk API 2.0: a job a file, and what became of each row of it."""

from __future__ import annotations

import csv
import io
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any

from loader.config import number
from loader.engine.destination import Outcome, Rejection, Row
from loader.engine.files import cell, next_look
from loader.engine.replies import name_in
from loader.errors import FatalError, RetriableError, RowRejected, WaitingError
from loader.salesforce.client import Client
from loader.salesforce.replies import ABSENT, refused
from loader.salesforce.schema import full

log = logging.getLogger("loader")
PER_HOUR, PER_DAY = 15_000, 15_000
"""Batches of 10,000 rows that the vendor takes a day."""
LARGEST_FILE, MOST_ROWS = 90_000_000, 25_000
NULL = "#N/A"
"""Clears a field; an empty cell leaves it as it is."""
_ENDED = ("JobComplete", "Failed", "Aborted")
_BEGUN = ("UploadComplete", "InProgress", *_ENDED)
TRIES = 3
_SHORTEST_POLL = 0.2
_ERROR = re.compile(r"(?P<code>[A-Z_]+):(?P<text>.*?)(?::(?P<fields>[\w ,.]*?) ?--)?\Z", re.DOTALL)
KINDS = ("successfulResults", "failedResults", "unprocessedrecords")


def threshold() -> int:
    """Rows of one object from which they go by file."""
    return int(number("SALESFORCE_BULK_THRESHOLD", 2_000))


def create(client: Client, object_name: str, key: str) -> str:
    """Make a job, to which nothing has been uploaded yet; its id.

    Args:
        key: the external id to create or change records by, or `Id` to change them.
    """
    job: dict[str, Any] = {"object": object_name, "operation": "update", "contentType": "CSV", "lineEnding": "LF"}
    if key != "Id":
        job |= {"operation": "upsert", "externalIdFieldName": key}
    return str(client.job("POST", "", job)["id"])


def upload(client: Client, job_id: str, file: IO[bytes]) -> bool:
    """Give a job its file and let it begin; False when that came to nothing, and the job was given up.

    A job whose file may or may not have arrived is given up: nothing of an open job takes effect.
    """
    try:
        client.job("PUT", f"/{job_id}/batches", file.read(), repeat=False)
    except (RetriableError, RowRejected) as error:
        log.warning("the bulk job %s has no known file and is given up: %s", job_id, error)
        abort(client, job_id)
        return False
    try:
        client.job("PATCH", f"/{job_id}", {"state": "UploadComplete"})
    except RowRejected:
        # Also what a second try says after a first one that nobody answered.
        if client.job("GET", f"/{job_id}").get("state") not in _BEGUN:
            abort(client, job_id)
            return False
    return True


def abort(client: Client, job_id: str) -> None:
    """Give a job up; one that has ended or is not there needs no more."""
    try:
        client.job("PATCH", f"/{job_id}", {"state": "Aborted"})
    except (RowRejected, FatalError) as error:
        log.info("the bulk job %s was not aborted: %s", job_id, error)


def wait(client: Client, job_id: str, age: float) -> str:
    """Wait until a job has ended; a fault while asking never ends it.

    Args:
        client: the client.
        job_id: of the job.
        age: seconds since it was made.

    Returns:
        What became of it.

    Raises:
        WaitingError: it runs longer than a run waits; the next run looks again.
    """
    patience, waited = number("SALESFORCE_BULK_WAIT_SECONDS", 600), 0.0
    while True:
        try:
            job = client.job("GET", f"/{job_id}")
        except FatalError as error:
            if error.code != ABSENT:
                raise
            return f"the bulk job {job_id} is not there any more"
        state = str(job.get("state") or "")
        if state == "Open":  # its run ended before it began
            abort(client, job_id)
            return f"the bulk job {job_id} never began, and was aborted"
        if state in _ENDED:
            counts = f"{job.get('numberRecordsProcessed')} rows processed, {job.get('numberRecordsFailed')} failed"
            why = f": {str(job['errorMessage'])[:200]}" if job.get("errorMessage") else ""
            return f"the bulk job {job_id} ended as {state} ({counts}){why}"
        if waited >= patience:
            raise WaitingError(
                f"The bulk job {job_id} is still {state} after {waited:.0f} s. It goes on; run this again later, and"
                " what became of its rows is read then."
            )
        pause = next_look(age + waited, _SHORTEST_POLL, patience)
        client.http.meter.pause(pause)
        waited += pause


class JobResults:
    """See `loader.engine.destination.Results`: what jobs' results say of each row, tied by key, for their order is not
    kept.

    Args:
        key: the field that ties, the external id or `Id`.
        header: fields of the file.
        refused: rows that were not put into a file, and why.
        by_call: a code that a single call may overcome.
    """

    def __init__(self, key: str, header: Sequence[str], refused: dict[str, Rejection], by_call: frozenset[str]) -> None:
        self._key, self._header, self._refused, self._by_call = key, header, refused, by_call
        self._taken: dict[str, tuple[str, bool, int]] = {}
        self._failed: dict[str, tuple[str, dict[str, str]]] = {}
        self._unprocessed: set[str] = set()

    def take(self, kind: str, content: bytes) -> None:
        """Read one kind of a job's results."""
        lines = csv.reader(io.StringIO(content.decode("utf-8"), newline=""))
        header = next(lines, [])
        place = {name.lower(): n for n, name in enumerate(header)}
        if self._key.lower() not in place:
            return
        key, own = place[self._key.lower()], [place.get(name.lower(), 0) for name in self._header]
        if kind == KINDS[0]:
            record_id, created = place["sf__id"], place["sf__created"]
            for line in lines:
                cells = hash(tuple([line[n] for n in own]))
                self._taken[line[key]] = (line[record_id], line[created].lower() == "true", cells)
        elif kind == KINDS[1]:
            for line in lines:
                self._failed[line[key]] = (line[place["sf__error"]], dict(zip(header, line, strict=False)))
        else:
            self._unprocessed.update(line[key] for line in lines)

    def outcome(self, row: Row, key: str) -> Outcome:
        """Of one row, whose key this is."""
        if why := self._refused.pop(row.row_key, None):
            return Outcome(row, why)
        if taken := self._taken.get(key):
            row.destination_id = full(taken[0])
            row.created_by_us = row.created_by_us or taken[1]
            return Outcome(row)
        if failed := self._failed.get(key):
            return self._of_error(row, *failed)
        code = "UNPROCESSED" if key in self._unprocessed else "NO_RESULT"
        return Outcome(row, later=Rejection("", code, "the bulk job ended before this row, or does not name it"))

    def holds(self, row: Row, key: str, record: Mapping[str, Any]) -> bool | None:
        """Whether a row was taken with these values; None where nothing is told."""
        taken = self._taken.get(key)
        if taken is None:
            return False if key in self._failed or key in self._unprocessed else None
        if taken[2] != hash(tuple(cells(record, self._header))):
            return False
        row.destination_id = full(taken[0])
        row.created_by_us = row.created_by_us if row.stands else taken[1]
        return True

    def _of_error(self, row: Row, error: str, given: Mapping[str, str]) -> Outcome:
        found = _ERROR.match(error)
        code, text = (found["code"], found["text"]) if found else ("", error)
        fields = [name_in(each.strip()) for each in ((found and found["fields"]) or "").split(",")]
        named = [each for each in fields if each]
        for value in (given.get(each) for each in named):
            text = text.replace(value, "...") if value and len(value) > 1 else text
        if code in self._by_call:
            return Outcome(row, later=Rejection(", ".join(named), code, text[:300]))
        return refused(row, code, text, named)


def cells(record: Mapping[str, Any], header: Sequence[str]) -> Iterator[str]:
    """A row's cells."""
    return (cell(record[name], NULL) for name in header)


def read_results(client: Client, job_id: str, results: JobResults) -> None:
    """Read what became of a job's rows; of one that is not there any more nothing is known."""
    for kind in KINDS:
        try:
            content = client.job("GET", f"/{job_id}/{kind}/")
        except FatalError as error:
            if error.code != ABSENT:
                raise
            return
        if isinstance(content, bytes):
            results.take(kind, content)
