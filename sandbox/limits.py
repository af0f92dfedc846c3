"""Rate limits: fixed windows and daily quotas (contract section 7)."""

from __future__ import annotations

import threading
from collections.abc import Callable

from sandbox.settings import Limits


class LimitGate:
    """Counts the tenant's calls; one for the whole tenant, whoever calls."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self.limits = limits
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[int, int]] = {}

    def take(self, *, bulk: bool) -> float | None:
        """Count one call.

        Args:
            bulk: whether it is an asynchronous (bulk import) call.

        Returns:
            None when it is within the limits, else the seconds until the window ends.
        """
        now = self._clock()
        with self._lock:
            windows = self._windows(bulk)
            for name, cap, length in windows:
                if cap is not None and self._used(name, now, length) >= cap:
                    return length - now % length
            for name, _, length in windows:
                self._counts[name] = (int(now // length), self._used(name, now, length) + 1)
        return None

    def usage(self) -> list[tuple[str, int, int | None]]:
        """Each window's name, calls counted in the current one, and cap."""
        now = self._clock()
        with self._lock:
            return [
                (name, self._used(name, now, length), cap)
                for bulk in (False, True)
                for name, cap, length in self._windows(bulk)
            ]

    def dump(self) -> dict[str, tuple[int, int]]:
        """Counters as (window number, calls), to be kept over a restart."""
        with self._lock:
            return dict(self._counts)

    def load(self, counts: dict[str, tuple[int, int]]) -> None:
        """Restore what `dump` gave."""
        with self._lock:
            self._counts = {name: (int(w), int(n)) for name, (w, n) in counts.items()}

    def _windows(self, bulk: bool) -> list[tuple[str, int | None, float]]:
        limits = self.limits
        if bulk:
            return [
                ("bulk window", limits.bulk_calls_per_window, limits.bulk_window_seconds),
                ("bulk day", limits.bulk_calls_per_day, limits.day_seconds),
            ]
        return [
            ("window", limits.calls_per_window, limits.window_seconds),
            ("day", limits.calls_per_day, limits.day_seconds),
        ]

    def _used(self, name: str, now: float, length: float) -> int:
        window, count = self._counts.get(name, (-1, 0))
        return count if window == int(now // length) else 0
