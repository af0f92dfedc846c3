"""The metrics outside the score, derived from those inside it, so that a ping is coherent."""

from __future__ import annotations

from sample.metrics import SCANS
from sample.model import Usage


def recent_metrics(usage: Usage) -> Usage:
    """Point-in-time and 28-day metrics, and settings, that fit the given ones."""
    users = _count(usage, "activated_seats")
    active = _count(usage, "unique_active_28_days_user") or int(users * 0.6)
    git_users = _count(usage, "git_operations_28_days_user")
    pipelines = _count(usage, "ci_internal_pipelines_28_days_event")
    return {
        "instance_users": int(users * 1.08) + 2,
        "historical_max_users": int(users * 1.03) + 1,
        "umau_28_days_user": int(active * 0.83),
        "group_saml_enabled": users > 300,
        "git_write_28_days_user": int(git_users * 0.8),
        "merge_request_authors_28_days_user": int(git_users * 0.66),
        "merge_request_approvers_28_days_user": int(git_users * 0.45),
        "ci_pipelines_28_days_user": int(git_users * 0.7),
        "ci_runners_all_time_event": 2 + users // 40,
        "shared_runners_enabled": True,
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


def planned_totals(usage: Usage, progress: float) -> Usage:
    """All-time counters of an instance that ends the window with the given numbers."""
    return all_time_metrics(
        users=_count(usage, "activated_seats"),
        pipelines=_count(usage, "ci_internal_pipelines_28_days_event") or _count(usage, "ci_builds_28_days_event") // 7,
        scans=sum(_count(usage, f"{scan}_28_days_event") for scan in SCANS),
        progress=progress,
    )


def all_time_metrics(users: int, pipelines: int, scans: int, progress: float) -> Usage:
    """All-time counters; `progress` is 0 at the window's start and 1 at its end."""
    grown = 0.7 + 0.3 * progress
    projects = int(users * 2.4 * grown) + 3
    return {
        "projects_all_time_event": projects,
        "merge_requests_all_time_event": int(users * 61 * grown),
        "ci_internal_pipelines_all_time_event": int(pipelines * 44 * grown),
        "ci_external_pipelines_all_time_event": int(projects * 0.3 * grown),
        "projects_jenkins_active_all_time_event": projects // 25,
        "projects_teamcity_active_all_time_event": 0,
        "projects_bamboo_active_all_time_event": projects // 200,
        "container_scanning_jobs_all_time_event": int(scans * 15 * grown),
        "dast_jobs_all_time_event": int(scans * 3 * grown),
        "dependency_scanning_jobs_all_time_event": int(scans * 12 * grown),
    }


def _count(usage: Usage, metric: str) -> int:
    """A usable count; 0 for one that is absent or failed."""
    return max(int(usage.get(metric) or 0), 0)
