"""The budget of calls: the vendor's window, the day's quota, and a cap of the user's."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

from loader.errors import StoppedError


class Meter:
    """Counts every call and makes callers wait.

    The vendor counts in fixed windows that start we do not know when. So a call may go when the one
    `per_window` calls before it was answered more than a window ago: then no window, wherever it starts,
    holds more calls than allowed, and the allowance is used but for the time of one answer a window.

    Args:
        today: calls that earlier runs made today (UTC).
        recent: calls that they made within a window before `last_call_at`.
        most: cap on this run's calls.

    Attributes:
        before_wait: called before a wait for the next window, to do meanwhile what can be done.
    """

    def __init__(
        self,
        per_window: int,
        window: float,
        per_day: int,
        *,
        today: int = 0,
        recent: int = 0,
        last_call_at: datetime | None = None,
        most: int | None = None,
    ) -> None:
        self.stop = threading.Event()
        self.before_wait: Callable[[], None] = lambda: None
        self.calls = 0
        self.per_window, self.window, self.per_day = per_window, window, per_day
        self._most = most
        self._before, self._day = today, datetime.now(UTC).date()
        self._unsaved = False
        age = (datetime.now(UTC).replace(tzinfo=None) - last_call_at).total_seconds() if last_call_at else window
        earlier = [time.monotonic() - max(age, 0.0)] * (recent if age < window else 0)
        self._answered: deque[float] = deque(earlier, maxlen=per_window)
        self._last_call_at = last_call_at

    @property
    def today(self) -> int:
        """Calls counted today, earlier runs' included."""
        return self._before + self.calls

    @property
    def remaining(self) -> int:
        """Calls left for today (UTC)."""
        return max(0, self.per_day - self.today)

    def pause(self, seconds: float) -> None:
        """Wait; a signal to stop ends the wait.

        Raises:
            StoppedError: the signal came.
        """
        if seconds > 0 and self.stop.wait(seconds):
            raise StoppedError("Stopped by a signal; what was sent is recorded.")

    def take(self) -> None:
        """Count one call that is about to be made, after waiting until it is allowed.

        Raises:
            StoppedError: the quota or the cap is used up, or a signal came.
        """
        today = datetime.now(UTC).date()
        if today != self._day:
            self._before, self._day = -self.calls, today
        if self._most is not None and self.calls >= self._most:
            raise StoppedError(f"The {self._most} calls allowed by --max-calls are used up.")
        if not self.remaining:
            raise StoppedError(f"Today's quota of {self.per_day} calls is used up; it starts again at 00:00 UTC.")
        if len(self._answered) == self.per_window:
            allowed_at = self._answered[0] + self.window
            if time.monotonic() < allowed_at:
                self.before_wait()
            self.pause(allowed_at - time.monotonic())
        self.calls += 1
        self._unsaved = True

    def answered(self) -> None:
        """The call that was counted last is over, with or without a reply."""
        self._answered.append(time.monotonic())
        self._last_call_at = datetime.now(UTC).replace(tzinfo=None)

    def unsaved(self) -> tuple[int, int, datetime] | None:
        """What the state does not know yet: calls of the day, calls of the last window, last call."""
        if not self._unsaved or self._last_call_at is None:
            return None
        self._unsaved = False
        since = time.monotonic() - self.window
        return self.today, sum(1 for each in self._answered if each > since), self._last_call_at
