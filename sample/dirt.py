"""Damage to single pings, as real ones show it; applied in turn, so that every kind occurs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sample.clock import add_months
from sample.licensing import dashed
from sample.model import Ping, major_minor
from sample.payload import ABSENT, CANARY

EVERY = 9
"""One in so many pings of the bulk is damaged."""

SQL_TEXT = 'SELECT COUNT("projects"."id") FROM "projects"'
Damage = Callable[[Ping], None]


def _value(metric: str, value: Any) -> Damage:
    """A metric with another value, at every key path of it."""

    def damage(ping: Ping) -> None:
        ping.usage[metric] = value

    return damage


def _without(metric: str) -> Damage:
    """A metric whose key is absent."""

    def damage(ping: Ping) -> None:
        ping.usage.pop(metric, None)

    return damage


def _override(path: str, value: Any) -> Damage:
    """A key path with another value."""

    def damage(ping: Ping) -> None:
        ping.overrides[path] = value

    return damage


def _clock(months: int) -> Damage:
    """An instance clock that is years off; the ping still arrives today."""

    def damage(ping: Ping) -> None:
        moment = ping.recorded_at
        day = add_months(moment.date(), months)
        ping.recorded_at = moment.replace(year=day.year, month=day.month, day=day.day)

    return damage


def _number_as_text(ping: Ping) -> None:
    ping.usage["activated_seats"] = f" {ping.usage.get('activated_seats', 0)}"


def _shouted_hostname(ping: Ping) -> None:
    ping.overrides["hostname"] = f"{ping.instance.hostname.upper()} "


def _padded_subscription_id(ping: Ping) -> None:
    if ping.grant and ping.grant.subscription_id:
        ping.overrides["license_subscription_id"] = f"{ping.grant.subscription_id}  "


def _dashed_md5(ping: Ping) -> None:
    if ping.grant and major_minor(ping.version) < (16, 2):
        ping.overrides["license_md5"] = dashed(ping.grant.md5)


def _lower_case_licensee(ping: Ping) -> None:
    ping.overrides["licensee"] = {
        "name": f"{CANARY} lower case",
        "email": f"{CANARY.lower()}@lower.example",
    }


DAMAGES: dict[str, Damage] = {
    "sentinel_1": _value("unique_active_28_days_user", -1),
    "sentinel_2": _value("git_operations_28_days_user", -2),
    "sentinel_3": _value("instance_users", -3),
    "sentinel_1000": _value("ci_external_pipelines_all_time_event", -1000),
    "other_negative": _value("deployments_28_days_event", -7),
    "null_value": _value("ci_runners_all_time_event", None),
    "absent_key": _without("deployments_28_days_user"),
    "absent_billable_users": _without("activated_seats"),
    "number_as_text": _number_as_text,
    "decimal": _value("packages_28_days_event", 12.5),
    "text_in_number": _value("umau_28_days_user", "abc"),
    "sql_in_number": _value("projects_all_time_event", SQL_TEXT),
    "boolean_in_number": _value("releases_28_days_user", True),
    "nan_in_number": _value("epics_28_days_user", "NaN"),
    "empty_text_in_number": _value("incident_management_28_days_user", ""),
    "empty_object_in_number": _value("packages_28_days_user", {}),
    "failed_histogram": _value("issues_28_days_user", {"-1": -1}),
    "sentinel_in_boolean": _value("container_registry_enabled", -1),
    "list_for_object": _override("usage_activity_by_stage_monthly.plan", []),
    "object_missing": _override("usage_activity_by_stage_monthly.release", ABSENT),
    "settings_list": _override("settings", []),
    "unknown_key": _override("brand_new", {"Some-Key": {"deep": [1, {"x": None}]}}),
    "clock_ahead": _clock(57),
    "clock_behind": _clock(-40),
    "clock_unreadable": _override("recorded_at", "yesterday evening"),
    "shouted_hostname": _shouted_hostname,
    "padded_subscription_id": _padded_subscription_id,
    "subscription_id_0000": _override("license_subscription_id", "0000"),
    "subscription_id_empty": _override("license_subscription_id", ""),
    "dashed_md5": _dashed_md5,
    "starts_1970": _override("license_starts_at", "1970-01-01"),
    "expires_far": _override("license_expires_at", "19999-12-31"),
    "trial_as_text": _override("license_trial", "false"),
    "lower_case_licensee": _lower_case_licensee,
}


def damage(ping: Ping, count: int) -> str | None:
    """Damage the `count`-th ping of the bulk when it is its turn; returns the kind."""
    if count % EVERY:
        return None
    kinds = list(DAMAGES)
    kind = kinds[count // EVERY % len(kinds)]
    DAMAGES[kind](ping)
    return kind
