"""The loader on Snowflake, as far as an emulator in this process says: same rows, keys and hashes."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import rsa
from harness import Bench

from loader.dbt.artifacts import Artifacts, Relation
from loader.dbt.profile import Target
from loader.errors import MisuseError
from loader.gainsight import bulk
from loader.warehouse import Mart, Options, State, mart
from loader.warehouse.dialects import Snowflake, _private_key
from loader.warehouse.tables import Tables

fakesnow = pytest.importorskip("fakesnow")

TYPES = {"bigint": "integer", "timestamp": "timestamp_ntz"}


ODD = """
update gainsight__instances set hostname = 'é "x"' || chr(10), last_ping_at = null where instance_id = 'i1';
update gainsight__instances set instance_id = 'a \\ "b" é' where instance_id = 'i2';
update gainsight__instance_usage set utilization = -1e-7 where instance_id = 'i1';
update gainsight__instance_usage set utilization = 0 where instance_id = 'i2';
"""


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    """3 companies, 9 instances, 18 rows of usage: the emulator takes its time for each statement."""
    made = make_bench()
    made.fill(instances=9, companies=3)
    return made


@pytest.fixture
def on_duckdb(bench: Bench) -> list[Any]:
    """Object, key and hash of each row as a publish from DuckDB records them."""
    bench.sql(ODD)
    assert bench.publish().code == 0
    return bench.sql("select object, row_key, row_hash from main_publish.publish_state")


@pytest.fixture
def snow(bench: Bench) -> Iterator[Callable[[str], list[Any]]]:
    """The bench's mart, copied to Snowflake; the profile's default target is that copy."""
    with fakesnow.patch():
        import snowflake.connector

        connection = snowflake.connector.connect(user="u", password="p", account="a", paramstyle="qmark")

        def run(statement: str, parameters: Any = ()) -> list[Any]:
            cursor = connection.cursor()
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())

        run("create database CUSTOMER_HEALTH")
        run("create schema CUSTOMER_HEALTH.MARTS")
        manifest = bench.folder / "target" / "manifest.json"
        document = json.loads(manifest.read_text())
        for node in document["nodes"].values():
            node["database"], node["schema"] = "CUSTOMER_HEALTH", "MARTS"
            if node["name"].startswith("gainsight__") and node["resource_type"] == "model":
                copy(bench, node["name"], run)
        manifest.write_text(json.dumps(document))
        output = {"type": "snowflake", "account": "a", "user": "u", "password": "p"}
        output |= {"database": "CUSTOMER_HEALTH", "schema": "MARTS"}
        profiles = bench.folder / "profiles.yml"
        text = profiles.read_text().replace("target: duckdb", "target: snowflake").rstrip()
        profiles.write_text(f"{text}\n    snowflake: {json.dumps(output)}\n")
        yield run


def copy(bench: Bench, model: str, run: Callable[..., list[Any]]) -> None:
    """Create a model's table on Snowflake, with its rows."""
    columns = bench.sql(f"select column_name, data_type from information_schema.columns where table_name = '{model}'")
    kinds = {name: TYPES.get(kind.lower(), kind) for name, kind in columns}
    table = f"CUSTOMER_HEALTH.MARTS.{model.upper()}"
    run(f"create table {table} ({', '.join(f'{n} {k}' for n, k in kinds.items())})")
    for row in bench.mart(model):
        values = [None if v is None else v if isinstance(v, bool | int | float | str) else str(v) for v in row.values()]
        run(f"insert into {table} values ({', '.join('?' * len(values))})", values)


@pytest.mark.long  # tests/snowflake/test_snowflake_loader does the same over HTTP
def test_publish_reconcile_and_status_work_and_a_second_run_sends_nothing(
    bench: Bench, snow: Callable[..., list[Any]]
) -> None:
    assert bench.run("plan", "--output", "json").json["plans"][0]["new"] == 30
    first = bench.publish("--no-gate")
    assert (first.code, first.result["rows_accepted"]) == (0, 30), first.err
    assert len(bench.box.rows("Instance_Usage__gc")) == 18
    second = bench.publish("--no-gate")
    assert (second.code, second.result["api_calls"], second.result["plan"]["unchanged"]) == (0, 1, 30)
    ended = bench.run("reconcile", "--output", "json")
    assert (ended.code, ended.json["differences"]) == (0, [])
    assert [run["exit_code"] for run in bench.run("status", "--output", "json").json["runs"]] == [0, 0]
    snow("update CUSTOMER_HEALTH.MARTS.GAINSIGHT__INSTANCES set version = 'x' where licensed_seats < 3")
    assert bench.publish("--no-gate").result["rows_accepted"] == 3


