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
class Week:
    """A history, and the week after it; `full` and `week` are seconds by node, less those on an empty folder."""

    months: int
    size: data.Size
    full: Nodes
    week: Nodes
    files: int
    new_files: int
    files_read: int


def run(stage: Stage) -> list[Section]:
    """Four years of some installations, the last year of the same, and a new metric on that year."""
    one, four = (3, 6) if stage.quick else (12, 48)
    made = data.generate(stage.home / "made", accounts=30 if stage.quick else 150, months=four)
    year = data.multiply(data.last_months(made, stage.home / "last", one), stage.home / "year", COPIES)
    years = data.multiply(made, stage.home / "years", COPIES)
    empty = by_node(stage.ours.fresh(), stage.empty, {})
    weeks = [week_more(stage.ours.fresh(), years, empty, four)]
    shutil.rmtree(years)
    ours = Home(stage.home / "one", copy_project(stage.home / "project"))
    weeks.insert(0, week_more(ours, year, empty, one))
    return [increments(weeks), metric_more(ours, year, empty)]


def by_node(ours: Home, raw: Path, empty: Nodes, *more: str) -> Nodes:
    """Runs what is compared; seconds by node, less those of the same nodes on an empty folder.

    dbt's own start, parsing and scheduling are not in them, which vary by more than a week costs. One node at a time,
    for seconds of nodes that share the processors do not add up.
    """
    ours.dbt(raw, *WITHOUT_TESTS, "--threads", "1", *more, *COMPARED)
    return {name: max(0.0, spent - empty.get(name, 0.0)) for name, spent in ours.node_seconds().items()}


def week_more(ours: Home, raw: Path, empty: Nodes, months: int) -> Week:
    """A full build without the last week's files, then a run with that week."""
    day = max(path.stem[-10:] for path in data.pings(raw) if path.stem[-10:] <= data.AS_OF)
    late = [path for path in data.pings(raw) if path.stem[-10:] == day]
    for path in late:
        path.rename(path.with_suffix(".later"))
    full = by_node(ours, raw, empty)
    for path in late:
        path.with_suffix(".later").rename(path)
    week = by_node(ours, raw, empty)
    return Week(months, data.size(raw), full, week, len(data.pings(raw)), len(late), ours.files_read())


def increments(weeks: list[Week]) -> Section:
    """The table of weekly increments."""
    one, four = weeks
    share, growth = total(one.week) / total(one.full), total(four.week) / total(one.week)
    rows = [
        (f"{week.months} months", week.size.gigabytes, week.size.pings, total(week.full), week.full[LEAVES],
         total(week.week), week.week[LEAVES], total(week.week) / total(week.full), f"{week.files_read} of {week.files}")
        for week in weeks
    ]  # fmt: skip
    rest = 1 - one.full[LEAVES] / total(one.full)
    nodes = sorted(one.week.items(), key=lambda node: -node[1])[:4]
    slowest = ", ".join(f"`{name}` {spent:.2f} s" for name, spent in nodes)
    unread = all(week.files_read == week.new_files for week in weeks)
    return Section(
        "One more week",
        "The same installations with a year and with four years of history. Seconds are those of the nodes, one at a"
        " time, less the same on an empty folder; dbt's start and parsing are not in them. `files read` counts the ping"
        " files that the SQL of the extraction names in the weekly run.",
        ("history", "GB", "pings", "full, s", "of it extraction", "week, s", "of it extraction", "week / full",
         "files read"),
        rows,
        "a week on one year at most a tenth of the full build; on four years at most twice that of one year;"
        " no file is read again",
        share <= 0.1 and growth <= 2 and unread,
        f"A week costs {share:.2f} of the full build on one year, and {growth:.2f} times as much on four years as on"
        f" one. Of the full build on one year {rest:.2f} lie behind the extraction, in tables that are made again from"
        f" all leaves; the slowest of them in a week: {slowest}. That is what bounds it. A late licence, label or ping"
        " changes rows of any period, so they are simple tables, which cannot be out of date.",
    )  # fmt: skip


def total(nodes: Nodes) -> float:
    """Seconds of all nodes."""
    return sum(nodes.values())


def metric_more(ours: Home, raw: Path, empty: Nodes) -> Section:
    """Adds a metric of a new key path to a standing mart, and makes the mart again in full."""
    add_metric(ours.project)
    ours.dbt(raw, "parse")
    added = by_node(ours, raw, empty)
    full = by_node(ours, raw, empty, "--full-refresh")
    one_pass = bare_read(raw)
    rows = [
        ("one bare pass over the files, one leaf", one_pass, None),
        ("extraction in the run that adds the metric", added[LEAVES], added[LEAVES] / one_pass),
        ("extraction in a full refresh", full[LEAVES], full[LEAVES] / one_pass),
        ("all nodes of the run that adds the metric", total(added), total(added) / one_pass),
        ("all nodes of a full refresh", total(full), total(full) / one_pass),
    ]
    return Section(
        "One more metric",
        f"`{METRIC}` with the key path `{KEY_PATH}`, new to the project, on the shorter history above; seconds as"
        " above.",
        ("", "seconds", "times one pass"),
        rows,
        "the price of one pass over the payloads, not of a full refresh",
        added[LEAVES] <= 2 * one_pass and total(added) < total(full),
        "Met when the extraction takes at most two bare passes: it also judges every line, and finds the pings that are"
        " held. What comes behind the extraction is the same in both runs.",
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
