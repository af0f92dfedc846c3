"""The bulk route: the same diff, state and rejections, in a file instead of thousands of calls."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import duckdb
import pytest
from harness import MODELS, REFUSED_BY_REPLY, Bench, calls_of
from sampled import sampled

from loader.engine.files import csv_files
from sandbox import Fault, Switches

ARGUMENTS = ("--select", "gainsight__instances", "--no-gate")
INSTANCES = {"gainsight__instances": MODELS["gainsight__instances"]}
OBJECT = "Instance_Data__gc"


@pytest.fixture
def big(make_bench: Callable[..., Bench]) -> Bench:
    """A bench with 400 instances, a bulk job, and a threshold of 300 rows."""
    bench = make_bench(objects=REFUSED_BY_REPLY)
    bench.fill(instances=400, periods=0)
    bench.box.create_bulk_job("job-1", OBJECT, "upsert", ["Instance_Id__gc"])
    bench.env |= {"GAINSIGHT_BULK_THRESHOLD": "300", "GAINSIGHT_BULK_JOB_INSTANCE_DATA__GC": "job-1"}
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
    assert (again.code, again.result["api_calls"]) == (0, 1)


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


def test_a_file_that_nobody_named_keeps_its_own_object_waiting_and_no_other(bench: Bench) -> None:
    """The plan and the run say until when, and what ends the wait: then the rows go, and it is not waited for again."""
    bench.publish()
    bench.sql(
        "insert into main_publish.publish_uploads (destination, connection, object, run_id, sent_at)"
        " select destination, connection, 'Instance_Usage__gc', run_id, now() at time zone 'UTC' - interval 5 minute"
        " from main_publish.publish_runs"
    )
    ((sent_at,),) = bench.sql("select sent_at from main_publish.publish_uploads")
    for model, column in (("gainsight__instance_usage", "active_users"), ("gainsight__instances", "licensed_seats")):
        bench.sql(f"update {model} set {column} = {column} + 1")
    until = f"Nothing is sent to Instance_Usage__gc until {sent_at + timedelta(minutes=30):%H:%M:%S} UTC"
    assert until in bench.run("plan").out
    ended = bench.publish()
    assert (ended.code, ended.result["rows_accepted"]) == (4, 30), "the installations, not their usage"
    assert until in ended.json["error"] and "LOADER_UNNAMED_FILE_SECONDS=1 ends the wait" in ended.json["error"]
    ended = bench.publish(env={"LOADER_UNNAMED_FILE_SECONDS": "1"})
    assert (ended.code, ended.result["rows_accepted"]) == (0, 60), ended.err
    assert bench.publish().code == 0, "it is known to have ended"
    bench.assert_settled()


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


@pytest.mark.parametrize("answer", [{"status": 429}, {"status": 200, "code": "REQUEST_TIMED_OUT"}])
def test_an_upload_that_was_taken_and_refused_all_the_same_is_read_back(big: Bench, answer: dict[str, Any]) -> None:
    """Seen of inserts: what is answered 429 may have taken effect. Sent again by single calls, rows would be double."""
    big.env["GAINSIGHT_BULK_WAIT_SECONDS"] = "20"
    body = None if "code" not in answer else {"result": False, "errorCode": answer["code"], "errorDesc": "no answer"}
    fault = Fault("status", operation="bulk", status=answer["status"], body=body, after_commit=True)
    big.box.schedule(fault)
    ended = big.publish(*ARGUMENTS)
    assert (ended.code, ended.result["rows_accepted"]) == (0, 400), ended.err
    big.assert_settled(INSTANCES)
    assert not calls_of(big.box)["insert", OBJECT]


def test_a_job_that_does_not_exist_leaves_the_rows_to_single_calls(big: Bench) -> None:
    big.env["GAINSIGHT_BULK_JOB_INSTANCE_DATA__GC"] = "no-such-job"
    assert big.publish(*ARGUMENTS).code == 0
    big.assert_settled(INSTANCES)


@pytest.mark.parametrize("wait", sampled([0.05, 0.3, 0.6, 0.9], [0.05, 0.6]))
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


# Every upload has an end

ENDS = ("FAILED", "ABORTED", "unknown_state", "other_name", "unknown_id")


WRITTEN = [(end, written) for end in ENDS for written in ("all", "half", "none")]
EACH_END = [
    *zip(ENDS, ("all", "half", "none", "half", "none"), strict=True),
    ("FAILED", "none"),
    ("unknown_state", "all"),
]


@pytest.mark.parametrize(("end", "written"), sampled(WRITTEN, EACH_END))
def test_however_an_import_ends_its_rows_are_read_back_and_the_rest_goes_on_by_the_usual_way(
    big: Bench, end: str, written: str
) -> None:
    big.box.switches = Switches(bulk_end=end, bulk_written=written)  # type: ignore[arg-type]
    big.env["GAINSIGHT_BULK_WAIT_SECONDS"] = "20"
    began = time.monotonic()
    ended = big.publish(*ARGUMENTS)
    assert (ended.code, ended.result["rows_accepted"]) == (0, 400), ended.err
    assert time.monotonic() - began < 60
    assert f"{OBJECT}: the bulk import " in ended.err, "the run says what happened"
    big.assert_settled(INSTANCES)
    sent = sum(call.records for call in big.box.calls if call.operation == "insert" and call.committed)
    assert sent == {"all": 0, "half": 200, "none": 400}[written]
    assert big.sql("select count(*) from main_publish.publish_uploads where ended_at is null") == [(0,)]


def test_an_import_without_an_end_ends_a_run_after_one_wait_and_is_taken_for_ended_after_an_hour(big: Bench) -> None:
    big.box.switches = Switches(bulk_end="never", bulk_written="half")
    big.env["GAINSIGHT_BULK_WAIT_SECONDS"] = "1"
    ended = big.publish(*ARGUMENTS)
    assert ended.code == 4
    assert "is still IN_PROGRESS after" in ended.json["error"]
    assert f"{OBJECT}: what became of a file of an earlier run is not known yet" in big.run("plan").out
    ended = big.publish("--no-gate")
    assert (ended.code, ended.result["rows_accepted"]) == (4, 10), "the companies do not wait for it"
    assert "is still IN_PROGRESS after" in ended.json["error"]
    big.sql("update main_publish.publish_uploads set sent_at = sent_at - interval 61 minute")
    ended = big.publish(*ARGUMENTS)
    assert ended.code == 0, ended.err
    assert "after an hour, and is taken for ended" in ended.err
    big.assert_settled(INSTANCES)
    assert calls_of(big.box)["bulk", None] == 1


# A wait for an import holds no lock on the file


@pytest.fixture
def slow(make_bench: Callable[..., Bench]) -> Bench:
    """As `big`, with an import that takes until `bulk_seconds` says otherwise."""
    bench = make_bench(objects=REFUSED_BY_REPLY, bulk_seconds=600.0)
    bench.fill(instances=400, periods=0)
    bench.box.create_bulk_job("job-1", OBJECT, "upsert", ["Instance_Id__gc"])
    bench.env |= {"GAINSIGHT_BULK_THRESHOLD": "300", "GAINSIGHT_BULK_JOB_INSTANCE_DATA__GC": "job-1"}
    bench.env["LOADER_WAREHOUSE_SECONDS"] = "3"
    return bench


def waiting(bench: Bench) -> subprocess.Popen[str]:
    """A publish in a process of its own that waits for its import."""
    process = bench.start("publish", *ARGUMENTS, "--output", "json")
    while not calls_of(bench.box)["bulk_status", None] and process.poll() is None:
        time.sleep(0.01)
    return process


def test_while_a_run_waits_for_an_import_others_have_the_file_and_no_second_publish_begins(slow: Bench) -> None:
    process = waiting(slow)
    with duckdb.connect(str(slow.database)) as others:
        assert others.execute("select count(*) from main_publish.publish_intents").fetchall() == [(400,)]
        others.execute("create table written_meanwhile as select 1 as one")
    second = slow.publish(*ARGUMENTS)
    assert (second.code, "Another publish to gainsight is running" in second.json["error"]) == (3, True)
    assert slow.run("status").code == 0
    slow.box.bulk_seconds = 0
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert json.loads(out)["results"][0]["rows_accepted"] == 400
    slow.assert_settled(INSTANCES)
    assert calls_of(slow.box)["bulk", None] == 1
    assert slow.sql("select one from written_meanwhile") == [(1,)]
    assert slow.sql("select outcome, exit_code from main_publish.publish_runs order by started_at") == [("finished", 0)]


def test_marts_that_are_built_while_a_run_waits_stop_it_and_the_next_one_goes_on(slow: Bench) -> None:
    process = waiting(slow)
    slow.sql("update gainsight__instances set version = 'newer' where licensed_seats < 5")
    slow.sql("update main_publish.dbt_results set completed_at = completed_at + interval 1 minute")
    slow.box.bulk_seconds = 0
    out, err = process.communicate(timeout=60)
    assert process.returncode == 4, err
    assert "The marts were built again" in json.loads(out)["error"]
    ended = slow.publish(*ARGUMENTS)
    assert (ended.code, ended.result["rows_accepted"]) == (0, 400), ended.err
    slow.assert_settled(INSTANCES)
    assert calls_of(slow.box)["bulk", None] == 1
    assert calls_of(slow.box)["insert", OBJECT] == 0, "what the import brought is not made again"


@pytest.mark.parametrize(("held", "code"), [(1.0, 0), (60.0, 4)])
def test_a_file_that_others_have_when_the_wait_is_over_is_waited_for_within_the_runs_patience(
    slow: Bench, held: float, code: int
) -> None:
    process = waiting(slow)
    others = duckdb.connect(str(slow.database))
    slow.box.bulk_seconds = 0
    until = time.monotonic() + held
    while process.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    others.close()
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    if code:
        assert "is in use by process" in json.loads(out)["error"]
        assert "What was sent is noted" in json.loads(out)["error"]
    assert slow.publish(*ARGUMENTS).code == 0, "nobody waits for the lock of a process that has ended"
    slow.assert_settled(INSTANCES)
    assert calls_of(slow.box)["bulk", None] == 1


def test_a_file_that_was_moved_while_a_run_waits_is_not_made_anew(slow: Bench) -> None:
    process = waiting(slow)
    moved = slow.database.rename(slow.database.with_name("moved"))
    slow.box.bulk_seconds = 0
    out, err = process.communicate(timeout=60)
    assert process.returncode == 4, err
    assert "There is no DuckDB file" in json.loads(out)["error"]
    assert not slow.database.exists()
    moved.rename(slow.database)
    assert slow.publish(*ARGUMENTS).code == 0
    slow.assert_settled(INSTANCES)
    assert calls_of(slow.box)["bulk", None] == 1


def test_a_key_that_is_refused_while_an_import_is_watched_does_not_say_that_nothing_was_sent(big: Bench) -> None:
    big.box.schedule(Fault("revoke_key", operation="bulk_status"))
    ended = big.publish(*ARGUMENTS)
    assert ended.code == 4
    assert "is not known" in ended.json["error"]
    assert "Nothing was sent" not in ended.json["error"]
    big.box.clear_faults()
    assert big.publish(*ARGUMENTS).code == 0
    big.assert_settled(INSTANCES)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_upload_ends_at_once(big: Bench, status: int) -> None:
    big.box.schedule(Fault("status", status=status, operation="bulk", times=None))
    assert big.publish(*ARGUMENTS).code == 2
    assert calls_of(big.box)["bulk", None] == 1


def test_numbers_in_a_file_are_plain_decimals(big: Bench) -> None:
    values = [{"a": 1e-05, "b": 1.5e20, "c": -2.5, "d": 7, "e": True, "f": None}]
    files = csv_files(["a", "b", "c", "d", "e", "f"], values, 1000)
    assert next(files).read().decode().split() == ["a,b,c,d,e,f", "0.00001,150000000000000000000,-2.5,7,true,"]


def test_rows_kept_with_fewer_decimals_are_not_sent_again(make_bench: Callable[..., Bench]) -> None:
    """Utilization has a metadata scale of two decimals, and the tenant keeps to it."""
    usage = "Instance_Usage__gc"
    fields = [{"name": "Utilization__gc", "type": "NUMBER", "decimalPlaces": 2}]
    bench = make_bench(objects={usage: fields}, switches=Switches(number_places="metadata"))
    bench.fill(instances=200, periods=2)
    bench.box.create_bulk_job("job-2", usage, "upsert", ["Instance_Id__gc", "Period_Start__gc"])
    bench.env |= {"GAINSIGHT_BULK_THRESHOLD": "300", "GAINSIGHT_BULK_JOB_INSTANCE_USAGE__GC": "job-2"}
    ended = bench.publish("--select", "gainsight__instance_usage", "--no-gate")
    assert (ended.code, ended.result["rows_accepted"]) == (0, 400), ended.err
    done = calls_of(bench.box)
    assert (done["bulk", None], done["insert", usage], done["update", usage]) == (1, 0, 0)
