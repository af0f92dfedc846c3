"""Raw data in which each account is one worked example of the domain reference (section 4).

The measured period is June 2026 unless an example names its own days. An account, its subscription,
its instance and its host are called after the example: `A22`, `S22`, `uuid-22`, `git22.example`.
"""

from __future__ import annotations

from typing import Any

from raw_folder import RawFolder, instance_id

PING_AT = "2026-06-20T06:00:00Z"


def started(age: int) -> str:
    """A first day that is `age` completed months before 30 June 2026."""
    months = 2026 * 12 + 5 - age
    return f"{months // 12}-{months % 12 + 1:02}-15"


class WorkedExamples(RawFolder):
    """A raw folder with one short method for each kind of thing that the examples need."""

    def instance(self, name: str) -> str:
        """The instance_id of an example's instance."""
        return instance_id(f"uuid-{name}", f"git{name}.example")

    def customer(self, name: str, start: str | None = None, age: int = 14, seats: int = 1000, **cells: Any) -> None:
        """An account with one subscription, and a label that makes its instance Production."""
        self.account(f"A{name}")
        self.subscription(f"S{name}", f"A{name}", start or started(age), seats=seats, **cells)
        self.label(f"uuid-{name}", f"git{name}.example")

    def report(
        self,
        name: str,
        received_at: str = PING_AT,
        subscription: str | None = None,
        fields: dict[str, Any] | None = None,
        **arguments: Any,
    ) -> str:
        """One ping of an example's instance under its subscription."""
        licence = {
            "license_subscription_id": subscription or f"S{name}",
            "license_plan": "premium",
        }
        return self.ping(
            f"uuid-{name}",
            f"git{name}.example",
            received_at,
            {**licence, **(fields or {})},
            **arguments,
        )

    def example(
        self,
        name: str,
        age: int = 14,
        seats: int = 1000,
        tier: str = "Premium",
        fields: dict[str, Any] | None = None,
        **counts: Any,
    ) -> None:
        """A customer and its ping of June."""
        self.customer(name, age=age, seats=seats, product_tier=tier)
        plan = {"license_plan": tier.lower()}
        self.report(name, fields={**plan, **(fields or {})}, **counts)


def seats_and_users(raw: WorkedExamples) -> None:
    """Examples 1 to 14, and 25."""
    raw.example("1", seats=1200, activated=1000, active=700)
    for active in (499, 500, 799, 800, 1050):
        raw.example(f"2-{active}", activated=1000, active=active)
    for git in (100, 101, 250, 330, 331, 500):
        raw.example(f"3-{git}", activated=1000, git=git)
    for builds in (2000, 2001, 40000, 40001):
        raw.example(f"4-{builds}", activated=1000, builds=builds)
    for users in (100, 101, 333, 334):
        raw.example(f"5-{users}", activated=1000, pipeline_users=users)
    for age in (5, 6, 7, 9, 10):
        raw.example(f"6-{age}", age=age, activated=505)
    raw.example("7", age=4, activated=100)
    for activated in (500, 750, 751):
        raw.example(f"8-{activated}", activated=activated)
    raw.customer("9", start="2026-01-31")
    raw.report("9", "2026-02-20T06:00:00Z", activated=300, active=200, git=150)
    raw.report("9", "2026-03-20T06:00:00Z", activated=300, active=200, git=150)
    raw.customer("11", start="2026-01-15")
    raw.example("12", seats=0, activated=40)
    version = {"version": "14.5.0-ee"}
    raw.example("13", age=20, fields=version, activated=800, events=500, git=400)
    raw.example("14", activated=1000, active=-1, events=650)
    raw.customer("25", seats=500)
    raw.report("25", activated=400)
    for name, label, activated in (("25n", "Staging", 20), ("25g", "Geo Secondary Node", 400)):
        raw.label(f"uuid-{name}", f"git{name}.example", label)
        raw.report(name, subscription="S25", activated=activated)


SCANS = {
    "sast": 300,
    "secret_detection": 150,
    "dependency": 90,
    "container": 0,
    "dast": 0,
    "coverage_fuzzing": 0,
    "api_fuzzing": 0,
}
SECURED = {"activated": 800, "scanner_users": 120, "pipelines": 4500, **SCANS}
ROUNDED = {
    "activated": 1000,
    "active": 700,
    "git": 450,
    "builds": 25000,
    "deployers": 80,
    "deployments": 1500,
    "succeeded": 1350,
    "failed": 150,
}


