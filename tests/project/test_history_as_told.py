"""What a complete period was told to be stays so, whatever the CRM or a label says later.

Each customer is named for the edit that is made to it between the build of 30 June and that of 10 July 2026. In `make test` a
full refresh makes the snapshots and what is read from them; of every relation it is long.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from dbt_bench import AGAIN as RUN_AGAIN
from dbt_bench import BUILD, Bench, Mart, without_run
from worked_examples import WorkedExamples

TOLD, EDITED = "2026-06-30", "2026-07-10"
JULY = date(2026, 7, 1)
MONTHS = ("2026-02", "2026-03", "2026-04", "2026-05", "2026-06")
AGAIN = (*BUILD, "seed", "--exclude", "path:models/metrics")
SNAPSHOTS = "main_snapshots"
KNOWN = (
    "resource_type:snapshot",
    *(f"int_{name}_known" for name in ("accounts", "subscriptions", "licenses", "instance_labels")),
)
"""The snapshots and what reads them."""

Row = dict[str, Any]


def customers() -> WorkedExamples:
    """Customers that report each month, all alike: 100 seats, 80 activated, 60 active."""
    raw = WorkedExamples()
    for name in EDITS:
        raw.account(f"A{name}", csm_email="" if name in ("owned", "unowned label") else "csm@us.example")
        raw.subscription(f"S{name}", f"A{name}", "2025-01-15", seats=100, arr=1000)
        raw.add("licenses", license_id=f"L{name}", license_sha256=sha(name), subscription_id=f"S{name}", seats=100)
        if name not in ("owned", "disowned"):
            raw.label(f"uuid-{name}", f"git{name}.example", at="2026-01-10T00:00:00Z")
        for month in MONTHS:
            report(raw, name, f"{month}-20T06:00:00Z")
    change("subscriptions", "subscription_id", "Sorigin gone", end_date="2026-04-30")(raw)
    raw.subscription("Srenewal", "Aorigin gone", "2026-05-01", original_subscription_id="Sorigin gone", seats=100)
    raw.subscription("Ssecond", "Arepriced", "2025-01-15", seats=100, arr=1000)
    raw.label("uuid-second", "gitsecond.example", at="2026-01-10T00:00:00Z")
    raw.add("objectives", objective_id="O1", account_id="Auntouched", metric_name="activated_seats", target_value=100,
            starts_on="2026-03-01", due_on="2026-12-31")  # fmt: skip
    for month in MONTHS:
        raw.report("second", f"{month}-20T06:00:00Z", activated=20, active=20)
    return raw


def sha(name: str) -> str:
    """A hash that is the customer's own."""
    return name.encode().hex().ljust(64, "0")


def report(raw: WorkedExamples, name: str, received_at: str) -> None:
    """A ping under the customer's licence."""
    licence = {"license_sha256": sha(name), "license_plan": "premium"}
    counts = {"activated": 80, "active": 60, "git": 40, "builds": 900, "merge_requests": int(received_at[5:7]) * 100}
    raw.ping(f"uuid-{name}", f"git{name}.example", received_at, licence, **counts)


def change(table: str, key: str, name: str, **cells: Any) -> Callable[[WorkedExamples], None]:
    """Cells of one row are overwritten."""

    def edit(raw: WorkedExamples) -> None:
        (row,) = [row for row in raw.tables[table] if row[key] == name]
        row.update(cells)

    return edit


def remove(table: str, key: str, name: str) -> Callable[[WorkedExamples], None]:
    """One row is deleted."""

    def edit(raw: WorkedExamples) -> None:
        rows = [row for row in raw.tables[table] if row[key] != name]
        assert len(rows) == len(raw.tables[table]) - 1
        raw.tables[table] = rows

    return edit


def subscription(name: str, **cells: Any) -> Callable[[WorkedExamples], None]:
    """Cells of the customer's subscription are overwritten."""
    return change("subscriptions", "subscription_id", f"S{name}", **cells)


