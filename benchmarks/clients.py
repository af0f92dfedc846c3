"""The loader and the bare loop, each as a process of its own, against one light server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from benchmarks.mart import Project, api_query
from benchmarks.report import REPO

KEY = "bench-key"
_CLIENT = Path(__file__).with_name("client.py")
_LONGEST = 280
_NOT_GIVEN = ("GAINSIGHT_", "DBT_", "DUCKDB_", "PYTHONDONTWRITEBYTECODE")
"""Settings of other runs; and one that has Python compile its modules anew each time, as nobody has it at work."""


@dataclass(frozen=True)
class Run:
    """How one client's run went.

    Attributes:
        start: seconds until its modules were imported.
        work: seconds from then to its end.
        megabytes: its largest size (VmHWM).
        calls: calls that reached the server, by operation; empty when there was no server.
        rows, digest: what the server had at the end; the digest is empty when it was not asked for.
        out: what the client printed.
        error: why there are no numbers, or "".
    """

    start: float = 0.0
    work: float = 0.0
    megabytes: float = 0.0
    calls: dict[str, int] = field(default_factory=dict)
    rows: int = 0
    digest: str = ""
    out: str = ""
    error: str = ""

    @property
    def seconds(self) -> float:
        """The whole process."""
        return self.start + self.work


class Server:
    """The light server as others see it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def reset(self) -> None:
        """Forget rows and calls."""
        requests.post(f"{self.url}/bench/reset", timeout=60)

    def report(self, *, digest: bool = True) -> dict[str, Any]:
        """Calls by operation, rows, and a digest of them, which takes seconds."""
        what = "digest" if digest else "counts"
        found: dict[str, Any] = requests.get(f"{self.url}/bench/{what}", timeout=60).json()
        return found

    def rows(self) -> list[dict[str, Any]]:
        """Every row."""
        found: list[dict[str, Any]] = requests.get(f"{self.url}/bench/rows", timeout=60).json()
        return found


@contextmanager
def light_server(project: Project) -> Iterator[Server]:
    """Start the light server in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.server", str(project.folder / "target" / "manifest.json")]
    with subprocess.Popen(command, cwd=REPO, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Server(process.stdout.readline().strip())
        finally:
            process.communicate()


def run_client(name: str, project: Project, url: str) -> Run:
    """A first publish by `bare` or `loader`: nothing is remembered of earlier runs."""
    project.sql("drop schema if exists main_publish cascade")
    if name == "loader":
        return run_loader(project, url, "publish", "--no-gate", "--output", "json")
    return measured([sys.executable, str(_CLIENT), name], settings(project, url), cwd=REPO)


def run_loader(project: Project, url: str, *arguments: str, **env: str) -> Run:
    """Run one of the loader's commands, measured."""
    command = [sys.executable, str(_CLIENT), "loader", "--project-dir", str(project.folder), *arguments]
    return measured(command, {**settings(project, url), **env}, cwd=REPO)


def settings(project: Project, url: str) -> dict[str, str]:
    """The environment of every client; the loader's limits are out of the way."""
    model = project.model
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(_NOT_GIVEN)},
        "PYTHONPATH": str(REPO),
        "DUCKDB_PATH": str(project.database),
        "BENCH_URL": url,
        "BENCH_DATABASE": str(project.database),
        "BENCH_QUERY": api_query(model),
        "BENCH_OBJECT": model.object,
        "GAINSIGHT_BASE_URL": url,
        "GAINSIGHT_ACCESS_KEY": KEY,
        "GAINSIGHT_CONNECTION": "bench",
        "GAINSIGHT_CALLS_PER_MINUTE": "1000000",
        "GAINSIGHT_CALLS_PER_DAY": "100000000",
    }


def measured(command: list[str], env: dict[str, str], cwd: Path) -> Run:
    """Run a client process to its end; what it cannot do is in `error`."""
    started = time.monotonic()
    try:
        done = subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, timeout=_LONGEST, check=False)
    except subprocess.TimeoutExpired:
        return Run(error=f"not finished after {_LONGEST} s")
    lines = done.stderr.strip().splitlines()
    if done.returncode or not lines:
        said = next((line for line in reversed(lines) if not line.startswith('{"imported"')), "it said nothing")
        return Run(out=done.stdout, error=f"exit {done.returncode}: {said[:200]}")
    times = json.loads(lines[-1])
    start, work = times["imported"] - started, times["ended"] - times["imported"]
    return Run(start, work, times["megabytes"], out=done.stdout)
