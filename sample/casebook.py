"""Tools to write down a named account: subscriptions, instances, labels, exact numbers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from uuid import UUID

from sample.clock import add_months, at, month_start, stream, window_start
from sample.derived import planned_totals, recent_metrics
from sample.licensing import grant_for, license_for
from sample.metrics import SCANS
from sample.model import (
    Account,
    Customer,
    Grant,
    Instance,
    Label,
    Objective,
    Options,
    Subscription,
    Usage,
)
from sample.releases import fixed, upgrades

CSM = "casey.csm@vendor.example"
LONG_PATH = ("13.9", "17.9", 16)
"""First and last release, and the number of upgrades, of an instance that saw it all."""


def scored(
    activated: int | None,
    active: int | None = None,
    *,
    git: int | None = None,
    builds: int | None = None,
    deployed: tuple[int, int, int, int] | None = None,
    scanners: int | None = None,
    scans: tuple[int, ...] = (),
    pipelines: int | None = None,
) -> Usage:
    """The metrics of the score by short names; what is None is not sent.

    `deployed` is users, deployments, successful, failed; `scans` in the order of `SCANS`.
    """
    users, deployments, successful, failed = deployed or (None, None, None, None)
    usage: Usage = {
        "activated_seats": activated,
        "unique_active_28_days_user": active,
        "git_operations_28_days_user": git,
        "ci_builds_28_days_event": builds,
        "ci_internal_pipelines_28_days_event": pipelines,
        "deployments_28_days_user": users,
        "deployments_28_days_event": deployments,
        "successful_deployments_28_days_event": successful,
        "failed_deployments_28_days_event": failed,
        "secure_scanners_28_days_user": scanners,
    }
    usage |= {f"{scan}_28_days_event": n for scan, n in zip(SCANS, scans, strict=False)}
    return {metric: value for metric, value in usage.items() if value is not None}


@dataclass(frozen=True)
class PlannedUsage:
    """Exactly `values` in the month of `as_of`; in earlier months less, the further back.

    `before` holds what was different until the last month. `bare` leaves out the metrics that
    are not given.
    """

    values: Usage
    as_of: date
    first_day: date
    bare: bool = False
    before: Usage = field(default_factory=dict)

    def __call__(self, day: date) -> Usage:
        """What the instance reports on a day."""
        back = max((month_start(self.as_of) - day).days, 0)
        percent = max(100 - back // 7, 70)
        values = self.values | self.before if back else self.values
        usage = {metric: _scaled(value, percent) for metric, value in values.items()}
        if "licensed_seats_ping" in usage:
            usage["licensed_seats_ping"] = self.values["licensed_seats_ping"]
        if {"deployments_28_days_event", "failed_deployments_28_days_event"} <= usage.keys():
            done = int(usage["successful_deployments_28_days_event"] or 0)
            total = int(usage["deployments_28_days_event"] or 0)
            usage["failed_deployments_28_days_event"] = total - done
        if self.bare:
            return usage
        span = max((self.as_of - self.first_day).days, 1)
        progress = min(max((day - self.first_day).days / span, 0.0), 1.0)
        return recent_metrics(usage) | planned_totals(self.values, progress) | usage


def _scaled(value: object, percent: int) -> int | bool:
    if isinstance(value, bool) or not isinstance(value, int):
        return bool(value)
    return value * percent // 100 if value > 0 else value


def account_id(slug: str) -> str:
    """The account id of a named account; the suffix of an id says that its fourth character is a capital."""
    return f"001{slug.title():0<12}IAA"


@dataclass
class Casebook:
    """Collects one named account; every method adds a part and returns it."""

    options: Options
    slug: str
    company: str
    case: str
    owned: bool = True
    parent: str | None = None
    customer: Customer = field(init=False)

    def __post_init__(self) -> None:
        account = Account(
            account_id=account_id(self.slug),
            account_name=self.company,
            parent_account_id=account_id(self.parent) if self.parent else None,
            segment="Enterprise",
            region="EMEA",
            csm_email=CSM if self.owned else None,
        )
        self.customer = Customer(account, "named", case=self.case)

    @property
    def as_of(self) -> date:
        """The day on which everything stops."""
        return self.options.as_of

    def ago(self, months: int = 0, days: int = 0) -> date:
        """A day before `as_of`."""
        return add_months(self.as_of, -months) - timedelta(days=days)

    def subscription(
        self,
        tier: str,
        seats: int | None,
        start: date,
        end: date | None = None,
        *,
        arr: int | None = 0,
        trial: bool = False,
        renews: Subscription | None = None,
    ) -> Subscription:
        """A subscription version; `renews` continues the lineage of an earlier one."""
        rank = len(self.customer.subscriptions) + 1
        own_id = f"SUB-{self.slug.upper()}-{rank}"
        subscription = Subscription(
            subscription_id=own_id,
            original_subscription_id=renews.original_subscription_id if renews else own_id,
            account_id=self.customer.account.account_id,
            product_tier=tier,
            is_trial=trial,
            seats=seats,
            start_date=start,
            end_date=end or add_months(start, 36),
            status="Expired" if end and end < self.as_of else "Active",
            arr=arr,
        )
        self.customer.subscriptions.append(subscription)
        self.customer.licenses.append(license_for(subscription))
        return subscription

    def grant(self, subscription: Subscription, shown_id: str | None = "=") -> Grant:
        """The licence of a subscription as pings show it."""
        record = next(r for r in self.customer.licenses if r.subscription_id.strip() == subscription.subscription_id)
        return grant_for(subscription, record, shown_id=shown_id)

    def uuid(self, rank: int) -> str:
        """The uuid of the account's instance number `rank`."""
        return str(UUID(int=stream(self.slug, "uuid", rank).getrandbits(128), version=4))

    def instance(
        self,
        grants: Grant | tuple[Grant, ...],
        usage: Usage,
        *,
        label: str | None = "Production",
        role: str = "production",
        host: str = "gitlab",
        uuid: str | None = None,
        version: str | None = None,
        bare: bool = False,
        before: Usage | None = None,
    ) -> Instance:
        """An instance with its numbers; without `version` it is upgraded from 13.9 to 17.9."""
        held = grants if isinstance(grants, tuple) else (grants,)
        start = window_start(self.as_of, self.options.months)
        if held[-1].seats is not None:
            usage = {"licensed_seats_ping": held[-1].seats} | usage
        instance = Instance(
            uuid=uuid or self.uuid(len(self.customer.instances)),
            hostname=f"{host}.{self.slug}.example",
            role=role,
            company=self.company,
            lineage=self.customer.subscriptions[-1].original_subscription_id,
            grants=held,
            releases=fixed(version) if version else self._long_path(start),
            usage=PlannedUsage(usage, self.as_of, start, bare, before or {}),
            reports_from=held[0].since + timedelta(days=2),
        )
        self.customer.instances.append(instance)
        if label:
            self.label(instance, label, held[0].since + timedelta(days=5))
        return instance

    def _long_path(self, start: date) -> tuple[tuple[date, str], ...]:
        """Every upgrade from 13.9 to 17.9, done two weeks before the last month but one."""
        settled = month_start(add_months(self.as_of, -1)) - timedelta(days=14)
        return upgrades(*LONG_PATH, start=start, end=max(settled, start))

    def edit_license(self, **changes: object) -> None:
        """Replace fields of the licence record that was added last."""
        records = self.customer.licenses
        records[-1] = replace(records[-1], **changes)  # type: ignore[arg-type]

    def change(self, instance: Instance, **changes: object) -> Instance:
        """Replace an instance by a copy that differs."""
        changed = replace(instance, **changes)  # type: ignore[arg-type]
        place = self.customer.instances.index(instance)
        self.customer.instances[place] = changed
        return changed

    def label(self, instance: Instance, text: str, day: date) -> None:
        """What a person says that an instance is, from a day on."""
        moment = at(day, 36_000)
        label = Label(instance.uuid, instance.hostname, text, CSM, moment)
        self.customer.labels.append(label)

    def objective(self, name: str, metric: str, target: float | None, start: date, due: date) -> None:
        """An objective of the account."""
        rank = len(self.customer.objectives) + 1
        self.customer.objectives.append(
            Objective(
                objective_id=f"OBJ-{self.slug.upper()}-{rank}",
                account_id=self.customer.account.account_id,
                objective_name=name,
                metric_name=metric,
                target_value=target,
                starts_on=start,
                due_on=due,
            )
        )
