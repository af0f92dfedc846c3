"""How customers behave: the numbers an instance reports, week by week.

An archetype says where a customer starts and ends over the window. Every number of a ping follows
from it, so that they are coherent: no more committers than log-ins, pipelines that fit the builds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sample.clock import stream
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
    pipeline_users: Course
    deployers: Course = (0.0, 0.0)
    deployments: Course = (0.0, 0.0)
    success: float = 0.9
    scanners: Course = (0.0, 0.0)
    scans_per_pipeline: Course = (0.0, 0.0)
    scan_types: int = 0
    tiers: tuple[str, ...] = ("premium", "ultimate")


ARCHETYPES: tuple[Archetype, ...] = (
    Archetype(
        "healthy", 24, (0.88, 0.94), (0.86, 0.88), (0.52, 0.55), (42, 48), (0.45, 0.48),
        (0.15, 0.17), (6, 8), 0.93, (0.12, 0.22), (0.2, 0.5), 4,
    ),
    Archetype(
        "growing", 16, (0.45, 0.97), (0.7, 0.84), (0.25, 0.45), (8, 44), (0.15, 0.4),
        (0.03, 0.13), (1, 5), 0.85, (0.02, 0.15), (0.03, 0.3), 3,
    ),
    Archetype(
        "churning", 12, (0.86, 0.58), (0.78, 0.44), (0.4, 0.12), (35, 4), (0.35, 0.1),
        (0.1, 0.02), (4, 1), 0.75, (0.06, 0.01), (0.2, 0.05), 2,
    ),
    Archetype(
        "shelfware", 10, (0.8, 0.83), (0.6, 0.48), (0.14, 0.11), (1.5, 1.2), (0.06, 0.05),
    ),
    Archetype(
        "ci_only", 10, (0.8, 0.84), (0.75, 0.77), (0.08, 0.09), (80, 110), (0.55, 0.6),
    ),
    Archetype(
        "devsecops", 14, (0.85, 0.92), (0.84, 0.87), (0.5, 0.55), (50, 60), (0.5, 0.55),
        (0.14, 0.18), (7, 9), 0.95, (0.15, 0.3), (0.4, 0.8), 6, ("ultimate",),
    ),
    Archetype(
        "source_only", 10, (0.78, 0.8), (0.72, 0.74), (0.6, 0.62), (0.5, 0.6), (0.03, 0.03),
    ),
    Archetype(
        "over_licence", 4, (0.98, 1.12), (0.88, 0.9), (0.5, 0.55), (30, 41), (0.4, 0.45),
        (0.08, 0.1), (3, 4), 0.88,
    ),
)  # fmt: skip

BY_NAME = {archetype.name: archetype for archetype in ARCHETYPES}

ROLE_SHARE = {"production": 1.0, "staging": 0.06, "geo": 0.02, "obsolete": 0.12}
"""How much of production's activity an instance of each role sees."""


def side_metrics(usage: Usage, progress: float) -> Usage:
    """Metrics outside the score that follow from those inside it; totals grow with `progress`."""
    users = int(usage.get("activated_seats") or usage.get("instance_users") or 0)
    active = max(int(usage.get("unique_active_28_days_user") or users * 0.6), 0)
    git_users = max(int(usage.get("git_operations_28_days_user") or 0), 0)
    pipelines = max(int(usage.get("ci_internal_pipelines_28_days_event") or 0), 0)
    scans = sum(max(int(usage.get(f"{scan}_28_days_event") or 0), 0) for scan in SCANS)
    grown = 0.7 + 0.3 * progress
    projects = int(users * 2.4 * grown) + 3
    return {
        "instance_users": int(users * 1.08) + 2,
        "historical_max_users": int(users * 1.03) + 1,
        "umau_28_days_user": int(active * 0.83),
        "projects_all_time_event": projects,
        "group_saml_enabled": users > 300,
        "git_write_28_days_user": int(git_users * 0.8),
        "merge_request_authors_28_days_user": int(git_users * 0.66),
        "merge_request_approvers_28_days_user": int(git_users * 0.45),
        "merge_requests_all_time_event": int(users * 61 * grown),
        "ci_pipelines_28_days_user": int(git_users * 0.7),
        "ci_internal_pipelines_all_time_event": int(pipelines * 13 * grown),
        "ci_external_pipelines_all_time_event": int(projects * 0.3 * grown),
        "ci_runners_all_time_event": 2 + users // 40,
        "shared_runners_enabled": True,
        "projects_jenkins_active_all_time_event": projects // 25,
        "projects_teamcity_active_all_time_event": 0,
        "projects_bamboo_active_all_time_event": projects // 200,
        "container_scanning_jobs_all_time_event": int(scans * 5 * grown),
        "dast_jobs_all_time_event": int(scans * 0.8 * grown),
        "dependency_scanning_jobs_all_time_event": int(scans * 4 * grown),
        "releases_28_days_user": int(git_users * 0.08),
        "issues_28_days_user": int(active * 0.38),
        "epics_28_days_user": int(active * 0.05),
        "issues_edit_28_days_user": int(active * 0.4),
        "packages_28_days_event": pipelines // 30,
        "packages_28_days_user": int(git_users * 0.1),
        "container_registry_enabled": True,
        "terraform_state_28_days_user": int(git_users * 0.03),
        "project_clusters_28_days_user": int(git_users * 0.02),
        "auto_devops_enabled": users % 2 == 0,
        "incident_management_28_days_user": int(active * 0.02),
        "prometheus_enabled": True,
    }


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
        usage |= side_metrics(usage, progress)
        usage["licensed_seats_ping"] = self.seats
        if self.restored_on and day >= self.restored_on:
            usage["merge_requests_all_time_event"] = int(progress * 400)
        return usage

    def _scored_metrics(self, rate: Callable[[Course], float]) -> Usage:
        kind = self.archetype
        share = ROLE_SHARE[self.role]
        activated = int(self.seats * rate(kind.utilization) * (1 if self.role == "geo" else share))
        busy = activated * (share if self.role == "geo" else 1)
        builds = int(busy * rate(kind.builds))
        pipelines = builds // 7
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
