"""A week more on a history, and a metric more on one: what is read again, and what that costs."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from benchmarks import data
from benchmarks.dbt import COMPARED, LEAVES, WITHOUT_TESTS, Home
from benchmarks.reference import ONE_LINE_A_ROW
from benchmarks.report import Section, Spread
from benchmarks.stage import Stage

ROUNDS = 3
ONE_BY_ONE = (*WITHOUT_TESTS, "--threads", "1", *COMPARED)
"""One node at a time: the extraction's seconds by the clock are its own then."""
METRIC = "metric_snippets_28_days_event"
KEY_PATH = "counts_monthly.snippets"
YML = f"""version: 2

models:
  - name: {METRIC}
    description: Snippets in 28 days. Grain is instance and period.
    config:
      meta:
        metric:
          label: "Snippets, events in 28 days"
          stage: create
          use_case: scm
          unit: events
          time_frame: "28d"
          key_paths: [{KEY_PATH}]
          min_version: "13.9"
          tier: free
"""


@dataclass(frozen=True)
class Week:
    """A run with one week more: processor seconds without the fixed cost, and seconds by the clock of each node."""

    cpu: float
    nodes: dict[str, float]


@dataclass
class History:
    """Some installations seen for so many months.

    Attributes:
        raw: the raw folder, the last week included.
        built: the database after a full build without that week.
        full: processor seconds of that build without the fixed cost.
        extraction: seconds by the clock of its extraction.
        files_read: by the last run with that week.
    """

    months: int
    raw: Path
    built: Path
    full: float
    extraction: float
    files_read: int = 0
    weeks: list[Week] = field(default_factory=list)

    @property
    def week(self) -> Spread:
        """Processor seconds of the runs with one week more."""
        return Spread(tuple(week.cpu for week in self.weeks))


def run(stage: Stage) -> list[Section]:
    """One year and four years of the same installations, a week more on both in turns, and a new metric on the year."""
    ours, (one, four) = stage.ours, stage.months
    ours.fresh()
    cost = stage.warm.dbt(stage.years, *ONE_BY_ONE).less(stage.usual_fixed())
    years = History(
        four, data.with_files(stage.years, stage.week, stage.home / "years-and-week"), stage.home / "years.duckdb",
        cost.cpu, ours.node_seconds()[LEAVES],
    )  # fmt: skip
    shutil.copy(ours.database, years.built)
    year = History(
        one, data.with_files(stage.base, stage.week, stage.home / "base-and-week"), stage.built,
        statistics.median(full.cpu for full, _ in stage.full), stage.extraction,
    )  # fmt: skip
    ours.fresh()
    fixed = stage.warm.dbt(stage.empty, *ONE_BY_ONE)
    for _ in range(1 if stage.quick else ROUNDS):
        for history in (years, year):
            ours.with_database(history.built)
            cost = stage.warm.dbt(history.raw, *ONE_BY_ONE)
            history.weeks.append(Week(cost.less(fixed).cpu, ours.node_seconds()))
            history.files_read = ours.files_read()
    return [increments(year, years, len(stage.week)), metric_more(ours, year)]


def increments(one: History, four: History, new_files: int) -> Section:
    """The table of weekly increments."""
    share, growth = one.week.median / one.full, four.week.median / one.week.median
    rows = [
        (f"{each.months} months", data.bytes_of(each.raw) / 1e9, each.full, each.week,
         each.week.median / each.full, each.extraction, Spread(tuple(w.nodes[LEAVES] for w in each.weeks)),
         f"{each.files_read} of {len(data.pings(each.raw))}")
        for each in (one, four)
    ]  # fmt: skip
    nodes = sorted(one.weeks[-1].nodes.items(), key=lambda node: -node[1])[:5]
    slowest = ", ".join(f"`{name}` {spent:.2f} s" for name, spent in nodes)
    unread = all(each.files_read == new_files for each in (one, four))
    return Section(
        "One more week",
        "The same installations with a year and with four years of history, a full build without the last week and then"
        f" {len(one.weeks)} runs with it, in turns, each on a copy of the same database. Processor seconds of the dbt"
        " process, less those on an empty folder; the extraction by the clock, in the weekly runs one node at a time."
        " `files read` counts the ping files that the SQL of the extraction names in the weekly run.",
        ("history", "GB", "full, cpu s", "week, cpu s", "week / full", "extraction, full, s", "extraction, week, s",
         "files read"),
        rows,
        "a week on one year at most a tenth of the full build; on four years at most twice that of one year;"
        " no file is read again",
        share <= 0.1 and growth <= 2 and unread,
        f"A week costs {share:.2f} of the full build on one year, and {growth:.2f} times as much on four years as on"
        " one. What bounds it is what lies behind the extraction, made again from all leaves; the slowest nodes of the"
        f" last run on one year: {slowest}. Each is a simple table that takes about a second at most, and a late"
        " licence, label or ping changes rows of any period, so none of them is incremental.",
    )  # fmt: skip


def metric_more(ours: Home, year: History) -> Section:
    """Adds a metric of a new key path to a standing mart."""
    add_metric(ours.project)
    ours.dbt(year.raw, *ONE_BY_ONE)
    added, one_pass = ours.node_seconds()[LEAVES], bare_read(year.raw)
    rows = [
        ("one bare pass over the files, one leaf", one_pass, 1.0),
        ("the run that adds the metric", added, added / one_pass),
        ("the full build above", year.extraction, year.extraction / one_pass),
    ]
    return Section(
        "One more metric",
        f"`{METRIC}` with the key path `{KEY_PATH}`, new to the project, on the shorter history above.",
        ("", "extraction, s", "times one pass"),
        rows,
        "the price of one pass over the payloads (at most two bare ones), not of a full refresh",
        added <= 2 * one_pass,
        "The extraction also judges every line and finds the pings that are held. What lies behind it is made again, as"
        " in every run.",
    )


def add_metric(project: Path) -> None:
    """Two files and the registry."""
    folder = project / "models/metrics/create"
    (folder / f"{METRIC}.sql").write_text("{{ ping_metric() }}\n", encoding="utf-8")
    (folder / f"{METRIC}.yml").write_text(YML, encoding="utf-8")
    subprocess.run([sys.executable, "scripts/registry.py"], cwd=project, check=True, capture_output=True)


def bare_read(raw: Path) -> float:
    """Seconds of looking one leaf up in every line."""
    files = [str(path) for path in data.pings(raw)]
    with duckdb.connect() as connection:
        started = time.perf_counter()
        connection.execute(
            f"select count(try(json_extract(line, '$.payload.{KEY_PATH}'))) from read_csv({files}, {ONE_LINE_A_ROW})"
        ).fetchall()
        return time.perf_counter() - started
