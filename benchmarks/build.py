"""The build: the committed sample beside an earlier version of the project; a year of pings, and a week more on it."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click

from benchmarks import data
from benchmarks.dbt import LEAVES, WITHOUT_TESTS, Cost, Home, copy_project, project_of
from benchmarks.report import REPO, RESULTS, Cell, Section, Spread, ratio

SMALL = REPO / "sample" / "small"
EARLIER = os.environ.get("BENCH_EARLIER", "aa62752")
"""The commit that the build of the sample is compared with: the one before the models stood in rooms."""
MOST_OF_EARLIER, MOST_OF_FULL = 0.6, 1 / 3
ACCOUNTS, MONTHS = 900, 12  # some 100,000 pings, 5 GB


def run(quick: bool) -> list[Section]:
    """Every section of the part. Data lie below build/bench while it runs, some 15 GB of them."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="work-", dir=RESULTS))
    try:
        sections = []
        for measure in (of_the_sample, of_a_year):
            started = time.perf_counter()
            sections.append(measure(home, quick))
            click.echo(f"  {measure.__name__}: {time.perf_counter() - started:,.0f} s")
        return sections
    finally:
        shutil.rmtree(home, ignore_errors=True)


def of_the_sample(home: Path, quick: bool) -> Section:
    """`dbt build` of the committed sample without tests, nothing parsed before; both versions in turns."""
    as_of = json.loads((SMALL / "truth.json").read_text(encoding="utf-8"))["as_of"]
    versions = {"this version": Home(home / "now", copy_project(home / "now-project"))}
    if earlier := project_of(EARLIER, home / "earlier-project"):
        versions[f"the version of {EARLIER}"] = Home(home / "earlier", earlier)
    found: dict[str, list[Cost]] = {name: [] for name in versions}
    for number in range(1 if quick else 2):
        for name in list(versions)[:: 1 if number % 2 else -1]:
            shutil.rmtree(versions[name].folder, ignore_errors=True)
            found[name].append(versions[name].dbt(SMALL, *WITHOUT_TESTS, as_of=as_of))
    ours, *others = found.values()
    share = ratio(cpu(ours), cpu(others[0])) if others else None
    rows: list[list[Cell]] = [
        [name, wall(costs), cpu(costs), len(versions[name].node_seconds())] for name, costs in found.items()
    ]
    return Section(
        "dbt build of the committed sample",
        "`sample/small`, 32 accounts and 6 months, without tests, as `make demo` builds: start, parse, all nodes and"
        " hooks, nothing there before. Both versions in turns.",
        ("", "seconds", "processor seconds", "nodes and hooks"),
        rows,
        f"at most {MOST_OF_EARLIER:.0%} of the processor seconds of the earlier version",
        share.median <= MOST_OF_EARLIER if share else None,
        f"{share} of the earlier version." if share else f"Commit {EARLIER} is not known here.",
    )


def of_a_year(home: Path, quick: bool) -> Section:
    """Full builds of a year without its last week, and runs with that week more on copies of the database."""
    made = data.generate(home / "made", accounts=40 if quick else ACCOUNTS, months=3 if quick else MONTHS)
    week = data.without_last_week(made, home / "year")
    later = data.with_files(home / "year", week, home / "later")
    empty = data.empty(home / "year", home / "empty")
    ours = Home(home / "ours", copy_project(home / "project"))
    ours.dbt(home / "year", "parse")
    costs: dict[str, list[Cost]] = {"fixed": [], "full": [], "week": []}
    built = home / "year.duckdb"
    costs["fixed"].append(ours.fresh().dbt(empty, *WITHOUT_TESTS))
    for _ in range(1 if quick else 2):
        costs["full"].append(ours.fresh().dbt(home / "year", *WITHOUT_TESTS))
        shutil.copy(ours.database, built)
        costs["week"].append(ours.with_database(built).dbt(later, *WITHOUT_TESTS))
    return increment(costs, ours, home / "year", week)


def increment(costs: dict[str, list[Cost]], ours: Home, year: Path, week: Sequence[Path]) -> Section:
    """The table of the year and of the week."""
    fixed, full = (cpu(costs[name]).median for name in ("fixed", "full"))
    spent, read = cpu(costs["week"]).median, ours.files_read()
    names = {"fixed": "dbt itself: the same nodes, one ping", "full": "full build of the year", "week": "one week more"}
    rows: list[list[Cell]] = [
        [names[name], wall(found), cpu(found), Spread((cpu(found).median / full,), "x"),
         Spread(tuple(cost.peak_megabytes for cost in found), "MB", 0)]
        for name, found in costs.items()
    ]  # fmt: skip
    slowest = sorted(ours.node_seconds().items(), key=lambda node: -node[1])[:5]
    nodes = ", ".join(f"`{name}` {seconds:.1f} s" for name, seconds in slowest)
    return Section(
        "A year, and one more week",
        f"`python -m sample --payload-keys 1300 --accounts {ACCOUNTS} --months {MONTHS}`, less its last week:"
        f" {len(data.pings(year))} files, {data.gigabytes(year):.2f} GB. Then runs with that week, each on a copy of"
        " the same database. The whole project without tests, everything counted but parsing, which is warm.",
        ("", "seconds", "processor seconds", "of the full build", "peak"),
        rows,
        "a week at most a third of the full build; no file is read again",
        spent / full <= MOST_OF_FULL and read == len(week),
        f"Without dbt's own part a week costs {(spent - fixed) / (full - fixed):.2f} of the full build. {read} of"
        f" {len(data.pings(year)) + len(week)} files were read in it. Its slowest nodes: {nodes}. `{LEAVES}` holds what"
        " was read; what lies behind it is made again, for a late licence, label or ping changes rows of any period.",
    )


def wall(costs: Sequence[Cost]) -> Spread:
    """Seconds by the clock."""
    return Spread(tuple(cost.wall for cost in costs))


def cpu(costs: Sequence[Cost]) -> Spread:
    """Seconds of processor."""
    return Spread(tuple(cost.cpu for cost in costs))
