"""From a planned ping to its JSON text, in the shape in which the product sends it.

Payloads of one version share their keys, so the text around the values is compiled once and only
the values are filled in: a 1,300-key payload costs a fraction of a millisecond.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sample.clock import stream
from sample.metrics import sent_paths
from sample.model import Grant, Instance, Ping, Version, major_minor
from sample.vocabulary import Filler, fillers, vocabulary

ABSENT = object()
"""An override that removes a key path."""

CANARY = "PII-CANARY"
"""Marks personal data, so that a test can search every later table for it."""

EDITIONS = {"free": "EE Free", "starter": "EES", "premium": "EEP", "ultimate": "EEU"}
TIMESTAMPS = ("%Y-%m-%dT%H:%M:%S.{ms}+00:00", "%Y-%m-%dT%H:%M:%S.{ms}Z", "%Y-%m-%d %H:%M:%S UTC")


_encode = json.JSONEncoder(separators=(",", ":")).encode


def _json(value: object) -> str:
    """Compact JSON; whole numbers, the most frequent values, take the short way."""
    return str(value) if type(value) is int else _encode(value)


class PayloadWriter:
    """Renders pings; holds what does not change from one ping of an instance to the next."""

    def __init__(self, seed: int, as_of: datetime, payload_keys: int) -> None:
        self._seed = seed
        self._as_of = as_of
        self._keys = payload_keys
        self._levels: dict[tuple[str, str], list[int]] = {}
        self._surroundings: dict[tuple[str, str, str], dict[str, str]] = {}

    def render(self, ping: Ping) -> str:
        """The payload as one line of JSON."""
        leaves = self._leaves(ping)
        extra = fillers(major_minor(ping.version), self._keys - len(leaves))
        _apply_overrides(leaves, ping.overrides)
        names = tuple(filler.path for filler in extra)
        template, pick = _compile(tuple(leaves), names, tuple(ping.overrides))
        return template % pick([*leaves.values(), *self._filler_values(ping, extra)])

    def _leaves(self, ping: Ping) -> dict[str, str]:
        """Key path -> JSON text of everything but the vocabulary, in the product's order."""
        instance = ping.instance
        key = (instance.uuid, instance.hostname, ping.version)
        if key not in self._surroundings:
            raw = _surroundings(instance, ping.version)
            self._surroundings[key] = {path: _json(value) for path, value in raw.items()}
        leaves = {path: _json(value) for path, value in _envelope(ping).items()}
        leaves |= self._surroundings[key]
        tier = ping.grant.tier if ping.grant else "free"
        for metric, path in sent_paths(major_minor(ping.version), tier):
            if metric in ping.usage:
                leaves[path] = _json(ping.usage[metric])
        return leaves

    def _filler_values(self, ping: Ping, extra: Sequence[Filler]) -> list[object]:
        levels = self._instance_levels(ping.instance)
        age = max((self._as_of - ping.received_at).days, 0)
        grown = max(1000 - age, 200)
        recent = 700 + stream(self._seed, ping.ping_id, "recent").randrange(600)
        factors = {"total": grown, "recent": recent}
        return [_filler_value(filler.kind, levels[filler.index], factors) for filler in extra]

    def _instance_levels(self, instance: Instance) -> list[int]:
        """How much an instance uses each key of the vocabulary: most of them not at all."""
        key = (instance.uuid, instance.hostname)
        if key not in self._levels:
            random = stream(self._seed, *key, "levels").random
            self._levels[key] = [int(random() * 40) ** 2 if random() < 0.4 else 0 for _ in vocabulary()]
        return self._levels[key]


def _filler_value(kind: str, level: int, factors: dict[str, int]) -> object:
    if kind == "deprecated":
        return -1000
    if kind == "flag":
        return "true" if level % 2 else "false"
    return level * factors[kind] // 1000


def _apply_overrides(leaves: dict[str, str], overrides: dict[str, Any]) -> None:
    """Put the overrides in place, each instead of the whole subtree below its path."""
    for path, value in overrides.items():
        for below in [p for p in leaves if p.startswith(f"{path}.")]:
            del leaves[below]
        leaves.pop(path, None)
        if value is not ABSENT:
            leaves[path] = _json(value)


@lru_cache(maxsize=512)
def _compile(
    leaves: tuple[str, ...], extra: tuple[str, ...], hidden: tuple[str, ...]
) -> tuple[str, Callable[[Sequence[object]], tuple[object, ...]]]:
    """A %-template for these key paths, and the order in which it takes their values."""
    tree: dict[str, Any] = {}
    for index, path in enumerate((*leaves, *extra)):
        replaced = index >= len(leaves) and any(path == gone or path.startswith(f"{gone}.") for gone in hidden)
        if not replaced:
            *parents, name = path.split(".")
            node = tree
            for parent in parents:
                node = node.setdefault(parent, {})
            node[name] = index
    order: list[int] = []
    return _template(tree, order), itemgetter(*order)