@pytest.mark.long  # and this
def test_keys_and_hashes_are_the_same_on_both_warehouses(
    bench: Bench, on_duckdb: list[Any], snow: Callable[..., list[Any]]
) -> None:
    assert bench.publish("--no-gate").code == 0
    on_snowflake = snow("select object, row_key, row_hash from CUSTOMER_HEALTH.MARTS_PUBLISH.PUBLISH_STATE")
    assert sorted(map(tuple, on_snowflake)) == sorted(on_duckdb)


def test_the_values_that_arrive_are_the_same_from_both_warehouses(
    bench: Bench, on_duckdb: list[Any], snow: Callable[..., list[Any]]
) -> None:
    """DuckDB writes the JSON of a row itself; Snowflake's values are encoded here."""

    def values() -> list[dict[str, Any]]:
        rows = (row for name in ("Instance_Data__gc", "Instance_Usage__gc") for row in bench.box.rows(name))
        return [{k: v for k, v in row.items() if k not in ("ModifiedDate", "CreatedDate")} for row in rows]

    from_duckdb = values()
    for name in ("Instance_Data__gc", "Instance_Usage__gc"):
        for row in bench.box.rows(name):
            bench.box.update(name, row["Gsid"], {"Company_Id__gc": None})
    assert bench.publish("--no-gate").result["rows_accepted"] == 30
    assert values() == from_duckdb


def test_a_value_that_turned_into_nan_after_the_diff_comes_without_a_hash_and_is_not_sent(bench: Bench) -> None:
    model = Artifacts(bench.folder).publish_models(("gainsight__instance_usage",))[0]
    state = State(Target("duckdb", "main", {"path": str(bench.database)}), "gainsight", "here", write=True)
    found = Mart(state)
    assert found.diff(model, Options()).new == 18
    state.dialect.execute("update gainsight__instance_usage set utilization = 'nan' where instance_id = 'i1'")
    rows = [row for window in found.rows(model) for row in window]
    state.close()
    assert sorted(row.row_key for row in rows if not row.row_hash) == ['["i1","2025-01-01"]', '["i1","2025-02-01"]']
    assert {row.record for row in rows if not row.row_hash} == {
        '{"Instance_Id__gc": "i1", "Period_Start__gc": "2025-01-01"}',
        '{"Instance_Id__gc": "i1", "Period_Start__gc": "2025-02-01"}',
    }


def test_a_second_publish_is_refused_by_the_lock(bench: Bench, snow: Callable[..., list[Any]]) -> None:
    locks = "CUSTOMER_HEALTH.MARTS_PUBLISH.PUBLISH_LOCKS"
    assert bench.publish("--no-gate").code == 0
    assert snow(f"select run_id, ends_at from {locks}") == [(None, None)]
    snow(f"update {locks} set run_id = 'other', holder = 'elsewhere', ends_at = sysdate() + interval '5 seconds'")
    ended = bench.publish("--no-gate")
    assert ended.code == 3
    assert "Another publish to gainsight is running: run other, elsewhere" in ended.json["error"]
    snow(f"update {locks} set ends_at = sysdate() - interval '1 seconds'")
    assert bench.publish("--no-gate").code == 0


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are read seven at a time."""
    monkeypatch.setattr(mart, "WINDOW", 7)


def publish_in_windows(bench: Bench) -> None:
    """New rows, then changed ones, a few windows of each."""
    assert bench.publish("--no-gate").result["rows_accepted"] == 30
    bench.assert_settled()
    assert bench.publish("--no-gate", "--full").result["rows_accepted"] == 30
    bench.assert_settled()


def test_rows_that_come_in_windows_are_all_sent_from_duckdb(bench: Bench, small_windows: None) -> None:
    publish_in_windows(bench)


def test_rows_that_come_in_windows_are_all_sent_from_snowflake(
    bench: Bench, snow: Callable[..., list[Any]], small_windows: None
) -> None:
    assert bench.publish("--no-gate").result["rows_accepted"] == 30
    assert bench.publish("--no-gate", "--full").result["rows_accepted"] == 30
    assert len({each["Instance_Id__gc"] for each in bench.box.rows("Instance_Data__gc")}) == 9


def test_a_wait_for_an_import_keeps_the_lock_and_leaves_snowflake_alone(
    bench: Bench, snow: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the wait the lock is held for longer, and until its end nothing is said."""
    bench.box.create_bulk_job("job-1", "Instance_Data__gc", "upsert", ["Instance_Id__gc"])
    bench.env |= {"GAINSIGHT_BULK_THRESHOLD": "5", "GAINSIGHT_BULK_JOB_INSTANCE_DATA__GC": "job-1"}
    said, wait = list[int](), bulk.wait
    execute, statements = Snowflake.execute, list[str]()

    def counted(self: Snowflake, sql: str, parameters: Any = ()) -> Any:
        statements.append(sql)
        return execute(self, sql, parameters)

    def waited(*given: Any) -> str:
        lock = "select datediff(second, heartbeat_at, ends_at) from CUSTOMER_HEALTH.MARTS_PUBLISH.PUBLISH_LOCKS"
        assert snow(lock)[0][0] == 2 * 600
        before = len(statements)
        what = wait(*given)
        said.append(len(statements) - before)
        return what

    monkeypatch.setattr(Snowflake, "execute", counted)
    monkeypatch.setattr(bulk, "wait", waited)
    ended = bench.publish("--no-gate", "--select", "gainsight__instances")
    assert (ended.code, ended.result["rows_accepted"], said) == (0, 9, [0]), ended.err