EDITS: dict[str, Callable[[WorkedExamples], None]] = {
    "untouched": lambda raw: None,
    "heir": lambda raw: None,
    "cancelled": subscription("cancelled", status="Cancelled"),
    "ended early": subscription("ended early", status="Cancelled", end_date="2026-03-31"),
    "started late": subscription("started late", start_date="2026-06-10"),
    "owned": change("accounts", "account_id", "Aowned", csm_email="new@us.example"),
    "disowned": change("accounts", "account_id", "Adisowned", csm_email=""),
    "moved": change("accounts", "account_id", "Amoved", segment="SMB", region="APAC", parent_account_id="Aheir"),
    "reseated": subscription("reseated", seats=1000),
    "repriced": subscription("repriced", arr=99000),
    "upgraded": subscription("upgraded", product_tier="Ultimate"),
    "sold": subscription("sold", account_id="Aheir"),
    "rerooted": subscription("rerooted", original_subscription_id="Sheir"),
    "deleted": remove("subscriptions", "subscription_id", "Sdeleted"),
    "origin gone": remove("subscriptions", "subscription_id", "Sorigin gone"),
    "renamed": change("accounts", "account_id", "Arenamed", account_name="Another name"),
    "gone": remove("accounts", "account_id", "Agone"),
    "licence moved": change("licenses", "license_id", "Llicence moved", subscription_id="Sheir", seats=7),
    "licence gone": remove("licenses", "license_id", "Llicence gone"),
    "relabelled": change("instance_labels", "uuid", "uuid-relabelled", label="Obsolete"),
    "label gone": remove("instance_labels", "uuid", "uuid-label gone"),
}


@dataclass
class Told:
    """The mart of 30 June; that of 10 July after all edits, by `dbt run` and by `dbt build`; and three that were built after it.

    Attributes:
        run_alone: as of 10 July after all edits, before a build had dated them.
        older: as of 30 June again, with the edited CRM.
        refreshed: as of 10 July again, with --full-refresh, of the snapshots and what is read from them.
        back_dated: as of 11 July, with rows that were entered late.
        said: what dbt printed at the older build.
    """

    first: Mart
    run_alone: Mart
    edited: Mart
    older: Mart
    refreshed: Mart
    back_dated: Mart
    said: str
    bench: Bench


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Told:
    """Six builds of one database."""
    home: Path = tmp_path_factory.mktemp("told")
    raw = customers()
    bench = Bench(home, raw.write(home / "raw"), models, as_of=TOLD)
    bench.build()
    first = bench.snapshot("first")
    for name, edit in EDITS.items():
        report(raw, name, "2026-07-05T06:00:00Z")
        edit(raw)
    raw.write(bench.raw)
    bench.variables = {"as_of": EDITED}
    bench.build(*RUN_AGAIN)
    run_alone = bench.snapshot("run_alone")
    bench.build(*AGAIN)
    edited = bench.snapshot("edited")
    bench.variables = {"as_of": TOLD}
    said = bench.build(*AGAIN).said
    older = bench.snapshot("older")
    bench.variables = {"as_of": EDITED}
    bench.build(*AGAIN, "--full-refresh", "--select", *KNOWN)
    refreshed = bench.snapshot("refreshed")
    enter_late(raw)
    raw.write(bench.raw)
    bench.variables = {"as_of": "2026-07-11"}
    bench.build(*AGAIN)
    return Told(first, run_alone, edited, older, refreshed, bench.snapshot("back_dated"), said, bench)


def enter_late(raw: WorkedExamples) -> None:
    """A renewal at a higher price and a label, entered on 11 July with days of May and June; and another target."""
    raw.subscription("Srenewed", "Auntouched", "2026-05-15", original_subscription_id="Suntouched", seats=200)
    raw.label("uuid-disowned", "gitdisowned.example", at="2026-06-01T00:00:00Z")
    change("objectives", "objective_id", "O1", target_value=200)(raw)


NOW = (
    *("mart_account_standing", "mart_subscription_standing", "mart_account_periods"),
    *("mart_account_use_cases", "mart_peer_benchmarks"),
)
"""Where everybody stands on as_of; plan, ARR and CSM of an account's periods are today's too, and test_account_views holds
their figures against the facts."""


