"""Two machines on one Snowflake: real processes, one of them stopped beyond the lock's time and continued.

The local server stands for Snowflake (docs/snowflake.md says what it rewrites).
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import HERE, Bench

sys.path.append(str(HERE.parent / "snowflake"))
ARGUMENTS = ("publish", "--no-gate", "--select", "gainsight__instances", "--output", "json")
ROWS, BATCH = 400, 50


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    """The local server."""
    pytest.importorskip("fakesnow")
    from snowflake_bench import LocalSnowflake

    started = LocalSnowflake()
    yield started
    started.stop()


@pytest.fixture
def machines(server: Any, make_bench: Callable[..., Bench]) -> Bench:
    """A bench whose mart is on the server: 400 instances."""
    from snowflake_bench import DATABASE, SCHEMA

    bench = make_bench()
    bench.companies(10)
    _fill(server)
    server.duckdb(f"drop schema if exists {DATABASE}.{SCHEMA}_PUBLISH cascade")
    manifest = bench.folder / "target" / "manifest.json"
    document = json.loads(manifest.read_text())
    for node in document["nodes"].values():
        node["database"], node["schema"] = DATABASE, SCHEMA
    manifest.write_text(json.dumps(document))
    outputs = {"customer_health": {"target": "snowflake", "outputs": {"snowflake": server.profile(SCHEMA)}}}
    (bench.folder / "profiles.yml").write_text(yaml.safe_dump(outputs))
    bench.env["LOADER_LOCK_SECONDS"] = "4"
    return bench


def inserts(bench: Bench) -> list[Any]:
    """Calls that created records."""
    return [call for call in bench.box.calls if call.operation == "insert" and call.committed]


def test_a_machine_that_was_paused_beyond_the_limit_stops_and_writes_nothing_over_the_other(
    machines: Bench, server: Any
) -> None:
    """Seen: both went on, and both recorded the same keys."""
    first = machines.held(*ARGUMENTS, operation="insert", nth=3)
    first.send_signal(signal.SIGSTOP)
    early = machines.start(*ARGUMENTS)
    out, err = early.communicate(timeout=120)
    assert early.returncode in (0, 3), err
    if early.returncode == 3:
        assert "Another publish to gainsight is running" in json.loads(out)["error"]
        time.sleep(5)
        second = machines.start(*ARGUMENTS)
        out, err = second.communicate(timeout=240)
        assert second.returncode == 0, err
    before = len(inserts(machines))
    machines.box.clear_faults()
    first.send_signal(signal.SIGCONT)
    out, err = first.communicate(timeout=120)
    assert first.returncode == 4, err
    assert "another one took its lock" in json.loads(out)["error"]
    assert len(inserts(machines)) == before, "not one call more"
    keys = [row["Instance_Id__gc"] for row in machines.box.rows("Instance_Data__gc")]
    assert len(keys) == len(set(keys)) == ROWS
    state = "CUSTOMER_HEALTH.MARTS_PUBLISH"
    held = server.duckdb(f"select count(*), count(distinct row_key) from {state}.PUBLISH_STATE")
    assert held == [(ROWS, ROWS)]
    outcomes = server.duckdb(f"select outcome, exit_code from {state}.PUBLISH_RUNS order by started_at")
    assert outcomes[0] == ("stopped", 4)
    assert outcomes[-1] == ("finished", 0)
    assert server.duckdb(f"select count(*) from {state}.PUBLISH_INTENTS") == [(0,)]


def test_a_warehouse_that_dies_ends_the_run_within_its_patience_and_says_what_is_unrecorded(
    machines: Bench, tmp_path: Path
) -> None:
    """Seen: four minutes of silence. The server is stopped as a process, so nothing is refused and nothing answers."""
    from snowflake_bench import LocalSnowflake

    own = LocalSnowflake()
    try:
        _fill(own)
        profiles = machines.folder / "profiles.yml"
        document = yaml.safe_load(profiles.read_text())
        document["customer_health"]["outputs"]["snowflake"]["port"] = own.port
        profiles.write_text(yaml.safe_dump(document))
        machines.env["LOADER_WAREHOUSE_SECONDS"] = "5"
        process = machines.held(*ARGUMENTS, operation="insert", nth=3)
        own._process.send_signal(signal.SIGSTOP)
        machines.box.clear_faults()
        began = time.monotonic()
        out, err = process.communicate(timeout=200)
        assert process.returncode == 4, err
        assert time.monotonic() - began < 60
        error = json.loads(out)["error"]
        assert "Snowflake does not answer" in error or "Snowflake said" in error
        assert "rows were accepted and could not be written down" in error
    finally:
        own._process.send_signal(signal.SIGCONT)
        own.stop()


def _fill(server: Any) -> None:
    from snowflake_bench import DATABASE, SCHEMA

    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(
            "create or replace table GAINSIGHT__INSTANCES (instance_id varchar, account_id varchar, hostname varchar,"
            " version varchar, instance_type varchar, licensed_seats number(38, 0), is_production boolean,"
            " last_ping_at timestamp_ntz)"
        )
    server.duckdb(
        f"insert into {DATABASE}.{SCHEMA}.GAINSIGHT__INSTANCES select 'i' || lpad(cast(i as varchar), 4, '0'),"
        f" 'A' || (i % 10), 'host', '1', 'Production', i, true, null from range({ROWS}) as r(i)"
    )
