"""What every destination must do with the engine: faults, kills, limits, tenants and modes.

Another destination passes by another rig in `rigs.py`.
"""

from __future__ import annotations

import contextlib

import pytest
from rigs import Bench, GainsightRig, ToyRig
from toy import LONG, SHORT, Toy

from loader.engine import sender
from loader.engine.limits import Window
from loader.engine.plan import Caps
from loader.engine.publish import Request
from loader.errors import LoaderError, MisuseError, RefusedError, StoppedError
from loader.warehouse import Options

UNGATED = Request(gate=False)


@pytest.fixture
def toy(bench: Bench) -> ToyRig:
    """For what a real destination cannot be made to do."""
    if not isinstance(bench.rig, ToyRig):
        pytest.skip("only the toy")
    return bench.rig


def test_rows_arrive_once_and_the_second_run_writes_nothing(bench: Bench) -> None:
    assert bench.publish().accepted == 60
    bench.assert_settled()
    again = bench.publish()
    assert (again.accepted, again.plan and again.plan.rows("unchanged")) == (0, 60)


@pytest.mark.parametrize("operation", ["write", "read"])
@pytest.mark.parametrize("kind", ["lost", "too many", "down"])
def test_a_fault_loses_and_doubles_nothing(bench: Bench, kind: str, operation: str) -> None:
    bench.rig.strike(kind, operation)
    try:
        bench.publish()
    except StoppedError:
        bench.publish()
    bench.assert_settled()


def test_a_refused_key_ends_the_run_and_says_that_nothing_was_sent(bench: Bench) -> None:
    bench.rig.strike("key", "read", 99)
    with pytest.raises(MisuseError, match="Nothing was sent"):
        bench.publish()
    assert bench.sql("select outcome, exit_code from main_publish.publish_runs") == [("failed", 2)]


def test_changed_rows_are_changed_and_new_ones_created(bench: Bench) -> None:
    bench.publish()
    bench.sql("update things set amount = 99 where thing_id = 't3'")
    bench.sql("insert into things values ('new', date '2026-02-01', 1, 'n', 'A1')")
    assert bench.publish().accepted == 3
    bench.assert_settled()


def test_a_look_up_that_resolves_now_or_moved_is_sent(bench: Bench) -> None:
    bench.rig.companies(["A0", "A1", "A2", "A3"])
    first = bench.publish()
    assert (first.accepted, first.rejected, first.exit_code) == (48, 12, 1)
    bench.rig.companies([f"A{n}" for n in range(5)])
    second = bench.publish()
    assert (second.accepted, second.rejected) == (60, 0), "12 that were rejected, and 48 whose company was made again"
    bench.assert_settled()
    assert bench.publish().accepted == 0


def test_a_row_whose_company_is_gone_is_rejected_though_it_did_not_change(bench: Bench) -> None:
    bench.publish()
    bench.rig.companies([])
    ended = bench.publish()
    assert (ended.accepted, ended.rejected, ended.exit_code) == (0, 60, 1)


def test_leave_clear_and_delete(bench: Bench) -> None:
    bench.publish(on_gone="clear")
    bench.sql("delete from things where thing_id = 't3'")
    left = bench.publish(on_gone="leave")
    assert (left.cleared, left.deleted) == (0, 0)
    cleared = bench.publish(on_gone="clear")
    assert cleared.cleared == 2
    gone = [r for r in bench.rig.records() if (r.get("Thing_Key__gc") or r["Thing_Id__gc"]).partition("/")[0] == "t3"]
    assert [(r["Amount__gc"], r["Note__gc"], r["Company_Id__gc"]) for r in gone] == [(None, None, None)] * 2
    assert bench.publish(on_gone="clear").cleared == 0, "once"
    bench.sql("insert into things values ('t3', date '2026-01-01', 7, 'back', 'A1')")
    assert bench.publish(on_gone="clear").accepted == 1
    bench.assert_settled(extra=1)
    deleted = bench.publish(mode="mirror", on_gone="delete")
    assert deleted.deleted == 1
    bench.assert_settled()