DBT = "CUSTOMER_HEALTH.MARTS_PUBLISH.DBT_RESULTS"


@pytest.mark.parametrize("how", ["dbt began", "a table was replaced"])
def test_marts_that_are_replaced_after_the_gate_stop_the_run_before_the_next_window(
    bench: Bench,
    snow: Callable[..., list[Any]],
    small_windows: None,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    """Snowflake keeps nobody out. It happens when the third window of seven rows was noted; its rows are sent, and none
    behind them."""
    times = "began_at timestamp_ntz, completed_at timestamp_ntz"
    snow("create schema if not exists CUSTOMER_HEALTH.MARTS_PUBLISH")
    snow(f"create table {DBT} (invocation_id varchar, command varchar, {times}, as_of varchar, grain varchar,"
         " newest_ping_at timestamp_ntz, statuses varchar)")  # fmt: skip
    snow(f"insert into {DBT} values ('a', 'build', sysdate(), sysdate(), '2026-06-30', 'month', null, '{{}}')")
    replaced: dict[str, datetime] = {}
    if how == "a table was replaced":  # the emulator does not say when

        def replaced_at(tables: Tables, relation: Relation) -> datetime | None:
            return replaced.get(relation.name)

        monkeypatch.setattr(Tables, "replaced_at", replaced_at)
    intend, noted = Mart.intend, list[int]()

    def intend_and_replace(found: Mart, *given: Any, **more: Any) -> datetime:
        noted.append(1)
        at = intend(found, *given, **more)
        if len(noted) == 3 and how == "dbt began":
            snow(f"insert into {DBT} values ('b', 'build', sysdate(), null, '2026-06-30', 'month', null, '{{}}')")
        elif len(noted) == 3:
            replaced["gainsight__instances"] = datetime(2026, 6, 30, 5)
        return at

    with monkeypatch.context() as patched:
        patched.setattr(Mart, "intend", intend_and_replace)
        ended = bench.publish("--no-gate")
    assert (ended.code, len(noted)) == (4, 3), ended.err
    assert "The marts were built again, or are being built, since the gate looked" in ended.json["error"]
    sent = sum(call.records for call in bench.box.calls if call.committed)
    state = "select count(*) from CUSTOMER_HEALTH.MARTS_PUBLISH.PUBLISH_STATE"
    assert sent == snow(state)[0][0] <= 21
    assert bench.publish("--no-gate").result["rows_accepted"] == 30 - sent


def test_literals_of_snowflake_cannot_be_left(snow: Callable[[str], list[Any]]) -> None:
    """A backslash before the closing quote would carry the literal on into what follows."""
    odd = ["\\", "it's", "a\\' or 1=1 --", "\n", "'; drop table x; --"]
    for text in odd:
        found = snow(f"select {Snowflake.literal(object.__new__(Snowflake), text)} as c")
        assert found == [(text,)], text


def test_a_key_that_stands_in_the_profile_is_read_as_dbt_reads_it() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    locked = form.BestAvailableEncryption(b"open")
    pem = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, locked).decode()
    der = key.private_bytes(form.Encoding.DER, form.PrivateFormat.PKCS8, form.NoEncryption())
    assert _private_key(pem, "open") == der
    assert _private_key(base64.b64encode(der).decode(), None) == der
    for text, passphrase in ((pem, "shut"), (pem, None), ("nonsense", None)):
        with pytest.raises(MisuseError, match="private_key"):
            _private_key(text, passphrase)