def is_of_the_files(name: str, row: Row) -> bool:
    """Findings are about the files as they are, whatever day is asked for (docs/rules.md 9)."""
    return name == "fct_input_findings" or row.get("check_name") == "input_finding"


def is_of_today(row: Row) -> bool:
    """Which instances are overdue is asked of as_of alone; the row of the day before is not kept."""
    return row.get("check_name") == "overdue_instance"


def all_rows(mart: Mart) -> dict[str, list[Row]]:
    """Every relation of the mart, without findings."""
    names = [name for schema, name in mart.relations() if schema == "main"]
    return {name: [without_run(row) for row in mart.find(name) if not is_of_the_files(name, row)] for name in names}


def complete_rows(mart: Mart) -> dict[str, list[Row]]:
    """The rows of all facts and marts that are of a period before July, or of a ping of such a period."""
    return {
        name: [
            {name: value for name, value in row.items() if name != "is_current"}
            for row in rows
            if (row.get("period_start") or row["received_at"].date()) < JULY and not is_of_today(row)
        ]
        for name, rows in all_rows(mart).items()
        if name.startswith(("fct_", "mart_"))
        and name not in NOW
        and rows
        and {"period_start", "received_at"} & rows[0].keys()
    }


def changed_rows(before: Mart, after: Mart) -> dict[str, list[str]]:
    """What is in one of two marts only, by relation."""
    rows, others = complete_rows(before), complete_rows(after)
    assert len(rows) > 12
    return {
        name: sorted({repr(row) for row in rows.get(name, [])} ^ {repr(row) for row in others.get(name, [])})
        for name in rows.keys() | others.keys()
        if sorted(map(repr, rows.get(name, []))) != sorted(map(repr, others.get(name, [])))
    }


def test_no_edit_of_the_crm_or_of_a_label_changes_a_complete_period(told: Told) -> None:
    """Nineteen kinds of edits, and not one row of February to June differs in any fact or mart."""
    changed = changed_rows(told.first, told.edited)
    assert not changed, {name: (len(rows), rows[:4]) for name, rows in changed.items()}


def test_a_run_without_snapshots_tells_what_a_build_of_the_day_tells(told: Told) -> None:
    """Edited and deleted rows: the run dates them as the snapshot will."""
    before, after = told.run_alone.contents(), told.edited.contents()
    assert before.keys() == after.keys()
    assert [name for name in before if before[name] != after[name]] == []


def test_the_target_of_an_objective_is_what_today_s_file_says_in_all_its_periods(told: Told) -> None:
    """The documented exception: 80 seats were 0.8 of 100 in June, and are 0.4 of 200 there since 11 July."""
    june = {"objective_id": "O1", "period_start": date(2026, 6, 1)}
    assert told.edited.one("fct_objective_progress", **june)["progress"] == 0.8
    assert told.back_dated.one("fct_objective_progress", **june)["progress"] == 0.4


def test_the_edits_count_from_the_day_they_were_seen(told: Told) -> None:
    """In July each of them is there, so that the comparison above compares something."""
    mart = told.edited
    seats = {name: mart.one("fct_seat_utilization", subscription_id=f"S{name}", period_start=JULY) for name in SCORED}
    assert {name: row["licensed_seats"] for name, row in seats.items()} == {"untouched": 100, "reseated": 1000}
    health = {name: mart.find("fct_account_health", account_id=f"A{name}", period_start=JULY) for name in EDITS}
    assert [name for name, rows in health.items() if not rows] == ["gone"]
    unscored = {name: rows[0]["unscored_reason"] for name, rows in health.items() if rows and name in UNSCORED}
    assert unscored == {name: reason for name, reason in UNSCORED.items() if reason}
    subscriptions = {row["subscription_id"] for row in mart.find("fct_reporting_coverage", period_start=JULY)}
    assert subscriptions.isdisjoint({"Sdeleted", "Sgone", "Srerooted"})


SCORED = ("untouched", "reseated")
UNSCORED = {
    "ended early": "no_active_subscription",
    "owned": "instance_type",
    "relabelled": "instance_type",
    "label gone": "instance_type",
    "gone": None,
}


