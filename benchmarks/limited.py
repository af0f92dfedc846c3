"""The sandbox in a process of its own, with its limits on and its windows shortened.

`python -m benchmarks.limited MANIFEST CALLS SECONDS COMPANIES` prints its address, serves until its stdin ends, and
then prints every call as JSON: when it came, and its HTTP status.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from benchmarks.clients import KEY
from benchmarks.report import REPO
from sandbox import Limits, Sandbox

Calls = list[tuple[float, int]]


def calls_during(manifest: Path, limit: int, seconds: float, companies: int, work: Callable[[str], None]) -> Calls:
    """Time and HTTP status of every call while some work is done, which is given the address.

    `companies` are records of Company to make, the manifest names the objects.
    """
    command = [sys.executable, "-m", "benchmarks.limited", str(manifest), str(limit), str(seconds), str(companies)]
    with subprocess.Popen(command, cwd=REPO, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            work(process.stdout.readline().strip())
        finally:
            out, _ = process.communicate()
    return [(at, status) for at, status in json.loads(out)]


def full_windows(calls: Calls, seconds: float) -> list[int]:
    """Accepted calls in each of the server's windows, without the first and the last, which work filled in part."""
    counts = Counter(int(at // seconds) for at, status in calls if status < 400)
    return [counts[each] for each in range(min(counts) + 1, max(counts))] if counts else []


def main(manifest: str, limit: str, seconds: str, companies: str) -> None:
    """Serve until stdin ends, then print the calls."""
    limits = Limits(calls_per_window=int(limit), window_seconds=float(seconds), calls_per_day=None)
    with Sandbox(limits=limits, access_key=KEY) as box:
        box.provision(manifest)
        box.insert("Company", [{"Name": f"C{n}", "SfdcAccountId": f"A{n}"} for n in range(int(companies))])
        print(box.url, flush=True)
        sys.stdin.read()
        print(json.dumps([(call.started_at, call.status) for call in box.calls]))


if __name__ == "__main__":
    main(*sys.argv[1:])
