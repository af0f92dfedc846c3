"""The bulk route: a CSV file to a job that an administrator made in the UI (contract section 8)."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from typing import IO, Any

from loader.config import number
from loader.errors import FatalError, RetriableError, RowRejected, StoppedError, WaitingError
from loader.gainsight.client import Client

log = logging.getLogger("loader")
PATH = "/v1.0/admin/connector/job/bulkimport"
PER_HOUR, PER_DAY = 10, 100
"""Uploads that the vendor takes."""
LARGEST_FILE = 75_000_000
LONGEST_RUN = 3600.0
"""Seconds after which an import is taken for ended, whatever it says."""
_POLL_SECONDS, _LONGEST_POLL = 0.5, 30.0
_RUNNING = {"INIT", "IN_PROGRESS", "SUBMITTED", "NOT_STARTED", "QUEUED", "PENDING", "RUNNING", "PROCESSING"}
_COMPLETED = {"COMPLETED", "COMPLETE", "SUCCESS", "SUCCEEDED", "FINISHED", "DONE"}
_BROKEN = {"FAILED", "FAILURE", "ABORTED", "CANCELLED", "CANCELED", "ERROR", "TERMINATED", "REJECTED"}
_ID_NAMES = ("statusid", "id", "jobstatusid", "importid", "requestid")


def threshold() -> int:
    """Rows of one object from which the bulk route is worth its wait."""
    return int(number("GAINSIGHT_BULK_THRESHOLD", 10_000))


def setting(object_name: str) -> str:
    """Name of the setting that holds an object's job id."""
    return f"GAINSIGHT_BULK_JOB_{object_name.upper()}"


def job(object_name: str) -> str | None:
    """An object's job id, when one is configured."""
    return os.environ.get(setting(object_name), "").strip() or None


def upload(client: Client, job_id: str, file: IO[bytes]) -> str | None:
    """Send one file.

    Returns:
        The import's status id, "" when it was taken and named none, or None when the file was certainly not taken.

    Raises:
        StoppedError: nobody knows whether it was.
    """
    try:
        return _status_id(client.send_file(PATH, job_id, file))
    except (RowRejected, RetriableError) as error:
        if _in_doubt(error):
            log.warning("the bulk job %s may have taken a file all the same: %s", job_id, error)
            return ""
        if isinstance(error, RetriableError) and error.ambiguous:
            raise StoppedError(f"A bulk upload has no known end ({error}); run this again later.") from None
        log.warning("the bulk job %s took no file: %s", job_id, error)
    return None


def _in_doubt(error: RowRejected | RetriableError) -> bool:
    """Whether an answer that came whole and is no success leaves open what became of the file."""
    if isinstance(error, RetriableError):
        return error.throttled
    return error.later or (error.vague and error.status < 300)


def wait(client: Client, status_id: str, pause: Callable[[float], None], age: float) -> str:
    """Wait until an import has ended, as far as can be known.

    Args:
        client: the client.
        status_id: of the import.
        pause: waits so many seconds.
        age: seconds since the file was sent.

    Returns:
        What became of it.

    Raises:
        WaitingError: it runs longer than a run waits; the next run looks again.
    """
    patience = number("GAINSIGHT_BULK_WAIT_SECONDS", 600)
    quiet = min(60.0, patience / 10)  # how long a state that is not known to us, or no state, must last
    what, waited, since, step = "", 0.0, 0.0, _POLL_SECONDS
    while True:
        before, (what, ended) = what, _look(client, status_id)
        since = waited if what != before else since
        if ended or (ended is None and waited - since >= quiet):
            return f"the bulk import {status_id} {what}"
        if age + waited >= LONGEST_RUN:
            return f"the bulk import {status_id} {what} after an hour, and is taken for ended"
        if waited >= patience:
            raise WaitingError(
                f"The bulk import {status_id} {what} after {waited:.0f} s. Nothing is held while it goes on; run this"
                " again later, and what it brought is read back."
            )
        step = min(step, _LONGEST_POLL, patience / 10)
        pause(step)
        waited, step = waited + step, step * 1.5


def _look(client: Client, status_id: str) -> tuple[str, bool | None]:
    """What an import is said to be, and whether it has ended; None when that is not said."""
    try:
        data = client.state(f"{PATH}/status/{status_id}")
    except RowRejected as error:
        return f"is not known to the status call ({error.code or error.status})", None
    except FatalError as error:
        raise StoppedError(f"The end of the bulk import {status_id} is not known: {error}. Run this again.") from None
    given = data if isinstance(data, Mapping) else {}
    state = next((v for k, v in given.items() if k.lower().endswith(("status", "state")) and isinstance(v, str)), "")
    name = state.strip().upper().replace(" ", "_").replace("-", "_")
    if name in _RUNNING:
        return f"is still {name}", False
    if name in _COMPLETED:
        counts = (f"{value} {key}" for key, value in given.items() if type(value) is int)
        return f"ended as {name} ({', '.join(counts) or 'no counts'})", True
    if name in _BROKEN:
        return f"ended as {name}; some of its rows may have arrived", True
    return f"is in a state that is not known to us ({name[:40] or 'none'})", None


def _status_id(data: Any) -> str:
    """The id of an import, whatever its name is."""
    if not isinstance(data, Mapping):
        return str(data) if isinstance(data, str | int) else ""
    named = {name.lower().replace("_", ""): str(value) for name, value in data.items() if isinstance(value, str | int)}
    return next((named[name] for name in _ID_NAMES if name in named), "")
