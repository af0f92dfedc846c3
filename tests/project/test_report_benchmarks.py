"""Peers give nobody away: quartiles are worked out a second time here, and once more without each of the accounts."""

from __future__ import annotations

import csv
import math
import random
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import pytest
from dbt_bench import REPO, SMALL, Bench, DbtRun, Mart

QUARTILES = ("lower_quartile", "median", "upper_quartile")
STEPS = {
    row["benchmark"]: float(row["steps_of_one"])
    for row in csv.DictReader((REPO / "seeds/benchmark_measures.csv").open())
}
CHAIN = ("int_benchmark_ranks", "int_benchmark_quartiles", "int_benchmark_cells")
Cell = tuple[str, str, str, str]
Shown = dict[Cell, tuple[float, ...]]
Account = dict[str, Any]


def cells(accounts: list[Account], benchmark: str) -> dict[Cell, list[Account]]:
    """The cells of accounts that have a value, by kind, segment, plan and benchmark."""
    found: dict[Cell, list[Account]] = defaultdict(list)
    for each in accounts:
        segment, plan = each["segment"], each["product_tier"]
        if segment and plan:
            found["segment_and_plan", segment, plan, benchmark].append(each)
        if segment:
            found["segment", segment, "", benchmark].append(each)
        if plan:
            found["plan", "", plan, benchmark].append(each)
        found["all", "", "", benchmark].append(each)
    return found


def quartiles(values: list[float]) -> list[float]:
    """By the straight line between two values, as Python's own library has it."""
    return statistics.quantiles(values, n=4, method="inclusive")


def rounded(value: float, steps: float) -> float:
    """Half a step goes up; a trifle below half is half."""
    return math.floor(value * steps + 0.5 + 1e-9) / steps


def may_be_shown(members: list[Account], steps: float) -> bool:
    """The rule of docs/customer-report.md, word by word and by brute force."""
    if len(members) < 10:
        return False
    heads = [each["group_id"] for each in members]
    if max(heads.count(head) for head in heads) / len(members) > 0.25:
        return False
    values = [each["own_value"] for each in members]
    whole = quartiles(values)
    for number in range(len(values)):
        left = quartiles(values[:number] + values[number + 1 :])
        if any(abs(one - other) * steps > 1 + 1e-9 for one, other in zip(whole, left, strict=True)):
            return False
    return True


def published(accounts: list[Account]) -> Shown:
    """What may be shown of these accounts, by the rule."""
    found: Shown = {}
    for benchmark in {each["benchmark"] for each in accounts}:
        of_it = [each for each in accounts if each["benchmark"] == benchmark]
        for cell, members in cells(of_it, benchmark).items():
            if may_be_shown(members, STEPS[benchmark]):
                values = quartiles([each["own_value"] for each in members])
                found[cell] = tuple(rounded(value, STEPS[benchmark]) for value in values)
    return found


@contextmanager
def models_over(bench: Bench, accounts: list[Account]) -> Iterator[Callable[[str], Shown]]:
    """The models' own SQL over made-up accounts; a call says what they publish without one of them ('' is nobody)."""
    compiled = next((bench.home / "target" / "compiled").rglob("int_benchmark_cells.sql")).parent
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"attach '{bench.database}' as source (read_only)")
        connection.execute("attach ':memory:' as mart")
        connection.execute("create schema mart.main_intermediate; create schema mart.main_seeds")
        for seed in ("benchmark_cells", "benchmark_quartiles", "benchmark_measures"):
            connection.execute(f"create table mart.main_seeds.{seed} as from source.main_seeds.{seed}")
        connection.execute(
            "create table mart.main_intermediate.int_settings as from source.main_intermediate.int_settings"
        )
        connection.execute("create table people (account_id text, segment text, product_tier text, group_id text)")
        connection.execute("create table figures (account_id text, benchmark text, own_value double)")
        people = {each["account_id"]: each for each in accounts}
        columns = ("account_id", "segment", "product_tier", "group_id")
        connection.executemany(
            "insert into people values (?, ?, ?, ?)", [[e[c] for c in columns] for e in people.values()]
        )
        connection.executemany(
            "insert into figures values (?, ?, ?)",
            [[e["account_id"], e["benchmark"], e["own_value"]] for e in accounts],
        )

        def without(left: str) -> Shown:
            connection.execute(
                "create or replace table mart.main_intermediate.int_benchmark_members as"
                f" select *, true as is_member from people where account_id != '{left}'"
            )
            connection.execute(
                "create or replace table mart.main_intermediate.int_benchmark_values as"
                f" select *, date '2026-03-01' as period_start from figures where account_id != '{left}'"
            )
            for model in CHAIN:
                sql = (compiled / f"{model}.sql").read_text(encoding="utf-8")
                connection.execute(f"create or replace table mart.main_intermediate.{model} as {sql}")
            return shown_cells(connection, "mart.main_intermediate.int_benchmark_cells")

        yield without


