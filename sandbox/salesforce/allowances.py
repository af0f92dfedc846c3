"""What the org may still do today: calls, rows and batches of jobs; and how many calls run at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from sandbox.salesforce.replies import RefusedError
from sandbox.salesforce.settings import AT_ONCE, DAY_SPENT, Limits

_DAY = 86_400


class Allowances:
    """Counts; one for the whole org, whoever calls."""

    def __init__(self, limits: Limits, clock: Callable[[], float], kept: dict[str, int]) -> None:
        self.limits = limits
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: dict[str, int] = dict(kept)
        self._running = 0

    def take_call(self) -> None:
        """Count one call.

        Raises:
            RefusedError: the day's calls are spent.
        """
        with self._lock:
            self._turn()
            if self._counts.get("calls", 0) >= self.limits.calls_per_day:
                raise RefusedError(DAY_SPENT["errorCode"], DAY_SPENT["message"], 403)
            self._counts["calls"] = self._counts.get("calls", 0) + 1

    def take_batch(self, rows: int) -> bool:
        """Count a job's batch; False when there is none left today."""
        with self._lock:
            self._turn()
            batches, done = self._counts.get("batches", 0), self._counts.get("rows", 0)
            if batches >= self.limits.bulk_batches_per_day or done + rows > self.limits.bulk_rows_per_day:
                return False
            self._counts["batches"], self._counts["rows"] = batches + 1, done + rows
            return True

    def enter(self) -> None:
        """A call begins.

        Raises:
            RefusedError: too many run at once.
        """
        with self._lock:
            cap = self.limits.concurrent_calls
            if cap is not None and self._running >= cap:
                raise RefusedError(AT_ONCE["errorCode"], AT_ONCE["message"], 403)
            self._running += 1

    def leave(self) -> None:
        """A call ends."""
        with self._lock:
            self._running -= 1

    def header(self) -> str:
        """`Sforce-Limit-Info`."""
        used, allowed = self.used()[0][1:]
        return f"api-usage={used}/{allowed}"

    def used(self) -> list[tuple[str, int, int]]:
        """Each allowance's name, what is used of it today, and all of it."""
        limits = self.limits
        with self._lock:
            self._turn()
            count = self._counts.get
            return [
                ("calls of the day", count("calls", 0), limits.calls_per_day),
                ("bulk batches of the day", count("batches", 0), limits.bulk_batches_per_day),
                ("bulk rows of the day", count("rows", 0), limits.bulk_rows_per_day),
            ]

    def to_json(self) -> dict[str, Any]:
        """The reply of `/limits`, as far as it concerns us."""
        (_, calls, all_calls), (_, batches, all_batches), _ = self.used()
        return {
            "DailyApiRequests": {"Max": all_calls, "Remaining": max(0, all_calls - calls)},
            "DailyBulkApiBatches": {"Max": all_batches, "Remaining": all_batches - batches},
            "DailyBulkV2QueryJobs": {"Max": 10_000, "Remaining": 10_000},
            "DataStorageMB": {"Max": 1_024, "Remaining": 1_000},
        }

    def dump(self) -> dict[str, int]:
        """Counts, to be kept over a restart."""
        with self._lock:
            return dict(self._counts)

    def _turn(self) -> None:
        today = int(self._clock() // _DAY)
        if self._counts.get("day") != today:
            self._counts = {"day": today}
