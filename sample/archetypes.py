"""How customers behave: the numbers an instance reports, week by week.

An archetype says where a customer starts and ends over the window. Every number of a ping follows
from it, so that they are coherent: no more committers than log-ins, pipelines that fit the builds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from statistics import fmean

from sample.clock import stream
from sample.derived import all_time_metrics, recent_metrics
from sample.metrics import SCANS
from sample.model import Usage

Course = tuple[float, float]
"""A rate at the start and at the end of the window."""


@dataclass(frozen=True)
class Archetype:
    """Rates per activated seat (utilization: per seat sold), at the window's start and end."""

    name: str
    weight: int
    utilization: Course
    engagement: Course
    scm: Course
    builds: Course
    deployers: Course = (0.0, 0.0)
    deployments: Course = (0.0, 0.0)
    success: float = 0.9
    scanners: Course = (0.0, 0.0)
    scans_per_pipeline: Course = (0.0, 0.0)
    scan_types: int = 0
    tiers: tuple[str, ...] = ("premium", "ultimate")


ARCHETYPES: tuple[Archetype, ...] = (
    Archetype(
        "healthy",
        weight=24,
        utilization=(0.88, 0.94),
        engagement=(0.86, 0.88),
        scm=(0.52, 0.55),
        builds=(42, 48),
        deployers=(0.15, 0.17),
        deployments=(6, 8),
        success=0.93,
        scanners=(0.12, 0.22),
        scans_per_pipeline=(0.2, 0.5),
        scan_types=4,
    ),
    Archetype(
        "growing",
        weight=16,
        utilization=(0.45, 0.97),
        engagement=(0.7, 0.84),
        scm=(0.25, 0.45),
        builds=(8, 44),
        deployers=(0.03, 0.13),
        deployments=(1, 5),
        success=0.85,
        scanners=(0.02, 0.15),
        scans_per_pipeline=(0.03, 0.3),
        scan_types=3,
    ),
    Archetype(
        "churning",
        weight=12,
        utilization=(0.86, 0.58),
        engagement=(0.78, 0.44),
        scm=(0.4, 0.12),
        builds=(35, 4),
        deployers=(0.1, 0.02),
        deployments=(4, 1),
        success=0.75,
        scanners=(0.06, 0.01),
        scans_per_pipeline=(0.2, 0.05),
        scan_types=2,
    ),
    Archetype(
        "shelfware",
        weight=10,
        utilization=(0.8, 0.83),
        engagement=(0.6, 0.48),
        scm=(0.14, 0.11),
        builds=(1.5, 1.2),
    ),
    Archetype(
        "ci_only",
        weight=10,
        utilization=(0.8, 0.84),
        engagement=(0.75, 0.77),
        scm=(0.08, 0.09),
        builds=(80, 110),
    ),
    Archetype(
        "devsecops",
        weight=14,
        utilization=(0.85, 0.92),
        engagement=(0.84, 0.87),
        scm=(0.5, 0.55),
        builds=(50, 60),
        deployers=(0.14, 0.18),
        deployments=(7, 9),
        success=0.95,
        scanners=(0.15, 0.3),
        scans_per_pipeline=(0.4, 0.8),
        scan_types=6,
        tiers=("ultimate",),
    ),
    Archetype(
        "source_only",
        weight=10,
        utilization=(0.78, 0.8),
        engagement=(0.72, 0.74),
        scm=(0.6, 0.62),
        builds=(0.5, 0.6),
    ),
    Archetype(
        "over_licence",
        weight=4,
        utilization=(0.98, 1.12),
        engagement=(0.88, 0.9),
        scm=(0.5, 0.55),
        builds=(30, 41),
        deployers=(0.08, 0.1),
        deployments=(3, 4),
        success=0.88,
    ),
)

BY_NAME = {archetype.name: archetype for archetype in ARCHETYPES}

BUILDS_PER_PIPELINE = 7
ROLE_SHARE = {"production": 1.0, "staging": 0.06, "geo": 0.02, "obsolete": 0.12}
"""How much of production's activity an instance of each role sees."""


@dataclass(frozen=True)
class Behaviour:
    """The usage of one instance over time; called with the day of a ping."""

    key: tuple[object, ...]
    archetype: Archetype
    seats: int
    role: str
    first_day: date
    last_day: date
    restored_on: date | None = None

    def __call__(self, day: date) -> Usage:
        """What the instance reports on a day."""
        span = max((self.last_day - self.first_day).days, 1)
        progress = min(max((day - self.first_day).days / span, 0.0), 1.0)
        random = stream(*self.key, day.isoformat()).random

        def rate(course: Course) -> float:
            start, end = course
            return (start + (end - start) * progress) * (0.97 + 0.06 * random())

        usage = self._scored_metrics(rate)
        usage |= recent_metrics(usage) | self._totals(progress)
        usage["licensed_seats_ping"] = self.seats
        if self.restored_on and day >= self.restored_on:
            usage["merge_requests_all_time_event"] = int(progress * 400)
        return usage

    def _totals(self, progress: float) -> Usage:
        """All-time counters: they rise with time alone, never with a week's noise."""
        kind = self.archetype
        users = int(self.seats * fmean(kind.utilization) * ROLE_SHARE[self.role])
        pipelines = int(users * fmean(kind.builds) / BUILDS_PER_PIPELINE)
        scans = int(pipelines * fmean(kind.scans_per_pipeline))
        return all_time_metrics(users, pipelines, scans, progress)

    def _scored_metrics(self, rate: Callable[[Course], float]) -> Usage:
        kind = self.archetype
        share = ROLE_SHARE[self.role]
        activated = int(self.seats * rate(kind.utilization) * (1 if self.role == "geo" else share))
        busy = activated * (share if self.role == "geo" else 1)
        builds = int(busy * rate(kind.builds))
        pipelines = builds // BUILDS_PER_PIPELINE
        deployments = int(busy * rate(kind.deployments))
        succeeded = int(deployments * kind.success)
        scans = int(pipelines * rate(kind.scans_per_pipeline))
        usage: Usage = {
            "activated_seats": activated,
            "unique_active_28_days_user": int(busy * rate(kind.engagement)),
            "git_operations_28_days_user": int(busy * rate(kind.scm)),
            "ci_builds_28_days_event": builds,
            "ci_internal_pipelines_28_days_event": pipelines,
            "deployments_28_days_user": int(busy * rate(kind.deployers)),
            "deployments_28_days_event": deployments,
            "successful_deployments_28_days_event": succeeded,
            "failed_deployments_28_days_event": deployments - succeeded,
            "secure_scanners_28_days_user": int(busy * rate(kind.scanners)),
        }
        for rank, scan in enumerate(SCANS):
            used = rank < kind.scan_types
            usage[f"{scan}_28_days_event"] = scans // (kind.scan_types or 1) if used else 0
        return usage
