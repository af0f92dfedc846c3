"""The budget of calls: the vendor's window, the day's quota, and a cap of the user's."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from loader.errors import StoppedError


@dataclass(frozen=True)
class Window:
    """So many calls are taken in so many seconds."""

    calls: int
    seconds: float


class Meter:
    """Counts every call and makes callers wait.

    The vendor counts in fixed windows that start we do not know when. So a call may go when the one `calls` calls
    before it was answered more than a window ago: then no window, wherever it starts, holds more calls than allowed,
    and the allowance is used but for the time of one answer a window.

    Args:
        windows: all of them hold.
        today: calls that earlier runs made today (UTC).
        recent: calls that they made within each window before `last_call_at`.
        most: cap on this run's calls.

    Attributes:
        before_wait: called with the seconds before a wait, to do meanwhile what can be done.
    """

    def __init__(
        self,
        windows: Sequence[Window],
        per_day: int,
        *,
        today: int = 0,
        recent: Sequence[int] = (),
        last_call_at: datetime | None = None,
        most: int | None = None,
    ) -> None:
        self.stop = threading.Event()
        self.before_wait: Callable[[float], None] = lambda seconds: None
        self.calls = 0
        self.windows, self.per_day = windows, per_day
        self._most: int | None = most
        self._told: int | None = None
        self._before, self._day = today, datetime.now(UTC).date()
        self._unsaved = False
        age = (datetime.now(UTC).replace(tzinfo=None) - last_call_at).total_seconds() if last_call_at else math.inf
        self._answered: list[deque[float]] = []
        for n, window in enumerate(windows):
            made = recent[n] if n < len(recent) and age < window.seconds else 0
            earlier = [time.monotonic() - max(age, 0.0)] * made
            self._answered.append(deque(earlier, maxlen=window.calls))
        self._last_call_at = last_call_at

    @property
    def today(self) -> int:
        """Calls counted today, earlier runs' included."""
        return self._before + self.calls

    @property
    def remaining(self) -> int:
        """Calls left for today (UTC): of our share, and of what the destination told."""
        ours = max(0, self.per_day - self.today)
        return ours if self._told is None else min(ours, self._told)

    @property
    def is_told(self) -> bool:
        """Whether the destination has said how many calls it takes yet today."""
        return self._told is not None

    def told(self, left: int) -> None:
        """The destination said how many calls it takes yet today."""
        self._told = max(0, left)

    def pause(self, seconds: float) -> None:
        """Wait; a signal to stop ends the wait.

        Raises:
            StoppedError: the signal came.
        """
        if seconds > 0:
            self.before_wait(seconds)
        if seconds > 0 and self.stop.wait(seconds):
            raise StoppedError("Stopped by a signal; what was sent is recorded.")

    def take(self) -> None:
        """Count one call that is about to be made, after waiting until it is allowed.

        Raises:
            StoppedError: the quota or the cap is used up, or a signal came.
        """
        today = datetime.now(UTC).date()
        if today != self._day:
            self._before, self._day, self._told = -self.calls, today, None
        if self._most is not None and self.calls >= self._most:
            raise StoppedError(f"The {self._most} calls allowed by --max-calls are used up.")
        if not self.remaining:
            raise StoppedError(self._used_up())
        full = [(made, w) for made, w in zip(self._answered, self.windows, strict=True) if len(made) == w.calls]
        allowed_at = max((made[0] + window.seconds for made, window in full), default=0.0)
        self.pause(allowed_at - time.monotonic())
        self.calls += 1
        self._unsaved = True
        if self._told is not None:
            self._told -= 1

    def _used_up(self) -> str:
        if self.today < self.per_day:
            return "The destination says that its calls of the day are used up."
        return f"Today's quota of {self.per_day} calls is used up; it starts again at 00:00 UTC."

    def answered(self) -> None:
        """The call that was counted last is over, with or without a reply."""
        for made in self._answered:
            made.append(time.monotonic())
        self._last_call_at = datetime.now(UTC).replace(tzinfo=None)

    def unsaved(self) -> tuple[int, list[int], datetime] | None:
        """What the state does not know yet: calls of the day, calls of each window until now, last call."""
        if not self._unsaved or self._last_call_at is None:
            return None
        self._unsaved = False
        now = time.monotonic()
        pairs = zip(self._answered, self.windows, strict=True)
        recent = [sum(each > now - window.seconds for each in made) for made, window in pairs]
        return self.today, recent, self._last_call_at
