"""Killed at any moment, the next run completes the job: no duplicate, no loss, at most one batch twice."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from harness import MODELS, Bench

from loader.engine.destination import Row
from loader.errors import StoppedError
from loader.gainsight import destination
from loader.warehouse import State, mart
from sandbox import Fault, Switches

ARGUMENTS = ("publish", "--no-gate", "--select", "gainsight__instances")
INSTANCES = {"gainsight__instances": MODELS["gainsight__instances"]}


def change(bench: Bench, round_number: int) -> int:
    """New rows and changed rows for one round; how many."""
    bench.sql(f"update gainsight__instances set version = '{round_number}' where licensed_seats % 2 = 0")
    bench.sql(
        f"insert into gainsight__instances select 'r{round_number}-' || i, 'A' || (i % 10), 'h', '0', null, i, true,"
        " null from range(160) as r(i)"
    )
    bench.sql(f"delete from gainsight__instances where instance_id like 'r{round_number - 3}-%'")
    return 160 + int(bench.sql("select count(*) from gainsight__instances where licensed_seats % 2 = 0")[0][0])


def rounds(bench: Bench, count: int, seed: int) -> list[int]:
    """Kill, run again, and compare, so many times; exit codes of the killed runs.

    A run is killed before one of its first writes takes effect, or after it and before the reply, or (every third) some
    time after the reply, when it may have ended."""
    chance = random.Random(seed)
    bench.fill(instances=60, periods=0)
    codes = []
    for number in range(count):
        due = change(bench, number)
        bench.box.clear_calls()
        process = bench.held(*ARGUMENTS, nth=chance.randint(1, 4), committed=number % 3 > 0)
        if number % 3 == 2:
            bench.box.clear_faults()
            time.sleep(chance.uniform(0, 0.1))
        process.kill()
        process.communicate()
        codes.append(int(process.returncode))
        bench.box.clear_faults()
        ended = bench.publish(*ARGUMENTS[1:])
        assert ended.code == 0, ended.err
        bench.assert_settled(INSTANCES, extra=160 * count)
        gone = {key for _, key in bench.state()} - {
            f'["{r["instance_id"]}"]' for r in bench.mart("gainsight__instances")
        }
        assert len(bench.box.rows("Instance_Data__gc")) == len(bench.mart("gainsight__instances")) + len(gone)
        written = sum(call.records for call in bench.box.calls if call.committed)
        assert written <= due + 50, f"round {number}: {written - due} rows were sent twice"
    return codes


def test_six_kills_lose_and_double_nothing(make_bench: Callable[..., Bench]) -> None:
    codes = rounds(make_bench(), 6, seed=1)
    assert codes.count(-signal.SIGKILL) >= 4


ODD = Switches(
    query_shape="list",
    partial_success="count_all",
    errors_shape="flat",
    count_reply=False,
    insert_order="shuffled",
    date_reply="epoch",
    text_case_blind=True,
    text_trimmed=True,
    number_places="metadata",
)


def test_kills_lose_and_double_nothing_at_a_tenant_whose_replies_are_odd(make_bench: Callable[..., Bench]) -> None:
    codes = rounds(make_bench(switches=ODD), 4, seed=3)
    assert codes.count(-signal.SIGKILL) >= 3


@pytest.mark.long
def test_a_hundred_kills_lose_and_double_nothing_at_an_odd_tenant(make_bench: Callable[..., Bench]) -> None:
    codes = rounds(make_bench(switches=ODD), 100, seed=4)
    assert codes.count(-signal.SIGKILL) >= 67


@pytest.mark.long
def test_two_hundred_kills_lose_and_double_nothing(make_bench: Callable[..., Bench]) -> None:
    codes = rounds(make_bench(), 200, seed=2)
    assert codes.count(-signal.SIGKILL) >= 134


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_polite_signal_finishes_the_batch_in_hand_and_exits_4(bench: Bench, number: signal.Signals) -> None:
    change(bench, 1)
    process = bench.held(*ARGUMENTS, nth=2)
    process.send_signal(number)
    bench.box.clear_faults()
    process.communicate(timeout=60)
    assert process.returncode == 4
    written = sum(call.records for call in bench.box.calls if call.committed)
    assert 0 < written == len(bench.state())
    run = bench.sql("select outcome, exit_code, rows_accepted from main_publish.publish_runs")
    assert run == [("stopped", 4, written)]
    ended = bench.publish(*ARGUMENTS[1:])
    assert ended.code == 0, ended.err
    bench.assert_settled(INSTANCES)
    assert sum(call.records for call in bench.box.calls if call.committed) == len(bench.state())


def test_a_call_that_takes_effect_after_its_run_was_killed_is_waited_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked for too early, its rows would be created once more."""
    monkeypatch.setattr(destination, "SETTLE_SECONDS", 5.0)
    bench.box.schedule(Fault("late", operation="insert", seconds=1.5))
    process = bench.start(*ARGUMENTS)
    while not any(call.operation == "insert" for call in bench.box.calls) and process.poll() is None:
        time.sleep(0.002)
    process.kill()
    process.communicate()
    assert bench.box.count("Instance_Data__gc") == 0, "it has not taken effect yet"
    ended = bench.publish(*ARGUMENTS[1:])
    assert (ended.code, ended.result["rows_accepted"]) == (0, 30), ended.err
    bench.assert_settled(INSTANCES)


