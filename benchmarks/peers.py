"""The clients to compare, each as a process of its own, against one light server."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import yaml

from benchmarks.mart import Project, api_query
from benchmarks.report import REPO, RESULTS

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
VENV = RESULTS / "venv"
KEY = "bench-key"
_CLIENT = Path(__file__).with_name("client.py")
_LONGEST = 280


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

    def hold(self, key: Sequence[str]) -> None:
        """Let it hold a record with values in these fields that no client sends; no report counts it."""
        requests.post(f"{self.url}/bench/hold", json={"Gsid": "1I01", **dict.fromkeys(key, "another")}, timeout=60)

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


def run_client(name: str, project: Project, url: str, *, again: bool = False) -> Run:
    """Run one client once.

    Args:
        name: one of CLIENTS.
        project: its mart.
        url: the server's address.
        again: keep what the client remembers of earlier runs.
    """
    folder = project.folder / "clients" / name
    if not again:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    python, arguments = CLIENTS[name](project, url, folder, again)
    return measured([str(python), str(_CLIENT), *arguments], settings(project, url, folder), cwd=folder)


def run_loader(project: Project, url: str, *arguments: str, **env: str) -> Run:
    """Run one of the loader's commands, measured."""
    command = [sys.executable, str(_CLIENT), "loader", "--project-dir", str(project.folder), *arguments]
    return measured(command, {**settings(project, url, project.folder), **env}, cwd=REPO)


def run_diff(project: Project) -> Run:
    """Run the loader's diff alone, measured."""
    return measured([sys.executable, str(_CLIENT), "diff", str(project.folder)], settings(project, "", REPO), cwd=REPO)


def settings(project: Project, url: str, folder: Path) -> dict[str, str]:
    """The environment of every client; the loader's limits are out of the way."""
    model = project.model
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("GAINSIGHT_", "DBT_", "DUCKDB_"))},
        "HOME": str(folder),
        "PYTHONPATH": str(REPO),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "DUCKDB_PATH": str(project.database),
        "BENCH_URL": url,
        "BENCH_DATABASE": str(project.database),
        "BENCH_QUERY": api_query(model),
        "BENCH_OBJECT": model.object,
        "BENCH_TEXT": ",".join(f for c, f in model.fields.items() if model.kinds[c] in ("date", "timestamp")),
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


def install() -> str:
    """Make the peers' environment on first use.

    Returns:
        Why it could not be made, or "".
    """
    stamp, wanted = VENV / "installed", hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return ""
    shutil.rmtree(VENV, ignore_errors=True)
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    for command in ([sys.executable, "-m", "venv", str(VENV)], [*pip, "-r", str(REQUIREMENTS)]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["no reason given"])[-1][:200]
    stamp.write_text(wanted, encoding="utf-8")
    return ""


def _loader(project: Project, url: str, folder: Path, again: bool) -> tuple[Path | str, list[str]]:
    if not again:
        project.sql("drop schema if exists main_publish cascade")
    options = ["--project-dir", str(project.folder), "publish", "--no-gate", "--output", "json"]
    return sys.executable, ["loader", *options]


def _bare(project: Project, url: str, folder: Path, again: bool) -> tuple[Path | str, list[str]]:
    return sys.executable, ["bare"]


def _drt(sync: dict[str, Any]) -> Callable[[Project, str, Path, bool], tuple[Path | str, list[str]]]:
    """drt-core with these sync options; batches of 50 rows a request, as the vendor takes them."""

    def prepare(project: Project, url: str, folder: Path, again: bool) -> tuple[Path | str, list[str]]:
        model = project.model
        destination = {
            "type": "rest_api",
            "url": f"{url}/v1/data/objects/{model.object}",
            "headers": {"Accesskey": KEY, "Content-Type": "application/json"},
            "body_mode": "batch",
            "batch_template": '{"records": {{ rows | tojson_safe }}}',
            "max_records_per_request": 50,
        }
        files = {
            ".drt/profiles.yml": {"bench": {"type": "duckdb", "database": str(project.database)}},
            "drt_project.yml": {"name": "bench", "profile": "bench"},
            "syncs/usage.yml": {
                "name": "usage",
                "model": api_query(model),
                "destination": destination,
                "sync": {"mode": "full", "on_error": "fail", **sync},
            },
        }
        for name, content in files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(yaml.safe_dump(content), encoding="utf-8")
        return VENV / "bin" / "python", ["drt", "run", "--select", "usage"]

    return prepare


def _dlt(project: Project, url: str, folder: Path, again: bool) -> tuple[Path | str, list[str]]:
    return VENV / "bin" / "python", ["dlt", str(folder / "pipelines")]


CLIENTS: dict[str, Callable[[Project, str, Path, bool], tuple[Path | str, list[str]]]] = {
    "bare": _bare,
    "loader": _loader,
    "drt": _drt({}),
    "drt tuned": _drt({"batch_size": 5000, "rate_limit": {"requests_per_second": 1_000_000}}),
    "dlt": _dlt,
}
"""How to run each client: its Python, and the arguments of client.py."""
