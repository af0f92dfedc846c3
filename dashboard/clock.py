"""Periods: which is the current one, how long it is, what it is called."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from dashboard.formats import day


@dataclass(frozen=True)
class Clock:
    """The mart's time axis.

    Attributes:
        periods: first days of the periods shown, oldest first; the last one is current.
        as_of: the mart's own date, None when no instance ever pinged.
        grain_days: 7, 14, or 0 for calendar months.
    """

    periods: tuple[date, ...]
    as_of: date | None
    grain_days: int

    @property
    def current(self) -> date:
        """First day of the current period."""
        return self.periods[-1]

    @property
    def previous(self) -> date | None:
        """First day of the period before, None when there is just one."""
        return self.periods[-2] if len(self.periods) > 1 else None

    @property
    def last_complete(self) -> date | None:
        """First day of the newest period that is over, None when there is none."""
        return self.previous if self.is_partial else self.current

    @property
    def is_partial(self) -> bool:
        """Whether the current period is still running on `as_of`."""
        return self.as_of is not None and self.as_of < self._last_day(self.current)

    def label(self, period: date | None) -> str:
        """`Nov 2026`, or `16 Nov 2026` for weeks."""
        if period is None:
            return "the period before"
        return day(period) if self.grain_days else f"{period:%b %Y}"

    def short(self, period: date) -> str:
        """As `label`, for an axis: `Nov ’26` or `16 Nov`."""
        return f"{period.day} {period:%b}" if self.grain_days else f"{period:%b} ’{period:%y}"

    def current_label(self) -> str:
        """The current period, and whether it is still running."""
        return f"{self.label(self.current)} so far" if self.is_partial else self.label(self.current)

    def unit(self) -> str:
        """What one period is called."""
        return {0: "month", 7: "week", 14: "two weeks"}.get(self.grain_days, "period")

    def _last_day(self, period: date) -> date:
        if self.grain_days:
            return period + timedelta(days=self.grain_days - 1)
        following = date(period.year + period.month // 12, period.month % 12 + 1, 1)
        return following - timedelta(days=1)


def make_clock(periods: Iterable[date], as_of: date | None, count: int) -> Clock:
    """The last `count` of the mart's periods.

    Args:
        periods: first days, in any order and repeated at will; at least one.
        as_of: the mart's date.
        count: how many periods to show.
    """
    ordered = sorted(set(periods))
    gaps = [(later - earlier).days for earlier, later in itertools.pairwise(ordered)]
    shortest = min(gaps, default=31)
    return Clock(tuple(ordered[-count:]), as_of, shortest if shortest < 28 else 0)
