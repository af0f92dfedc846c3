"""One view per account: what the table shows, and the inputs of its detail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from dashboard import details
from dashboard.formats import plural
from dashboard.queries import Mart
from dashboard.source import Row, group_by
from dashboard.words import NO_SUBSCRIPTION, Words, word

SEVERITIES = ("high", "medium", "low")


@dataclass(frozen=True)
class Seats:
    """Seats of an account, added over its subscriptions; None where unknown.

    Licensed and activated are of the subscriptions where both are known; where none has
    both, `licensed` is what was sold. `idle` is activated and not used.
    """

    licensed: float | None
    activated: float | None
    active: float | None
    active_source: str
    idle: float | None
    utilization: float | None
    engagement: float | None
    over_license: float | None
    note: str
    reason: str


@dataclass(frozen=True)
class UseCase:
    """A use case's status for one account."""

    code: str
    label: str
    short: str
    status: str


@dataclass(frozen=True)
class Health:
    """An account's score. Without one, the color is `unscored` and there is a reason.

    Attributes:
        change: against the period before.
        driver: the score group that moved it most.
        weight_present: share of the score's weight that is measured.
        scored_share: share of the account's ARR (or seats) that has a score.
        trend: the score in every period of the clock, None where there is none.
    """

    score: float | None
    color: str
    reason: str
    reason_code: str | None
    change: float | None
    driver: str
    driver_short: str
    explanation: str
    weight_present: float | None
    scored_share: float | None
    trend: list[float | None]


@dataclass(frozen=True)
class Adoption:
    """What an account has adopted; `count` is None when nothing is measured."""

    use_cases: list[UseCase]
    level: str
    count: int | None
    next_step: str
    next_short: str
    advice: str


@dataclass
class Account:
    """An account as it stands today; `period` is the newest period that its figures are of."""

    account_id: str
    name: str
    segment: str
    region: str
    csm: str
    period: date
    health: Health
    seats: Seats
    adoption: Adoption
    arr: float | None
    renewal: date | None
    tiers: str
    reporting: list[str] = field(default_factory=list)
    groups: list[details.Group] = field(default_factory=list)
    measures: list[details.Measure] = field(default_factory=list)
    subscriptions: list[details.Subscription] = field(default_factory=list)
    instances: list[details.Instance] = field(default_factory=list)
    signals: list[details.Signal] = field(default_factory=list)
    objectives: list[details.Objective] = field(default_factory=list)

    @property
    def signal_weight(self) -> int:
        """A number to sort by: any graver signal outweighs all lesser ones."""
        return sum(100 ** (2 - SEVERITIES.index(signal.severity)) for signal in self.signals)

    @property
    def search(self) -> str:
        """What the search box looks at, in lower case."""
        hosts = [instance.hostname for instance in self.instances]
        parts = [self.name, self.account_id, self.csm, self.segment, self.region, *hosts]
        return " ".join(part for part in parts if part).lower()


_BY_ACCOUNT = (
    "health", "seats", "coverage", "stages", "measures",
    "subscriptions", "instances", "signals", "objectives",
)  # fmt: skip


def build_accounts(mart: Mart, words: Words) -> list[Account]:
    """All accounts, by name."""
    tables = {name: group_by(getattr(mart, name), "account_id") for name in _BY_ACCOUNT}
    standing = {row["account_id"]: row for row in mart.standing}
    activity = {row["instance_id"]: row for row in mart.activity}
    views = []
    for row in mart.accounts:
        key = row["account_id"]
        rows = {name: table.get((key,), []) for name, table in tables.items()}
        view = _account(mart, words, row, standing.get(key, {}), rows)
        _add_details(view, mart, words, rows, standing.get(key, {}), activity)
        views.append(view)
    return sorted(views, key=lambda view: (view.name.lower(), view.account_id))


def _account(mart: Mart, words: Words, row: Row, standing: Row, rows: dict[str, list[Row]]) -> Account:
    seats = [entry for entry in rows["seats"] if entry["period_start"] == mart.clock.current]
    active = [entry for entry in rows["subscriptions"] if entry["is_active"]]
    scores = {entry["period_start"]: entry["overall_score"] for entry in rows["health"]}
    return Account(
        account_id=row["account_id"],
        name=row["account_name"] or row["account_id"],
        segment=row["segment"] or "",
        region=row["region"] or "",
        csm=row["csm_email"] or "",
        period=standing.get("standing_period_start") or mart.clock.current,
        health=_health(words, standing, [scores.get(start) for start in mart.clock.periods]),
        seats=_seats(standing, seats, words),
        adoption=_adoption(words, standing, rows["stages"]),
        arr=_sum(entry["arr"] for entry in active),
        renewal=min((entry["end_date"] for entry in active if entry["end_date"]), default=None),
        tiers=", ".join(sorted({_tier(entry) for entry in active})),
    )


