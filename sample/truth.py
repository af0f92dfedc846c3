"""What must hold in the mart for the named accounts, worked out in plain Python.

A second implementation of docs/rules.md, from the planned numbers; it shares no code
and no seed with the SQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from statistics import fmean

from sample.metrics import BY_NAME, SCANS
from sample.model import TIERS, Ping, major_minor

RED, YELLOW, GREEN = 25.0, 63.0, 88.0
WEIGHTS = {
    "license_utilization": 0.30,
    "user_engagement": 0.10,
    "scm": 0.15,
    "ci": 0.15,
    "cd": 0.15,
    "devsecops": 0.15,
}
USE_CASES = ("scm", "ci", "devsecops", "cd")
STEPS = (
    ("scm", "basic_adoption"),
    ("ci", "product_stickiness"),
    ("devsecops", "enablement_and_expansion"),
)
GROUPS = {
    "license_utilization": ("license_utilization",),
    "user_engagement": ("user_engagement",),
    "scm": ("scm_user_rate",),
    "ci": ("ci_builds_per_user",),
    "cd": ("cd_user_rate", "cd_deployments_per_user", "cd_success_rate"),
    "devsecops": (
        "secure_scanner_user_rate",
        "secure_scans_per_pipeline",
        "secure_scanner_types",
    ),
}
NOT_APPLICABLE = "not_applicable"
PRECEDENCE = (NOT_APPLICABLE, "too_early", "not_reported", "not_supported", "failed")

Bound = tuple[float, bool]
"""A limit, and whether the limit itself belongs to the upper band."""

BANDS: dict[str, tuple[Bound, Bound]] = {
    "user_engagement": ((0.5, True), (0.8, True)),
    "scm_user_rate": ((0.1, False), (0.33, False)),
    "ci_builds_per_user": ((2, False), (40, False)),
    "secure_scanner_user_rate": ((0.05, False), (0.2, True)),
    "secure_scans_per_pipeline": ((0.1, True), (0.5, False)),
    "secure_scanner_types": ((1, False), (3, True)),
    "cd_user_rate": ((0.05, True), (0.12, False)),
    "cd_deployments_per_user": ((2, True), (7, False)),
    "cd_success_rate": ((0.25, True), (0.8, False)),
}
UTILIZATION_BANDS: tuple[tuple[int, tuple[Bound, Bound]], ...] = (
    (9, ((0.75, False), (0.75, False))),
    (6, ((0.5, False), (0.75, False))),
    (2, ((0.1, True), (0.5, False))),
)


@dataclass(frozen=True)
class Measure:
    """A value with its status and reason, and the points it earns."""

    value: float | None
    status: str = "reported"
    reason: str | None = None
    points: float | None = None


@dataclass(frozen=True)
class Period:
    """A calendar month and the day on which it is judged."""

    start: date
    measured_on: date


def no_value(status: str, reason: str) -> Measure:
    """A measure without a value."""
    return Measure(None, status, reason)


def color(score: float | None) -> str | None:
    """Color of a group or overall score."""
    if score is None:
        return None
    score = round(score, 6)
    return "green" if score > 75 else "yellow" if score > 50 else "red"


def points(value: float, bands: tuple[Bound, Bound]) -> float:
    """Points of a value: green if it reaches the green bound, else yellow, else red."""
    for (bound, inclusive), earned in zip(reversed(bands), (GREEN, YELLOW), strict=True):
        if value > bound or (inclusive and value == bound):
            return earned
    return RED


def completed_months(start: date, day: date) -> int:
    """The age clock."""
    return 12 * (day.year - start.year) + day.month - start.month - (day.day < start.day)


def observed(ping: Ping | None, metric: str) -> Measure:
    """A metric as the mart must read it from a planned ping."""
    if ping is None:
        return no_value("not_reported", "no_ping")
    version, wanted = major_minor(ping.version), BY_NAME[metric]
    tier = ping.grant.tier if ping.grant else "free"
    if metric not in ping.usage or not wanted.sent(version, tier):
        if TIERS.index(tier_of(ping)) < TIERS.index(wanted.tier):
            return no_value(NOT_APPLICABLE, "tier")
        if version < wanted.min_version:
            return no_value("not_supported", "version_below_minimum")
        return no_value("not_reported", "key_absent")
    value = ping.usage[metric]
    if not isinstance(value, int) or isinstance(value, bool):
        return no_value("failed", "bad_type")
    if value < 0:
        known = -value if -value in (1, 2, 3, 1000) else "other"
        return no_value("failed", f"sentinel_{known}")
    return Measure(float(value))


def tier_of(ping: Ping) -> str:
    """Tier of an instance at a ping, for pings that carry a plan."""
    grant, day = ping.grant, ping.received_at.date().isoformat()
    if grant is None or (grant.expires_at and grant.expires_at < day):
        return "free"
    return grant.tier


def worst(*inputs: Measure) -> Measure | None:
    """The input without value that comes first by precedence; None when all have one."""
    empty = [m for m in inputs if m.status in PRECEDENCE]
    return min(empty, key=lambda m: PRECEDENCE.index(m.status)) if empty else None


def ratio(numerator: Measure, denominator: Measure) -> Measure:
    """A quotient, or why there is none."""
    missing = worst(numerator, denominator)
    if missing:
        return no_value(missing.status, str(missing.reason))
    if not denominator.value:
        return no_value(NOT_APPLICABLE, "zero_denominator")
    return Measure((numerator.value or 0.0) / denominator.value)


def measures_of(ping: Ping | None, licensed: Measure) -> dict[str, Measure]:
    """Every measure of section 3.3 for one ping, without points."""

    def metric(name: str) -> Measure:
        return observed(ping, name)

    activated = metric("activated_seats")
    succeeded = metric("successful_deployments_28_days_event")
    failed = metric("failed_deployments_28_days_event")
    tried = worst(succeeded, failed) or Measure((succeeded.value or 0) + (failed.value or 0))
    total, kinds = _scans([metric(f"{scan}_28_days_event") for scan in SCANS])
    return {
        "license_utilization": ratio(activated, licensed),
        "user_engagement": ratio(metric("unique_active_28_days_user"), activated),
        "scm_user_rate": ratio(metric("git_operations_28_days_user"), activated),
        "ci_builds_per_user": ratio(metric("ci_builds_28_days_event"), activated),
        "cd_user_rate": ratio(metric("deployments_28_days_user"), activated),
        "cd_deployments_per_user": ratio(metric("deployments_28_days_event"), activated),
        "cd_success_rate": ratio(succeeded, tried),
        "secure_scanner_user_rate": ratio(metric("secure_scanners_28_days_user"), activated),
        "secure_scans_per_pipeline": ratio(total, metric("ci_internal_pipelines_28_days_event")),
        "secure_scanner_types": kinds,
    }


def _scans(scans: list[Measure]) -> tuple[Measure, Measure]:
    """Sum and number of kinds of the seven scan counts; absent ones are left out."""
    broken = [scan for scan in scans if scan.status == "failed"]
    counted = [scan.value for scan in scans if scan.value is not None]
    if broken or not counted:
        missing = broken[0] if broken else worst(*scans) or no_value("not_reported", "key_absent")
        return missing, missing
    return Measure(sum(counted)), Measure(float(sum(value > 0 for value in counted)))


def with_points(measures: dict[str, Measure], age: int) -> dict[str, Measure]:
    """The measures with points by the bands of handbook_2025."""
    graded = {}
    for name, measure in measures.items():
        bands = BANDS.get(name) or next((b for low, b in UTILIZATION_BANDS if age >= low), None)
        if measure.value is None:
            graded[name] = measure
        elif bands is None:
            graded[name] = Measure(measure.value, "too_early", "age_below_first_band")
        else:
            graded[name] = Measure(measure.value, points=points(measure.value, bands))
    return graded


def group_scores(measures: dict[str, Measure]) -> dict[str, float | None]:
    """Plain mean of the points in each group."""
    scores: dict[str, float | None] = {}
    for group, names in GROUPS.items():
        earned = [m.points for m in (measures[name] for name in names) if m.points is not None]
        scores[group] = fmean(earned) if earned else None
    return scores


def overall(groups: dict[str, float | None]) -> tuple[float | None, float]:
    """Overall score and the weight present."""
    scored = {group: score for group, score in groups.items() if score is not None}
    weight = sum((WEIGHTS[group] for group in scored), 0.0)
    total = sum(WEIGHTS[group] * score for group, score in scored.items())
    return (total / weight if scored else None), round(weight, 2)
