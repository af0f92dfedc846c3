"""The parts of an account's detail: score groups, measures, subscriptions, instances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from dashboard.formats import MISSING, humanize, number, percent, plural
from dashboard.source import Row
from dashboard.words import OPEN_PERIOD, Words, word

_SHARE_ENDINGS = ("_rate", "_utilization", "_engagement", "_share")


@dataclass(frozen=True)
class Measure:
    """One measure of the score, of one subscription."""

    subscription_id: str
    group: str
    label: str
    value: str
    working: str
    points: int | None
    color: str
    reason: str
    is_counted: bool


@dataclass(frozen=True)
class Group:
    """A score group; `score` None goes with a reason."""

    label: str
    score: float | None
    color: str
    reason: str


@dataclass(frozen=True)
class Subscription:
    """A subscription lineage in the account's current period."""

    subscription_id: str
    plan: str
    ends: date | None
    is_active: bool
    arr: float | None
    reporting: str
    is_reporting: bool
    licensed: float | None
    activated: float | None
    active: float | None
    active_source: str
    outlook: str
    reason: str


@dataclass(frozen=True)
class Instance:
    """An instance as last seen."""

    hostname: str
    uuid: str
    type: str
    source: str
    suggested: str
    version: str
    edition: str
    days: int | None
    is_stale: bool
    active_users: float | None
    active_source: str
    users_change: float | None
    activity: str
    activity_code: str


@dataclass(frozen=True)
class Signal:
    """A warning or a chance that the mart raised."""

    code: str
    label: str
    severity: str
    message: str
    subject: str


@dataclass(frozen=True)
class Objective:
    """A customer's objective and how far it is."""

    name: str
    metric: str
    current: float | None
    target: float | None
    progress: float | None
    status: str
    status_label: str
    reason: str
    due_on: date | None


def measures(rows: Sequence[Row], words: Words) -> list[Measure]:
    """The measures, in the order of their groups."""
    order = {code: rank for rank, code in enumerate(words.groups)}
    ranked = sorted(
        rows,
        key=lambda row: (
            str(row["original_subscription_id"]),
            order.get(row["score_group"], len(order)),
            not row["is_counted"],
            row["measure"],
        ),
    )
    return [_measure(row, words) for row in ranked]


def _measure(row: Row, words: Words) -> Measure:
    value, above, below = row["measure_value"], row["numerator"], row["denominator"]
    working = f"{number(above, 1)} of {number(below, 1)}" if above is not None and below is not None else ""
    return Measure(
        subscription_id=row["subscription_id"],
        group=row["score_group"],
        label=humanize(row["measure"]),
        value=measure_value(row["measure"], value),
        working=working,
        points=row["points"],
        color=row["color"] or "unscored",
        reason=words.reason(row["value_reason"]) if row["value_reason"] else "",
        is_counted=row["is_counted"] is not False,
    )


def measure_value(name: str, value: float | None) -> str:
    """A share as a percentage, anything else as a number."""
    return percent(value, 1) if name.endswith(_SHARE_ENDINGS) else number(value, 2)


def groups(health: Row, found: Sequence[Measure], words: Words) -> list[Group]:
    """The score groups of the account; a missing score takes its measures' reason."""
    views = []
    for code in words.groups:
        score = health.get(f"{code}_score")
        reasons = [measure.reason for measure in found if measure.group == code and measure.reason]
        reason = "" if score is not None else (reasons[0] if reasons else "not measured")
        views.append(Group(words.group(code), score, health.get(f"{code}_color") or "unscored", reason))
    return views


def subscriptions(
    rows: Sequence[Row], seats: Sequence[Row], coverage: Sequence[Row], period: date, words: Words
) -> list[Subscription]:
    """One view per lineage that had started, the active ones first."""
    by_id = {row["subscription_id"]: row for row in rows}
    of_period = {row["original_subscription_id"]: row for row in seats if row["period_start"] == period}
    found = [
        _subscription(
            by_id.get(row["subscription_id"], {}),
            of_period.get(row["original_subscription_id"], {}),
            row,
            words,
        )
        for row in coverage
    ]
    return sorted(found, key=lambda view: (not view.is_active, view.subscription_id))


