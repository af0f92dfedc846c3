"""Large loads: what has not changed costs seconds and no call; one bad row in a thousand costs one row."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from harness import HERE, MODELS, REFUSED_BY_REPLY, Bench

from loader.dbt.artifacts import Artifacts
from loader.dbt.profile import Target
from loader.warehouse import Mart, State

ARGUMENTS = ("--select", "gainsight__instances", "--no-gate")
INSTANCES = {"gainsight__instances": MODELS["gainsight__instances"]}
# Not `ru_maxrss`: a child begins with the largest size of the process that started it.
MEASURED = """
import re, sys
from loader.cli import main
try:
    main()
finally:
    print(int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024, file=sys.stderr)
"""


def fill(bench: Bench, rows: int) -> None:
    """So many instances, one in a thousand of a type that the destination does not know."""
    bench.companies(90)
    bench.env["GAINSIGHT_TIMEOUT_SECONDS"] = "30"
    bench.sql(f"""
insert into gainsight__instances select 'i' || i, 'A' || (i % 90), 'host' || i, '17.1',
    case when i % 1000 = 7 then 'Nonsense' else 'Production' end, i, i % 2 = 0,
    timestamp '2026-01-02 03:04:05.123456' from range({rows}) as r(i)""")


def measured(bench: Bench, *arguments: str) -> tuple[subprocess.CompletedProcess[str], float, int]:
    """A command as a process of its own; its seconds and its largest size in MB."""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *bench._with_project(arguments)],
        env={**os.environ, **bench.env},
        capture_output=True,
        text=True,
        cwd=HERE.parent.parent,
    )
    return done, time.monotonic() - started, int(done.stderr.strip().splitlines()[-1])


def one_bad_row_in_a_thousand(bench: Bench, rows: int) -> None:
    """Publish, and hold what arrived against what had to."""
    fill(bench, rows)
    done, seconds, size = measured(bench, "publish", *ARGUMENTS)
    print(f"{rows} rows, {len(bench.box.calls)} calls: {seconds:.1f} s, {size} MB")
    assert done.returncode == 1, done.stderr
    assert bench.box.count("Instance_Data__gc") == rows - rows // 1000
    assert len(bench.rejections()) == rows // 1000
    assert set(bench.rejections().values()) == {("Suggested_Type__gc", "GSOBJ_1012")}
    assert len(bench.box.calls) <= rows // 50 + rows // 5000 + 3 + 2 * (rows // 1000), "3 calls a bad row"
    assert size < 300
    bench.assert_settled(INSTANCES)
    bench.sql("update gainsight__instances set version = '18' where licensed_seats % 50 = 1")
    planned = bench.run("plan", "--output", "json", "--select", "gainsight__instances").json["plans"][0]
    ended = bench.publish(*ARGUMENTS)
    assert ended.result["rows_accepted"] == rows // 50
    assert ended.result["api_calls"] == planned["calls"] == 2 + -(-rows // 50 // 50)


def test_one_bad_row_in_a_thousand_costs_one_row(make_bench: Callable[..., Bench]) -> None:
    one_bad_row_in_a_thousand(make_bench(objects=REFUSED_BY_REPLY), 5_000)


@pytest.mark.long
def test_one_bad_row_in_a_thousand_of_100_000_costs_one_row(make_bench: Callable[..., Bench]) -> None:
    one_bad_row_in_a_thousand(make_bench(objects=REFUSED_BY_REPLY), 100_000)


@pytest.mark.long
def test_a_million_rows_that_did_not_change_take_a_look_up_and_little_memory(
    make_bench: Callable[..., Bench],
) -> None:
    bench = make_bench()
    fill(bench, 1_000_000)
    here = bench.env["GAINSIGHT_BASE_URL"].removeprefix("http://")
    state = State(Target("duckdb", "main", {"path": str(bench.database)}), "gainsight", here, write=True)
    model = Artifacts(bench.folder).publish_models(("gainsight__instances",))[0]
    shape = Mart(state).shape(model)
    state.dialect.execute(
        f"insert into {state.table('publish_state')} select 'gainsight', 'Instance_Data__gc', {shape.key}, {shape.hash},"
        f" '1Z02' || md5(instance_id), true, now()::timestamp, 'x', {shape.nulls}, '{here}' from gainsight__instances as m"
    )
    state.close()
    done, seconds, size = measured(bench, "publish", *ARGUMENTS)
    print(f"1,000,000 rows, nothing changed: {seconds:.1f} s, {size} MB")
    assert done.returncode == 0, done.stderr
    assert [(call.operation, call.object, call.records) for call in bench.box.calls] == [("query", "Company", 90)]
    assert size < 300
    assert seconds < 10
