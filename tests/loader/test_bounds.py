"""Mutations that once survived the tests: each is caught here. Query pages are in test_replies, late commits in test_kill and test_matrix."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import duckdb
import pytest
from harness import MODELS, Bench

from loader.dbt.artifacts import Artifacts, PublishModel
from loader.dbt.profile import Target
from loader.engine.destination import Row
from loader.errors import StoppedError
from loader.warehouse import Mart, Options, State, links, mart
from loader.warehouse.lock import LostLockError

ONLY = ("--select", "gainsight__instances", "--no-gate")


@contextmanager
def staged(bench: Bench, rows: int) -> Iterator[tuple[Mart, PublishModel]]:
    """So many new instances, staged."""
    bench.sql("delete from gainsight__instances")
    bench.sql(f"insert into gainsight__instances (instance_id) select 'i' || i from range({rows}) as r(i)")
    model = Artifacts(bench.folder).publish_models(("gainsight__instances",))[0]
    state = State(Target("duckdb", "main", {"path": str(bench.database)}), "gainsight", "here", write=True)
    state.begin_run()
    found = Mart(state)
    assert found.diff(model, Options()).new == rows
    yield found, model
    state.close()


def test_a_run_that_let_go_of_its_file_notices_that_another_one_took_its_lock(bench: Bench) -> None:
    """While a run has the file the lock is not looked at; it is once the file was left to others."""
    with staged(bench, 1) as (found, model):
        with pytest.raises(LostLockError), found.state.away(lambda seconds: None), duckdb.connect() as other:
            other.execute(f"attach '{bench.database}' as file")
            other.execute("update file.main_publish.publish_locks set run_id = 'another'")
        with pytest.raises(LostLockError):
            found.state.record(model.object, None, [Row('["i0"]', "hash", "id0", True)])
        assert found.state.dialect.execute("select count(*) from main_publish.publish_state") == [(0,)]


def test_marks_of_more_than_a_thousand_rows_leave_none_out(bench: Bench) -> None:
    """A mark is written 1,000 rows a statement; one that skips a row per statement leaves the ends out."""
    with staged(bench, 3001) as (found, model):
        found.mark(model, {f'["i{n}"]': f"id{n}" for n in range(3001)}, 1)
        assert found.counts(model) == (3001, 0)
        found.postpone(model, [f'["i{n}"]' for n in range(3001)], 3)
        assert not found.has_turn(model, 1)
        found.again(model, [f'["i{n}"]' for n in range(3001)])
        assert not found.has_turn(model, 3)
        rows = [row for window in found.rows(model, turn=2) for row in window]
        assert len({row.row_key for row in rows}) == 3001
        found.state.record("Instance_Data__gc", None, [Row(row.row_key, "h", "x", True, stands=False) for row in rows])
        found.state.mark("Instance_Data__gc", [row.row_key for row in rows], "drifted")
        held = "select count(*) from main_publish.publish_state where row_hash = 'drifted'"
        assert found.state.dialect.execute(held) == [(3001,)]
        found.state.record("Instance_Data__gc", None, forgotten=[row.row_key for row in rows])
        assert found.state.dialect.execute("select count(*) from main_publish.publish_state") == [(0,)]


def test_look_ups_of_more_than_two_thousand_values_leave_none_out(bench: Bench) -> None:
    """Targets are written, and rows marked, 2,000 values a statement."""
    with staged(bench, 4001) as (found, model):
        found.state.dialect.execute("update gainsight__instances set account_id = 'A' || substring(instance_id, 2)")
        rows = [row for window in found.rows(model) for row in window]
        found.state.record("Instance_Data__gc", None, [Row(row.row_key, "h", "x", True) for row in rows])
        lookup, values = model.lookups[0], [f"A{n}" for n in range(4001)]
        assert links.relink(found, model, lookup, dict.fromkeys(values, "there")) == 0, "none is known to have moved"
        assert found.state.dialect.execute("select count(*) from main_publish.publish_links") == [(4001,)]
        assert links.relink(found, model, lookup, dict.fromkeys(values, "elsewhere")) == 4001
        marked = "select count(*) from main_publish.publish_state where row_hash = 'relinked'"
        assert found.state.dialect.execute(marked) == [(4001,)]


def test_more_than_two_thousand_rows_that_left_are_all_let_go(bench: Bench) -> None:
    """They come 2,000 at a time."""
    with staged(bench, 4001) as (found, model):
        keys = [row.row_key for window in found.rows(model) for row in window]
        rows = [Row(key, "h", f"id{n}", True) for n, key in enumerate(keys)]
        found.state.record("Instance_Data__gc", None, rows)
        found.state.dialect.execute("delete from gainsight__instances")
        leaves = replace(model, on_gone="delete", mode="mirror")
        diff = found.diff(leaves, Options())
        windows = list(found.leaving(diff, Options()))
        assert diff.deletable == 4001
        assert {row.destination_id for window in windows for row in window} == {f"id{n}" for n in range(4001)}


def test_what_became_of_a_window_of_rows_is_written_down_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen on Snowflake: a write a second. 600 rows are 12 calls; then 600 are changed, and ten come."""
    bench.fill(instances=0, periods=0, companies=0)
    rows = "'A1', 'h', '1', 'Production', i, true, null from range({}) as r(i)"
    bench.sql("delete from gainsight__instances")
    bench.sql(f"insert into gainsight__instances select 'w' || i, {rows.format(600)}")
    recorded, record = list[int](), State.record

    def counted(state: State, name: str, calls: object, accepted: list[Row] = (), *more: object) -> None:  # type: ignore[assignment]
        recorded.append(len(accepted))
        record(state, name, calls, accepted, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(State, "record", counted)
    assert bench.publish(*ONLY, env={"GAINSIGHT_TIMEOUT_SECONDS": "5"}).code == 0
    assert [each for each in recorded if each] == [600]
    bench.sql("update gainsight__instances set version = '2'")
    bench.sql(f"insert into gainsight__instances select 'new' || i, {rows.format(10)}")
    recorded.clear()
    assert bench.publish(*ONLY, env={"GAINSIGHT_TIMEOUT_SECONDS": "5"}).code == 0
    assert [each for each in recorded if each] == [600, 10]


def test_intents_of_the_next_window_outlive_the_end_of_this_one(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of ten; the process dies when the second one's calls were made and nothing of it was written."""
    monkeypatch.setattr(mart, "WINDOW", 10)
    recorded = State.record
    times: list[int] = []

    def dies(state: State, name: str, calls: object, accepted: list[Row], *more: object) -> None:
        times.append(len(accepted))
        if sum(times) > 10:
            raise StoppedError("the machine is gone")
        recorded(state, name, calls, accepted, *more)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(State, "record", dies)
        assert bench.publish(*ONLY).code == 4
    known = {key for _, key in bench.state()}
    noted = {key for (key,) in bench.sql("select row_key from main_publish.publish_intents")}
    there = {f'["{row["Instance_Id__gc"]}"]' for row in bench.box.rows("Instance_Data__gc")}
    assert len(known) == 10
    assert there - known, "rows arrived and were not recorded"
    assert there - known <= noted, "each of them is noted, and is read back"
    assert not noted & known, "those of the first window are not"
    assert bench.publish(*ONLY).code == 0
    bench.assert_settled({"gainsight__instances": MODELS["gainsight__instances"]})
