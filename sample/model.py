"""What the generator plans before it writes anything: customers, instances and their pings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

Usage = dict[str, Any]
"""Metric name -> the value that an instance reports. A metric that is not in it is not sent."""

Version = tuple[int, int]
"""Major and minor number, which is how versions are compared."""

TIERS = ("free", "starter", "premium", "ultimate")


@dataclass(frozen=True)
class Options:
    """Everything that decides the output; equal options give identical bytes."""

    out: Path
    as_of: date
    accounts: int = 120
    seed: int = 7
    months: int = 18
    payload_keys: int = 300
    gzip: str = "older"


@dataclass(frozen=True)
class Account:
    """A row of accounts.csv."""

    account_id: str
    account_name: str
    parent_account_id: str | None
    segment: str
    region: str
    csm_email: str | None
    in_benchmarks: bool = True


@dataclass(frozen=True)
class Subscription:
    """A row of subscriptions.csv: one version (term) of a subscription lineage."""

    subscription_id: str
    original_subscription_id: str
    account_id: str
    product_tier: str
    is_trial: bool
    seats: int | None
    start_date: date
    end_date: date | None
    status: str
    arr: int | None

    def in_force(self, day: date) -> bool:
        """Whether this version holds on a day; both ends are inside, and a cancelled term runs out."""
        ended = self.end_date is not None and day > self.end_date
        return self.start_date <= day and not ended


@dataclass(frozen=True)
class License:
    """A row of licenses.csv."""

    license_id: str
    license_md5: str
    license_sha256: str
    subscription_id: str
    seats: int | None
    starts_at: date
    expires_at: date | None


@dataclass(frozen=True)
class Label:
    """A row of instance_labels.csv."""

    uuid: str
    hostname: str
    label: str
    labelled_by: str
    labelled_at: datetime


@dataclass(frozen=True)
class Objective:
    """A row of objectives.csv."""

    objective_id: str
    account_id: str
    objective_name: str
    metric_name: str
    target_value: float | None
    starts_on: date
    due_on: date


@dataclass(frozen=True)
class Grant:
    """The licence that is installed on an instance from one day on, as its pings show it."""

    since: date
    tier: str
    license_id: int | str | None
    md5: str
    sha256: str
    subscription_id: str | None
    seats: int | None
    starts_at: str
    expires_at: str | None
    trial: bool = False
    trial_ends_on: str | None = None


@dataclass(frozen=True, eq=False)
class Instance:
    """One installation: who it is, which licences it holds, when it pings and what it reports.

    `overrides` holds for every ping of the instance, `Ping.overrides` for one.
    """

    uuid: str
    hostname: str
    role: str
    company: str
    lineage: str | None
    grants: tuple[Grant, ...]
    releases: tuple[tuple[date, str], ...]
    usage: Callable[[date], Usage] = field(repr=False)
    phase: int = 0
    reports_from: date = date.min
    reports_until: date = date.max
    installation_type: str = "omnibus-gitlab"
    edition: str | None = None
    reliability: float = 1.0
    air_gapped: bool = False
    overrides: dict[str, Any] = field(default_factory=dict, repr=False)

    def grant_on(self, day: date) -> Grant | None:
        """The licence installed on a day; None for an instance without one."""
        held = [grant for grant in self.grants if grant.since <= day]
        return held[-1] if held else (self.grants[0] if self.grants else None)

    def version_on(self, day: date) -> str:
        """The release that runs on a day."""
        past = [version for since, version in self.releases if since <= day]
        return past[-1] if past else self.releases[0][1]


@dataclass
class Ping:
    """One planned ping. `overrides` replaces or removes key paths of the payload last of all."""

    instance: Instance
    ping_id: str
    received_at: datetime
    recorded_at: datetime
    version: str
    grant: Grant | None
    usage: Usage
    overrides: dict[str, Any] = field(default_factory=dict)
    recorded_format: int = 0


@dataclass
class Customer:
    """An account with everything that hangs on it."""

    account: Account
    archetype: str
    subscriptions: list[Subscription] = field(default_factory=list)
    licenses: list[License] = field(default_factory=list)
    instances: list[Instance] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    objectives: list[Objective] = field(default_factory=list)
    case: str | None = None


def major_minor(version: str) -> Version:
    """`16.9.2-ee` -> (16, 9)."""
    major, minor = version.split(".")[:2]
    return int(major), int(minor.split("-")[0])
