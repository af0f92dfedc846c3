"""Deletes and clears meet what inserts meet: every fault, kills and limits, with a key of two parts, one of them a date.

Usage rows have the key (instance, period); the model mirrors the mart, or clears what left it.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from harness import MODELS, Bench
from test_matrix import ALL_FAULTS

from loader.engine.limits import Meter
from loader.warehouse import State
from sandbox import Limits, Switches

MODEL, OBJECT = "gainsight__instance_usage", "Instance_Usage__gc"
USAGE = {MODEL: MODELS[MODEL]}
ARGUMENTS = ("--select", MODEL, "--no-gate")
FAULTS = {name: fault for name, fault in ALL_FAULTS.items() if name != "none"}
ODD = Switches(
    date_reply="epoch",
    dates="midnight",
    time_zone="Asia/Tokyo",
    text_case_blind=True,
    empty_result="gsobj_1011",
    error_status=200,
    insert_order="shuffled",
)


def usage(make_bench: Callable[..., Bench], on_gone: str = "delete", **given: Any) -> Bench:
    """A bench with 100 rows of usage, published, in a model whose rows leave in this way."""
    bench = make_bench(**given)
    bench.fill(instances=50, periods=2)
    bench.env |= {"GAINSIGHT_WINDOW_SECONDS": "0.3", "GAINSIGHT_TIMEOUT_SECONDS": "0.25"}
    manifest = bench.folder / "target" / "manifest.json"
    document = json.loads(manifest.read_text())
    publish = document["nodes"][f"model.mini_project.{MODEL}"]["config"]["meta"]["publish"]
    publish |= {"mode": "mirror" if on_gone == "delete" else "upsert", "on_gone": on_gone}
    manifest.write_text(json.dumps(document))
    env = {"GAINSIGHT_TIMEOUT_SECONDS": "5"}
    assert bench.publish(*ARGUMENTS, env=env).code == 0
    bench.assert_settled(USAGE)
    return bench


def lose(bench: Bench, number: int) -> None:
    """Rows leave, others come and change, all in one run: six of each."""
    bench.sql(f"delete from {MODEL} where instance_id in (select instance_id from {MODEL} order by 1 limit 3)")
    bench.sql(
        f"insert into {MODEL} select 'z{number}-' || i, date '2025-03-01' + cast(p as integer), 'A1', i, 0.5, null"
        " from range(3) as r(i), range(2) as s(p)"
    )
    bench.sql(
        f"update {MODEL} set active_users = {1000 + number} where instance_id like 'i4%' and active_users % 3 = 0"
    )


def until_done(bench: Bench, *arguments: str, runs: int = 3) -> list[int]:
    """Publish until a run comes to its end; exit codes."""
    codes = []
    for _ in range(runs):
        ended = bench.publish(*ARGUMENTS, *arguments)
        codes.append(ended.code)
        if ended.code != 4:
            break
    assert codes[-1] == 0, ended.err
    return codes


@pytest.mark.parametrize("third", [0, *(pytest.param(each, marks=pytest.mark.long) for each in (1, 2))])
@pytest.mark.parametrize("switches", [Switches(), ODD], ids=["default", "odd"])
def test_deletes_settle_under_every_fault(make_bench: Callable[..., Bench], switches: Switches, third: int) -> None:
    """Each fault strikes the second delete of a run that also creates and changes rows; `make test` takes a third, and
    another one at the odd tenant."""
    bench = usage(make_bench, switches=switches)
    faults = list(FAULTS.items())[(third + (switches is ODD)) % 3 :: 3]
    for number, (name, fault) in enumerate(faults):
        lose(bench, number)
        bench.box.clear_faults()
        bench.box.schedule(replace(fault, operation="delete", nth=2))
        try:
            until_done(bench)
            bench.assert_settled(USAGE)
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from error
    assert bench.publish(*ARGUMENTS).result["plan"]["gone"] == 0


@pytest.mark.parametrize("third", [2, *(pytest.param(each, marks=pytest.mark.long) for each in (0, 1))])
def test_clears_settle_under_every_fault(make_bench: Callable[..., Bench], third: int) -> None:
    """Each strikes the update that clears; its records stay, without our values, and are cleared once."""
    bench = usage(make_bench, "clear")
    left = 0
    for number, (name, fault) in enumerate(list(FAULTS.items())[third::3]):
        keys = bench.sql(f"select instance_id from {MODEL} where instance_id like 'i%' order by 1 limit 1")
        gone = [row[0] for row in keys]
        bench.sql(f"delete from {MODEL} where instance_id = ?", gone)
        bench.box.clear_faults()
        bench.box.schedule(replace(fault, operation="update"))
        until_done(bench, "--max-null-overwrites", "100")
        left += 2
        cleared = [row for row in bench.box.rows(OBJECT) if row["Instance_Id__gc"] == gone[0]]
        values = {(row["Active_Users__gc"], row["Utilization__gc"], row["Company_Id__gc"]) for row in cleared}
        assert (len(cleared), values) == (2, {(None, None, None)}), f"{number} {name}"
    calls = len(bench.box.calls)
    assert bench.publish(*ARGUMENTS).code == 0
    assert len(bench.box.calls) == calls + 1, "look-ups alone: nothing is cleared twice"
    assert bench.box.count(OBJECT) == 100


def test_killed_among_deletes_the_next_run_completes_the_job(make_bench: Callable[..., Bench]) -> None:
    """A run deletes some of its rows, creates six and changes some; it is killed in some of its first eight writes, before
    it takes effect or after."""
    bench = usage(make_bench, switches=ODD)
    struck = set[str]()
    for number in (0, 1, 4, 7):
        lose(bench, number)
        bench.sql(f"delete from {MODEL} where instance_id in (select instance_id from {MODEL} order by 1 limit 3)")
        process = bench.held("publish", *ARGUMENTS, nth=number + 1, committed=number % 2 > 0)
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        struck |= {call.operation for call in bench.box.calls if call.fault == "hang"}
        bench.box.clear_faults()
        until_done(bench)
        bench.assert_settled(USAGE)
    assert "delete" in struck and len(struck) > 1, struck


def test_deletes_are_written_down_together_and_before_a_wait(
    make_bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen on Snowflake: a write a second. Of 60 deletes the 39th has to wait for its window, an hour of this test's."""
    bench = usage(make_bench)

    def pause(meter: Meter, seconds: float) -> None:
        """As if the hour had passed."""
        if seconds > 0:
            meter.before_wait(seconds)
            for made in meter._answered:
                made.clear()

    monkeypatch.setattr(Meter, "pause", pause)
    bench.sql(f"delete from {MODEL} where instance_id < 'i36'")
    recorded, record = list[int](), State.record

    def counted(state: State, name: str, calls: object, *more: Any) -> None:
        recorded.append(len(more[2]) if len(more) > 2 else 0)
        record(state, name, calls, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(State, "record", counted)
    due = 100 - len(bench.mart(MODEL))
    ended = bench.publish(*ARGUMENTS, env={"GAINSIGHT_CALLS_PER_MINUTE": "40", "GAINSIGHT_WINDOW_SECONDS": "3600"})
    assert (ended.code, ended.result["rows_deleted"]) == (0, due), ended.err
    written = [each for each in recorded if each]
    assert len(written) == 2 and sum(written) == due > 50, written
    bench.assert_settled(USAGE)


def test_deletes_keep_to_the_windows_and_to_the_day(make_bench: Callable[..., Bench]) -> None:
    """Of 60 deletes the day takes some; the rest is left for the next one, and no call earns a 429."""
    limits = Limits(calls_per_window=20, window_seconds=0.5)
    bench = usage(make_bench, limits=limits)
    bench.env |= {"GAINSIGHT_CALLS_PER_MINUTE": "20", "GAINSIGHT_WINDOW_SECONDS": "0.5"}
    bench.sql(f"delete from {MODEL} where active_users >= 20")
    kept, due = len(bench.mart(MODEL)), 100 - len(bench.mart(MODEL))
    assert due > 50
    made = bench.sql("select calls from main_publish.publish_calls")[0][0]
    ended = bench.publish(*ARGUMENTS, env={"GAINSIGHT_CALLS_PER_DAY": str(made + 30)})
    assert ended.code == 4, ended.err
    assert bench.box.count(OBJECT) == 100 - ended.result["rows_deleted"] > kept
    assert bench.publish(*ARGUMENTS).code == 0
    assert bench.box.count(OBJECT) == kept
    bench.assert_settled(USAGE)
    assert not [call for call in bench.box.calls if call.status == 429]
