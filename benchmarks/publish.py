"""Publishing: against a bare loop, at the vendor's limit, and a mart of a million rows."""

from __future__ import annotations

import json
import shutil
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.clients import Run, light_server, run_client, run_loader
from benchmarks.limited import calls_during, full_windows
from benchmarks.mart import COMPANIES, PERIODS, change, make_project, publish_all
from benchmarks.report import RESULTS, Cell, Section, Spread, ratio

MOST_TIMES_THE_FLOOR = 1.25
LEAST_USED = 0.98
LONGEST, LARGEST = 10.0, 300.0
LOOKS = 2
"""Calls that look the companies up again, at most: a page, and whether another one follows."""
NAMES = {
    "bare": "bare `requests` loop (the floor)",
    "loader": "**ours**",
}
_SERVER = (
    "The server is a light one (`benchmarks/server.py`), a process of its own and the same for all: it keeps the rows"
    " and answers at once, so that it does not hide what a client costs, as the sandbox would. Rows are those of"
    " `gainsight__instance_usage`, 50 a call."
)


def run(quick: bool) -> list[Section]:
    """Measure everything; quick is a few seconds, and its numbers say little."""
    folder = RESULTS / "publish"
    try:
        return [
            first_publish(folder, 500 if quick else 100_000, 1 if quick else 3),
            at_the_limit(folder, 100 if not quick else 10, 4.0 if not quick else 0.5, 5 if not quick else 3),
            million(folder, 20_000 if quick else 1_000_000),
        ]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def first_publish(folder: Path, rows: int, rounds: int) -> Section:
    """Both clients send the same rows to the same server, in turns."""
    project = make_project(folder / "first", rows)
    runs: dict[str, list[Run]] = {name: [] for name in NAMES}
    with light_server(project) as server:
        for number in range(rounds):
            for name in NAMES if number % 2 == 0 else reversed(NAMES):
                server.reset()
                ran = run_client(name, project, server.url)
                runs[name].append(_with_rows(ran, server.report(digest=number == 0)))
    floor, ours = _spread(runs["bare"], "seconds"), _spread(runs["loader"], "seconds")
    cells = [_first_row(name, found, floor, _same(found, runs["bare"])) for name, found in runs.items()]
    times = ratio(ours, floor)
    return Section(
        title=f"{rows:,} rows, no limit at the server",
        compared=f"{_SERVER} {rounds} rounds, the order turned each time. The bare loop reads rows that SQL has already"
        " put into the API's form, looks nothing up and looks at no reply; ours asks whether the object holds any"
        " record (if it does, each row is looked for by key), resolves the look-up, hashes, and records every row in"
        " the warehouse (`--no-gate`, for there is no dbt run).",
        columns=["client", "whole process", "of it: start", "rows a second", "memory", "times the floor", "same rows"],
        rows=cells,
        target=f"ours at most {MOST_TIMES_THE_FLOOR} times the bare loop",
        met=times.median <= MOST_TIMES_THE_FLOOR and _same(runs["loader"], runs["bare"]),
        explanation="Start is the interpreter and the imports. Memory is the process's VmHWM. Same rows: the values"
        " that arrived in the first round are those of the bare loop, and their number in every round.",
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


def million(folder: Path, rows: int) -> Section:
    """A large mart of which nothing, or one row in fifty, has changed."""
    project = make_project(folder / "million", rows)
    publish_all(project)
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
        compared=f"{len(project.model.columns)} published columns a row; the state is filled as if all rows had been"
        " sent. The whole process, its VmHWM, and the calls that the server counted.",
        columns=["what changed", "whole process", "memory", "write calls", "other calls"],
        rows=[
            ["nothing (3 runs)", seconds, memory, none, looked_up],
            ["one row in 50", Spread((changed.seconds,)), _megabytes(changed), write,
             sum(changed.calls.values()) - write],
        ],
        target=f"nothing changed: no call but two that look up, under {LONGEST:g} s and {LARGEST:g} MB; 2 % changed:"
        f" {due} write calls, memory the same",
        met=fits and right and not error,
        explanation=error,
    )  # fmt: skip


def _only_looks_up(calls: Mapping[str, int]) -> bool:
    return calls.keys() == {"query"} and calls["query"] <= LOOKS


def _with_rows(run: Run, report: dict[str, object]) -> Run:
    return Run(**{**vars(run), **report})


def _spread(runs: Sequence[Run], name: str) -> Spread:
    megabytes = name == "megabytes"
    return Spread(tuple(getattr(each, name) for each in runs), "MB" if megabytes else "s", 0 if megabytes else 2)


def _megabytes(run: Run) -> Spread:
    return _spread([run], "megabytes")


def _accepted(run: Run) -> int:
    try:
        return int(json.loads(run.out)["results"][0]["rows_accepted"])
    except (ValueError, KeyError, IndexError):
        return 0
