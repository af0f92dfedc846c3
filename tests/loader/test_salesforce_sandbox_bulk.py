"""Ingest jobs of the local Salesforce: states, results, restarts, limits, and what an org may do to them."""

from __future__ import annotations

import csv
import io
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from salesforce_org import USAGE, Client, client, code, open_org, org

from sandbox.salesforce import Fault, Limits, Org, RowFault, Switches

__all__ = ["client", "org"]
TERMINAL = ("JobComplete", "Failed", "Aborted")


def create(client: Client, operation: str = "upsert", **more: Any) -> dict[str, Any]:
    body = {"object": USAGE, "operation": operation, "contentType": "CSV", "lineEnding": "LF", **more}
    if operation == "upsert":
        body.setdefault("externalIdFieldName", "Usage_Key__c")
    created: dict[str, Any] = client.call("POST", "/jobs/ingest", body).json()
    return created


def upload(client: Client, job: dict[str, Any], text: str) -> requests.Response:
    url = f"{client.org.url}/{job['contentUrl']}"
    return client.put(url, data=text.encode(), headers={"Content-Type": "text/csv"}, timeout=60)


def set_state(client: Client, job: dict[str, Any], state: str) -> requests.Response:
    return client.call("PATCH", f"/jobs/ingest/{job['id']}", {"state": state})