def test_an_empty_mart_deletes_and_clears_nothing_without_a_word(bench: Bench) -> None:
    bench.publish()
    bench.sql("create table kept as from things; delete from things")
    for given in ({"on_gone": "clear"}, {"mode": "mirror", "on_gone": "delete"}):
        with pytest.raises(RefusedError, match="is empty"):
            bench.publish(request=Request(gate=False, caps=Caps(null_overwrites=10_000)), **given)
    assert len(bench.rig.records()) == 60
    meant = Request(gate=False, caps=Caps(empty=True))
    assert bench.publish(request=meant, mode="mirror", on_gone="delete").deleted == 60
    assert bench.rig.records() == []


def test_names_of_the_key_that_are_swapped_delete_nothing(bench: Bench) -> None:
    """Composite keys with a date; seen to delete every record, twice."""
    if bench.rig.given:
        pytest.skip("its rows have one key")
    bench.publish(mode="mirror", on_gone="delete")
    for _ in range(2):
        ended = bench.publish(mode="mirror", on_gone="delete", key=("Day__gc", "Thing_Id__gc"))
        assert (ended.deleted, ended.accepted) == (0, 0)
    bench.assert_settled()
    bench.sql("delete from things where thing_id = 't7'")
    ended = bench.publish(mode="mirror", on_gone="delete", key=("Day__gc", "Thing_Id__gc"))
    assert ended.deleted == 2
    bench.assert_settled()


def test_an_id_that_a_row_uses_is_never_deleted(bench: Bench) -> None:
    bench.publish(mode="mirror", on_gone="delete")
    bench.sql(
        "insert into main_publish.publish_state"
        f" select * replace ('{bench.row_key('ghost')}' as row_key) from main_publish.publish_state"
        f" where row_key = '{bench.row_key('t1')}'"
    )
    assert bench.publish(mode="mirror", on_gone="delete").deleted == 0
    bench.assert_settled()


@pytest.mark.parametrize("kind", ["lost", "too many", "down"])
def test_a_fault_while_deleting_is_gone_through(bench: Bench, kind: str) -> None:
    bench.publish(mode="mirror", on_gone="delete")
    bench.sql("delete from things where thing_id in ('t1', 't2', 't3', 't4', 't5')")
    bench.rig.strike(kind, "delete")
    try:
        bench.publish(mode="mirror", on_gone="delete")
    except LoaderError:
        bench.publish(mode="mirror", on_gone="delete")
    bench.assert_settled()


def test_one_refused_row_is_rejected_and_keeps_nobody_else_from_arriving(bench: Bench) -> None:
    bench.rig.refuse("t1")
    ended = bench.publish()
    if isinstance(bench.rig, GainsightRig):
        pytest.skip("its sandbox refuses no single rows")
    assert (ended.accepted, ended.rejected, ended.exit_code) == (59, 1, 1)
    told = bench.sql("select row_key, field from main_publish.publish_rejections")
    assert [(key, field.partition("__")[0]) for key, field in told] == [(bench.row_key("t1"), "Note")]
    bench.rig.refuse(None)
    assert bench.publish().accepted == 0, "not tried again until it changes"
    assert bench.publish(request=Request(Options(retry_rejected=True), gate=False)).accepted == 1
    bench.assert_settled()


def test_one_refused_delete_blocks_nothing(bench: Bench, toy: ToyRig) -> None:
    bench.publish(mode="mirror", on_gone="delete")
    bench.sql("delete from things where thing_id in ('t1', 't2')")
    toy.refuse("t1")
    for _ in range(2):
        ended = bench.publish(mode="mirror", on_gone="delete")
        assert (ended.rejected, ended.exit_code) == (1, 1)
    bench.assert_settled(extra=1)
    deletes = [operation for operation, _ in toy.system.calls].count("delete")
    toy.refuse(None)
    assert bench.publish(mode="mirror", on_gone="delete").deleted == 0, "not tried again until asked"
    assert [operation for operation, _ in toy.system.calls].count("delete") == deletes


def test_two_tenants_know_nothing_of_each_other(bench: Bench) -> None:
    other = bench.rig.other()
    other.companies([f"A{n}" for n in range(5)])
    assert bench.publish().accepted == 60
    assert bench.publish(other).accepted == 60
    assert len(other.records()) == 60
    assert bench.publish().accepted == bench.publish(other).accepted == 0
    held = dict(bench.sql("select connection, count(*) from main_publish.publish_state group by 1 order by 1"))
    assert held == {bench.rig.destination().connection: 60, other.destination().connection: 60}


