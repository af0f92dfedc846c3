"""Publishing: against a bare loop and other tools, at the vendor's limit, and a mart of a million rows."""

from __future__ import annotations

import json
import math
import shutil
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import peers
from benchmarks.limited import calls_during, full_windows
from benchmarks.mart import COMPANIES, PERIODS, Project, change, make_project, publish_all
from benchmarks.peers import Run, light_server, run_client, run_diff, run_loader
from benchmarks.report import RESULTS, Cell, Section, Spread, ratio

MOST_TIMES_THE_FLOOR = 1.25
FINDS = "loader, an object that holds a record"
OURS = ("loader", FINDS)
SLOWEST, SLOWEST_ROUNDS = "dlt", 2
LEAST_USED = 0.98
LONGEST, LARGEST = 10.0, 300.0
SLOPE = (0.9, 1.1)
LOOKS = 2
"""Calls that look the companies up again, at most: a page, and whether another one follows."""
NAMES = {
    "bare": "bare `requests` loop (the floor)",
    "loader": "**ours**",
    FINDS: "**ours**, to an object that holds a record already",
    "drt tuned": "drt-core 1.2.1, batch_size 5000, rate limit lifted",
    "drt": "drt-core 1.2.1 by default: batch_size 100, 10 calls a second",
    "dlt": "dlt 1.31.0, custom destination",
}
_SERVER = (
    "The server is a light one (`benchmarks/server.py`), a process of its own and the same for all: it keeps the rows"
    " and answers at once, so that it does not hide what a client costs, as the sandbox would. Rows are those of"
    " `gainsight__instance_usage`, 50 a call."
)


def run(quick: bool) -> list[Section]:
    """Measure everything; quick is a few seconds, and its numbers say little."""
    folder = RESULTS / "publish"
    failed = peers.install()
    others, by_default = (("drt tuned", "dlt"), ("drt",)) if not failed else ((), ())
    large, sizes = (20_000, [1_000, 4_000]) if quick else (1_000_000, [10_000, 100_000])
    try:
        sections = [
            first_publish(folder, 500 if quick else 100_000, 1 if quick else 3, ("bare", *OURS, *others), failed),
            second_publish(folder, 500 if quick else 2_500, ("bare", "loader", *others, *by_default), failed),
            at_the_limit(folder, 100 if not quick else 10, 4.0 if not quick else 0.5, 5 if not quick else 3),
        ]
        project = published(folder / "million", large)
        grown = growth(folder, [*sizes, large, 10 * large], project)
        sections += [million(project, large), grown]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return sections


def first_publish(folder: Path, rows: int, rounds: int, clients: Sequence[str], failed: str = "") -> Section:
    """Every client sends the same rows to the same server, in turns."""
    project = make_project(folder / "first", rows)
    runs: dict[str, list[Run]] = {name: [] for name in clients}
    with light_server(project) as server:
        for number in range(rounds):
            for name in clients if number % 2 == 0 else reversed(clients):
                if name == SLOWEST and number >= SLOWEST_ROUNDS:
                    continue
                server.reset()
                if name == FINDS:
                    server.hold(project.model.key)
                ran = run_client("loader" if name in OURS else name, project, server.url)
                runs[name].append(_with_rows(ran, server.report(digest=number == 0)))
    floor, ours = _spread(runs["bare"], "seconds"), _spread(runs["loader"], "seconds")
    cells = [_first_row(name, found, floor, _same(found, runs["bare"])) for name, found in runs.items()]
    cells += _missing(failed, 7)
    times = ratio(ours, floor)
    return Section(
        title=f"{rows:,} rows, no limit at the server",
        compared=f"{_SERVER} {rounds} rounds, the order turned each time; the slowest client ran in"
        f" {min(rounds, SLOWEST_ROUNDS)} of them. The bare loop reads rows that SQL has already put into the API's"
        " form, looks nothing up and looks at no reply; ours asks whether the object holds any record (if it does, each"
        " row is looked for by key), resolves the look-up, hashes, and records every row in the warehouse (`--no-gate`,"
        " for there is no dbt run).",
        columns=["client", "whole process", "of it: start", "rows a second", "memory", "times the floor", "same rows"],
        rows=cells,
        target=f"ours, to an empty object as the bare loop, at most {MOST_TIMES_THE_FLOOR} times the bare loop",
        met=times.median <= MOST_TIMES_THE_FLOOR and _same(runs["loader"], runs["bare"]),
        explanation="Start is the interpreter and the imports. Memory is the process's VmHWM. Same rows: the values"
        " that arrived in the first round are those of the bare loop, and their number in every round. drt-core keeps"
        " no record of rows.",
    )