def shown_cells(connection: duckdb.DuckDBPyConnection, relation: str) -> Shown:
    """The cells that a relation says may be shown, with their quartiles."""
    rows = connection.execute(
        f"select cell_kind, segment, product_tier, benchmark, {', '.join(QUARTILES)} from {relation}"
        " where withheld_reason is null"
    ).fetchall()
    return {tuple(row[:4]): tuple(row[4:]) for row in rows}


def crowd(seed: int, size: int = 56) -> list[Account]:
    """Made-up accounts: some in groups, some without segment or plan; figures that lie close, and some that do not."""
    draw = random.Random(seed)
    found = []
    for number in range(size):
        person = {
            "account_id": f"a{number}",
            "segment": draw.choice(["SMB", "SMB", "Enterprise", None]),
            "product_tier": draw.choice(["premium", "ultimate", "ultimate", None]),
            "group_id": draw.choice([f"a{number}"] * 5 + ["holding"]),
        }
        for benchmark, low, high in (
            ("scm_user_rate", 0.3, 0.9),
            ("user_engagement", 0.0, 1.0),
            ("cd_user_rate", 0.1, 0.2),
        ):
            if draw.random() < 0.9:
                value = draw.choice([draw.uniform(low, high), round(draw.uniform(low, high), 1)])
                found.append({**person, "benchmark": benchmark, "own_value": value})
        found.append({**person, "benchmark": "adopted_use_cases", "own_value": float(draw.choice([0, 1, 1, 2, 4]))})
    return found


def test_taking_any_one_account_out_moves_no_published_benchmark_by_more_than_its_rounding(
    sample_bench: tuple[Bench, DbtRun], sample_mart: Mart
) -> None:
    sample_mart.close()
    accounts = crowd(7)
    with models_over(sample_bench[0], accounts) as publish:
        whole = publish("")
        assert len(whole) >= 4
        moved = 0
        for left in {each["account_id"] for each in accounts}:
            rest = publish(left)
            for cell in whole.keys() & rest.keys():
                for one, other in zip(whole[cell], rest[cell], strict=True):
                    assert abs(one - other) * STEPS[cell[3]] <= 1 + 1e-9, (cell, left)
                    moved += one != other
        assert moved, "nothing ever moved: nothing was tried"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_models_publish_what_the_rule_says_worked_out_by_brute_force(
    sample_bench: tuple[Bench, DbtRun], sample_mart: Mart, seed: int
) -> None:
    sample_mart.close()
    accounts = crowd(seed)
    wanted = published(accounts)
    with models_over(sample_bench[0], accounts) as publish:
        found = publish("")
    assert found.keys() == wanted.keys()
    for cell, values in wanted.items():
        assert found[cell] == pytest.approx(values), cell
    every = {
        cell for benchmark in STEPS for cell in cells([e for e in accounts if e["benchmark"] == benchmark], benchmark)
    }
    assert 5 < len(wanted) < len(every)


