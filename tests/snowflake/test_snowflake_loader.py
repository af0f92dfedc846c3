"""The loader with its state on Snowflake: plan, publish, status and reconcile against the local Gainsight."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from functions import called, cte_names, documented
from parity import Parity
from snowflake_bench import DATABASE, REPO, LocalSnowflake
from sqlfluff.core import FluffConfig, Linter
from sqlglot import exp

from sandbox import Limits, Sandbox

KEY = "planted-key-93ab"
Loader = Callable[..., tuple[int, Any, str]]


@pytest.fixture(scope="module")
def earlier(parity: Parity, server: LocalSnowflake) -> int:
    """How many statements were sent before these tests."""
    return len(server.said())


@pytest.fixture(scope="module")
def box(
    parity: Parity, earlier: int, server: LocalSnowflake, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sandbox]:
    """A Gainsight with every company of the mart, as the CRM would have made them."""
    home: Path = tmp_path_factory.mktemp("gainsight")
    with Sandbox(home / "rows.sqlite", limits=Limits.off(), access_key=KEY) as started:
        started.provision(parity.warehouses.target_path("snowflake") / "manifest.json")
        accounts = server.duckdb(f"select ACCOUNT_ID from {DATABASE}.MARTS.DIM_ACCOUNTS order by 1")
        started.insert("Company", [{"Name": key, "SfdcAccountId": key} for (key,) in accounts])
        yield started


@pytest.fixture(scope="module")
def loader(box: Sandbox, parity: Parity) -> Loader:
    """Runs a command on one of the targets; its exit code, its JSON and its stderr."""

    def run(*arguments: str, target: str = "snowflake") -> tuple[int, Any, str]:
        settings = {
            "GAINSIGHT_BASE_URL": box.url, "GAINSIGHT_ACCESS_KEY": KEY,
            "GAINSIGHT_CALLS_PER_MINUTE": "1000000", "GAINSIGHT_CALLS_PER_DAY": "1000000",
        }  # fmt: skip
        warehouses = parity.warehouses
        ended = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "loader", "--project-dir", str(REPO),
             "--profiles-dir", str(warehouses.home), "--target", target, *arguments],
            cwd=REPO, env={**os.environ, **warehouses.environment(target), **settings},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return ended.returncode, json.loads(ended.stdout) if ended.stdout.startswith("{") else None, ended.stderr

    return run


def test_plan_says_the_same_of_both_warehouses(loader: Loader) -> None:
    plans = {target: loader("plan", "--output", "json", target=target) for target in ("snowflake", "duckdb")}
    assert plans["snowflake"][0] == 0, plans["snowflake"][2]
    theirs, ours = (json.dumps(plans[target][1]) for target in ("snowflake", "duckdb"))
    assert theirs.count('"built_at": "20') == ours.count('"built_at": "20') > 0
    built = re.compile(r'"built_at": "[^"]+"')  # one after the other
    assert json.loads(built.sub('"built_at": null', theirs)) == json.loads(built.sub('"built_at": null', ours))


def test_publish_sends_every_row_once_and_the_second_time_nothing(
    loader: Loader, box: Sandbox, server: LocalSnowflake
) -> None:
    code, _, said = loader("publish", "--output", "json")
    assert code == 0, said
    for name, model in (("Instance_Data__gc", "INSTANCES"), ("Instance_Usage__gc", "INSTANCE_USAGE")):
        ((rows,),) = server.duckdb(f"select count(*) from {DATABASE}.MARTS.GAINSIGHT__{model}")
        assert len(box.rows(name)) == rows > 0
    before = len(box.calls)
    code, _, said = loader("publish", "--output", "json")
    assert code == 0, said
    sent = [call for call in box.calls[before:] if call.operation in ("insert", "update", "upsert", "delete")]
    assert sent == []


def test_state_is_the_same_as_duckdbs_would_be(loader: Loader, parity: Parity, server: LocalSnowflake) -> None:
    """Row keys and row hashes, so that a move from one warehouse to the other sends nothing again."""
    import duckdb

    code, _, said = loader("publish", "--output", "json", target="duckdb")
    assert code == 0, said
    query = "select object, row_key, row_hash, null_fields from {} order by all"
    with duckdb.connect(str(parity.warehouses.database), read_only=True) as connection:
        ours = connection.execute(query.format("main_publish.publish_state")).fetchall()
    theirs = server.duckdb(query.format(f"{DATABASE}.MARTS_PUBLISH.PUBLISH_STATE"))
    assert len(ours) > 300
    assert theirs == ours


def test_a_changed_row_is_sent_alone(loader: Loader, box: Sandbox, server: LocalSnowflake) -> None:
    server.duckdb(
        f"update {DATABASE}.MARTS.GAINSIGHT__INSTANCES set VERSION = '99.1' where INSTANCE_ID ="
        f" (select min(INSTANCE_ID) from {DATABASE}.MARTS.GAINSIGHT__INSTANCES)"
    )
    code, _, said = loader("publish", "--output", "json", "--no-gate")
    assert code == 0, said
    assert [row["Version__gc"] for row in box.rows("Instance_Data__gc")].count("99.1") == 1


def test_status_lists_the_runs(loader: Loader) -> None:
    code, status, said = loader("status", "--output", "json")
    assert code == 0, said
    assert len(status["runs"]) >= 3
    assert status["rejections"] == []


def test_reconcile_finds_what_somebody_changed_at_the_destination(loader: Loader, box: Sandbox) -> None:
    code, _, said = loader("reconcile", "--output", "json")
    assert code == 0, said
    gsid = box.rows("Instance_Data__gc")[0]["Gsid"]
    box.update("Instance_Data__gc", gsid, {"Version__gc": "0.0"})
    code, _, said = loader("reconcile", "--output", "json")
    assert code == 1, said


def test_labels_come_back_into_the_raw_table(loader: Loader, box: Sandbox, server: LocalSnowflake) -> None:
    row = next(row for row in box.rows("Instance_Data__gc") if not row["Instance_Type_Label__gc"])
    box.update("Instance_Data__gc", row["Gsid"], {"Instance_Type_Label__gc": "Obsolete"})
    code, _, said = loader("pull-labels", "--output", "json")
    assert code == 0, said
    query = f"select LABEL from {DATABASE}.RAW.INSTANCE_LABELS where UUID = '{row['Instance_UUID__gc']}'"
    assert ("Obsolete",) in server.duckdb(query)
    count = f"select count(*) from {DATABASE}.RAW.INSTANCE_LABELS"
    before = server.duckdb(count)
    assert loader("pull-labels", "--output", "json")[0] == 0
    assert server.duckdb(count) == before, "a label that is known is not added again"


def test_what_the_loader_says_is_snowflakes(loader: Loader, earlier: int, server: LocalSnowflake) -> None:
    """Its statements parse under both dialects and call documented functions."""
    assert loader("plan")[0] == 0
    said = {re.sub(r"'[^']*'|\d+", "?", sql): sql for sql in server.said()[earlier:]}
    shapes = {re.sub(r"(, \([?, ]+\))+", "", shape): sql for shape, sql in said.items()}
    assert any("publish_state" in shape.lower() for shape in shapes)
    for sql in shapes.values():
        tree = sqlglot.parse_one(sql, read="snowflake")
        assert not isinstance(tree, exp.Command), sql
        assert called(sql) - documented() - cte_names(tree) == set(), sql
    # sqlfluff is slow: of statements that begin alike, the same for another model, one is enough.
    linter = Linter(config=FluffConfig(overrides={"dialect": "snowflake", "templater": "raw"}))
    longest_first = sorted(shapes.values(), key=len, reverse=True)
    for sql in {re.sub(r'"[^"]*"', "?", sql)[:60]: sql for sql in longest_first}.values():
        # sqlfluff takes CONNECTION for reserved; in Snowflake's list it is so in SHOW alone.
        plain = re.sub(r"\bconnection\b", '"CONNECTION"', sql.replace("?", "null"))
        assert linter.parse_string(plain).violations == [], sql