def _same(runs: Sequence[Run], others: Sequence[Run]) -> bool:
    """Whether the same rows arrived."""
    return runs[0].digest == others[0].digest and {each.rows for each in (*runs, *others)} == {others[0].rows}


def _first_row(name: str, runs: list[Run], floor: Spread, same: bool) -> list[Cell]:
    if error := next((each.error for each in runs if each.error), ""):
        return [NAMES[name], error, None, None, None, None, "no"]
    seconds = _spread(runs, "seconds")
    speed = round(runs[0].rows / seconds.median)
    return [
        NAMES[name], seconds, _spread(runs, "start"), speed, _spread(runs, "megabytes"), ratio(seconds, floor),
        "yes" if same else "no",
    ]  # fmt: skip


def second_publish(folder: Path, rows: int, clients: Sequence[str], failed: str = "") -> Section:
    """Every client runs twice; nothing has changed in between."""
    project, cells = make_project(folder / "second", rows), []
    calls: dict[str, Counter[str]] = {}
    with light_server(project) as server:
        for name in clients:
            server.reset()
            first = run_client(name, project, server.url)
            before = Counter(server.report()["calls"])
            again = run_client(name, project, server.url, again=True)
            calls[name] = Counter(server.report()["calls"]) - before
            error = first.error or again.error
            done = [first.seconds, before.total(), again.seconds, calls[name].total()]
            cells.append([NAMES[name], *(done if not error else [error, None, None, None])])
    return Section(
        title=f"{rows:,} rows, then again with nothing changed",
        compared="One run each, to show what is sent; the same server and rows as above. drt-core by default is here,"
        " because at 10 calls a second 100,000 rows would take minutes.",
        columns=["client", "first run, s", "calls", "second run, s", "calls of the second run"],
        rows=cells + _missing(failed, 5),
        target="ours makes no call when nothing has changed, but the two that look the companies up again",
        met=_only_looks_up(calls["loader"]),
    )


