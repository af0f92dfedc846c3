"""The product's releases and the path of upgrades that an instance takes through them."""

from __future__ import annotations

from datetime import date, timedelta

RELEASES: tuple[str, ...] = (
    *(f"13.{minor}" for minor in range(9, 13)),
    *(f"14.{minor}" for minor in range(11)),
    *(f"15.{minor}" for minor in range(12)),
    *(f"16.{minor}" for minor in range(12)),
    *(f"17.{minor}" for minor in range(12)),
)


def upgrades(first: str, last: str, steps: int, *, start: date, end: date) -> tuple[tuple[date, str], ...]:
    """(day, version) of each upgrade from one release to another, evenly over a span of time."""
    low, high = RELEASES.index(first), RELEASES.index(last)
    steps = max(min(steps, high - low), 1)
    days = (end - start).days
    return tuple(
        (
            start + timedelta(days=days * step // steps),
            f"{RELEASES[low + (high - low) * step // steps]}.{step % 4}-ee",
        )
        for step in range(steps + 1)
    )


def fixed(version: str) -> tuple[tuple[date, str], ...]:
    """An instance that is never upgraded."""
    return ((date.min, version),)