@pytest.mark.parametrize(("relation", "key"), [("dim_accounts", "Agone"), ("dim_subscriptions", "Sdeleted")])
def test_what_left_the_crm_stays_in_its_dimension_and_is_marked(told: Told, relation: str, key: str) -> None:
    """Its past periods name it."""
    column = "account_id" if relation == "dim_accounts" else "subscription_id"
    assert told.first.one(relation, **{column: key})["is_in_crm"] is True
    assert told.edited.one(relation, **{column: key})["is_in_crm"] is False


def test_what_left_the_crm_is_not_published(told: Told) -> None:
    """A company that is gone has no row."""
    assert told.first.find("gainsight__company_health", account_id="Agone")
    assert not told.edited.find("gainsight__company_health", account_id="Agone")


def test_a_build_as_of_an_older_day_shows_what_was_shown_then(told: Told) -> None:
    """Every relation of the mart, with the edited CRM in the raw folder."""
    before, again = all_rows(told.first), all_rows(told.older)
    assert before.keys() == again.keys()
    assert [name for name in before if sorted(map(repr, before[name])) != sorted(map(repr, again[name]))] == []
    assert "as_of is older than the newest snapshot (2026-07-10)" in told.said


def test_a_build_as_of_an_older_day_writes_nothing_to_the_snapshots(told: Told) -> None:
    """All four are as the newer build left them."""
    before, again = told.edited.contents(SNAPSHOTS), told.older.contents(SNAPSHOTS)
    assert len(before) == 4
    assert all(before.values())
    assert before == again


@pytest.mark.parametrize("schema", ["main_intermediate", SNAPSHOTS])
def test_the_same_day_again_and_in_full_changes_nothing(told: Told, schema: str) -> None:
    """--full-refresh keeps the snapshots, and what is read from them."""
    before, again = told.edited.contents(schema), told.refreshed.contents(schema)
    assert before.keys() == again.keys()
    names = [name for name in before if schema == SNAPSHOTS or name in KNOWN]
    assert len(names) == 4
    assert [name for name in names if before[name] != again[name]] == []


@pytest.mark.long
def test_the_same_day_again_and_in_full_changes_no_relation(told: Told) -> None:
    shutil.copy(told.edited.database, told.bench.database)
    told.bench.variables = {"as_of": EDITED}
    told.bench.build(*AGAIN, "--full-refresh")
    again = told.bench.snapshot("whole")
    for schema in ("main", SNAPSHOTS):
        before, after = told.edited.contents(schema), again.contents(schema)
        assert before.keys() == after.keys()
        assert [name for name in before if before[name] != after[name]] == []


def test_a_row_first_seen_later_counts_from_its_own_days(told: Told) -> None:
    """The documented exception: a renewal of 15 May and a label of 1 June, both entered on 11 July."""
    mart = told.back_dated
    versions = [
        mart.one("fct_seat_utilization", original_subscription_id="Suntouched", period_start=date(2026, month, 1))
        for month in (4, 5)
    ]
    assert [row["subscription_id"] for row in versions] == ["Suntouched", "Srenewed"]
    for month, source in ((5, "default"), (6, "label")):
        activity = mart.one(
            "main_intermediate.int_instance_types",
            instance_id=WorkedExamples().instance("disowned"),
            period_start=date(2026, month, 1),
        )
        assert activity["instance_type_source"] == source


def test_the_rows_entered_late_change_no_other_customer(told: Told) -> None:
    """Only of the two customers whose rows came late does a complete period differ."""
    ids = (
        "untouched",  # its objective, too
        "disowned",
        "renewed",
        WorkedExamples().instance("untouched"),
        WorkedExamples().instance("disowned"),
    )
    for name, rows in changed_rows(told.edited, told.back_dated).items():
        if name not in SHARED:
            assert all(any(each in row for each in ids) for row in rows), (name, rows[:3])


SHARED = ("mart_data_quality", "mart_metrics_by_tier")
"""One row for all customers."""
