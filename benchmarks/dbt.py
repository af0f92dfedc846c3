"""Runs dbt in a process of its own and says what that cost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.data import AS_OF
from benchmarks.report import REPO

DBT = Path(sys.executable).with_name("dbt")
PROJECT_PARTS = ("models", "macros", "seeds", "tests/generic", "tests/singular", "scripts", "docs")
# What the reference computes, with everything upstream of it, and the log of what was read.
COMPARED = ("--select", "+fct_metric_values", "+fct_seat_utilization", "base_service_ping__unread_lines")
LEAVES = "base_service_ping__leaves"
WITHOUT_TESTS = ("build", "--exclude-resource-type", "unit_test", "test")


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock, seconds of processor, and the high-water mark of memory.

    `nodes` are seconds by the clock from the first node's start to the last one's end: without dbt's own start, parsing
    and writing of artifacts, which vary by more than some builds take.
    """

    wall: float
    cpu: float
    peak_megabytes: float
    nodes: float = 0.0

    def less(self, fixed: Cost) -> Cost:
        """Without the fixed cost: `wall` is that of the nodes."""
        return Cost(self.nodes - fixed.nodes, self.cpu - fixed.cpu, self.peak_megabytes)


@dataclass(frozen=True)
class Home:
    """Where one database lives: profile, target and file are below `folder`."""

    folder: Path
    project: Path = REPO

    @property
    def database(self) -> Path:
        """The DuckDB file."""
        return self.folder / "mart.duckdb"

    def fresh(self) -> Home:
        """Without a database; parsing stays warm."""
        for path in self.folder.glob("mart.duckdb*"):
            path.unlink()
        return self

    def with_database(self, kept: Path) -> Home:
        """With a copy of this database."""
        shutil.copy(kept, self.fresh().database)
        return self

    def dbt(self, raw: Path, *command: str, as_of: str = AS_OF) -> Cost:
        """Runs dbt in a process of its own; raises RuntimeError with its output when it fails.

        The project must have been parsed before, else that would be measured, too.
        """
        self.prepare(raw)
        arguments = [str(DBT), "--quiet", *command, *self.arguments(as_of)]
        cost = measured(arguments, self.settings(), self.folder / "output.txt")
        return cost if command[0] == "parse" else replace(cost, nodes=self.span())

    def prepare(self, raw: Path) -> None:
        """Have a profile, and this raw folder under the name that all have for dbt, a link: with another one sources
        would be parsed again."""
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPO / "profiles.example.yml", self.folder / "profiles.yml")
        self._raw.unlink(missing_ok=True)
        self._raw.symlink_to(raw.resolve())

    def arguments(self, as_of: str) -> list[str]:
        """What every command of dbt is given."""
        return [
            *("--project-dir", str(self.project), "--profiles-dir", str(self.folder)),
            *("--target-path", str(self.folder / "target"), "--log-path", str(self.folder / "logs")),
            *("--vars", json.dumps({"as_of": as_of})),
        ]

    def settings(self) -> dict[str, str]:
        """What is set in dbt's environment."""
        return {
            "RAW_PATH": str(self._raw), "DUCKDB_PATH": str(self.database), "DBT_TARGET": "duckdb",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }  # fmt: skip

    def seconds(self) -> dict[str, float]:
        """Seconds by the clock of the last run's nodes, by their ids."""
        return {result["unique_id"]: result["execution_time"] for result in self._results()}

    def node_seconds(self) -> dict[str, float]:
        """The same by their names."""
        return {unique_id.split(".")[2]: spent for unique_id, spent in self.seconds().items()}

    def span(self) -> float:
        """Seconds by the clock from the first node's start to the last one's end in the last run."""
        times = [step for result in self._results() for step in result["timing"]]
        ended = max(datetime.fromisoformat(step["completed_at"]) for step in times)
        return (ended - min(datetime.fromisoformat(step["started_at"]) for step in times)).total_seconds()

    @property
    def _raw(self) -> Path:
        return self.folder / "raw"

    def _results(self) -> list[dict[str, Any]]:
        text = (self.folder / "target/run_results.json").read_text(encoding="utf-8")
        found: list[dict[str, Any]] = json.loads(text)["results"]
        return found

    def files_read(self) -> int:
        """How many ping files the SQL of the last extraction names."""
        folder = self.folder / "target/compiled/customer_health/models/staging/service_ping"
        sql = (folder / f"{LEAVES}.sql").read_text(encoding="utf-8")
        return len(
            {part for part in sql.split("'") if "/service_pings/" in part and part.endswith((".jsonl", ".json"))}
        )


def measured(arguments: Sequence[str], settings: dict[str, str], output: Path) -> Cost:
    """Runs a command; raises RuntimeError with its output when it fails."""
    with output.open("wb") as out:
        started = time.perf_counter()
        process = subprocess.Popen(arguments, env={**os.environ, **settings}, stdout=out, stderr=out, cwd=output.parent)
        process.returncode, cost = watched(process.pid, started)
    if process.returncode:
        raise RuntimeError(f"{' '.join(arguments[:4])}: {output.read_text(encoding='utf-8')[-3000:]}")
    return cost


def watched(pid: int, started: float) -> tuple[int, Cost]:
    """Waits for a process and watches its memory (VmHWM, summed with its children's): exit code and cost."""
    peak = 0.0
    while True:
        found, status, usage = os.wait4(pid, os.WNOHANG)
        if found:
            break
        peak = max(peak, high_water(pid))
        time.sleep(0.02)
    cost = Cost(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, peak)
    return os.waitstatus_to_exitcode(status), cost


def high_water(pid: int) -> float:
    """Highest resident memory of a process and its children, in 10^6 bytes."""
    total = 0.0
    for one in [pid, *_children(pid)]:
        try:
            status = Path(f"/proc/{one}/status").read_text(encoding="utf-8")
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1.024e-3 for line in status.splitlines() if line.startswith("VmHWM"))
    return total


def copy_project(home: Path) -> Path:
    """The project's sources in a folder where they may be changed."""
    home.mkdir(parents=True)
    shutil.copy(REPO / "dbt_project.yml", home)
    for part in PROJECT_PARTS:
        shutil.copytree(REPO / part, home / part, ignore=shutil.ignore_patterns("__pycache__"))
    return home


def _children(pid: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()]
    except OSError:
        return []