def _health(words: Words, row: Row, trend: list[float | None]) -> Health:
    score, driver = row.get("overall_score"), row.get("main_driver")
    code = None if score is not None else row.get("unscored_reason") or NO_SUBSCRIPTION
    return Health(
        score=score,
        color=(row.get("overall_color") or "unscored") if score is not None else "unscored",
        reason=words.reason(code) if score is None else "",
        reason_code=code,
        change=row.get("score_change"),
        driver=words.group(driver) if driver else "",
        driver_short=words.short(driver) if driver else "",
        explanation=row.get("explanation") or "",
        weight_present=row.get("weight_present"),
        scored_share=row.get("arr_reporting_share"),
        trend=trend,
    )


def _adoption(words: Words, row: Row, stages: list[Row]) -> Adoption:
    following = row.get("next_use_case")
    return Adoption(
        use_cases=_use_cases(words, row, stages),
        level=row.get("adoption_level") or "not_measured",
        count=row.get("adopted_count"),
        next_step=words.group(following) if following else "",
        next_short=words.short(following) if following else "",
        advice=row.get("next_use_case_advice") or words.advice(following) or "",
    )


def _add_details(
    view: Account, mart: Mart, words: Words, rows: dict[str, list[Row]], standing: Row, activity: dict[str, Row]
) -> None:
    now = [row for row in rows["coverage"] if row["period_start"] == mart.clock.current]
    stale_after = mart.settings.get("stale_after_days")
    view.reporting = [row["reporting_reason"] for row in now]
    view.measures = details.measures(rows["measures"], words)
    view.groups = details.groups(standing, view.measures, words)
    view.subscriptions = details.subscriptions(rows["subscriptions"], rows["seats"], now, mart.clock.current, words)
    view.instances = details.instances(rows["instances"], activity, stale_after)
    view.signals = details.signals(rows["signals"], SEVERITIES)
    view.objectives = details.objectives(rows["objectives"], mart.metrics, words)


def _tier(subscription: Row) -> str:
    tier = subscription["product_tier"] or "unknown plan"
    return f"{tier} trial" if subscription["is_trial"] else tier


def _sum(values: Iterable[float | None]) -> float | None:
    known = [float(value) for value in values if value is not None]
    return sum(known) if known else None


def _seats(totals: Row, rows: list[Row], words: Words) -> Seats:
    """The account's sums, and what its subscriptions say about them."""
    total, known = totals.get("subscriptions") or 0, totals.get("subscriptions_with_seats") or 0
    codes = [row["missing_reason"] for row in rows if row["activated_seats"] is None]
    return Seats(
        licensed=totals.get("licensed_seats") if known else totals.get("sold_seats"),
        activated=totals.get("activated_seats"),
        active=totals.get("active_users"),
        active_source=word(totals.get("active_users_source")),
        idle=totals.get("inactive_activated_seats"),
        utilization=totals.get("license_utilization"),
        engagement=totals.get("user_engagement"),
        over_license=totals.get("seats_over_license"),
        note=f"in {known} of {plural(total, 'subscription')}" if 0 < known < total else "",
        reason=words.reason(codes[0]) if codes and codes[0] else "",
    )


def _use_cases(words: Words, row: Row, stages: list[Row]) -> list[UseCase]:
    adopted = _listed(row.get("adopted_use_cases"))
    in_progress = _listed(row.get("in_progress_use_cases"))
    statuses: dict[str, set[str]] = defaultdict(set)
    for stage in stages:
        statuses[stage["use_case"]].add(stage["adoption_status"])
    found = []
    for code in words.use_cases:
        if code in adopted:
            status = "adopted"
        elif code in in_progress:
            status = "in_progress"
        elif row.get(f"{code}_score") is not None:
            status = "not_adopted"
        else:
            status = "not_applicable" if statuses[code] == {"not_applicable"} else "not_measured"
        found.append(UseCase(code, words.group(code), words.short(code), status))
    return found


def _listed(text: str | None) -> list[str]:
    return [part for part in (text or "").split(",") if part]


def scored(accounts: Iterable[Account]) -> list[Account]:
    """The accounts that have a score."""
    return [account for account in accounts if account.health.score is not None]