def _template(node: dict[str, Any], order: list[int]) -> str:
    parts = []
    for name, child in node.items():
        if isinstance(child, dict):
            text = _template(child, order)
        else:
            order.append(child)
            text = "%s"
        key = json.dumps(name).replace("%", "%%")
        parts.append(f"{key}:{text}")
    return "{" + ",".join(parts) + "}"


def _envelope(ping: Ping) -> dict[str, Any]:
    instance, grant = ping.instance, ping.grant
    layout = TIMESTAMPS[ping.recorded_format].format(ms=f"{ping.recorded_at.microsecond // 1000:03d}")
    tier = grant.tier if grant else "free"
    envelope: dict[str, Any] = {
        "recorded_at": ping.recorded_at.strftime(layout),
        "uuid": instance.uuid,
        "hostname": instance.hostname,
        "version": ping.version,
        "installation_type": instance.installation_type,
        "active_user_count": None,
        "edition": instance.edition or EDITIONS[tier],
    }
    if grant:
        envelope |= _licence_fields(grant, instance, major_minor(ping.version))
    finished = ping.recorded_at + timedelta(seconds=41)
    envelope["recording_ce_finished_at"] = finished.strftime("%Y-%m-%d %H:%M:%S UTC")
    return envelope


def _licence_fields(grant: Grant, instance: Instance, version: Version) -> dict[str, Any]:
    contact = instance.company.split()[0].lower()
    fields: dict[str, Any] = {
        "license_md5": grant.md5,
        "license_sha256": grant.sha256,
        "license_id": grant.license_id,
        "licensee.Name": f"{CANARY} Admin of {instance.company}",
        "licensee.Email": f"{CANARY.lower()}.admin@{contact}.example",
        "licensee.Company": f"{CANARY} {instance.company}",
        "license_starts_at": grant.starts_at,
        "license_expires_at": grant.expires_at,
        "license_plan": grant.tier,
        "license_add_ons": {},
        "license_trial": grant.trial,
        "license_trial_ends_on": grant.trial_ends_on,
        "license_subscription_id": grant.subscription_id,
    }
    if version >= (16, 2):
        del fields["license_md5"]
    if version < (15, 2):
        del fields["license_sha256"]
    return fields


def _surroundings(instance: Instance, version: str) -> dict[str, Any]:
    """What the instance tells about its host: constant between upgrades."""
    random = stream(instance.uuid, instance.hostname, "host")
    memory = random.choice((8, 16, 32, 64)) * 1_073_741_824
    release = major_minor(version)
    git = {"major": 2, "minor": 22 + release[0], "patch": random.randrange(4)}
    host: dict[str, Any] = {
        "git.version": git if random.random() < 0.7 else ".".join(map(str, git.values())),
        "gitaly.version": f"{release[0]}.{release[1]}.0",
        "gitaly.servers": 1 + random.randrange(3),
        "gitaly.clusters": 0,
        "gitaly.filesystems": ["EXT_2_3_4"],
        "gitlab_pages.enabled": True,
        "gitlab_pages.version": f"1.{release[0] + 20}.0",
        "container_registry_server.vendor": "gitlab",
        "container_registry_server.version": "3.61.0-gitlab",
        "database.adapter": "postgresql",
        "database.version": f"{release[0] - 2}.8",
        "database.pg_system_id": 6_800_000_000_000_000_000 + random.randrange(10**17),
        "mail.smtp_server": f"smtp.{instance.hostname}",
        "reply_by_email_enabled": random.choice((True, False, "incoming+%{key}@mail.example")),
        "counts_monthly.aggregated_metrics": {},
        "topology": _topology(random.random(), memory),
    }
    if release >= (17, 11):
        host["unique_instance_id"] = f"{random.getrandbits(128):032x}"
    return host


def _topology(share: float, memory: int) -> dict[str, Any]:
    services = [
        {"name": "web", "process_count": 16, "process_memory_rss": memory // 40, "server": "puma"},
        {"name": "sidekiq", "process_count": 1, "process_memory_rss": memory // 45},
        {"name": "gitaly", "process_count": 1, "process_memory_rss": memory // 90},
    ]
    node = {
        "node_memory_total_bytes": memory,
        "node_memory_utilization": round(share, 3),
        "node_cpus": 8,
        "node_cpu_utilization": round(share / 2, 3),
        "node_uname_info": {"machine": "x86_64", "sysname": "Linux", "release": "5.15.0"},
        "node_services": services,
    }
    return {
        "duration_s": round(0.01 + share / 7, 6),
        "application_requests_per_hour": int(share * 9000),
        "query_apdex_weekly_average": 0.996,
        "failures": [],
        "nodes": [node],
    }
