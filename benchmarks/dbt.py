"""Runs dbt in a process of its own and says what that cost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.data import AS_OF
from benchmarks.report import REPO

DBT = Path(sys.executable).with_name("dbt")
PROJECT_PARTS = ("models", "macros", "seeds", "tests/generic", "tests/singular", "scripts", "docs")
LEAVES = "base_service_ping__leaves"
WITHOUT_TESTS = ("build", "--exclude-resource-type", "unit_test", "test")


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock, seconds of processor, and the high-water mark of memory."""

    wall: float
    cpu: float
    peak_megabytes: float


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

        The raw folder has the same name for dbt always, a link: with another one sources would be parsed again.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPO / "profiles.example.yml", self.folder / "profiles.yml")
        link = self.folder / "raw"
        link.unlink(missing_ok=True)
        link.symlink_to(raw.resolve())
        arguments = [
            *(str(DBT), "--quiet", *command, "--vars", json.dumps({"as_of": as_of})),
            *("--project-dir", str(self.project), "--profiles-dir", str(self.folder)),
            *("--target-path", str(self.folder / "target"), "--log-path", str(self.folder / "logs")),
        ]
        settings = {"RAW_PATH": str(link), "DUCKDB_PATH": str(self.database), "DBT_TARGET": "duckdb"}
        settings["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
        return measured(arguments, settings, self.folder / "output.txt")

    def node_seconds(self) -> dict[str, float]:
        """Seconds by the clock of the last run's nodes and hooks, by their names."""
        results = json.loads((self.folder / "target/run_results.json").read_text(encoding="utf-8"))["results"]
        return {result["unique_id"].split(".")[2]: result["execution_time"] for result in results}

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
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(arguments[:4])}: {output.read_text(encoding='utf-8')[-3000:]}")
    return Cost(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1.024e-3)


def project_of(commit: str, home: Path) -> Path | None:
    """The project as a commit has it; None when that is not known here."""
    archive = subprocess.run(["git", "archive", commit], cwd=REPO, capture_output=True, check=False)
    if archive.returncode:
        return None
    home.mkdir(parents=True)
    subprocess.run(["tar", "-x"], cwd=home, input=archive.stdout, check=True)
    return home


def copy_project(home: Path) -> Path:
    """The project's sources as they stand, in a folder of their own."""
    home.mkdir(parents=True)
    shutil.copy(REPO / "dbt_project.yml", home)
    for part in PROJECT_PARTS:
        shutil.copytree(REPO / part, home / part, ignore=shutil.ignore_patterns("__pycache__"))
    return home