def test_rows_that_are_busy_are_later_and_not_rejected(bench: Bench) -> None:
    if not bench.rig.busy("t1"):
        pytest.skip("its sandbox locks no single rows")
    for runs in (1, 2, 3, 4):
        with pytest.raises(StoppedError, match="1 rows were not taken now"):
            bench.publish()
        listed = bench.sql("select row_key, runs from main_publish.publish_later")
        assert listed == [(bench.row_key("t1"), runs)]
    assert bench.sql("select count(*) from main_publish.publish_rejections") == [(0,)]
    assert len(bench.rig.records()) == 59
    assert bench.written()[bench.row_key("t0")] in (0, 1), "the others are sent once, where that is counted"
    bench.rig.busy(None)
    assert bench.publish().accepted == 1
    assert bench.sql("select count(*) from main_publish.publish_later") == [(0,)]
    bench.assert_settled()


def test_a_row_that_is_busy_for_a_moment_arrives_in_the_same_run(
    bench: Bench, toy: ToyRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = {'["t1","2026-01-01"]': "BUSY"}
    toy.system.refused = busy
    postpone = sender.Sender._send_later

    def free(self: sender.Sender, *arguments: object) -> None:
        busy.clear()
        postpone(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(sender.Sender, "_send_later", free)
    assert bench.publish().accepted == 60
    bench.assert_settled()


@pytest.mark.parametrize("nth", range(1, 8))
def test_killed_after_any_call_the_next_run_completes_the_job(bench: Bench, nth: int) -> None:
    """The call took effect, and the process was gone before it could note anything. Where a run makes fewer calls it
    is not killed."""
    bench.rig.kill_at(nth)
    with contextlib.suppress(KeyboardInterrupt):
        bench.publish()
    bench.sql("update main_publish.publish_runs set outcome = 'running'")
    bench.publish()
    bench.assert_settled()
    assert max(bench.written().values(), default=0) <= 2
    assert sum(bench.written().values()) <= 60 + Toy.batch_size


def test_a_call_that_takes_effect_after_its_run_was_killed_is_waited_for(bench: Bench, toy: ToyRig) -> None:
    """What was under way is not looked for before it can be there; looked for too early, it would be sent again."""
    toy.system.faults += [["", "write", 2], ["killed, then done", "write", 1]]
    with pytest.raises(KeyboardInterrupt):
        bench.publish()
    bench.sql("update main_publish.publish_runs set outcome = 'running'")
    bench.publish()
    bench.assert_settled()
    assert set(bench.written().values()) == {1}


def test_calls_stay_within_every_window(bench: Bench, toy: ToyRig) -> None:
    bench.fill(300, days=2)
    bench.publish()
    times = [at for _, at in toy.system.calls]
    assert len(times) > SHORT.calls
    for window in (SHORT, LONG):
        assert all(b - a > window.seconds for a, b in zip(times, times[window.calls :], strict=False))


def test_batches_keep_to_rows_and_bytes(bench: Bench, toy: ToyRig) -> None:
    bench.sql("update things set note = repeat('x', 300)")
    bench.publish()
    writes = [operation for operation, _ in toy.system.calls].count("write")
    assert writes >= 60 / 2, "two rows of 300 bytes and more fill 700 bytes"


def test_a_quota_that_replies_tell_ends_the_run_before_the_vendor_does(bench: Bench, toy: ToyRig) -> None:
    toy.system.left_today = 4
    with pytest.raises(StoppedError, match="says that its calls of the day are used up"):
        bench.publish()
    assert toy.system.left_today == 0
    toy.system.left_today = 1000
    bench.publish()
    bench.assert_settled()


def test_a_canary_sends_the_first_rows_and_nothing_else(bench: Bench) -> None:
    ended = bench.publish(request=Request(gate=False, limit=5))
    assert (ended.accepted, ended.exit_code, len(bench.rig.records())) == (5, 0, 5)
    assert "55 rows wait (--limit 5)" in ended.message
    assert bench.publish().accepted == 55
    bench.assert_settled()


def test_the_toy_and_its_words_are_what_the_interface_says() -> None:
    """Guards the suite: a destination that answers in order, by batches of rows alone, would show less."""
    assert Toy.upserts and Toy.batch_bytes and Toy.deletes_per_call > 1
    assert isinstance(SHORT, Window) and SHORT != LONG
    assert GainsightRig.name == "gainsight"
