"""One size, three ways: the project, the hand-written script, the usual pattern; in turns."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb

from benchmarks import data, reference
from benchmarks.dbt import COMPARED, LEAVES, WITHOUT_TESTS, Cost
from benchmarks.report import REPO, Section, Spread, ratio
from benchmarks.stage import Stage

TARGET = 1.5
PART = 2
"""Months that the usual pattern gets: it takes too long for more."""
COLUMNS = ("", "seconds", "processor seconds", "times the reference", "times, processor seconds")


def run(stage: Stage) -> list[Section]:
    """What is in the data, and the full build beside the reference; the usual pattern on a part of it."""
    base, empty = stage.base, data.empty(stage.base, stage.empty)
    ours, by_hand_database = stage.ours, stage.home / "reference.duckdb"
    found: dict[str, list[Cost]] = {"ours": [], "reference": []}
    for number in range(1 if stage.quick else 3):
        ours.fresh()
        stage.fixed.append(stage.warm.dbt(empty, *WITHOUT_TESTS, *COMPARED))
        ours.fresh()
        found["ours"].append(stage.warm.dbt(base, *WITHOUT_TESTS, *COMPARED))
        found["reference"].append(by_hand(base, by_hand_database))
        if not number:
            must_equal(by_hand_database, ours.database)
    found["ours"] = [cost.less(stage.usual_fixed()) for cost in found["ours"]]
    slowest = sorted(ours.node_seconds().items(), key=lambda one: -one[1])[:3]
    stage.full = list(zip(found["ours"], found["reference"], strict=True))
    stage.extraction = ours.node_seconds()[LEAVES]
    shutil.copy(ours.database, stage.built)
    part = data.last_months(base, stage.home / "part", PART)
    found["reference, a part"] = [by_hand(part, by_hand_database)]
    found["pattern, a part"] = [by_hand(part, stage.home / "pattern.duckdb", "flattened")]
    must_equal(by_hand_database, stage.home / "pattern.duckdb", mart=False)
    return [
        describe(stage),
        compare({"start": [stage.parsed[1]], "fixed": stage.fixed, **found}, slowest, data.bytes_of(part) / 1e9),
    ]


def by_hand(raw: Path, database: Path, *how: str) -> Cost:
    """Runs the reference in a process of its own; Python's start is left out."""
    database.unlink(missing_ok=True)
    arguments = [sys.executable, "-m", "benchmarks.reference", str(raw), data.AS_OF, str(database), *how]
    done = subprocess.run(arguments, cwd=REPO, check=True, capture_output=True, text=True)
    return Cost(**json.loads(done.stdout), peak_megabytes=0)


def must_equal(database: Path, other: Path, mart: bool = True) -> None:
    """Raises ValueError when the figures of the two differ: then their times are not comparable."""
    with duckdb.connect(str(database)) as connection:
        found = reference.differences(connection, other, mart)
    if any(found.values()):
        raise ValueError(f"{database.name} and {other.name} differ: {found}")


def describe(stage: Stage) -> Section:
    """Size of the data, measured."""
    held = data.size(stage.base)
    sample = data.pings(stage.base)[-1]
    rows = duckdb.execute(
        f"select count(*) / count(distinct ping_id) from (select ping_id, payload from read_json('{sample}',"
        " format = 'newline_delimited', ignore_errors = true, columns = {ping_id: 'VARCHAR', payload: 'JSON'})"
        " limit 200) as pings, json_tree(pings.payload) where atom is not null"
    ).fetchall()
    return Section(
        "The data",
        f"Made by `python -m sample --payload-keys 1300 --gzip none`: the last {stage.months[0]} of {stage.months[1]}"
        " months of weekly pings, less the very last week. Sizes above it are copies of this set with other ping ids,"
        " uuids, accounts, subscriptions and licences, so that the mart grows, too.",
        ("pings", "raw JSON, GB", "kB a ping", "leaves a ping"),
        [(held.pings, held.gigabytes, held.bytes / held.pings / 1000, float(rows[0][0]))],
    )


def compare(found: dict[str, list[Cost]], slowest: list[tuple[str, float]], part: float) -> Section:
    """The table of the full build."""
    on_a_part = f"its last {PART} months ({part:.2f} GB)"
    kinds = {
        "start": "dbt's fixed cost: start, and parse of nothing new",
        "fixed": "dbt's fixed cost: the same nodes on an empty folder, in a process forked from one that has started"
        " and parsed, as those below",
        "ours": "ours: metric values, seat figures and all they need, from the first node to the last,"
        " less the median of those on an empty folder",
        "reference": "reference: one hand-written DuckDB script",
        "reference, a part": f"reference on {on_a_part}",
        "pattern, a part": f"usual pattern on {on_a_part}: payload as JSON, flatten every leaf, pivot",
    }
    rows = [(text, wall(found[kind]), cpu(found[kind]), *_ratios(found, kind)) for kind, text in kinds.items()]
    reached = max(ratio(of(found["ours"]), of(found["reference"])).median for of in (wall, cpu))
    nodes = ", ".join(f"`{name}` {seconds:.1f} s" for name, seconds in slowest)
    return Section(
        "Full build of 1 GB",
        "The same files once, the same metric values and seat figures; every row of both was compared and is equal."
        " The reference keeps only those two results; ours also keeps every leaf of every ping (so that the next run"
        " reads new files only), each null's reason and the models between. Tests are not run here.",
        COLUMNS,
        rows,
        f"ours at most {TARGET} times the reference, without dbt's fixed cost, in both kinds of seconds",
        reached <= TARGET,
        f"Slowest nodes of the last run: {nodes}. Processor seconds depend little on what else the machine does; by the"
        " clock, some of ours hide behind dbt's own work on the other core. Larger sizes: below.",
    )


def wall(costs: list[Cost]) -> Spread:
    """Seconds by the clock."""
    return Spread(tuple(cost.wall for cost in costs))


def cpu(costs: list[Cost]) -> Spread:
    """Seconds of processor."""
    return Spread(tuple(cost.cpu for cost in costs))


def _ratios(found: dict[str, list[Cost]], kind: str) -> tuple[Spread | None, Spread | None]:
    if kind in ("start", "fixed"):
        return None, None
    costs, others = found[kind], found["reference, a part" if "part" in kind else "reference"]
    return ratio(wall(costs), wall(others)), ratio(cpu(costs), cpu(others))