def noted(bench: Bench, query: str) -> None:
    """Rows that a killed run had noted: their keys, and whether they were to be ours."""
    bench.sql(
        "insert into main_publish.publish_intents (destination, connection, object, run_id, sent_at, row_key, created_by_us)"
        f" select 'gainsight', connection, 'Instance_Data__gc', 'killed', now()::timestamp, k.* from ({query}) as k,"
        " main_publish.publish_connections"
    )


def test_after_a_kill_only_a_record_with_our_values_counts_as_made_by_us(bench: Bench) -> None:
    """Four rows were noted: one arrived, one was made by somebody else, one was not made, one left the mart since."""
    assert bench.publish(*ARGUMENTS[1:]).code == 0
    bench.sql(
        "insert into gainsight__instances select 'n' || i, 'A1', 'host', '1.5', 'Production', 7, true,"
        " timestamp '2026-01-02 03:04:05.678901' from range(3) as r(i)"
    )
    noted(bench, "select '[\"n' || i || '\"]', true from range(4) as r(i)")
    company = next(row["Gsid"] for row in bench.box.rows("Company") if row["SfdcAccountId"] == "A1")
    sent = {
        "Company_Id__gc": company,
        "Version__gc": "1.5",
        "Suggested_Type__gc": "Production",
        "Licensed_Seats__gc": 7,
    }
    sent |= {"Is_Production__gc": True, "Last_Ping_At__gc": "2026-01-02T03:04:05.678Z"}
    strangers = [{"Instance_Id__gc": "n1", "Hostname__gc": "theirs"}, {"Instance_Id__gc": "n3", "Hostname__gc": "gone"}]
    bench.box.insert("Instance_Data__gc", [{"Instance_Id__gc": "n0", "Hostname__gc": "host", **sent}, *strangers])
    bench.box.clear_calls()
    ended = bench.publish(*ARGUMENTS[1:])
    assert ended.code == 0, ended.err
    ours = {key: made for (_, key), (_, made) in bench.state().items() if key.startswith('["n')}
    assert ours == {'["n0"]': True, '["n1"]': False, '["n2"]': True}
    assert Counter(c.operation for c in bench.box.calls if c.committed) == {"update": 1, "insert": 1}
    assert sum(call.records for call in bench.box.calls if call.committed) == 2, "n1 is updated, n2 created"
    there = {row["Instance_Id__gc"]: row["Hostname__gc"] for row in bench.box.rows("Instance_Data__gc")}
    assert [there[f"n{n}"] for n in range(4)] == ["host", "host", "host", "gone"]
    assert 'Instance_Data__gc ["n3"] may be ours' in ended.err
    assert bench.sql("select count(*) from main_publish.publish_intents") == [(0,)]
    assert bench.publish(*ARGUMENTS[1:]).result["plan"]["calls"] == 1


