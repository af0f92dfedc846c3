"""The bulk of the customers: drawn from archetypes, each from a random stream of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from math import lcm
from random import Random
from uuid import UUID

from sample.archetypes import ARCHETYPES, Archetype, Behaviour
from sample.clock import add_months, at, stream, window_start
from sample.licensing import grant_for, license_for
from sample.model import (
    Account,
    Customer,
    Grant,
    Instance,
    Label,
    Objective,
    Options,
    Subscription,
)
from sample.releases import RELEASES, upgrades

FIRST = """Amber Azure Basalt Cobalt Copper Coral Crystal Delta Ember Falcon Fjord Gamma Granite
Harbor Indigo Iris Jade Kestrel Lagoon Lumen Marble Meadow Nimbus Nova Ochre Onyx Opal Orbit
Pearl Prairie Quartz Raven Ridge Saffron Sierra Solstice Summit Tidal Topaz Vertex Willow Zephyr"""
LAST = """Aerospace Analytics Bank Biotech Capital Chemicals Components Devices Dynamics Energy
Foods Freight Gaming Health Insurance Labs Logistics Media Mobility Motors Networks Optics
Payments Pharma Rail Research Retail Robotics Semiconductors Shipping Systems Telecom"""
REGIONS = ("AMER", "EMEA", "APAC")
PRICE = {"Starter": 48, "Premium": 348, "Ultimate": 1188, "Free": 0}
FATES = ("active",) * 68 + ("stopped",) * 8 + ("never",) * 7 + ("expired",) * 6 + (
    ("onboarding",) * 4 + ("unlabelled",) * 7
)  # fmt: skip
INSTANCE_COUNTS = (1,) * 44 + (2,) * 24 + (3,) * 14 + (4,) * 8 + (5, 5, 6, 6, 7, 7, 8, 8, 9, 10)


@dataclass(frozen=True)
class Draft:
    """What is drawn once for a customer and used for all its parts."""

    number: int
    options: Options
    account: Account
    archetype: Archetype
    fate: str
    random: Random

    @property
    def start(self) -> date:
        """First day of the history."""
        return window_start(self.options.as_of, self.options.months)


def bulk_customers(options: Options, count: int) -> Iterator[Customer]:
    """`count` customers; the first ones do not depend on how many follow."""
    for number in range(1, count + 1):
        yield _customer(number, options)


def _customer(number: int, options: Options) -> Customer:
    random = stream(options.seed, "customer", number)
    weights = [archetype.weight for archetype in ARCHETYPES]
    archetype = random.choices(ARCHETYPES, weights)[0]
    fate = FATES[(number * 37) % len(FATES)]
    draft = Draft(number, options, _account(number, random), archetype, fate, random)
    customer = Customer(draft.account, archetype.name if fate == "active" else fate)
    for _ in range(2 if random.random() < 0.14 else 1):
        _add_lineage(customer, draft)
    _add_objective(customer, draft)
    return customer


def _account(number: int, random: Random) -> Account:
    first, last = FIRST.split(), LAST.split()
    name = f"{first[number % len(first)]} {last[number * 7 % len(last)]}"
    cycle = number // lcm(len(first), len(last))
    segment = random.choices(("SMB", "Mid-Market", "Enterprise"), (4, 4, 2))[0]
    owned = segment != "SMB" or random.random() < 0.3
    return Account(
        account_id=_account_id(number),
        account_name=f"{name} {cycle}" if cycle else name,
        parent_account_id=_account_id(number - 1) if number % 12 == 0 else None,
        segment=segment,
        region=random.choice(REGIONS),
        csm_email=f"csm{random.randrange(1, 9)}@vendor.example" if owned else None,
        in_benchmarks=number % 5 != 0,
    )


def _account_id(number: int) -> str:
    return f"0014M00{number:08d}QAA"


def _add_lineage(customer: Customer, draft: Draft) -> None:
    lineage_number = len({s.original_subscription_id for s in customer.subscriptions}) + 1
    terms = _terms(draft, lineage_number)
    customer.subscriptions += terms
    records = [license_for(term) for term in terms]
    customer.licenses += records
    shown = draft.random.choices(("=", "", None, "0000"), (70, 16, 8, 6))[0]
    lag = timedelta(days=draft.random.choice((0, 0, 1, 3, 20)))
    grants = tuple(
        grant_for(term, record, since=term.start_date + lag, shown_id=shown)
        for term, record in zip(terms, records, strict=True)
    )
    if draft.fate != "never":
        _add_instances(customer, draft, terms, grants)


def _terms(draft: Draft, lineage_number: int) -> list[Subscription]:
    """Yearly terms from the first start on; each renewal is a new subscription."""
    random, as_of = draft.random, draft.options.as_of
    tier = random.choice(draft.archetype.tiers).capitalize()
    seats = {"SMB": 40, "Mid-Market": 250, "Enterprise": 900}[draft.account.segment]
    seats = int(seats * (0.5 + random.random()))
    first = _first_start(draft)
    overlap = random.randrange(2)
    terms: list[Subscription] = []
    start = first
    while start <= as_of:
        ends = add_months(start, 12) - timedelta(days=1 - overlap)
        lost = draft.fate == "expired" and add_months(start, 12) > as_of
        if lost and draft.number % 2 == 0:
            break
        stem = f"A-S{draft.number:06d}{lineage_number}"
        terms.append(
            Subscription(
                subscription_id=f"{stem}{len(terms) + 1:02d}",
                original_subscription_id=f"{stem}01",
                account_id=draft.account.account_id,
                product_tier=tier,
                is_trial=False,
                seats=seats,
                start_date=start,
                end_date=ends,
                status="Cancelled" if lost else "Active" if ends >= as_of else "Expired",
                arr=seats * PRICE[tier],
            )
        )
        start = add_months(first, 12 * len(terms))
    return terms


def _first_start(draft: Draft) -> date:
    random, as_of = draft.random, draft.options.as_of
    if draft.fate == "onboarding":
        return as_of - timedelta(days=random.randrange(9, 28))
    if draft.fate == "expired":
        return add_months(as_of, -12 * random.randrange(1, 3)) - timedelta(days=40)
    months, days = random.randrange(3, 46), random.randrange(1, 28)
    return add_months(as_of, -months) - timedelta(days=days)


def _add_instances(customer: Customer, draft: Draft, terms: list[Subscription], grants: tuple[Grant, ...]) -> None:
    random = draft.random
    count = INSTANCE_COUNTS[draft.number * 53 % len(INSTANCE_COUNTS)]
    roles = ["production"]
    roles += [random.choice(("staging", "staging", "geo", "obsolete")) for _ in range(count - 1)]
    first_uuid = str(UUID(int=random.getrandbits(128)))
    for rank, role in enumerate(roles):
        cloned = rank > 0 and random.random() < 0.25
        uuid = first_uuid if rank == 0 or cloned else str(UUID(int=random.getrandbits(128)))
        instance = _instance(customer, draft, terms, grants, (uuid, role, rank))
        customer.instances.append(instance)
        label = _label(draft, instance)
        if label:
            customer.labels.append(label)


def _instance(
    customer: Customer,
    draft: Draft,
    terms: list[Subscription],
    grants: tuple[Grant, ...],
    identity: tuple[str, str, int],
) -> Instance:
    random, as_of = draft.random, draft.options.as_of
    uuid, role, rank = identity
    lineage_rank = len({s.original_subscription_id for s in customer.subscriptions})
    hostname = _hostname(draft, role, rank, lineage_rank)
    first, last = _release_span(random)
    until = date.max
    if role == "obsolete" or draft.fate == "stopped":
        until = as_of - timedelta(days=random.randrange(45, 200))
    return Instance(
        uuid=uuid,
        hostname=hostname,
        role=role,
        company=draft.account.account_name,
        lineage=terms[0].original_subscription_id,
        grants=grants,
        releases=upgrades(first, last, random.randrange(3, 9), start=draft.start, end=as_of),
        usage=_behaviour(draft, terms[-1].seats or 1, role, (uuid, hostname)),
        phase=random.randrange(min(7, as_of.day)),
        reports_from=terms[0].start_date + timedelta(days=random.randrange(8)),
        reports_until=until,
        installation_type=random.choice(("omnibus-gitlab", "gitlab-helm-chart", "docker")),
        reliability=0.97,
    )


def _hostname(draft: Draft, role: str, rank: int, lineage_rank: int) -> str:
    slug = draft.account.account_name.lower().replace(" ", "-")
    if role == "staging" and draft.random.random() < 0.5:
        return f"staging.{rank}.{slug}.example"
    prefix = {"production": "gitlab", "obsolete": "old-git"}.get(role, role)
    return f"{prefix}{rank or ''}.{slug}{'' if lineage_rank == 1 else lineage_rank}.example"


def _behaviour(draft: Draft, seats: int, role: str, key: tuple[str, str]) -> Behaviour:
    as_of = draft.options.as_of
    return Behaviour(
        key=(draft.options.seed, *key),
        archetype=draft.archetype,
        seats=seats,
        role=role,
        first_day=draft.start,
        last_day=as_of,
        restored_on=as_of - timedelta(days=100) if draft.number % 11 == 5 else None,
    )


def _release_span(random: Random) -> tuple[str, str]:
    """First and last release over the window: most customers follow, a few stay behind."""
    if random.random() < 0.08:
        first = random.randrange(4, 15)
        return RELEASES[first], RELEASES[first + random.randrange(3)]
    first = random.choices((0, 8, 15, 27), (12, 20, 33, 35))[0] + random.randrange(5)
    return RELEASES[first], RELEASES[-1 - random.randrange(9)]


def _label(draft: Draft, instance: Instance) -> Label | None:
    random = draft.random
    if draft.fate == "unlabelled" or not draft.account.csm_email or random.random() < 0.04:
        return None
    text = {
        "production": ("Production", "Production", "Production", "production", "PRODUCTION "),
        "staging": ("Non-Production", "Staging", "staging"),
        "geo": ("Geo Secondary Node", "geo secondary node"),
        "obsolete": ("Obsolete",),
    }[instance.role]
    first_seen = max(draft.start, instance.reports_from)
    day = min(first_seen + timedelta(days=random.randrange(10)), draft.options.as_of)
    return Label(
        uuid=instance.uuid,
        hostname=instance.hostname,
        label=random.choice(text),
        labelled_by=draft.account.csm_email,
        labelled_at=at(day, random.randrange(28_800, 64_800)),
    )


OBJECTIVES = (
    ("Everyone on merge requests", "merge_request_authors_28_days_user", 0.3),
    ("Roll out to all seats", "activated_seats", 0.95),
    ("Move the build farm", "ci_builds_28_days_event", 20),
    ("Retire the old server", "projects_all_time_event", 2.2),
    ("Open the registry", "container_registry_enabled", 0),
    ("Scan every pipeline", "sast_scans_28_days_event", 3),
)


def _add_objective(customer: Customer, draft: Draft) -> None:
    if draft.number % 2:
        return
    name, metric, per_seat = OBJECTIVES[draft.number // 2 % len(OBJECTIVES)]
    seats = customer.subscriptions[-1].seats or 1
    start = add_months(draft.options.as_of, -draft.random.randrange(2, 7))
    customer.objectives.append(
        Objective(
            objective_id=f"OBJ-{draft.number:05d}",
            account_id=draft.account.account_id,
            objective_name=name,
            metric_name=metric,
            target_value=float(int(seats * per_seat) or 1),
            starts_on=start,
            due_on=add_months(start, 8),
        )
    )
