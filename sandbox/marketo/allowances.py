"""What the instance's users may still do: calls in 20 seconds, in a day, and at once."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from sandbox.marketo.replies import RefusedError
from sandbox.marketo.settings import Limits

CENTRAL = timezone(timedelta(hours=-6))
_KEPT_DAYS = 7


class Allowances:
    """Counts; one for the whole instance, whoever calls."""

    def __init__(self, limits: Limits, user: str, clock: Callable[[], float], kept: dict[str, Any]) -> None:
        self.limits = limits
        self.running = 0
        self.most_at_once = 0
        self._user = user
        self._clock = clock
        self._lock = threading.Lock()
        self._window: deque[float] = deque()
        self._days = Counter({str(day): int(calls) for day, calls in kept.get("days", {}).items()})
        self._errors = {str(day): Counter(codes) for day, codes in kept.get("errors", {}).items()}

    def take_call(self) -> None:
        """Count one call.

        Raises:
            RefusedError: the day is spent, or there were too many calls just now.
        """
        limits, now = self.limits, self._clock()
        with self._lock:
            code = self._refusal(limits, now)
            if code is None or limits.counts_refused:
                self._days[self._day()] += 1
            if code is not None:
                raise RefusedError(code, _text(code, limits))
            self._window.append(now)

    def enter(self) -> None:
        """A counted call begins.

        Raises:
            RefusedError: too many run at once.
        """
        limits = self.limits
        with self._lock:
            if limits.at_once is None or self.running + limits.others_at_once < limits.at_once:
                self.running += 1
                self.most_at_once = max(self.most_at_once, self.running)
                return
        if not limits.counts_refused:
            self.uncount()
        raise RefusedError("615", _text("615", limits))

    def leave(self) -> None:
        """A call ends."""
        with self._lock:
            self.running -= 1

    def uncount(self) -> None:
        """The call just counted is not to count."""
        with self._lock:
            self._days[self._day()] -= 1
            if self._window:
                self._window.pop()

    def note(self, code: str) -> None:
        """Count an error of the day."""
        with self._lock:
            self._errors.setdefault(self._day(), Counter())[code] += 1

    def usage(self, days: int = 1) -> list[dict[str, Any]]:
        """The reply of `usage.json`: each day's calls by user, today first."""
        with self._lock:
            others = self.limits.others_per_day
            told = []
            for day in self._last(days):
                ours = self._days.get(day, 0)
                users = [{"userId": self._user, "count": ours}]
                users += [{"userId": "other.service@example.com", "count": others}] if others else []
                told.append({"date": day, "total": ours + others, "users": users})
            return told

    def errors(self, days: int = 1) -> list[dict[str, Any]]:
        """The reply of `errors.json`: each day's errors by code, today first."""
        with self._lock:
            told = []
            for day in self._last(days):
                codes = self._errors.get(day, Counter())
                listed = [{"errorCode": code, "count": count} for code, count in sorted(codes.items())]
                told.append({"date": day, "total": codes.total(), "errors": listed})
            return told

    def used(self) -> list[tuple[str, int, int | None]]:
        """Each limit's name, what is used of it, and all of it."""
        with self._lock:
            limits = self.limits
            self._turn(self._clock())
            return [
                ("calls of the day", self._days.get(self._day(), 0) + limits.others_per_day, limits.calls_per_day),
                (
                    f"calls in {limits.window_seconds:g} seconds",
                    len(self._window) + limits.others_per_window,
                    limits.calls_per_window,
                ),
            ]

    def dump(self) -> dict[str, Any]:
        """Counts, to be kept over a restart."""
        with self._lock:
            kept = self._last(_KEPT_DAYS)
            return {
                "days": {day: self._days[day] for day in kept if day in self._days},
                "errors": {day: dict(self._errors[day]) for day in kept if day in self._errors},
            }

    def _refusal(self, limits: Limits, now: float) -> str | None:
        self._turn(now)
        today = self._days.get(self._day(), 0) + limits.others_per_day
        if limits.calls_per_day is not None and today >= limits.calls_per_day:
            return "607"
        lately = len(self._window) + limits.others_per_window
        if limits.calls_per_window is not None and lately >= limits.calls_per_window:
            return "606"
        return None

    def _turn(self, now: float) -> None:
        while self._window and self._window[0] <= now - self.limits.window_seconds:
            self._window.popleft()

    def _day(self, back: int = 0) -> str:
        at = datetime.fromtimestamp(self._clock(), UTC).astimezone(CENTRAL) - timedelta(days=back)
        return at.date().isoformat()

    def _last(self, days: int) -> list[str]:
        return [self._day(back) for back in range(days)]


def _text(code: str, limits: Limits) -> str:
    if code == "606":
        return f"Max rate limit '{limits.calls_per_window}' exceeded with in '{limits.window_seconds:g}' secs"
    return f"Concurrent access limit '{limits.at_once}' reached" if code == "615" else ""