def test_after_a_kill_while_rows_are_changed_what_arrived_is_not_sent_again(bench: Bench) -> None:
    """Two records found by key were about to be changed, and two of ours; n1 has not arrived, and one of ours left the
    mart since."""
    assert bench.publish(*ARGUMENTS[1:]).code == 0
    ours, left = bench.sql("select min(instance_id), max(instance_id) from gainsight__instances")[0]
    bench.sql(f"delete from gainsight__instances where instance_id = '{left}'")
    bench.sql(
        "insert into gainsight__instances select 'n' || i, null, 'host', '1.5', 'Production', 7, true, null"
        " from range(2) as r(i)"
    )
    keys = f"values ('n0', false), ('n1', false), ('{ours}', true), ('{left}', true)"
    noted(bench, f"select '[\"' || c0 || '\"]', c1 from ({keys}) as v(c0, c1)")
    sent = {"Hostname__gc": "host", "Version__gc": "1.5", "Suggested_Type__gc": "Production"}
    sent |= {"Licensed_Seats__gc": 7, "Is_Production__gc": True}
    records = [{"Instance_Id__gc": "n0", **sent}, {"Instance_Id__gc": "n1", **sent, "Hostname__gc": "old"}]
    bench.box.insert("Instance_Data__gc", records)
    bench.box.clear_calls()
    ended = bench.publish(*ARGUMENTS[1:])
    assert ended.code == 0, ended.err
    assert [c.records for c in bench.box.calls if c.committed] == [1], "only n1 is sent"
    assert "may be ours" not in ended.err, "the state knows that it is"
    state = {key: made for (_, key), (_, made) in bench.state().items()}
    assert [state[f'["{each}"]'] for each in ("n0", "n1", ours)] == [False, False, True]
    assert bench.publish(*ARGUMENTS[1:]).result["plan"]["calls"] == 1


def test_a_table_that_an_earlier_version_made_gets_the_columns_that_came_later(bench: Bench) -> None:
    """Its rows stay."""
    assert bench.publish(*ARGUMENTS[1:]).code == 0
    before = bench.state()
    bench.sql("alter table main_publish.publish_intents drop column created_by_us")
    bench.sql("alter table main_publish.publish_state drop column null_fields")
    bench.sql("update gainsight__instances set version = '99.1'")
    ended = bench.publish(*ARGUMENTS[1:])
    assert (ended.code, ended.result["rows_accepted"]) == (0, len(before)), ended.err
    assert bench.state().keys() == before.keys()


def test_a_warehouse_that_fails_while_rows_are_created_loses_and_doubles_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """30 rows in windows of ten: what became of the first is not written, so nothing behind it is, either."""
    monkeypatch.setattr(mart, "WINDOW", 10)

    def fails(state: State, name: str, calls: object, accepted: Sequence[Row] = (), *_: object) -> None:
        if accepted:
            raise StoppedError("DuckDB said: the disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(State, "record", fails)
        ended = bench.publish(*ARGUMENTS[1:])
    assert (ended.code, "the disk is full" in ended.json["error"]) == (4, True)
    made = len(bench.box.rows("Instance_Data__gc"))
    assert made in (10, 20)
    assert bench.state() == {}
    assert bench.sql("select count(distinct row_key) from main_publish.publish_intents")[0][0] >= made
    assert bench.sql("select outcome, exit_code from main_publish.publish_runs") == [("stopped", 4)]
    again = bench.publish(*ARGUMENTS[1:])
    assert (again.code, again.result["rows_accepted"]) == (0, 30), again.err
    bench.assert_settled(INSTANCES)
    assert all(created for _, created in bench.state().values())
