"""A week more on a history, and a metric more on one: what is read again, and what that costs."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks import data
from benchmarks.dbt import COMPARED, WITHOUT_TESTS, Home, Stage, copy_project
from benchmarks.report import Section

Nodes = dict[str, float]
LEAVES = "base_service_ping__leaves"
COPIES = 2
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
class Built:
    """A run: processor seconds less those on an empty folder, and seconds by node as they were."""

    cpu: float
    nodes: Nodes


@dataclass(frozen=True)
class Week:
    """A history, and the week after it."""

    months: int
    size: data.Size
    full: Built
    week: Built
    files: int
    new_files: int
    files_read: int


def run(stage: Stage) -> list[Section]:
    """Four years of some installations, the last year of the same, and a new metric on that year."""
    one, four = (3, 6) if stage.quick else (12, 48)
    made = data.generate(stage.home / "made", accounts=30 if stage.quick else 150, months=four)
    year = data.multiply(data.last_months(made, stage.home / "last", one), stage.home / "year", COPIES)
    years = data.multiply(made, stage.home / "years", COPIES)
    empty = built(stage.ours.fresh(), stage.empty, 0.0).cpu
    weeks = [week_more(stage.ours.fresh(), years, empty, four)]
    shutil.rmtree(years)
    ours = Home(stage.home / "one", copy_project(stage.home / "project"))
    weeks.insert(0, week_more(ours, year, empty, one))
    return [increments(weeks), metric_more(ours, year, empty)]


def built(ours: Home, raw: Path, empty: float, *more: str) -> Built:
    """Runs what is compared, one node at a time, for seconds of nodes that share the processors do not add up."""
    cost = ours.dbt(raw, *WITHOUT_TESTS, "--threads", "1", *more, *COMPARED)
    return Built(cost.cpu - empty, ours.node_seconds())


def week_more(ours: Home, raw: Path, empty: float, months: int) -> Week:
    """A full build without the last week's files, then a run with that week."""
    day = max(path.stem[-10:] for path in data.pings(raw) if path.stem[-10:] <= data.AS_OF)
    late = [path for path in data.pings(raw) if path.stem[-10:] == day]
    for path in late:
        path.rename(path.with_suffix(".later"))
    full = built(ours, raw, empty)
    for path in late:
        path.with_suffix(".later").rename(path)
    week = built(ours, raw, empty)
    return Week(months, data.size(raw), full, week, len(data.pings(raw)), len(late), ours.files_read())


def increments(weeks: list[Week]) -> Section:
    """The table of weekly increments."""
    one, four = weeks
    share, growth = one.week.cpu / one.full.cpu, four.week.cpu / one.week.cpu
    rows = [
        (f"{each.months} months", each.size.gigabytes, each.size.pings, each.full.cpu, each.week.cpu,
         each.week.cpu / each.full.cpu, each.full.nodes[LEAVES], each.week.nodes[LEAVES],
         f"{each.files_read} of {each.files}")
        for each in weeks
    ]  # fmt: skip
    nodes = sorted(one.week.nodes.items(), key=lambda node: -node[1])[:5]
    slowest = ", ".join(f"`{name}` {spent:.2f} s" for name, spent in nodes)
    unread = all(each.files_read == each.new_files for each in weeks)
    return Section(
        "One more week",
        "The same installations with a year and with four years of history. Processor seconds of the dbt process, less"
        " those on an empty folder; the extraction by the clock. `files read` counts the ping files that the SQL of the"
        " extraction names in the weekly run.",
        ("history", "GB", "pings", "full, cpu s", "week, cpu s", "week / full", "extraction, full, s",
         "extraction, week, s", "files read"),
        rows,
        "a week on one year at most a tenth of the full build; on four years at most twice that of one year;"
        " no file is read again",
        share <= 0.1 and growth <= 2 and unread,
        f"A week costs {share:.2f} of the full build on one year, and {growth:.2f} times as much on four years as on"
        " one. What bounds it is what lies behind the extraction, made again from all leaves; the slowest nodes of a"
        f" week on one year: {slowest}. Each is a simple table that takes about a second at most, and a late licence,"
        " label or ping changes rows of any period, so none of them is incremental.",
    )  # fmt: skip


def metric_more(ours: Home, raw: Path, empty: float) -> Section:
    """Adds a metric of a new key path to a standing mart, and makes the mart again in full."""
    add_metric(ours.project)
    ours.dbt(raw, "parse")
    added = built(ours, raw, empty)
    full = built(ours, raw, empty, "--full-refresh")
    one_pass = bare_read(raw)
    rows = [
        ("one bare pass over the files, one leaf", one_pass, 1.0, None),
        ("the run that adds the metric", added.nodes[LEAVES], added.nodes[LEAVES] / one_pass, added.cpu),
        ("a full refresh", full.nodes[LEAVES], full.nodes[LEAVES] / one_pass, full.cpu),
    ]
    return Section(
        "One more metric",
        f"`{METRIC}` with the key path `{KEY_PATH}`, new to the project, on the shorter history above.",
        ("", "extraction, s", "times one pass", "all nodes, cpu s less those on an empty folder"),
        rows,
        "the price of one pass over the payloads (at most two bare ones), not of a full refresh",
        added.nodes[LEAVES] <= 2 * one_pass,
        "The extraction also judges every line and finds the pings that are held. What lies behind it is the same in"
        " both runs.",
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
            f"select count(try(json_extract(line, '$.payload.{KEY_PATH}'))) from read_csv({files},"
            " columns = {line: 'VARCHAR'}, header = false, delim = '\\x01', quote = '', escape = '',"
            " strict_mode = false, auto_detect = false, ignore_errors = true, max_line_size = 268435456)"
        ).fetchall()
        return time.perf_counter() - started
