"""Killed at any call, the next run completes the job: nothing is lost or doubled, at most one batch is sent twice.

Over HTTP the run is a process of its own, ended by SIGKILL when its local system has seen so many calls of it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from rigs import Bench, Died

MIRROR = {"mode": "mirror", "on_gone": "delete"}


def change(bench: Bench, number: int, batch: int) -> int:
    """More than a batch of rows that are new, more than two that changed, five that left: how many are to be sent."""
    bench.fill(batch + batch // 5, days=1, name=f"r{number}-")
    leaving = f"select thing_id from things order by hash(thing_id || {number}) limit 5"
    bench.sql(f"delete from things where thing_id in ({leaving})")
    due = batch + batch // 5 + 2 * batch + 5
    bench.sql(
        f"update things set amount = amount + 1000 where thing_key in (select thing_key from things"
        f" where thing_id not like 'r{number}-%' order by hash(thing_key || {number}) limit {2 * batch + 5})"
    )
    return due


def rounds(bench: Bench, kills: Sequence[tuple[int, Died]]) -> int:
    """Change, kill, run again and compare, for each of these kills; how many runs were dead before they had ended."""
    batch, died = bench.rig.destination().batch_size, 0
    bench.fill(batch, name="k")
    bench.publish(**MIRROR)
    for number, (nth, how) in enumerate(kills):
        due, before = change(bench, number, batch), bench.rig.sent()
        died += bench.rig.killed(bench, nth, how, **MIRROR)
        bench.publish(**MIRROR)
        try:
            bench.assert_settled()
        except AssertionError as error:
            error.add_note(f"after kill {number}: {how}, {nth}")
            raise
        twice = bench.rig.sent() - before - due
        assert twice <= batch, f"killed at {nth}, {how}: {twice} rows were sent twice"
    return died


def test_killed_at_a_call_the_next_run_completes_the_job(bench: Bench) -> None:
    assert rounds(bench, [(1, "unanswered"), (3, "answered"), (2, "late")]) == 3


@pytest.mark.long
def test_killed_at_any_call_the_next_run_completes_the_job(bench: Bench) -> None:
    chance = random.Random(5)
    ways: list[Died] = ["unanswered", "answered", "late"]
    kills = [(chance.randint(1, 14 if how == "answered" else 6), how) for how in chance.choices(ways, k=60)]
    assert rounds(bench, kills) >= 20, "too few runs were killed to say anything"
