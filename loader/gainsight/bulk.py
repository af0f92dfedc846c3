"""The bulk route: a CSV file to a job that an administrator made in the UI (contract section 8)."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import IO

from loader.config import number
from loader.errors import RetriableError, RowRejected, StoppedError
from loader.gainsight.client import Client

log = logging.getLogger("loader")
PATH = "/v1.0/admin/connector/job/bulkimport"
PER_HOUR, PER_DAY = 10, 100
"""Uploads that the vendor takes."""
LARGEST_FILE = 75_000_000
LONGEST_WAIT = 3600.0
_POLL_SECONDS, _LONGEST_POLL = 0.5, 30.0


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
        The import's status id, or None when the file was certainly not taken.

    Raises:
        StoppedError: nobody knows whether it was.
    """
    try:
        return str(client.send_file(PATH, job_id, file)["statusId"])
    except RowRejected as error:
        log.warning("the bulk job %s did not take a file: %s", job_id, error)
    except RetriableError as error:
        if error.ambiguous:
            raise StoppedError(f"A bulk upload has no known end ({error}); run this again later.") from None
        log.warning("the bulk job %s took no file: %s", job_id, error)
    return None


def wait(client: Client, status_id: str, pause: Callable[[float], None]) -> tuple[int, int]:
    """Wait until an import is completed.

    Returns:
        Rows it took, and rows it did not.

    Raises:
        StoppedError: it takes more than an hour; the next run goes on waiting.
    """
    waited, step = 0.0, _POLL_SECONDS
    while waited < LONGEST_WAIT:
        data = client.read(f"{PATH}/status/{status_id}")
        if data.get("status") == "COMPLETED":
            return int(data.get("successCount") or 0), int(data.get("failedCount") or 0)
        pause(step)
        waited, step = waited + step, min(step * 1.5, _LONGEST_POLL)
    raise StoppedError(f"The bulk import {status_id} is not completed after an hour; run this again later.")
