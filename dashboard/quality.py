"""What did not make it into the figures: unmapped pings, broken lines, missing labels."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.accounts import Account
from dashboard.formats import MISSING, humanize, percent
from dashboard.queries import Mart
from dashboard.source import Row, group_by
from dashboard.words import word

LISTED = 60


@dataclass(frozen=True)
class Unlabelled:
    """An instance of type Unknown that belongs to an account."""

    account: Account
    hostname: str
    suggested: str
    days: int | None
    is_recent: bool


@dataclass(frozen=True)
class Check:
    """A check of `mart_data_quality` in its latest period."""

    label: str
    meaning: str
    drill_down: str
    affected: int | None
    total: int | None
    share: str
    subjects: list[Row]


@dataclass(frozen=True)
class Quality:
    """The data quality view."""

    unmapped: list[tuple[str, Row]]
    unmapped_total: int
    unmapped_now: int
    quarantined: list[Row]
    quarantined_total: int
    lines: list[Row]
    unlabelled: list[Unlabelled]
    unlabelled_recent: int
    checks: list[Check]


def build_quality(mart: Mart, accounts: list[Account]) -> Quality:
    """The view; `accounts` are those of `build_accounts`."""
    unlabelled = _unlabelled(mart, accounts)
    return Quality(
        unmapped=[(word(row["unmapped_reason"]), row) for row in mart.unmapped],
        unmapped_total=sum(row["pings"] for row in mart.unmapped),
        unmapped_now=sum(int(row["pings_now"]) for row in mart.unmapped),
        quarantined=mart.quarantined,
        quarantined_total=sum(row["lines"] for row in mart.quarantined),
        lines=mart.quarantined_lines,
        unlabelled=unlabelled[:LISTED],
        unlabelled_recent=sum(view.is_recent for view in unlabelled),
        checks=_checks(mart.checks),
    )


def _unlabelled(mart: Mart, accounts: list[Account]) -> list[Unlabelled]:
    """Those that still ping first, and there those whose label would matter most."""
    by_id = {account.account_id: account for account in accounts}
    stale_after = mart.settings.get("stale_after_days")
    views = [
        Unlabelled(
            account=by_id[row["account_id"]],
            hostname=row["hostname"] or "(no hostname)",
            suggested=row["suggested_instance_type"] or "Unknown",
            days=row["days_since_last_ping"],
            is_recent=_is_recent(row["days_since_last_ping"], stale_after),
        )
        for row in mart.instances
        if row["account_id"] in by_id and (row["instance_type"] or "Unknown") == "Unknown"
    ]
    return sorted(views, key=_urgency)


def _urgency(view: Unlabelled) -> tuple[bool, bool, bool, str, str]:
    is_scored, looks_like_production = (
        view.account.health.score is not None,
        view.suggested == "Production",
    )
    return (
        not view.is_recent,
        not looks_like_production,
        is_scored,
        view.account.name,
        view.hostname,
    )


def _is_recent(days: int | None, stale_after: float | None) -> bool:
    return days is not None and (stale_after is None or days <= stale_after)


def _checks(rows: list[Row]) -> list[Check]:
    """One view per check. A check of many subjects (metrics) shows their range."""
    return [_check(name, found) for (name,), found in group_by(rows, "check_name").items()]


def _check(name: str, rows: list[Row]) -> Check:
    shares = sorted(float(row["share"]) for row in rows if row["share"] is not None)
    ranked = sorted(rows, key=lambda row: (row["share"] is None, -(row["share"] or 0), row["subject"]))
    low, high = (percent(shares[0]), percent(shares[-1])) if shares else (MISSING, MISSING)
    return Check(
        label=humanize(name),
        meaning=rows[0]["meaning"] or "",
        drill_down=rows[0]["drill_down"] or "",
        affected=rows[0]["affected"] if len(rows) == 1 else None,
        total=rows[0]["total"] if len(rows) == 1 else None,
        share=low if low == high else f"{low} to {high}",
        subjects=ranked if len(rows) > 1 else [],
    )
