"""Makes the reports of a run: the marts are read once, and who fails stops nobody else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from dashboard.app.data import DataError, Mart, open_mart
from dashboard.report.data import accounts, parcels
from dashboard.report.files import folder_name, write
from dashboard.report.page import Setting
from dashboard.report.words import Words


def run(ids: Sequence[str], out: Path, sender: str, tell: Callable[[str], None]) -> tuple[int, int]:
    """Writes the reports of these accounts, or of all without any.

    Returns:
        How many were written, and how many failed.

    Raises:
        DataError: there is no mart, it is not whole, or one of the accounts is not in it.
        OSError: the folder cannot be made.
    """
    mart = open_mart()
    _check(mart)
    fresh = mart.freshness
    setting = Setting(Words.of(mart), fresh.grain, fresh.as_of, sender)
    chosen = accounts(mart, ids)
    if not chosen:
        raise DataError("The mart holds no account that had a subscription.")
    out.mkdir(parents=True, exist_ok=True)
    taken: set[str] = set()
    written = failed = 0
    for parcel in parcels(mart, chosen):
        folder = folder_name(parcel.account_id, taken)
        taken.add(folder.lower())
        try:
            write(parcel, setting, out / folder)
            written += 1
        except Exception as error:  # whatever is odd about one account is told, and the next one has its report
            failed += 1
            tell(f"{parcel.account_id}: {type(error).__name__}: {error}")
    return written, failed


def _check(mart: Mart) -> None:
    """A customer gets no figures of a build that failed or goes on."""
    fresh = mart.freshness
    if fresh.is_building or fresh.began_at is not None:
        raise DataError(
            "A build is running, or was stopped: figures may be of two builds. Wait for its end, or build again."
        )
    if fresh.failed:
        raise DataError(
            f"The last build did not pass ({len(fresh.failed)} failed or were left out, the first {fresh.failed[0]}):"
            " nothing is written for customers until one does."
        )
