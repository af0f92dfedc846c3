"""One client in a process of its own: sends a mart's rows, and says on stderr how long that took and how large it was.

`python benchmarks/client.py CLIENT ARGUMENTS`, with the settings in the environment (`BENCH_URL`, `BENCH_DATABASE`,
`BENCH_QUERY`, `BENCH_OBJECT`). Each client imports what it needs itself, so that its start is its own.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

BATCH = 50


def loader(arguments: list[str]) -> Callable[[], None]:
    """Ours."""
    from loader.cli import main

    return lambda: main(arguments)


def bare(arguments: list[str]) -> Callable[[], None]:
    """The floor: read, post, next; no state, no look at what the reply says."""
    import duckdb
    import requests

    def run() -> None:
        session = requests.Session()
        session.headers["Accesskey"] = os.environ["GAINSIGHT_ACCESS_KEY"]
        for records in _batches(duckdb, BATCH):
            session.post(_url(), json={"records": records}, timeout=60).raise_for_status()

    return run


def _url() -> str:
    return f"{os.environ['BENCH_URL']}/v1/data/objects/{os.environ['BENCH_OBJECT']}"


def _batches(duckdb: Any, size: int) -> Iterator[list[dict[str, Any]]]:
    """The mart's rows as the API takes them."""
    with duckdb.connect(os.environ["BENCH_DATABASE"], read_only=True) as connection:
        cursor = connection.execute(os.environ["BENCH_QUERY"])
        names = [each[0] for each in cursor.description]
        while rows := cursor.fetchmany(size):
            yield [dict(zip(names, row, strict=True)) for row in rows]


def main() -> int:
    """Import, run, report."""
    client, arguments = sys.argv[1], sys.argv[2:]
    code: Any = 0
    run = {"loader": loader, "bare": bare}[client](arguments)
    imported = time.monotonic()
    try:
        run()
    except SystemExit as end:
        code = end.code
    ended = time.monotonic()
    peak = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text(encoding="utf-8"))
    report = {"imported": imported, "ended": ended, "megabytes": int(peak[1]) / 1024 if peak else None}
    print(json.dumps(report), file=sys.stderr)
    return int(code or 0)


if __name__ == "__main__":
    sys.exit(main())
