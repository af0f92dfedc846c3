"""What every destination must do with the engine: faults, tenants and modes. Limits and kills have files of their own.

Another destination passes by another rig, see `rigs.py`.
"""

from __future__ import annotations

from itertools import product

import pytest
from rigs import Bench, lacks
from sampled import sampled
from toy import LONG, SHORT, Toy

from loader.engine import sender
from loader.engine.limits import Window
from loader.engine.plan import Caps
from loader.engine.publish import Request
from loader.errors import LoaderError, MisuseError, RefusedError, StoppedError
from loader.warehouse import Options

NOT_TOLD = "it is not told which records are ours, and so none is deleted"


def test_rows_arrive_once_and_the_second_run_writes_nothing(bench: Bench) -> None:
    assert bench.publish().accepted == 60
    bench.assert_settled()
    again = bench.publish()
    assert (again.accepted, again.plan and again.plan.rows("unchanged")) == (0, 60)
    assert again.plan and again.plan.total_calls == again.api_calls, "a token and look-ups, and as many as were planned"


STRUCK = list(product(("lost", "too many", "down"), ("write", "read")))


@pytest.mark.parametrize(
    ("kind", "operation"), sampled(STRUCK, [("lost", "write"), ("too many", "read"), ("down", "write")])
)
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
    if not bench.rig.tells_made:
        assert deleted.deleted == 0
        lacks(NOT_TOLD)
    assert deleted.deleted == 1
    bench.assert_settled()


def test_an_empty_mart_deletes_and_clears_nothing_without_a_word(bench: Bench) -> None:
    if not bench.rig.tells_made:
        lacks(NOT_TOLD)
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
        lacks("its rows have one key")
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


@pytest.mark.parametrize("kind", sampled(["lost", "too many", "down"], ["lost"]))
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
    assert (ended.accepted, ended.rejected, ended.exit_code) == (59, 1, 1)
    told = bench.sql("select row_key, field from main_publish.publish_rejections")
    assert [(key, field.partition("__")[0]) for key, field in told] == [(bench.row_key("t1"), "Note")]
    bench.rig.refuse(None)
    assert bench.publish().accepted == 0, "not tried again until it changes"
    assert bench.publish(request=Request(Options(retry_rejected=True), gate=False)).accepted == 1
    bench.assert_settled()


def test_one_refused_delete_blocks_nothing(bench: Bench) -> None:
    bench.publish(mode="mirror", on_gone="delete")
    bench.sql("delete from things where thing_id in ('t1', 't2')")
    bench.rig.refuse_delete("t1")
    for _ in range(2):
        ended = bench.publish(mode="mirror", on_gone="delete")
        assert (ended.rejected, ended.exit_code) == (1, 1)
    bench.assert_settled(extra=1)
    deletes = [kind for kind, _ in bench.rig.calls()].count("delete")
    bench.rig.refuse_delete(None)
    assert bench.publish(mode="mirror", on_gone="delete").deleted == 0, "not tried again until asked"
    assert [kind for kind, _ in bench.rig.calls()].count("delete") == deletes


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
    bench.rig.busy("t1")
    for runs in (1, 2, 3, 4):
        with pytest.raises(StoppedError, match="1 rows were not taken now"):
            bench.publish()
        listed = bench.sql("select row_key, runs from main_publish.publish_later")
        assert listed == [(bench.row_key("t1"), runs)]
    assert bench.sql("select count(*) from main_publish.publish_rejections") == [(0,)]
    assert len(bench.rig.records()) == 59
    assert bench.rig.sent() <= 60, "the others are sent once"
    bench.rig.busy(None)
    assert bench.publish().accepted == 1
    assert bench.sql("select count(*) from main_publish.publish_later") == [(0,)]
    bench.assert_settled()


def test_a_row_that_is_busy_for_a_moment_arrives_in_the_same_run(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.rig.busy("t1")
    postpone = sender.Sender._send_later

    def free(self: sender.Sender, *arguments: object) -> None:
        bench.rig.busy(None)
        postpone(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(sender.Sender, "_send_later", free)
    assert bench.publish().accepted == 60
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