def at_the_limit(folder: Path, limit: int, seconds: float, windows: int) -> Section:
    """How much of the allowance is used while there is work."""
    project = make_project(folder / "limit", limit * windows * 50 // PERIODS * PERIODS)
    done: list[Run] = []
    env = {"GAINSIGHT_CALLS_PER_MINUTE": str(limit), "GAINSIGHT_WINDOW_SECONDS": str(seconds)}

    def work(url: str) -> None:
        done.append(run_loader(project, url, "publish", "--no-gate", "--output", "json", **env))

    calls = calls_during(project.folder / "target" / "manifest.json", limit, seconds, COMPANIES, work)
    used, refused = full_windows(calls, seconds), sum(status == 429 for _, status in calls)
    share = statistics.mean(used) / limit if used else 0.0
    return Section(
        title="At the vendor's limit",
        compared=f"The sandbox in a process of its own allows {limit} calls in each fixed window of {seconds:g} s (the"
        " vendor: 60 s); the loader is told the same and shares the allowance with nobody. Counted are the server's"
        " windows between the first and the last, which are full of work.",
        columns=["rows", "calls", "full windows", "calls a window", "fewest", "allowance used", "429"],
        rows=[[sum(1 for _ in calls) and _accepted(done[0]), len(calls), len(used),
               statistics.mean(used) if used else 0.0, min(used, default=0), f"{share:.1%}", refused]],
        target=f"at least {LEAST_USED:.0%} of the allowed calls used while there is work, no 429",
        met=share >= LEAST_USED and not refused and not done[0].error,
        explanation=done[0].error,
    )  # fmt: skip


def published(folder: Path, rows: int) -> Project:
    """A new project of which every row stands at the destination."""
    project = make_project(folder, rows)
    publish_all(project)
    return project


def million(project: Project, rows: int) -> Section:
    """A large mart of which nothing, or one row in fifty, has changed."""
    size = _bytes_a_state_row(project, rows)
    command = ("publish", "--no-gate", "--output", "json")
    with light_server(project) as server:

        def ran() -> Run:
            server.reset()
            return _with_rows(run_loader(project, server.url, *command), server.report())

        unchanged = [ran() for _ in range(3)]
        change(project, one_in=50)
        changed = ran()
    write, due = changed.calls.get("update", 0) + changed.calls.get("insert", 0), rows // 50 // 50
    looked_up = sum(each.calls.get("query", 0) for each in unchanged)
    none = sum(sum(each.calls.values()) for each in unchanged) - looked_up
    seconds, memory = _spread(unchanged, "seconds"), _spread(unchanged, "megabytes")
    fits = seconds.median < LONGEST and max(memory.values) < LARGEST and changed.megabytes < LARGEST
    right = all(_only_looks_up(each.calls) for each in unchanged) and write == due and _accepted(changed) == rows // 50
    error = changed.error or next((each.error for each in unchanged if each.error), "")
    return Section(
        title=f"{rows:,} rows in the mart",
        compared=f"{_columns(project)} published columns a row; the state is filled as if all rows had been sent. The"
        " whole process, its VmHWM, and the calls that the server counted.",
        columns=["what changed", "whole process", "memory", "write calls", "other calls"],
        rows=[
            ["nothing (3 runs)", seconds, memory, none, looked_up],
            ["one row in 50", Spread((changed.seconds,)), _megabytes(changed), write,
             sum(changed.calls.values()) - write],
        ],
        target=f"nothing changed: no call but two that look up, under {LONGEST:g} s and {LARGEST:g} MB; 2 % changed:"
        f" {due} write calls, memory the same",
        met=fits and right and not error,
        explanation=error or f"The state takes {size:.0f} bytes a row in the DuckDB file.",
    )  # fmt: skip


def growth(folder: Path, sizes: Sequence[int], large: Project) -> Section:
    """The time of the diff against the number of rows; `large` is the project of the last size but one."""
    cells: list[list[Cell]] = []
    times = []
    for rows in sizes:
        project = large if rows == sizes[-2] else published(folder / "growth", rows)
        runs = [run_diff(project) for _ in range(3 if rows < sizes[-1] else 1)]
        plan = run_loader(project, "", "plan", "--output", "json") if rows < sizes[-2] else None
        error = next((each.error for each in runs if each.error), "")
        times.append(_spread(runs, "work").median)
        shutil.rmtree(folder / "growth", ignore_errors=True)
        cells.append([
            rows, error or _spread(runs, "work"), times[-1] / rows * 1e6, _spread(runs, "megabytes"),
            Spread((plan.seconds,)) if plan else None,
        ])  # fmt: skip
    slopes = [math.log(b / a) / math.log(n / m) for a, b, m, n in zip(times, times[1:], sizes, sizes[1:], strict=False)]
    return Section(
        title="The diff grows with the rows",
        compared="The comparison of mart and state alone, nothing changed, in a process of its own (start not counted),"
        " and `plan` as a whole process.",
        columns=["rows", "diff", "microseconds a row", "memory", "plan, whole process"],
        rows=cells,
        target=f"linear: slope of the log-log line at most {SLOPE[1]} from step to step",
        met=max(slopes) <= SLOPE[1],
        explanation=f"Slopes from size to size: {', '.join(f'{each:.2f}' for each in slopes)}. Below 1 is a fixed cost"
        " that is shared by more rows.",
    )


def _only_looks_up(calls: Mapping[str, int]) -> bool:
    return calls.keys() == {"query"} and calls["query"] <= LOOKS


def _with_rows(run: Run, report: dict[str, object]) -> Run:
    return Run(**{**vars(run), **report})


def _spread(runs: Sequence[Run], name: str) -> Spread:
    megabytes = name == "megabytes"
    return Spread(tuple(getattr(each, name) for each in runs), "MB" if megabytes else "s", 0 if megabytes else 2)


def _megabytes(run: Run) -> Spread:
    return _spread([run], "megabytes")


def _missing(failed: str, width: int) -> list[list[Cell]]:
    return [["drt-core, dlt", f"could not be installed: {failed}", *[None] * (width - 2)]] if failed else []


def _accepted(run: Run) -> int:
    try:
        return int(json.loads(run.out)["results"][0]["rows_accepted"])
    except (ValueError, KeyError, IndexError):
        return 0


def _columns(project: Project) -> int:
    return len(project.model.columns)


def _bytes_a_state_row(project: Project, rows: int) -> float:
    """Bytes of the blocks that hold the state."""
    blocks = project.sql(
        "select count(distinct block_id) from pragma_storage_info('main_publish.publish_state') where block_id >= 0"
    )[0][0]
    return float(blocks * 262_144 / rows)
