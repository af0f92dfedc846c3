"""The mart's figures of every period: who reports, seats, scores, adoption."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.formats import share
from dashboard.queries import Mart
from dashboard.source import Row, group_by
from dashboard.words import COLORS, NO_SUBSCRIPTION

# How a subscription in force reports, best first. Other reasons of the mart follow these.
REPORTING = ("production", "other_type", "stopped_reporting", "never_reported")


@dataclass(frozen=True)
class PeriodFigures:
    """One period's figures; None where nothing is known.

    Attributes:
        reporting: subscriptions in force, by how they report.
        ended: subscriptions no longer in force, by whether they still report.
        compared: subscriptions of which licensed, activated and used seats are all known; the
            three sums are over them, so that they can be compared.
        active_users: over all that report them, by what counted them (log-ins or events).
        adopted: share of the accounts in which the use case is measured.
        levels: accounts by step of the ladder, `not_measured` included.
    """

    reporting: dict[str, int]
    ended: dict[bool, int]
    compared: int
    licensed: float | None
    activated: float | None
    used: float | None
    active_users: dict[str, float | None]
    scored: int
    mean_score: float | None
    colors: dict[str, int]
    adopted: dict[str, float | None]
    levels: dict[str, int]

    @property
    def subscriptions(self) -> int:
        """Subscriptions in force."""
        return sum(self.reporting.values())

    @property
    def reporting_share(self) -> float | None:
        """Subscriptions in force that report, from whatever instance."""
        return share(self.reporting["production"] + self.reporting["other_type"], self.subscriptions)

    @property
    def production_share(self) -> float | None:
        """Subscriptions in force that report from a production instance."""
        return share(self.reporting["production"], self.subscriptions)


def figures(mart: Mart) -> list[PeriodFigures]:
    """The figures of every period of the clock, oldest first."""
    tables = [group_by(rows, "period_start") for rows in (mart.coverage, mart.seats, mart.health, mart.adoption)]
    codes = [row["use_case"] for row in mart.use_cases]
    return [_figures(codes, *(table.get((start,), []) for table in tables)) for start in mart.clock.periods]


def _figures(
    codes: Sequence[str], coverage: list[Row], seats: list[Row], health: list[Row], adoption: list[Row]
) -> PeriodFigures:
    in_force = [row for row in coverage if row["reporting_reason"] != NO_SUBSCRIPTION]
    reporting = Counter(_how_it_reports(row) for row in in_force)
    ended = Counter(bool(row["is_reporting"]) for row in coverage if row["reporting_reason"] == NO_SUBSCRIPTION)
    known = comparable(seats)
    activated, idle = _sum(known, "activated_seats"), _sum(known, "inactive_activated_seats")
    scores = [float(row["overall_score"]) for row in health if row["overall_score"] is not None]
    colors = Counter(row["overall_color"] or "unscored" for row in health)
    return PeriodFigures(
        reporting={code: reporting[code] for code in (*REPORTING, *sorted(set(reporting) - set(REPORTING)))},
        ended=dict(ended),
        compared=len(known),
        licensed=_sum(known, "licensed_seats"),
        activated=activated,
        used=None if activated is None or idle is None else activated - idle,
        active_users={
            source: _sum(
                [row for row in seats if row["umau"] is not None and row["umau_source"] == source],
                "umau",
            )
            for source in ("unique_active", "events")
        },
        scored=len(scores),
        mean_score=sum(scores) / len(scores) if scores else None,
        colors={color: colors[color] for color in COLORS},
        adopted=_adopted_shares(codes, health, adoption),
        levels=dict(Counter(_level(row) for row in adoption)),
    )


def comparable(seats: Sequence[Row]) -> list[Row]:
    """Subscriptions of which licensed, activated and inactive seats are all known."""
    needed = ("licensed_seats", "activated_seats", "inactive_activated_seats")
    return [row for row in seats if all(row[column] is not None for column in needed)]


def _how_it_reports(row: Row) -> str:
    if row["reporting_reason"] != "reporting":
        return str(row["reporting_reason"])
    return "production" if row["has_production_ping"] else "other_type"


def _level(row: Row) -> str:
    return "not_measured" if row["adopted_count"] is None else row["adoption_level"] or "none"


def _sum(rows: Sequence[Row], column: str) -> float | None:
    return sum(float(row[column]) for row in rows) if rows else None


def _adopted_shares(codes: Sequence[str], health: list[Row], adoption: list[Row]) -> dict[str, float | None]:
    adopted = {row["account_id"]: (row["adopted_use_cases"] or "").split(",") for row in adoption}
    shares = {}
    for code in codes:
        measured = [row for row in health if row[f"{code}_score"] is not None]
        found = sum(code in adopted.get(row["account_id"], []) for row in measured)
        shares[code] = share(found, len(measured))
    return shares
