"""The metrics that the mart ships with: where each stands in a payload, from and until when.

The ranges are those of the product's Metrics Dictionary (docs/metrics.md): a path is sent
from version `since` on and no more from `until` on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from sample.model import TIERS, Version

MONTHLY = "usage_activity_by_stage_monthly"
HLL = "redis_hll_counters"
SCANS = (
    "sast_scans",
    "secret_detection_scans",
    "dependency_scanning_scans",
    "container_scanning_scans",
    "dast_scans",
    "coverage_fuzzing_scans",
    "api_fuzzing_scans",
)


@dataclass(frozen=True)
class KeyPath:
    """One place of a metric in the payload; `until` is the first version without it."""

    path: str
    since: Version = (10, 0)
    until: Version = (99, 0)


@dataclass(frozen=True)
class Metric:
    """A metric: its key paths, newest first, and the lowest tier and version that have it."""

    name: str
    paths: tuple[KeyPath, ...]
    tier: str = "free"
    min_version: Version = (10, 0)

    def sent(self, version: Version, tier: str) -> tuple[str, ...]:
        """Key paths that an instance of this version and tier sends."""
        if TIERS.index(tier) < TIERS.index(self.tier):
            return ()
        return tuple(p.path for p in self.paths if p.since <= version < p.until)


def _metric(name: str, *paths: KeyPath | str, tier: str = "free") -> Metric:
    placed = tuple(KeyPath(p) if isinstance(p, str) else p for p in paths)
    return Metric(name, placed, tier, min(p.since for p in placed))


METRICS: tuple[Metric, ...] = (
    _metric("instance_users", "active_user_count"),
    _metric("activated_seats", KeyPath("license_billable_users", (14, 0)), tier="premium"),
    _metric("licensed_seats_ping", "license_user_count", tier="premium"),
    _metric("historical_max_users", "historical_max_users", tier="premium"),
    _metric(
        "unique_active_28_days_user",
        KeyPath(f"{HLL}.manage.unique_active_users_monthly", (15, 2)),
        KeyPath("counts_monthly.unique_active_users", (15, 1), (16, 4)),
    ),
    _metric("umau_28_days_user", f"{MONTHLY}.manage.events"),
    _metric("projects_all_time_event", "counts.projects"),
    _metric("group_saml_enabled", "usage_activity_by_stage.manage.group_saml_enabled", tier="premium"),
    _metric(
        "git_operations_28_days_user",
        KeyPath(f"{MONTHLY}.create.action_monthly_active_users_project_repo", (13, 9)),
        KeyPath(f"{HLL}.source_code.project_action_monthly", (13, 9), (17, 0)),
    ),
    _metric(
        "git_write_28_days_user",
        KeyPath(f"{MONTHLY}.create.action_monthly_active_users_git_write", (13, 9)),
        KeyPath(f"{HLL}.source_code.git_write_action_monthly", (13, 9), (17, 0)),
    ),
    _metric(
        "merge_request_authors_28_days_user",
        KeyPath(f"{HLL}.code_review.i_code_review_user_create_mr_monthly", (13, 9)),
        KeyPath(f"{MONTHLY}.create.merge_requests", until=(14, 10)),
    ),
    _metric(
        "merge_request_approvers_28_days_user",
        KeyPath(f"{HLL}.code_review.i_code_review_user_approve_mr_monthly", (13, 9)),
    ),
    _metric("merge_requests_all_time_event", "counts.merge_requests"),
    _metric("ci_pipelines_28_days_user", f"{MONTHLY}.verify.ci_pipelines"),
    _metric(
        "ci_builds_28_days_event",
        KeyPath("counts.count_total_create_ci_build_monthly", (16, 9)),
        KeyPath("counts_monthly.ci_builds", (16, 1)),
    ),
    _metric(
        "ci_internal_pipelines_28_days_event",
        KeyPath("counts_monthly.ci_internal_pipelines", (15, 10)),
    ),
    _metric("ci_internal_pipelines_all_time_event", "counts.ci_internal_pipelines"),
    _metric("ci_external_pipelines_all_time_event", "counts.ci_external_pipelines"),
    _metric("ci_runners_all_time_event", "counts.ci_runners"),
    _metric("shared_runners_enabled", "gitlab_shared_runners_enabled"),
    _metric("projects_jenkins_active_all_time_event", "counts.projects_jenkins_active"),
    _metric("projects_teamcity_active_all_time_event", "counts.projects_teamcity_active"),
    _metric("projects_bamboo_active_all_time_event", "counts.projects_bamboo_active"),
    _metric("secure_scanners_28_days_user", f"{MONTHLY}.secure.user_unique_users_all_secure_scanners"),
    *(
        _metric(
            f"{scan}_28_days_event",
            KeyPath(f"{MONTHLY}.secure.{scan}", (13, 9)),
            tier="free" if scan == "container_scanning_scans" else "ultimate",
        )
        for scan in SCANS
    ),
    _metric("container_scanning_jobs_all_time_event", "counts.container_scanning_jobs"),
    _metric("dast_jobs_all_time_event", "counts.dast_jobs", tier="ultimate"),
    _metric(
        "dependency_scanning_jobs_all_time_event",
        "counts.dependency_scanning_jobs",
        tier="ultimate",
    ),
    _metric("deployments_28_days_user", f"{MONTHLY}.release.deployments"),
    _metric("deployments_28_days_event", "counts_monthly.deployments"),
    _metric("successful_deployments_28_days_event", "counts_monthly.successful_deployments"),
    _metric("failed_deployments_28_days_event", "counts_monthly.failed_deployments"),
    _metric("releases_28_days_user", f"{MONTHLY}.release.releases"),
    _metric("issues_28_days_user", f"{MONTHLY}.plan.issues"),
    _metric("epics_28_days_user", f"{MONTHLY}.plan.epics", tier="premium"),
    _metric(
        "issues_edit_28_days_user",
        f"{HLL}.issues_edit.issues_edit_total_unique_counts_monthly",
    ),
    _metric("packages_28_days_event", "counts_monthly.packages"),
    _metric("packages_28_days_user", f"{HLL}.user_packages.user_packages_total_unique_counts_monthly"),
    _metric("container_registry_enabled", "container_registry_enabled"),
    _metric(
        "terraform_state_28_days_user",
        f"{HLL}.terraform.p_terraform_state_api_unique_users_monthly",
    ),
    _metric("project_clusters_28_days_user", f"{MONTHLY}.configure.project_clusters_enabled"),
    _metric("auto_devops_enabled", "instance_auto_devops_enabled"),
    _metric(
        "incident_management_28_days_user",
        f"{HLL}.incident_management.incident_management_total_unique_counts_monthly",
    ),
    _metric("prometheus_enabled", "prometheus_enabled"),
)

BY_NAME = {metric.name: metric for metric in METRICS}
PATHS = frozenset(path.path for metric in METRICS for path in metric.paths)


@lru_cache(maxsize=4096)
def sent_paths(version: Version, tier: str) -> tuple[tuple[str, str], ...]:
    """(metric, key path) of everything an instance of this version and tier sends."""
    return tuple((m.name, path) for m in METRICS for path in m.sent(version, tier))
