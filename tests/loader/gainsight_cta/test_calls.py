"""Signals become calls to action: once per account, signal and episode; never while one is open."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import one_run
import pytest
from cta_bench import JANE, LEAD, Bench

from loader.engine.destination import Facts
from loader.engine.freshness import Allowed, Marts, refuse_older
from loader.engine.limits import Meter
from loader.engine.publish import Request
from loader.errors import FatalError, MisuseError, RefusedError, StoppedError
from loader.gainsight_cta import GainsightCta
from loader.warehouse.standing import note_standing
from sandbox import Fault, Sandbox, Switches

REPO = Path(__file__).parents[3]


def test_a_signal_is_one_call_with_text_owner_due_date_and_priority(bench: Bench) -> None:
    bench.holds("A1", "score_drop", "2026-06-01")
    assert bench.publish().accepted == 1
    (call,) = bench.calls()
    assert call["CompanyId"] == bench.company["A1"]
    assert call["Comments"].startswith("Text of score_drop.\n")
    assert call["OwnerId"] == bench.users[JANE]
    assert (call["Name"], call["DueDate"][:10]) == ("Name of score_drop", "2026-07-14")
    assert (call["Type"], call["Reason"], call["Priority"], call["Status"]) == ("Risk", "Product Risk", "High", "New")
    assert call["ReferenceId"] == "A1/score_drop/2026-06-01"


def test_it_is_made_once_while_it_is_open_and_whatever_its_text_is_by_then(bench: Bench) -> None:
    bench.holds("A1", "score_drop", "2026-06-01")
    bench.publish()
    bench.sql("update calls set comments = 'Worse by now.', due_date = '2026-08-01', priority = 'Low'")
    assert bench.publish().accepted == 0
    assert bench.creations() == 1
    assert bench.calls()[0]["Comments"].startswith("Text of score_drop."), "it is a person's now"


def test_never_again_in_the_same_episode_when_a_person_closed_it(bench: Bench) -> None:
    bench.holds("A1", "score_drop", "2026-06-01")
    bench.publish()
    bench.close("score_drop")
    assert bench.publish().accepted == 0
    bench.sql("drop schema main_publish cascade")  # even when nobody remembers
    bench.publish()
    assert bench.names() == ["A1 score_drop"]
    assert bench.sql("select created_by_us from main_publish.publish_state") == [(False,)]


def test_again_when_the_signal_ended_and_came_back(bench: Bench) -> None:
    bench.holds("A1", "score_drop", "2026-03-01")
    bench.publish()
    bench.close("score_drop")
    bench.nothing_holds()
    assert bench.publish().accepted == 0
    bench.holds("A1", "score_drop", "2026-06-01", before="2026-04-01")
    assert bench.publish().accepted == 1
    assert bench.names() == ["A1 score_drop", "A1 score_drop"]


def test_a_call_that_is_open_stands_for_the_next_episode_too(bench: Bench) -> None:
    bench.holds("A1", "score_drop", "2026-03-01")
    bench.publish()
    bench.nothing_holds()
    bench.holds("A1", "score_drop", "2026-06-01", before="2026-04-01")
    assert bench.publish().accepted == 1
    assert bench.names() == ["A1 score_drop"], "never while one is open"
    bench.close("score_drop")
    assert bench.publish().accepted == 0
    assert bench.names() == ["A1 score_drop"], "a person dealt with it in this episode"


@pytest.mark.parametrize("start", ["2026-02-01", "2026-06-01"])
def test_late_pings_that_move_an_episodes_start_make_no_second_call(bench: Bench, start: str) -> None:
    bench.holds("A1", "score_drop", "2026-04-01", before="2026-01-01")
    bench.publish()
    bench.close("score_drop")
    bench.nothing_holds()
    bench.holds("A1", "score_drop", start, before="2026-01-01")
    bench.publish()
    assert bench.names() == ["A1 score_drop"]


def test_each_signal_and_account_has_its_own(bench: Bench) -> None:
    for account in ("A1", "A2"):
        for signal in ("score_drop", "utilization_low"):
            bench.holds(account, signal, "2026-06-01")
    assert bench.publish().accepted == 4
    assert bench.names() == ["A1 score_drop", "A1 utilization_low", "A2 score_drop", "A2 utilization_low"]


@pytest.mark.parametrize("owner", ["nobody@us.example", "gone@us.example", None])
def test_a_missing_or_inactive_owner_falls_to_the_configured_one(bench: Bench, owner: str | None) -> None:
    bench.holds("A1", "score_drop", "2026-06-01", owner_email=owner)
    bench.holds("A2", "score_drop", "2026-06-01", owner_email=JANE.upper())
    bench.publish()
    owners = {row["CompanyId"]: row["OwnerId"] for row in bench.calls()}
    assert owners == {bench.company["A1"]: bench.users[LEAD], bench.company["A2"]: bench.users[JANE]}


def test_a_configured_owner_that_is_no_active_user_is_refused_before_anything_is_made(bench: Bench) -> None:
    bench.holds("A1", "score_drop", "2026-06-01")
    bench.set(CTA_OWNER="gone@us.example")
    with pytest.raises(MisuseError, match=r"GAINSIGHT_CTA_OWNER gone@us\.example is no active user"):
        bench.publish()
    assert bench.calls() == []


def test_a_cap_per_run_lets_the_most_urgent_through_and_the_rest_wait(bench: Bench) -> None:
    bench.set(CTA_PER_RUN="2", CTA_PER_ACCOUNT="9")
    for number, signal in enumerate(("z", "y", "x")):
        bench.holds("A1", signal, "2026-06-01", call_rank=number)
    first = bench.publish()
    assert (first.accepted, first.held, first.exit_code) == (2, 1, 0)
    assert "1 rows wait (GAINSIGHT_CTA_PER_RUN, GAINSIGHT_CTA_PER_ACCOUNT)" in first.message
    assert bench.names() == ["A1 y", "A1 z"]
    second = bench.publish()
    assert (second.accepted, second.held) == (1, 0)
    assert bench.names() == ["A1 x", "A1 y", "A1 z"]


def test_the_plan_lists_them_in_the_order_in_which_they_are_made(bench: Bench) -> None:
    """By urgency, not by key; the cap of the run and a canary let the first ones through."""
    bench.set(CTA_PER_RUN="2", CTA_PER_ACCOUNT="9")
    for rank, signal in enumerate(("c", "a", "d", "b")):
        bench.holds("A1", signal, "2026-06-01", call_rank=rank)
    first = bench.publish(Request(gate=False, limit=1))
    assert bench.names() == ["A1 c"], "the most urgent one is the canary"
    assert first.plan and [each["Name"][-1] for each in first.plan.listed["calls"]] == ["c"]
    second = bench.publish()
    assert second.plan and [each["Name"][-1] for each in second.plan.listed["calls"]] == ["a", "d", "b"]
    assert bench.names() == ["A1 a", "A1 c", "A1 d"]


def test_calls_of_another_cadence_are_told_and_refused_unless_they_are_meant(bench: Bench) -> None:
    """Episodes begin on other days then, and a call that a person closed would be made again."""
    destination = GainsightCta()
    with one_run.opened(bench.database, destination) as state:
        note_standing(state, [bench.model()], "2026-06-30", "month")
        with pytest.raises(
            RefusedError, match="call_to_action: the mart has a row a week, what stands has one a month"
        ):
            refuse_older(state, [bench.model()], Marts(grain="week"), Allowed())


def test_a_cap_per_account_counts_those_of_ours_that_are_open(bench: Bench) -> None:
    bench.set(CTA_PER_ACCOUNT="1")
    bench.holds("A1", "score_drop", "2026-06-01")
    bench.holds("A1", "utilization_low", "2026-06-01")
    bench.holds("A2", "utilization_low", "2026-06-01")
    assert (bench.publish().held, bench.names()) == (1, ["A1 score_drop", "A2 utilization_low"])
    assert bench.publish().held == 1, "the first one is open still"
    bench.close("score_drop")
    assert bench.publish().accepted == 1
    assert "A1 utilization_low" in bench.names()


def test_other_peoples_calls_are_nobodys_business(bench: Bench) -> None:
    made = {"Name": "A talk", "CompanyId": bench.company["A1"], "Comments": "by hand", "IsClosed": False}
    bench.box.insert("call_to_action", [made] * 5)
    bench.holds("A1", "score_drop", "2026-06-01")
    assert bench.publish().accepted == 1


def test_a_call_that_is_refused_is_a_rejection_and_the_others_are_made(bench: Bench) -> None:
    bench.holds("A1", "score_drop", "2026-06-01", cta_type="Fire")
    bench.holds("A2", "score_drop", "2026-06-01")
    bench.holds("A3", "score_drop", "2026-06-01")
    result = bench.publish()
    assert (result.accepted, result.rejected, result.exit_code) == (1, 2, 1)
    found = bench.sql("select row_key, code from main_publish.publish_rejections order by 1")
    assert found == [
        ('["A1/score_drop/2026-06-01"]', "COCKPIT_EMU_NAME"),
        ('["A3/score_drop/2026-06-01"]', "NO_LOOKUP_MATCH"),
    ]


# Creating is not idempotent


@pytest.mark.parametrize("reply", ["map", "objects", "bare"])
@pytest.mark.parametrize("reference", ["stored", "hidden"])
def test_whatever_a_reply_names_the_id_of_each_call_is_known(
    tmp_path: Path, make_box: Callable[..., Sandbox], monkeypatch: pytest.MonkeyPatch, reply: str, reference: str
) -> None:
    box = make_box(switches=Switches(cta_reply=reply, cta_reference=reference))  # type: ignore[arg-type]
    bench = Bench(tmp_path, box, monkeypatch)
    for account in ("A1", "A2"):
        bench.holds(account, "score_drop", "2026-06-01")
    assert bench.publish().accepted == 2
    ids = dict(bench.sql("select row_key, destination_id from main_publish.publish_state"))
    accounts = {row["CompanyId"]: row["Gsid"] for row in bench.calls()}
    assert ids == {f'["{a}/score_drop/2026-06-01"]': accounts[bench.company[a]] for a in ("A1", "A2")}
    bench.sql("drop schema main_publish cascade")
    bench.publish()
    assert bench.creations() == 1, "they were looked for first"


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", operation="cta_create", status=500, after_commit=True),
        Fault("reset", operation="cta_create", after_commit=True),
        Fault("truncated", operation="cta_create"),
        Fault("status", operation="cta_create", status=429, after_commit=True, retry_after=0.05),
        Fault("status", operation="cta_create", status=503),
        Fault("result_false", operation="cta_create", after_commit=True),
    ],
    ids=lambda fault: f"{fault.kind} {fault.status} {'done' if fault.commits else 'not done'}",
)
def test_a_reply_that_is_lost_makes_no_second_call(bench: Bench, fault: Fault) -> None:
    for account in ("A1", "A2"):
        bench.holds(account, "score_drop", "2026-06-01")
    bench.box.schedule(fault)
    assert bench.publish().accepted == 2
    assert bench.names() == ["A1 score_drop", "A2 score_drop"]


def test_one_that_takes_effect_after_it_was_cut_off_is_waited_for(bench: Bench) -> None:
    bench.holds("A1", "score_drop", "2026-06-01")
    bench.box.schedule(Fault("late", operation="cta_create", seconds=0.3))
    assert bench.publish().accepted == 1
    assert bench.names() == ["A1 score_drop"]


def test_killed_between_the_call_and_its_note_the_next_run_makes_none_twice(bench: Bench, tmp_path: Path) -> None:
    for account in ("A1", "A2"):
        bench.holds(account, "score_drop", "2026-06-01")
    bench.box.schedule(Fault("hang", operation="cta_create", after_commit=True, seconds=120))
    bench.set(TIMEOUT_SECONDS="100")
    given = tmp_path / "model.pickle"
    given.write_bytes(pickle.dumps(bench.model()))
    command = [sys.executable, str(one_run.__file__), str(bench.database), str(given)]
    run = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(REPO)})
    while not bench.creations():
        assert run.poll() is None, "the run ended before its call"
        time.sleep(0.05)
    run.kill()
    run.wait()
    assert bench.names() == ["A1 score_drop", "A2 score_drop"]
    assert bench.sql("select count(*) from main_publish.publish_intents") == [(2,)]
    assert bench.sql("select count(*) from main_publish.publish_state") == [(0,)]
    bench.publish()
    assert bench.creations() == 1
    assert bench.sql("select count(*) from main_publish.publish_state") == [(2,)]


def test_down_it_stops_and_the_next_run_goes_on(bench: Bench) -> None:
    bench.holds("A1", "score_drop", "2026-06-01")
    bench.set(GIVE_UP_SECONDS="0.5")
    bench.box.schedule(Fault("status", operation="cta_create", status=503, times=None))
    with pytest.raises(StoppedError):
        bench.publish()
    bench.box.clear_faults()
    assert bench.publish().accepted == 1
    assert bench.names() == ["A1 score_drop"]


def test_many_are_made_ten_a_call(bench: Bench) -> None:
    bench.set(CTA_PER_ACCOUNT="99", CTA_PER_RUN="99")
    for number in range(23):
        bench.holds("A1", f"signal{number}", "2026-06-01")
    assert bench.publish().accepted == 23
    assert bench.creations() == 3
    assert len(bench.calls()) == 23


def test_off_unless_an_owner_is_configured(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from loader.destinations import configured
    from loader.gainsight import Gainsight

    assert [each.name for each in configured([Gainsight(), GainsightCta()])] == ["gainsight", "gainsight_cta"]
    monkeypatch.delenv("GAINSIGHT_CTA_OWNER")
    assert [each.name for each in configured([Gainsight(), GainsightCta()])] == ["gainsight"]


def test_check_names_types_and_priorities_that_the_tenant_does_not_have(bench: Bench) -> None:
    destination = GainsightCta()
    destination.connect(Meter(destination.windows, 1000))
    facts = Facts({}, {}, {"cta_type": ["Risk", "Fire"], "priority": ["High"]})
    found = list(destination.doubts(bench.model(), facts))
    assert [(each.field, each.problem, each.warning) for each in found] == [
        ("type", "'Fire' is no CTA_TYPE of the tenant", True)
    ]
    bench.set(CTA_OWNER="gone@us.example")
    destination = GainsightCta()
    destination.connect(Meter(destination.windows, 1000))
    found = list(destination.doubts(bench.model(), Facts({}, {}, {})))
    told = "gone@us.example is no active user of the tenant"
    assert [(each.field, each.problem, each.warning) for each in found] == [("OwnerId", told, False)]


def test_check_with_a_key_that_is_refused_does_not_say_that_all_is_well(bench: Bench) -> None:
    bench.set(ACCESS_KEY="another")
    destination = GainsightCta()
    destination.connect(Meter(destination.windows, 1000))
    with pytest.raises(FatalError, match="refused the credentials"):
        list(destination.doubts(bench.model(), Facts({}, {}, {})))
