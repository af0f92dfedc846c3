"""Instances that belong to no customer: community editions, unknown licences, the vendor's own."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sample.archetypes import BY_NAME, Behaviour
from sample.clock import stream, window_start
from sample.licensing import digest
from sample.model import Grant, Instance, Options
from sample.releases import fixed

SAAS_UUID = "ea8bf810-1d6f-4a6a-b4fd-93e8cbd8b57f"


def stray_instances(options: Options) -> list[Instance]:
    """The unlicensed, the unknown, the internal and the invalid ones."""
    return [*_unlicensed(options), *_unknown(options), *_internal(options), *_invalid(options)]


def _instance(options: Options, hostname: str, edition: str, version: str = "16.11") -> Instance:
    random = stream(options.seed, "stray", hostname)
    uuid = str(UUID(int=random.getrandbits(128), version=4))
    start = window_start(options.as_of, options.months)
    key = (options.seed, uuid, hostname)
    usage = Behaviour(key, BY_NAME["source_only"], 40, "production", start, options.as_of)
    return Instance(
        uuid=uuid,
        hostname=hostname,
        role="production",
        company="Stray",
        lineage=None,
        grants=(),
        releases=fixed(f"{version}.2{'' if edition == 'CE' else '-ee'}"),
        usage=usage,
        phase=random.randrange(min(7, options.as_of.day)),
        edition=edition,
        reliability=0.9,
    )


def _unlicensed(options: Options) -> list[Instance]:
    """Community editions, and an enterprise edition that never got a licence."""
    scale = max(options.accounts // 20, 2)
    found = [
        _instance(options, f"git{rank}.community.example", "CE", ("15.4", "16.11", "13.12")[rank % 3])
        for rank in range(scale)
    ]
    return [*found, _instance(options, "git.free.example", "EE Free", "17.2")]


def _unknown(options: Options) -> list[Instance]:
    """Licences that lead to no subscription, one of them with the empty id 0000."""
    found = []
    for rank, shown_id in enumerate(("A-S99999901", "0000", "")):
        hostname = f"gitlab{rank}.unknown.example"
        grant = Grant(
            since=date.min,
            tier="premium",
            license_id=f"legacy-{rank}",
            md5=digest(f"md5/{hostname}", 16),
            sha256=digest(f"sha256/{hostname}", 32),
            subscription_id=shown_id,
            seats=50,
            starts_at="1970-01-01",
            expires_at=None,
        )
        found.append(replace(_instance(options, hostname, "EEP"), grants=(grant,), edition=None))
    return found


def _internal(options: Options) -> list[Instance]:
    """The vendor's own: two hostnames, a development kit, and the uuid of the SaaS."""
    kit = replace(
        _instance(options, "gdk.test", "EE Free", "17.5"),
        installation_type="gitlab-development-kit",
    )
    saas = replace(_instance(options, "web-01.internal.example", "EEU", "17.11"), uuid=SAAS_UUID)
    return [
        _instance(options, "gitlab.com", "EEU", "17.11"),
        _instance(options, "Staging.GitLab.com", "EEU", "17.11"),
        kit,
        saas,
    ]


def _invalid(options: Options) -> list[Instance]:
    """No uuid, an empty uuid, a version that the build never filled in; for the last weeks only."""
    since = options.as_of - timedelta(days=30)
    broken: tuple[dict[str, Any], ...] = ({"uuid": None}, {"uuid": ""}, {"version": "VERSION"})
    found = [
        replace(
            _instance(options, f"broken{rank}.example", "CE"),
            reports_from=since,
            overrides=overrides,
        )
        for rank, overrides in enumerate(broken)
    ]
    unnamed = replace(_instance(options, "unnamed.example", "CE"), overrides={"hostname": None})
    return [*found, unnamed]
