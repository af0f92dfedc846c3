"""One subscription lineage in one period: which ping stands for it, and how it scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sample.clock import month_end, month_start
from sample.model import Customer, Instance, License, Ping, Subscription
from sample.truth import (
    GROUPS,
    NOT_APPLICABLE,
    Measure,
    Period,
    completed_months,
    group_scores,
    measures_of,
    no_value,
    observed,
    with_points,
)

LABELS = {
    "production": "Production",
    "non-production": "Non-Production",
    "staging": "Non-Production",
    "obsolete": "Obsolete",
    "geo secondary node": "Geo Secondary Node",
}


@dataclass
class Lineage:
    """One subscription lineage in one period: what was read, scored, and why not."""

    versions: list[Subscription]
    period: Period
    instances: list[Instance]
    pings: Mapping[Instance, Ping]
    primary: Ping | None = None
    licensed: Measure = field(default_factory=lambda: no_value("not_reported", "seats_unknown"))
    licensed_source: str | None = None
    gate: Measure | None = None
    measures: dict[str, Measure] = field(default_factory=dict)
    groups: dict[str, float | None] = field(default_factory=dict)

    @property
    def first_start(self) -> date:
        """First day of the lineage."""
        return min(version.start_date for version in self.versions)

    def in_force(self, day: date) -> Subscription | None:
        """The version in force on a day; one that is cancelled yields to one that is not."""
        holding = [version for version in self.versions if version.in_force(day)]
        return max(holding, key=lambda v: (v.status != "Cancelled", v.start_date, v.subscription_id), default=None)

    @property
    def current(self) -> Subscription | None:
        """The version in force on the measurement day."""
        return self.in_force(self.period.measured_on)

    @property
    def shown(self) -> Subscription:
        """The version that names the row: in force, or else the last that had started."""
        started = [v for v in self.versions if v.start_date <= self.period.measured_on]
        last = max(started, key=lambda v: (v.end_date or date.max, v.start_date))
        return self.current or last

    @property
    def devsecops_applies(self) -> bool:
        """Ultimate, sold or on trial."""
        if self.current is None:
            return False
        grant = self.primary.grant if self.primary else None
        day = self.primary.received_at.date().isoformat() if self.primary else ""
        on_trial = grant is not None and grant.trial and grant.tier == "ultimate"
        running = grant is not None and (grant.trial_ends_on or "9999") >= day
        return self.current.product_tier == "Ultimate" or (on_trial and running)


def current_period(as_of: date) -> Period:
    """The month of `as_of`, measured on that day."""
    return Period(month_start(as_of), as_of)


def previous_period(as_of: date) -> Period:
    """The month before, measured on its last day."""
    last = month_start(as_of) - timedelta(days=1)
    return Period(month_start(last), month_end(last))


def lineages_of(customer: Customer, pings: Sequence[Ping], period: Period) -> list[Lineage]:
    """Every lineage that had started by the measurement day, scored."""
    last = _last_pings(pings, period)
    originals = dict.fromkeys(s.original_subscription_id for s in customer.subscriptions)
    lineages = []
    for original in originals:
        line = Lineage(
            [s for s in customer.subscriptions if s.original_subscription_id == original],
            period,
            [i for i in customer.instances if i.lineage == original],
            {i: p for i, p in last.items() if i.lineage == original},
        )
        if line.first_start <= period.measured_on:
            _score(line, customer)
            lineages.append(line)
    return lineages


def _last_pings(pings: Sequence[Ping], period: Period) -> dict[Instance, Ping]:
    """The ping that stands for each instance in the period."""
    inside = [p for p in pings if period.start <= p.received_at.date() <= period.measured_on]
    return {p.instance: p for p in sorted(inside, key=lambda p: p.received_at)}


def _score(line: Lineage, customer: Customer) -> None:
    types = {instance: instance_type_of(instance, line, customer) for instance in line.pings}
    # No named account has two production servers that lead in turn, so the one of the period before needs no look.
    line.primary = max(
        (ping for instance, ping in line.pings.items() if types[instance][0] == "Production"),
        key=lambda p: (types[p.instance][1] == "label", *_people(p), p.received_at),
        default=None,
    )
    line.licensed, line.licensed_source = _licensed(line.primary, line, customer.licenses)
    measures = measures_of(line.primary, line.licensed)
    line.gate = _gate(line)
    if line.gate and line.gate.status == NOT_APPLICABLE:
        measures = dict.fromkeys(measures, line.gate)
    elif line.gate:
        measures = {n: Measure(m.value, "too_early", "onboarding") for n, m in measures.items()}
    else:
        measures = with_points(measures, completed_months(line.first_start, line.period.measured_on))
    if not line.devsecops_applies and line.current is not None:
        measures |= dict.fromkeys(GROUPS["devsecops"], no_value(NOT_APPLICABLE, "tier"))
    line.measures = measures
    line.groups = group_scores(measures)


def _people(ping: Ping) -> tuple[float, float]:
    """Active people and activated seats to order by, unknown ones last."""
    numbers = (umau_of(ping)[0], observed(ping, "activated_seats").value)
    active, activated = (-1.0 if number is None else number for number in numbers)
    return active, activated


def _gate(line: Lineage) -> Measure | None:
    """Why nothing of the lineage is scored in the period (3.5, rules 1 and 2); None when it is."""
    day = line.primary.received_at.date() if line.primary else line.period.measured_on
    if line.current is None or line.in_force(day) is None:
        return no_value(NOT_APPLICABLE, "no_active_subscription")
    if line.primary is None and line.pings:
        return no_value(NOT_APPLICABLE, "instance_type")
    if (line.period.measured_on - line.first_start).days < 30:
        return no_value("too_early", "onboarding")
    return None


def _licensed(ping: Ping | None, line: Lineage, records: Sequence[License]) -> tuple[Measure, str | None]:
    """Seats sold, and where the number comes from."""
    day = ping.received_at.date() if ping else line.period.measured_on
    version = line.in_force(day)
    if version and version.seats is not None:
        return Measure(float(version.seats)), "subscription"
    sha256 = ping.grant.sha256 if ping and ping.grant else None
    record = next((r for r in records if r.license_sha256 == sha256), None)
    if record and record.seats is not None:
        return Measure(float(record.seats)), "license"
    from_ping = observed(ping, "licensed_seats_ping")
    if from_ping.value is not None:
        return from_ping, "ping"
    return no_value("not_reported", "seats_unknown"), None


def instance_type_of(instance: Instance, line: Lineage, customer: Customer) -> tuple[str, str]:
    """(type, source): the latest label, else the suggestion for unowned accounts."""
    given = [
        label
        for label in customer.labels
        if (label.uuid, label.hostname.strip().lower()) == (instance.uuid, instance.hostname)
        and label.labelled_at.date() <= line.period.measured_on
    ]
    if given:
        latest = max(given, key=lambda label: label.labelled_at)
        return LABELS.get(latest.label.strip().lower(), "Unknown"), "label"
    suggestion = suggested_type_of(instance, line, customer)
    if customer.account.csm_email is None and suggestion != "Unknown":
        return suggestion, "suggested"
    return "Unknown", "default"


def suggested_type_of(instance: Instance, line: Lineage, customer: Customer) -> str:
    """What the numbers suggest that an instance is."""
    if instance.hostname.startswith("staging."):
        return "Non-Production"
    ping = line.pings.get(instance)
    if ping is None:
        return "Unknown"
    seats = _licensed(ping, line, customer.licenses)[0].value
    activated, active = observed(ping, "activated_seats").value, umau_of(ping)[0]
    full = bool(seats and activated and activated / seats >= 0.2)
    busy = full if active is None else bool(seats and active / seats >= 0.2)
    if busy or len(line.pings) == 1:
        return "Production"
    return "Geo Secondary Node" if full and seats and active is not None and active / seats < 0.01 else "Unknown"


def umau_of(ping: Ping | None) -> tuple[float | None, str | None]:
    """Active users for display: log-ins, else authors of events."""
    for metric, source in (
        ("unique_active_28_days_user", "unique_active"),
        ("umau_28_days_user", "events"),
    ):
        value = observed(ping, metric).value
        if value is not None:
            return value, source
    return None, None
