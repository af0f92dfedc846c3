"""Bulk API 2.0: what becomes of rows that go by file, however their job ends."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from rig_http import after, interrupted
from rigs import Bench

from loader.errors import StoppedError
from loader.salesforce import bulk
from sandbox.salesforce import Fault, Org, Switches


def operations(org: Org) -> Counter[str]:
    return Counter(call.operation for call in org.calls)


def test_a_load_is_one_job_and_nothing_else_is_written_or_read_back(files: Bench, org: Org) -> None:
    assert files.publish().accepted == 60
    made = operations(org)
    assert (made["job_create"], made["upload"], made["job_state"], made["results"]) == (1, 1, 1, 3)
    assert made["upsert"] + made["update"] + made["read"] == 0
    files.assert_settled()
    assert all(row == (True,) for row in files.sql("select created_by_us from main_publish.publish_state"))


def test_the_file_has_the_external_id_once_plain_decimals_and_clears_what_is_null(
    files: Bench, org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.publish()
    sent: list[str] = []
    upload = bulk.upload
    monkeypatch.setattr(
        bulk, "upload", lambda c, j, file: (sent.append(file.read().decode()), file.seek(0), upload(c, j, file))[2]
    )
    files.sql("update things set amount = 1e-05, note = null where thing_id = 't1'")
    files.sql("update things set amount = null, note = '' where thing_id = 't2'")
    assert files.publish().accepted == 4
    header, *lines = sent[0].splitlines()
    assert header == "Thing_Key__c,Thing_Id__c,Day__c,Amount__c,Note__c,Account__c"
    cells = sorted(",".join(line.split(",")[:5]) for line in lines)
    assert cells == [
        "t1/2026-01-01,t1,2026-01-01,0.00001,#N/A",
        "t1/2026-01-02,t1,2026-01-02,0.00001,#N/A",
        "t2/2026-01-01,t2,2026-01-01,#N/A,#N/A",
        "t2/2026-01-02,t2,2026-01-02,#N/A,#N/A",
    ]
    there = {r["Thing_Key__gc"]: r for r in files.rig.records()}
    assert (there["t1/2026-01-01"]["Note__gc"], there["t2/2026-01-01"]["Amount__gc"]) == (None, None)


def test_a_text_that_would_clear_its_field_in_a_file_goes_by_a_call(files: Bench, org: Org) -> None:
    files.sql("update things set note = '#N/A' where thing_id = 't1'")
    assert files.publish().accepted == 60
    assert {r["Note__gc"] for r in files.rig.records() if r["Thing_Id__gc"] == "t1"} == {"#N/A"}
    assert operations(org)["upsert"] == 1


@pytest.mark.parametrize("order", ["shuffled", "sent"])
@pytest.mark.parametrize("ids", [18, 15])
def test_results_are_tied_by_key_in_any_order_and_with_short_ids(files: Bench, org: Org, order: str, ids: int) -> None:
    org.switches = Switches(results_order=order, ids=ids)  # type: ignore[arg-type]
    files.publish()
    held = dict(files.sql("select row_key, destination_id from main_publish.publish_state"))
    assert held == {f'["{r["Thing_Key__gc"]}"]': r["Id"] for r in files.rig.records()}


def test_a_row_that_no_result_names_is_later_and_goes_by_a_call_in_the_same_run(files: Bench, org: Org) -> None:
    org.switches = Switches(results_missing=10)
    ended = files.publish()
    assert (ended.accepted, ended.later, ended.exit_code) == (60, 0, 0)
    assert operations(org)["upsert"] == 1, "six rows"
    files.assert_settled()


@pytest.mark.parametrize("end", ["Failed", "Aborted"])
def test_a_job_that_ends_half_way_has_taken_half_and_the_rest_is_sent(files: Bench, org: Org, end: str) -> None:
    org.switches = Switches(bulk_end=end, bulk_written="half")  # type: ignore[arg-type]
    ended = files.publish()
    assert (ended.accepted, ended.exit_code) == (60, 0)
    assert sum(call.records for call in org.calls if call.operation == "upsert") == 30
    files.assert_settled()


def test_rows_that_failed_are_rejected_though_the_job_is_complete(files: Bench, org: Org) -> None:
    files.rig.refuse("t1")
    ended = files.publish()
    assert (ended.accepted, ended.rejected, ended.exit_code) == (59, 1, 1)
    told = files.sql("select row_key, field, code from main_publish.publish_rejections")
    assert told == [('["t1/2026-01-01"]', "Note__c", "FIELD_CUSTOM_VALIDATION_EXCEPTION")]


def test_faults_while_polling_never_end_the_job(files: Bench, org: Org) -> None:
    org.switches = Switches(polls_in_progress=3)
    org.schedule(Fault("status", operation="job", status=503, times=3), Fault("reset", operation="job", nth=5))
    assert files.publish().accepted == 60
    assert (operations(org)["job_create"], operations(org)["job_state"]) == (1, 1)
    files.assert_settled()


def test_a_job_that_goes_on_is_left_to_the_next_run_which_uploads_nothing(
    files: Bench, org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SALESFORCE_BULK_WAIT_SECONDS", "0.2")
    org.switches = Switches(polls_in_progress=1000)
    with pytest.raises(StoppedError, match="is still InProgress after"):
        files.publish()
    org.switches = Switches()
    org.clear_calls()
    assert files.publish().accepted == 60
    assert operations(org)["upload"] + operations(org)["upsert"] + operations(org)["job_create"] == 0
    files.assert_settled()


@pytest.mark.parametrize("change", [False, True])
def test_killed_while_it_waits_the_next_run_reads_the_results_and_uploads_nothing(
    files: Bench, org: Org, monkeypatch: pytest.MonkeyPatch, change: bool
) -> None:
    """Also of rows that stood already; what changed in the mart meanwhile is sent."""
    files.publish()
    files.sql("update things set amount = amount + 100")
    with monkeypatch.context() as patch:
        after(patch, 1, lambda method, path: method == "PATCH" and "/jobs" in path, interrupted)
        with pytest.raises(KeyboardInterrupt):
            files.publish()
    files.sql("update main_publish.publish_runs set outcome = 'running' where outcome = 'failed'")
    if change:
        files.sql("update things set amount = -1 where thing_id = 't1'")
    org.clear_calls()
    assert files.publish().accepted == 60
    assert operations(org)["upload"] == (1 if change else 0), "two rows that changed, or none"
    assert operations(org)["query"] == 1, "for the accounts; no row is read back"
    files.assert_settled()
    assert files.sql("select bool_and(created_by_us) from main_publish.publish_state") == [(True,)], "still ours"


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_the_job_is_noted_before_it_has_a_file_and_a_run_killed_then_leaves_none_open(
    files: Bench, org: Org, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    with monkeypatch.context() as patch:
        after(patch, 1, lambda each, path: each == method and "/jobs" in path, interrupted)
        with pytest.raises(KeyboardInterrupt):
            files.publish()
    ((job_id, *_),) = org.jobs()
    noted = files.sql("select status_id from main_publish.publish_uploads")
    assert noted == [(None if method == "POST" else job_id,)]
    files.sql("update main_publish.publish_runs set outcome = 'running' where outcome = 'failed'")
    assert files.publish().accepted == 60
    assert sorted(state for _, state, *_ in org.jobs()) == (
        ["JobComplete", "Open"] if method == "POST" else ["Aborted", "JobComplete"]
    ), "an open job without a file does nothing, and ends by itself"
    files.assert_settled()


def test_an_upload_that_nobody_answered_is_given_up_for_another_job(files: Bench, org: Org) -> None:
    org.schedule(Fault("status", operation="upload", status=500, after_commit=True))
    assert files.publish().accepted == 60
    assert sorted(state for _, state, *_ in org.jobs()) == ["Aborted", "JobComplete"]
    files.assert_settled()


def test_a_start_that_nobody_answered_is_not_given_twice(files: Bench, org: Org) -> None:
    org.schedule(Fault("status", operation="job_state", status=500, after_commit=True))
    assert files.publish().accepted == 60
    assert [state for _, state, *_ in org.jobs()] == ["JobComplete"]
    files.assert_settled()


def test_many_rows_are_several_files_of_which_each_is_recorded_before_the_next(
    files: Bench, org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    from loader.engine import uploads
    from loader.salesforce import Salesforce

    monkeypatch.setattr(Salesforce, "rows_per_file", 20)
    monkeypatch.setattr(uploads, "WINDOW", 20)
    monkeypatch.setattr("loader.warehouse.mart.WINDOW", 20)
    assert files.publish().accepted == 60
    assert operations(org)["job_create"] == 3
    files.assert_settled()


def test_after_a_kill_the_stamps_of_another_run_are_no_reason_to_send_a_file_again(
    files: Bench, org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen with the project's own models, whose rows carry the run's id: all 2,372 went twice."""
    stamped: dict[str, Any] = {"stamps": frozenset({"note"}), "run": "note"}
    with monkeypatch.context() as patch:
        after(patch, 1, lambda method, path: method == "PATCH" and "/jobs" in path, interrupted)
        with pytest.raises(KeyboardInterrupt):
            files.publish(**stamped)
    files.sql("update main_publish.publish_runs set outcome = 'running' where outcome = 'failed'")
    files.sql("update things set amount = amount + 1 where thing_id = 't3'")
    ended = files.publish(**stamped)
    assert (ended.accepted, ended.plan and ended.plan.rows("to_send")) == (60, 2), "the two that changed since"


def test_a_job_that_is_not_there_any_more_has_its_rows_read_back(
    files: Bench, org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        after(patch, 1, lambda method, path: method == "PATCH" and "/jobs" in path, interrupted)
        with pytest.raises(KeyboardInterrupt):
            files.publish()
    files.sql("update main_publish.publish_runs set outcome = 'running' where outcome = 'failed'")
    files.sql("update main_publish.publish_uploads set status_id = '750000000000001AAA'")
    org.clear_calls()
    assert files.publish().accepted == 60
    assert operations(org)["upload"] == 0
    files.assert_settled()


def test_below_the_threshold_rows_go_by_calls(calls: Bench, org: Org, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALESFORCE_BULK_THRESHOLD", "61")
    assert calls.publish().accepted == 60
    assert operations(org)["job_create"] == 0
    calls.sql("insert into things select 'u' || i, date '2026-01-01', i, 'n', 'A1' from range(61) as r(i)")
    assert calls.publish().accepted == 61
    assert operations(org)["job_create"] == 1
    calls.assert_settled()