def use_cases(raw: WorkedExamples) -> None:
    """Examples 15 to 24."""
    raw.example("15", tier="Ultimate", **SECURED)
    raw.example("16", tier="Ultimate", **{**SECURED, "dast": -1})
    raw.example("17", tier="Ultimate", **{**SECURED, "pipelines": 0})
    trial = {
        "license_plan": "ultimate",
        "license_trial": True,
        "license_trial_ends_on": "2026-03-31",
    }
    for name, day in (("18-in", "2026-03-31"), ("18-out", "2026-04-01")):
        raw.customer(name)
        raw.report(name, f"{day}T06:00:00Z", fields=trial, **SECURED)
    nothing = {"deployers": 0, "deployments": 0, "succeeded": 0, "failed": 0}
    raw.example("19", activated=500, **nothing)
    raw.example("20", activated=500, deployers=80, deployments=1500, succeeded=1350, failed=150)
    for name, deployers, deployments, succeeded in (
        ("21-low", 5, 200, 25),
        ("21-high", 12, 700, 80),
        ("21-above", 13, 701, 81),
    ):
        rest = {"succeeded": succeeded, "failed": 100 - succeeded}
        raw.example(name, activated=100, deployers=deployers, deployments=deployments, **rest)
    raw.example("22", seats=1200, **ROUNDED)
    scanned = {"scanner_users": 150, "pipelines": 4500, **SCANS}
    raw.example("23", seats=1200, tier="Ultimate", **ROUNDED, **scanned)
    raw.example("24")


def accounts(raw: WorkedExamples) -> None:
    """Examples 26 to 28, and 32."""
    for name in ("26", "27"):
        raw.customer(name, arr=90000)
        raw.report(name, activated=1000, git=500)
        raw.subscription(f"S{name}b", f"A{name}", started(14), seats=1000, arr=30000)
        raw.label(f"uuid-{name}b", f"git{name}b.example")
    raw.report("26b", activated=1000, git=50)
    for name, day in (("28-60", "2026-05-15"), ("28-61", "2026-05-14")):
        raw.customer(name)
        raw.report(name, f"{day}T06:00:00Z", activated=800, active=700, git=400)
    raw.example("32", activated=1000, git=500, builds=25000)


def time(raw: WorkedExamples) -> None:
    """Examples 30, 31, 33 and 34."""
    for name, recorded_at in (
        ("30-ahead", "2031-05-01T00:00:00Z"),
        ("30-behind", "2025-12-20T00:00:00Z"),
        ("30-right", "2026-02-09T23:00:00Z"),
    ):
        raw.customer(name)
        raw.report(name, "2026-02-10T06:00:00Z", recorded_at=recorded_at, activated=800)
    raw.customer("31")
    for day, projects in (("04-25", 1200), ("05-09", 1340), ("06-20", 900)):
        raw.report("31", f"2026-{day}T06:00:00Z", projects=projects, git=projects)
    for now in (79, 80, 81):
        raw.customer(f"33-{now}")
        for month, active in ((3, 100), (4, 110), (5, 90), (6, now)):
            raw.report(f"33-{now}", f"2026-{month:02}-20T06:00:00Z", active=active)
    for name, activated in (("34-300", 300), ("34-400", 400)):
        raw.example(name, activated=activated)
        for due_on in ("2026-08-29", "2026-07-15"):  # 50 % and 80 % gone on 30 June
            raw.add(
                "objectives",
                objective_id=f"O{name}-{due_on}",
                account_id=f"A{name}",
                objective_name="Seats in use",
                metric_name="activated_seats",
                target_value=400,
                starts_on="2026-05-01",
                due_on=due_on,
            )
    for direction, baseline, target in (("up", 200, 400), ("Down", 400, 200)):  # half of the way from 200 or 400 to 300
        raw.add(
            "objectives",
            objective_id=f"O34-{direction.lower()}",
            account_id="A34-300",
            objective_name="Seats in use",
            metric_name="activated_seats",
            target_value=target,
            baseline_value=baseline,
            direction=direction,
            starts_on="2026-05-01",
            due_on="2026-08-29",
        )


def worked_examples() -> WorkedExamples:
    """All of them."""
    raw = WorkedExamples()
    for part in (seats_and_users, use_cases, accounts, time):
        part(raw)
    return raw
