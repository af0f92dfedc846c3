"""From options to a folder of raw input."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sample.clock import at, weeks
from sample.customers import bulk_customers
from sample.expected import account_truth
from sample.landing import Landing, versions_by_lineage
from sample.model import Customer, Instance, Options, Ping
from sample.named import CASES, named_customers
from sample.payload import PayloadWriter
from sample.pings import week_ping
from sample.strays import stray_instances
from sample.tables import write_tables
from sample.writer import PingFiles, replaced_folder

MIN_ACCOUNTS = len(CASES) + 3


@dataclass(frozen=True)
class World:
    """Everybody who may send a ping."""

    named: list[Customer]
    bulk: list[Customer]
    strays: list[Instance]

    @property
    def customers(self) -> list[Customer]:
        """All customers, the named ones first."""
        return self.named + self.bulk


def generate(options: Options, *, force: bool = False) -> str:
    """Write the raw folder and truth.json; returns a line that says what is in it."""
    named = named_customers(options)
    bulk = list(bulk_customers(options, options.accounts - len(named)))
    world = World(named, bulk, stray_instances(options))
    with replaced_folder(options.out, force) as folder:
        landing = _land_pings(folder, world, options)
        write_tables(folder, world.customers, landing.excluded)
        truth = _truth(world, landing, options)
        text = json.dumps(truth, indent=2, ensure_ascii=False)
        (folder / "truth.json").write_text(f"{text}\n", encoding="utf-8")
    counts = truth["counts"]
    return (
        f"{options.out}: {counts['accounts']} accounts, {counts['instances']} instances, "
        f"{counts['ping_lines']} pings, as of {options.as_of}"
    )


def _land_pings(folder: Path, world: World, options: Options) -> Landing:
    render = PayloadWriter(options.seed, at(options.as_of, 0), options.payload_keys).render
    with PingFiles(folder, options.as_of, options.gzip) as files:
        landing = Landing(files, render, options, versions_by_lineage(world.customers))
        for weeks_back in weeks(options.as_of, options.months):
            landing.week(weeks_back, _pings_of_week(world, weeks_back, options))
        landing.week(-1, _one_ping_too_early(world, options))
    return landing


def _pings_of_week(world: World, weeks_back: int, options: Options) -> Iterator[tuple[Ping, bool]]:
    """The week's pings by arrival, and whether each belongs to the bulk."""
    bulk = [(i, True) for customer in world.bulk for i in customer.instances]
    rest = [(i, False) for customer in world.named for i in customer.instances]
    rest += [(i, False) for i in world.strays]
    planned = [(week_ping(i, weeks_back, options), in_bulk) for i, in_bulk in bulk + rest]
    pings = [(ping, in_bulk) for ping, in_bulk in planned if ping is not None]
    yield from sorted(pings, key=lambda item: (item[0].received_at, item[0].ping_id))


def _one_ping_too_early(world: World, options: Options) -> Iterator[tuple[Ping, bool]]:
    """A ping that the landing service dated after `as_of`."""
    ping = week_ping(world.named[0].instances[0], -1, options)
    if ping:
        yield ping, False


def named_pings(customer: Customer, options: Options) -> list[Ping]:
    """All pings of a customer up to `as_of`, planned again exactly as they were written."""
    planned = (
        week_ping(instance, weeks_back, options)
        for instance in customer.instances
        for weeks_back in weeks(options.as_of, options.months)
    )
    return [ping for ping in planned if ping]


def _truth(world: World, landing: Landing, options: Options) -> dict[str, Any]:
    return {
        "as_of": options.as_of.isoformat(),
        "seed": options.seed,
        "grain": "month",
        "threshold_set": "handbook_2025",
        "counts": _counts(world.customers, landing),
        "accounts": [
            account_truth(customer, named_pings(customer, options), options.as_of) for customer in world.named
        ],
    }


def _counts(customers: Sequence[Customer], landing: Landing) -> dict[str, Any]:
    landed = landing.counts
    reasons = (
        "no_license",
        "license_unknown",
        "no_active_subscription",
        "excluded",
        "internal",
        "invalid",
    )
    plain = (
        "ping_lines",
        "distinct_ping_ids",
        "repeated_ping_ids",
        "retries_under_another_id",
        "late_pings",
        "damaged_pings",
        "manual_files",
        "lines_not_json",
        "after_as_of",
    )
    return {
        "accounts": len(customers),
        "subscriptions": sum(len(c.subscriptions) for c in customers),
        "subscription_lineages": len(landing.versions),
        "licenses": sum(len(c.licenses) for c in customers),
        "instance_labels": sum(len(c.labels) for c in customers),
        "objectives": sum(len(c.objectives) for c in customers),
        "instances": len(landing.instances),
        **{name: landed[name] for name in plain},
        "unmapped_pings": {reason: landed[reason] for reason in reasons},
    }