def poll(client: Client, job: dict[str, Any]) -> dict[str, Any]:
    """The job once it has ended."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        shown: dict[str, Any] = client.call("GET", f"/jobs/ingest/{job['id']}").json()
        if shown["state"] in TERMINAL:
            return shown
        time.sleep(0.002)
    raise AssertionError("the job did not end")


def run(client: Client, text: str, operation: str = "upsert", **more: Any) -> dict[str, Any]:
    job = create(client, operation, **more)
    assert upload(client, job, text).status_code == 201
    assert set_state(client, job, "UploadComplete").json()["state"] == "UploadComplete"
    return poll(client, job)


def results(client: Client, job: dict[str, Any], kind: str) -> list[dict[str, str]]:
    reply = client.call("GET", f"/jobs/ingest/{job['id']}/{kind}/")
    assert reply.headers["Content-Type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(reply.text)))


def lines(*rows: str, header: str = "Usage_Key__c,Users__c") -> str:
    return "\n".join((header, *rows)) + "\n"


def test_a_job_upserts_and_tells_of_every_row_in_another_order(client: Client, org: Org) -> None:
    org.insert(USAGE, [{"Usage_Key__c": "k0", "Users__c": 1}])
    job = run(client, lines(*(f"k{n},{n}" for n in range(6)), "k6,many"))
    good, bad = results(client, job, "successfulResults"), results(client, job, "failedResults")
    assert (job["state"], job["numberRecordsProcessed"], job["numberRecordsFailed"]) == ("JobComplete", 7, 1)
    assert sorted(each["Usage_Key__c"] for each in good) == [f"k{n}" for n in range(6)]
    assert [each["Usage_Key__c"] for each in good] != [f"k{n}" for n in range(6)]
    assert {each["Usage_Key__c"]: each["sf__Created"] for each in good}["k0"] == "false"
    assert {each["sf__Created"] for each in good} == {"true", "false"}
    assert [(each["Usage_Key__c"], each["sf__Error"].partition(":")[0]) for each in bad] == [
        ("k6", "INVALID_TYPE_ON_FIELD_IN_RECORD")
    ]
    assert results(client, job, "unprocessedrecords") == []
    stored = {row["Id"]: row["Usage_Key__c"] for row in org.rows(USAGE)}
    assert {each["sf__Id"]: each["Usage_Key__c"] for each in good} == stored


def test_an_empty_cell_leaves_and_NA_clears(client: Client, org: Org) -> None:  # noqa: N802
    org.insert(USAGE, [{"Usage_Key__c": key, "Users__c": 1} for key in ("a", "b")])
    run(client, lines("a,", "b,#N/A"))
    assert {row["Usage_Key__c"]: row["Users__c"] for row in org.rows(USAGE)} == {"a": 1, "b": None}


def test_update_and_delete_go_by_id_and_insert_makes_new_ones(client: Client, org: Org) -> None:
    assert run(client, lines("a,1", "b,1"), "insert")["numberRecordsFailed"] == 0
    ids = {row["Usage_Key__c"]: row["Id"] for row in org.rows(USAGE)}
    updated = run(client, lines(f"{ids['a']},5", "a00000000000001AAA,5", header="Id,Users__c"), "update")
    assert [each["sf__Error"].partition(":")[0] for each in results(client, updated, "failedResults")] == [
        "MALFORMED_ID"
    ]
    run(client, lines(ids["b"], header="Id"), "delete")
    assert [(row["Usage_Key__c"], row["Users__c"]) for row in org.rows(USAGE)] == [("a", 5)]


def test_records_pointed_to_are_found_by_a_heading_with_a_dot(client: Client, org: Org) -> None:
    (account,) = org.insert("Account", [{"Name": "A", "Ext__c": "A-1"}])
    job = run(client, lines("a,A-1", "b,none", header="Usage_Key__c,Account__r.Ext__c"))
    assert job["numberRecordsFailed"] == 1
    assert [row["Account__c"] for row in org.rows(USAGE)] == [account]


def test_an_external_id_twice_in_a_file_costs_both_rows(client: Client) -> None:
    job = run(client, lines("a,1", "b,2", "a,3"))
    assert {each["Users__c"] for each in results(client, job, "failedResults")} == {"1", "3"}


def test_states_go_one_way(client: Client) -> None:
    job = create(client)
    assert code(client.call("GET", f"/jobs/ingest/{job['id']}/successfulResults/")) == (400, "INVALIDJOBSTATE")
    assert upload(client, job, lines("a,1")).status_code == 201
    assert upload(client, job, lines("b,1")).status_code == 400
    assert set_state(client, job, "Aborted").json()["state"] == "Aborted"
    assert code(set_state(client, job, "UploadComplete")) == (400, "INVALIDJOBSTATE")
    assert [each["Usage_Key__c"] for each in results(client, job, "unprocessedrecords")] == ["a"]
    assert client.call("DELETE", f"/jobs/ingest/{job['id']}").status_code == 204
    assert client.call("GET", f"/jobs/ingest/{job['id']}").status_code == 404


def test_a_job_for_what_is_not_there_is_refused(client: Client) -> None:
    assert create(client, object="Nothing__c")[0]["errorCode"] == "INVALIDENTITY"  # type: ignore[index]
    assert create(client, externalIdFieldName="Users__c")[0]["errorCode"] == "INVALIDJOB"  # type: ignore[index]


@pytest.mark.parametrize("text", ["Usage_Key__c,Nothing__c\na,1\n", "Usage_Key__c,Users__c\r\na,1\r\n"])
def test_a_file_with_an_unknown_column_or_another_line_end_fails_the_job(client: Client, org: Org, text: str) -> None:
    job = run(client, text)
    assert (job["state"], org.count(USAGE)) == ("Failed", 0)
    assert "Nothing__c" in job["errorMessage"] or "LineEnding" in job["errorMessage"]
    assert len(results(client, job, "unprocessedrecords")) == 1


def test_a_job_may_fail_half_way_and_tells_what_it_did_not_process(client: Client, org: Org) -> None:
    org.switches = Switches(bulk_end="Failed", bulk_written="half")
    job = run(client, lines(*(f"k{n},{n}" for n in range(10))))
    assert (job["state"], job["numberRecordsProcessed"], org.count(USAGE)) == ("Failed", 5, 5)
    done = {each["Usage_Key__c"] for each in results(client, job, "successfulResults")}
    left = {each["Usage_Key__c"] for each in results(client, job, "unprocessedrecords")}
    assert (len(done), len(left), done & left) == (5, 5, set())


def test_a_job_that_is_aborted_while_it_runs_stays_aborted(client: Client, org: Org) -> None:
    org.switches = Switches(bulk_end="never", bulk_written="half")
    job = create(client)
    upload(client, job, lines("a,1", "b,1"))
    set_state(client, job, "UploadComplete")
    while org.count(USAGE) < 1:
        time.sleep(0.002)
    assert client.call("GET", f"/jobs/ingest/{job['id']}").json()["state"] == "InProgress"
    assert set_state(client, job, "Aborted").json()["state"] == "Aborted"
    assert [each["Usage_Key__c"] for each in results(client, job, "successfulResults")] == ["a"]
    assert [each["Usage_Key__c"] for each in results(client, job, "unprocessedrecords")] == ["b"]


def test_rows_may_be_in_none_of_the_results(client: Client, org: Org) -> None:
    org.switches.results_missing = 3
    job = run(client, lines(*(f"k{n},{n}" for n in range(9))))
    assert (job["numberRecordsProcessed"], len(results(client, job, "successfulResults"))) == (9, 6)


def test_a_poll_may_be_slow_and_may_be_refused_without_harm(client: Client, org: Org) -> None:
    org.switches.polls_in_progress = 3
    org.schedule(Fault("status", status=503, operation="job", times=2))
    job = create(client)
    upload(client, job, lines("a,1"))
    set_state(client, job, "UploadComplete")
    states = []
    while not states or states[-1] not in TERMINAL:
        reply = client.call("GET", f"/jobs/ingest/{job['id']}")
        states.append("503" if reply.status_code == 503 else reply.json()["state"])
    assert states[:2] == ["503", "503"]
    assert states.count("InProgress") >= 3
    assert (states[-1], org.count(USAGE)) == ("JobComplete", 1)


def test_locked_rows_fail_in_a_job_that_completes(client: Client, org: Org) -> None:
    org.fail_rows(
        RowFault("UNABLE_TO_LOCK_ROW", every=2, times=1), RowFault("UNABLE_TO_LOCK_ROW", wrapped=True, every=3)
    )
    job = run(client, lines("a,1", "b,1", "c,1", "d,1"))
    told = {each["Usage_Key__c"]: each["sf__Error"] for each in results(client, job, "failedResults")}
    assert job["state"] == "JobComplete"
    assert told["b"].startswith("UNABLE_TO_LOCK_ROW:")
    assert told["d"].startswith("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY:") and "UNABLE_TO_LOCK_ROW" in told["d"]


def test_a_job_is_gone_a_week_after_its_end() -> None:
    now = [1_000_000_000.0]
    with open_org(clock=lambda: now[0], token_lifetime=10**9) as org:
        client = Client(org)
        job = run(client, lines("a,1"))
        now[0] += 7 * 86_400 + 1
        assert client.call("GET", f"/jobs/ingest/{job['id']}").status_code == 404


def test_rows_over_the_days_allocation_are_not_processed() -> None:
    with open_org(limits=Limits(bulk_rows_per_day=5)) as org:
        client = Client(org)
        run(client, lines("a,1", "b,1", "c,1"))
        job = run(client, lines("d,1", "e,1", "f,1"))
        assert (job["numberRecordsProcessed"], org.count(USAGE)) == (0, 3)
        assert len(results(client, job, "unprocessedrecords")) == 3


def test_a_restart_goes_on_with_a_job_that_was_begun(tmp_path: Path) -> None:
    path = tmp_path / "org.sqlite"
    with open_org(path=path, bulk_seconds=60) as org:
        client = Client(org)
        job = create(client)
        upload(client, job, lines("a,1", "b,2"))
        set_state(client, job, "UploadComplete")
        assert org.count(USAGE) == 0
    with Org(path) as again:
        assert poll(Client(again), job)["state"] == "JobComplete"
        assert again.count(USAGE) == 2