def _subscription(row: Row, seats: Row, coverage: Row, words: Words) -> Subscription:
    plan = row.get("product_tier") or MISSING
    over, projected = (
        seats.get("projected_seats_over_license"),
        seats.get("projected_activated_seats"),
    )
    low, high = seats.get("projected_activated_seats_low"), seats.get("projected_activated_seats_high")
    outlook = "" if projected is None else f"{number(projected)} activated at the term's end"
    if low is not None and high is not None and low < high:
        outlook += f" ({number(low)} to {number(high)})"
    if over:
        outlook += f", {number(over)} over"
    missing = seats.get("missing_reason") if seats.get("activated_seats") is None else None
    return Subscription(
        subscription_id=coverage["subscription_id"],
        plan=f"{plan} trial" if row.get("is_trial") else plan,
        ends=row.get("end_date"),
        is_active=bool(row.get("is_active")),
        arr=row.get("arr"),
        reporting=word(coverage["reporting_reason"]),
        is_reporting=bool(coverage["is_reporting"]),
        licensed=seats.get("licensed_seats"),
        activated=seats.get("activated_seats"),
        active=seats.get("umau"),
        active_source=word(seats.get("umau_source")),
        outlook=outlook if row.get("is_active") else "",
        reason=words.reason(missing) if missing else "",
    )


def instances(rows: Sequence[Row], activity: dict[str, Row], stale_after: float | None) -> list[Instance]:
    """Instances, production first, then by age of their last ping."""
    views = [_instance(row, activity.get(row["instance_id"], {}), stale_after) for row in rows]
    return sorted(views, key=lambda view: (view.type != "Production", view.days or 0, view.hostname))


def _instance(row: Row, activity: Row, stale_after: float | None) -> Instance:
    days, suggested = row["days_since_last_ping"], row["suggested_instance_type"] or ""
    is_open = row["instance_type_source"] != "label" and suggested not in (
        "",
        "Unknown",
        row["instance_type"],
    )
    status = activity.get("activity_status") or "not_reporting"
    return Instance(
        hostname=row["hostname"] or "(no hostname)",
        uuid=row["uuid"] or "",
        type=row["instance_type"] or "Unknown",
        source=word(row["instance_type_source"]),
        suggested=suggested if is_open else "",
        version=row["version"] or MISSING,
        edition=row["edition"] or "",
        days=days,
        is_stale=days is not None and stale_after is not None and days > stale_after,
        active_users=activity.get("active_users"),
        active_source=word(activity.get("active_users_source")),
        users_change=activity.get("active_users_change"),
        activity=word(status),
        activity_code=status,
    )


def signals(rows: Sequence[Row], severities: Sequence[str]) -> list[Signal]:
    """Signals, the gravest first. A severity may be a word or its first letter."""
    full = {severity[0]: severity for severity in severities}
    views = [
        Signal(
            code=row["signal"],
            label=humanize(row["signal"]),
            severity=full.get(str(row["severity"] or "")[:1].lower(), severities[-1]),
            message=row["message"] or "",
            subject=row["subject"] or "",
        )
        for row in rows
    ]
    return sorted(views, key=lambda view: (severities.index(view.severity), view.label))


def objectives(rows: Sequence[Row], metrics: Sequence[Row], words: Words) -> list[Objective]:
    """Each objective in its latest period; an open one without a ping yet says nothing beside an earlier one."""
    labels = {row["metric_name"]: row["label"] for row in metrics}
    latest: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: row["period_start"]):
        if row.get("missing_reason") != OPEN_PERIOD or row["objective_id"] not in latest:
            latest[row["objective_id"]] = row
    return [
        Objective(
            name=row["objective_name"] or labels.get(row["metric_name"]) or humanize(row["metric_name"]),
            metric=labels.get(row["metric_name"]) or humanize(row["metric_name"]),
            current=row["current_value"],
            target=row["target_value"],
            progress=row["progress"],
            status=row["status"] or "no_data",
            status_label=word(row["status"] or "no_data"),
            reason=words.reason(row["missing_reason"]) if row.get("missing_reason") else "",
            due_on=row["due_on"],
        )
        for row in latest.values()
    ]


def instance_summary(found: Sequence[Instance]) -> str:
    """`2 production of 5 instances`."""
    production = sum(view.type == "Production" for view in found)
    return f"{number(production)} production of {plural(len(found), 'instance')}"
