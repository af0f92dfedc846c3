"""Killed at any moment, the next run completes the job: no duplicate, no loss, at most one batch twice."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable

import pytest
from harness import MODELS, Bench

from sandbox import Fault

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


def started(bench: Bench, number: signal.Signals, wait: float) -> int:
    """Start a publish, signal it a while after its first call, and return its exit code."""
    before = len(bench.box.calls)
    process = bench.start(*ARGUMENTS)
    while len(bench.box.calls) == before and process.poll() is None:
        time.sleep(0.002)
    time.sleep(wait)
    process.send_signal(number)
    process.communicate(timeout=60)
    return int(process.returncode)


def rounds(bench: Bench, count: int, seed: int) -> list[int]:
    """Kill, run again, and compare, so many times; exit codes of the killed runs."""
    chance = random.Random(seed)
    bench.fill(instances=60, periods=0)
    bench.box.schedule(Fault("slow", operation=("insert", "update"), seconds=0.03, times=None))
    codes = []
    for number in range(count):
        due = change(bench, number)
        bench.box.clear_calls()
        codes.append(started(bench, signal.SIGKILL, chance.uniform(0, 0.4)))
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


def test_twenty_five_kills_lose_and_double_nothing(make_bench: Callable[..., Bench]) -> None:
    codes = rounds(make_bench(), 25, seed=1)
    assert codes.count(-signal.SIGKILL) >= 8, "too few runs were killed to say anything"


@pytest.mark.long
def test_two_hundred_kills_lose_and_double_nothing(make_bench: Callable[..., Bench]) -> None:
    codes = rounds(make_bench(), 200, seed=2)
    assert codes.count(-signal.SIGKILL) >= 60


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_polite_signal_finishes_the_batch_in_hand_and_exits_4(bench: Bench, number: signal.Signals) -> None:
    bench.box.schedule(Fault("slow", operation=("insert", "update"), seconds=0.2, times=None))
    bench.env["GAINSIGHT_TIMEOUT_SECONDS"] = "5"
    change(bench, 1)
    assert started(bench, number, 0.5) == 4
    written = sum(call.records for call in bench.box.calls if call.committed)
    assert 0 < written == len(bench.state())
    run = bench.sql("select outcome, exit_code, rows_accepted from main_publish.publish_runs")
    assert run == [("stopped", 4, written)]
    ended = bench.publish(*ARGUMENTS[1:])
    assert ended.code == 0, ended.err
    bench.assert_settled(INSTANCES)
    assert sum(call.records for call in bench.box.calls if call.committed) == len(bench.state())
