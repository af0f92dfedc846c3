"""The bulk route: the same diff, state and rejections, in a file instead of thousands of calls."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import pytest
from harness import MODELS, Bench, calls_of

from sandbox import Fault

ARGUMENTS = ("--select", "gainsight__instances", "--no-gate")
INSTANCES = {"gainsight__instances": MODELS["gainsight__instances"]}
OBJECT = "Instance_Data__gc"


@pytest.fixture
def big(make_bench: Callable[..., Bench]) -> Bench:
    """A bench with 400 instances, a bulk job, and a threshold of 300 rows."""
    bench = make_bench()
    bench.fill(instances=400, periods=0)
    bench.box.create_bulk_job("job-1", OBJECT, "upsert", ["Instance_Id__gc"])
    bench.env |= {"GAINSIGHT_BULK_THRESHOLD": "300", "GAINSIGHT_BULK_JOB_INSTANCE_DATA__GC": "job-1"}
    bench.env["GAINSIGHT_TIMEOUT_SECONDS"] = "2"
    return bench


def test_past_the_threshold_the_plan_offers_the_bulk_route(big: Bench) -> None:
    del big.env["GAINSIGHT_BULK_JOB_INSTANCE_DATA__GC"]
    plan = big.run("plan", "--output", "json").json["plans"][0]
    assert len(plan["offers"]) == 1
    assert "GAINSIGHT_BULK_JOB_INSTANCE_DATA__GC" in plan["offers"][0]
    assert "GAINSIGHT_BULK_JOB_INSTANCE_DATA__GC" in big.run("plan").out


def test_all_rows_arrive_in_one_upload_and_are_recorded_as_single_rows_are(big: Bench) -> None:
    big.sql("update gainsight__instances set hostname = 'a \"b\", é' || chr(10) || 'c' where instance_id = 'i9'")
    big.sql("update gainsight__instances set hostname = null, is_production = null where instance_id = 'i8'")
    ended = big.publish(*ARGUMENTS)
    assert ended.code == 0, ended.err
    big.assert_settled(INSTANCES)
    done = calls_of(big.box)
    assert done["bulk", None] == 1
    assert not done["insert", OBJECT]
    assert all(ours for _, ours in big.state().values())
    again = big.publish(*ARGUMENTS)
    assert (again.code, again.result["api_calls"]) == (0, 0)


def test_rows_that_the_job_refuses_are_rejected_with_the_vendors_reason(big: Bench) -> None:
    big.sql("update gainsight__instances set instance_type = 'Nonsense' where licensed_seats in (3, 77)")
    big.sql("update gainsight__instances set account_id = 'nobody' where licensed_seats = 5")
    ended = big.publish(*ARGUMENTS)
    assert (ended.code, ended.result["rows_accepted"]) == (1, 397), ended.err
    big.assert_settled(INSTANCES)
    assert {key: code for (_, key), (_, code) in big.rejections().items()} == {
        '["i3"]': "GSOBJ_1012",
        '["i77"]': "GSOBJ_1012",
        '["i5"]': "NO_LOOKUP_MATCH",
    }


def test_changed_rows_go_in_bulk_too_and_keep_their_ids(big: Bench) -> None:
    big.publish(*ARGUMENTS)
    before = big.state()
    big.sql("update gainsight__instances set version = 'new'")
    ended = big.publish(*ARGUMENTS)
    assert ended.code == 0, ended.err
    big.assert_settled(INSTANCES)
    assert big.state() == before
    assert calls_of(big.box)["bulk", None] == 2


def test_fewer_rows_than_the_threshold_go_one_by_one(big: Bench) -> None:
    big.sql("delete from gainsight__instances where licensed_seats >= 299")
    assert big.publish(*ARGUMENTS).code == 0
    assert calls_of(big.box)["bulk", None] == 0


def test_no_more_uploads_than_the_vendor_takes_in_an_hour(big: Bench) -> None:
    assert big.publish(*ARGUMENTS).code == 0
    big.sql(
        "insert into main_publish.publish_uploads select * from main_publish.publish_uploads, range(9)"
        if False
        else "insert into main_publish.publish_uploads select u.* from main_publish.publish_uploads as u, range(9)"
    )
    big.sql("update gainsight__instances set version = 'new'")
    assert big.publish(*ARGUMENTS).code == 0
    assert calls_of(big.box)["bulk", None] == 1
    big.assert_settled(INSTANCES)


def test_an_upload_of_which_nothing_is_known_is_waited_for(big: Bench) -> None:
    big.box.schedule(Fault("reset", operation="bulk", after_commit=True))
    ended = big.publish(*ARGUMENTS)
    assert ended.code == 4
    assert "A bulk upload has no known end" in ended.json["error"]
    ended = big.publish(*ARGUMENTS)
    assert ended.code == 4
    assert "lest rows be created twice" in ended.json["error"]
    big.sql("update main_publish.publish_uploads set sent_at = sent_at - interval 31 minute")
    ended = big.publish(*ARGUMENTS)
    assert ended.code == 0, ended.err
    big.assert_settled(INSTANCES)


def test_a_job_that_does_not_exist_leaves_the_rows_to_single_calls(big: Bench) -> None:
    big.env["GAINSIGHT_BULK_JOB_INSTANCE_DATA__GC"] = "no-such-job"
    assert big.publish(*ARGUMENTS).code == 0
    big.assert_settled(INSTANCES)


@pytest.mark.parametrize("wait", [0.05, 0.3, 0.6, 0.9])
def test_killed_while_an_import_runs_the_next_run_waits_for_it_and_doubles_nothing(big: Bench, wait: float) -> None:
    process = big.start("publish", *ARGUMENTS)
    while not calls_of(big.box)["bulk", None] and process.poll() is None:
        time.sleep(0.01)
    time.sleep(wait)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    big.sql("update main_publish.publish_uploads set sent_at = sent_at - interval 31 minute where status_id is null")
    ended = big.publish(*ARGUMENTS)
    assert ended.code == 0, ended.err
    big.assert_settled(INSTANCES)
