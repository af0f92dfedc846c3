"""One client in a process of its own: sends a mart's rows, and says on stderr how long that took and how large it was.

`python benchmarks/client.py CLIENT ARGUMENTS`, with the settings in the environment (`BENCH_URL`, `BENCH_DATABASE`,
`BENCH_QUERY`, `BENCH_OBJECT`, `BENCH_TEXT`). It runs under the repository's Python (loader, diff, bare) or the peers'
(drt, dlt), so it imports nothing that both do not have, and every client only its own.
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


def diff(arguments: list[str]) -> Callable[[], None]:
    """The loader's diff alone, without the command around it."""
    from loader.dbt.artifacts import Artifacts
    from loader.dbt.profile import Target
    from loader.warehouse import Mart, Options, State

    def run() -> None:
        model = Artifacts(Path(arguments[0])).publish_models()[0]
        target = Target("duckdb", "main", {"path": os.environ["BENCH_DATABASE"]})
        state = State(target, model.destination, os.environ["GAINSIGHT_CONNECTION"], write=False)
        found = Mart(state).diff(model, Options())
        print(json.dumps({"rows": found.rows, "to_send": found.to_send}))
        state.close()

    return run


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


def drt(arguments: list[str]) -> Callable[[], None]:
    """drt-core: its own command line, in the folder that peers.py wrote."""
    from drt.cli.main import app

    return lambda: app(arguments)


def dlt(arguments: list[str]) -> Callable[[], None]:
    """dlt: a pipeline whose custom destination posts each batch."""
    import dlt
    import duckdb
    import requests

    def run() -> None:
        session = requests.Session()
        session.headers["Accesskey"] = os.environ["GAINSIGHT_ACCESS_KEY"]

        @dlt.destination(batch_size=BATCH, name="gainsight", naming_convention="direct", max_table_nesting=0)
        def gainsight(items: Any, table: Any) -> None:
            session.post(_url(), data=json.dumps({"records": items}, default=str), timeout=60).raise_for_status()

        texts = os.environ["BENCH_TEXT"].split(",")  # else dlt reads dates out of text and writes them otherwise

        @dlt.resource(name="usage", columns={name: {"data_type": "text"} for name in texts})
        def usage() -> Any:
            yield from _batches(duckdb, 5000)

        pipeline = dlt.pipeline("bench", destination=gainsight, pipelines_dir=arguments[0], progress=None)
        pipeline.run(usage())

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
    run = {"loader": loader, "diff": diff, "bare": bare, "drt": drt, "dlt": dlt}[client](arguments)
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