def test_the_sample_s_quartiles_are_those_of_its_accounts_a_quarter_ago(sample_mart: Mart) -> None:
    """From accounts.csv and the measures of March; June is the last complete month."""
    with (SMALL / "accounts.csv").open(encoding="utf-8") as file:
        members = {row["account_id"]: row for row in csv.DictReader(file) if row["in_benchmarks"] == "true"}
    parents = {account: row["parent_account_id"] for account, row in members.items()}
    plans = {
        row["account_id"]: row["product_tier"]
        for row in sample_mart.rows("select account_id, product_tier from mart_account_periods where is_current")
    }
    accounts = [
        {
            "account_id": row["account_id"],
            "segment": members[row["account_id"]]["segment"] or None,
            "product_tier": plans[row["account_id"]],
            "group_id": parents[row["account_id"]] or row["account_id"],
            "benchmark": row["measure"],
            "own_value": row["value"],
        }
        for row in sample_mart.rows(
            "select account_id, measure, sum(numerator) / sum(denominator) as value from fct_measure_scores"
            " where period_start = '2026-03-01' and measure_value is not null group by account_id, measure"
        )
        if row["account_id"] in members and row["measure"] in STEPS
    ]
    wanted = published(accounts)
    assert len(wanted) > 10
    found = sample_mart.rows(
        f"select distinct cell_kind, coalesce(segment, '') as segment, coalesce(product_tier, '') as product_tier, benchmark,"
        f" period_start, {', '.join(QUARTILES)} from mart_peer_benchmarks"
        " where cell_kind is not null and benchmark != 'adopted_use_cases'"
    )
    assert found and {str(row["period_start"]) for row in found} == {"2026-03-01"}
    for row in found:
        cell = row["cell_kind"], row["segment"], row["product_tier"], row["benchmark"]
        assert [row[name] for name in QUARTILES] == pytest.approx(wanted[cell]), cell


def test_an_account_is_shown_the_narrowest_cell_and_nothing_without_taking_part(sample_mart: Mart) -> None:
    cells_shown = {
        (row["cell_kind"], row["segment"], row["product_tier"], row["benchmark"])
        for row in sample_mart.rows("select * from main_intermediate.int_benchmark_cells where withheld_reason is null")
    }
    people = {
        row["account_id"]: row for row in sample_mart.rows("select * from main_intermediate.int_benchmark_members")
    }
    kinds = set()
    for row in sample_mart.rows("select * from mart_peer_benchmarks"):
        person = people[row["account_id"]]
        segment, plan = person["segment"] or "-", person["product_tier"] or "-"
        choices = (("segment_and_plan", segment, plan), ("segment", segment, ""), ("plan", "", plan), ("all", "", ""))
        first = next((choice[0] for choice in choices if (*choice, row["benchmark"]) in cells_shown), None)
        assert row["cell_kind"] == (first if person["is_member"] else None)
        assert (row["median"] is None) == (row["peers_missing_reason"] is not None)
        kinds.add(row["cell_kind"])
    assert kinds == {"segment_and_plan", "segment", "plan", "all", None}


def test_the_worked_example_of_the_page_comes_out_as_it_says(
    sample_bench: tuple[Bench, DbtRun], sample_mart: Mart
) -> None:
    page = " ".join((REPO / "docs" / "customer-report.md").read_text(encoding="utf-8").split())

    def people(values: str, group: str = "") -> list[Account]:
        return [
            {
                "account_id": f"a{number}", "segment": "SMB", "product_tier": "premium",
                "group_id": group if group and number < 3 else f"a{number}",
                "benchmark": "license_utilization", "own_value": int(value) / 100,
            }
            for number, value in enumerate(values.split(", "))
        ]  # fmt: skip

    shown, withheld = "50, 55, 60, 60, 65, 70, 70, 75, 80, 90", "50, 50, 50, 50, 50, 90, 90, 90, 90, 90"
    assert shown in page and withheld in page
    sample_mart.close()
    with models_over(sample_bench[0], people(shown)) as publish:
        assert publish("")["segment_and_plan", "SMB", "premium", "license_utilization"] == pytest.approx(
            (0.6, 0.7, 0.75)
        )
        assert publish("a0") == {}, "nine are too few"
    for accounts in (people(withheld), people(shown, "holding")):
        with models_over(sample_bench[0], accounts) as publish:
            assert publish("") == {}
