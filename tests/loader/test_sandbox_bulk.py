"""The sandbox's bulk imports (contract section 8)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_sandbox import USAGE, Client, open_box, refused, row

from sandbox import Limits

IMPORT = "/v1.0/admin/connector/job/bulkimport"
HEADER = "Instance_Id__gc,Period_Start__gc,Seats__gc\n"
KEYS = ("Instance_Id__gc", "Period_Start__gc")


@pytest.fixture
def client() -> Iterator[Client]:
    with open_box(bulk_seconds=0.06) as box:
        box.create_bulk_job("job", USAGE, keys=KEYS)
        yield Client(box)


def send(client: Client, text: str | bytes, job: str = "job", name: str = "x.csv") -> Any:
    files = {"file": (name, text)}
    url = client.box.url + IMPORT
    return client.post(url, files=files, data={"jobId": job}, timeout=60)


def finish(client: Client, status_id: str) -> dict[str, Any]:
    """Wait for the import's end."""
    for _ in range(200):
        data: dict[str, Any] = client.call("GET", f"{IMPORT}/status/{status_id}").json()["data"]
        if data["status"] == "COMPLETED":
            return data
        time.sleep(0.01)
    raise AssertionError("the import did not end")


def run(client: Client, text: str | bytes, **more: str) -> dict[str, Any]:
    return finish(client, send(client, text, **more).json()["data"]["statusId"])


def test_an_import_goes_through_the_documented_states() -> None:
    """Each of them lasts a second, so that a loaded machine sees it, too."""
    seen = []
    with open_box(bulk_seconds=3.0) as box:
        box.create_bulk_job("job", USAGE, keys=KEYS)
        client = Client(box)
        status_id = send(client, HEADER + "i1,2024-01-01,5\n").json()["data"]["statusId"]
        while not seen or seen[-1] != "COMPLETED":
            reply = client.call("GET", f"{IMPORT}/status/{status_id}").json()["data"]
            seen.append(reply["status"])
            time.sleep(0.01)
    assert list(dict.fromkeys(seen)) == ["INIT", "IN_PROGRESS", "COMPLETED"]
    assert (reply["successCount"], reply["failedCount"]) == (1, 0)


def test_the_status_path_may_begin_with_two_slashes(client: Client) -> None:
    status_id = send(client, HEADER + "i1,2024-01-01,5\n").json()["data"]["statusId"]
    assert client.call("GET", f"/{IMPORT}/status/{status_id}").json()["result"] is True


def test_rows_succeed_and_fail_one_by_one_and_failures_are_kept(client: Client) -> None:
    data = run(client, HEADER + "i1,2024-01-01,5\ni2,soon,6\n,2024-01-01,7\ni3,2024-01-01,x\n")
    assert (data["successCount"], data["failedCount"]) == (1, 3)
    assert [each["Seats__gc"] for each in client.box.rows(USAGE)] == [5]
    failures = client.box.bulk_failures(data["statusId"])
    assert [each["errorCode"] for each in failures] == [*("GSOBJ_1006", "GSOBJ_EMU_KEY_VALUE", "GSOBJ_1002")]
    assert failures[0]["Instance_Id__gc"] == "i2"


def test_an_upsert_updates_what_its_keys_find_and_adds_the_rest(client: Client) -> None:
    client.insert(row(1, Period_Start__gc="2024-01-01", Seats__gc=1, Share__gc=50))
    run(client, HEADER + "i1,2024-01-01,2\ni1,2024-02-01,3\n")
    assert [(r["Seats__gc"], r["Share__gc"]) for r in client.box.rows(USAGE)] == [
        (2, 50),
        (3, None),
    ]


def test_an_empty_cell_is_null(client: Client) -> None:
    client.insert(row(1, Period_Start__gc="2024-01-01", Seats__gc=1))
    run(client, HEADER + "i1,2024-01-01,\n")
    assert client.box.rows(USAGE)[0]["Seats__gc"] is None


def test_the_modes_insert_and_update_do_only_that(client: Client) -> None:
    client.box.create_bulk_job("add", USAGE, mode="insert")
    client.box.create_bulk_job("change", USAGE, mode="update", keys=KEYS)
    line = HEADER + "i1,2024-01-01,2\n"
    assert run(client, line, job="change")["failedCount"] == 1
    run(client, line, job="add")
    run(client, line, job="add")
    assert len(client.box.rows(USAGE)) == 2
    data = run(client, line, job="change")
    failures = client.box.bulk_failures(data["statusId"])
    assert failures[0]["errorCode"] == "GSOBJ_EMU_MULTIPLE_MATCHES"


def test_a_job_maps_headers_to_fields_and_fills_lookups(client: Client) -> None:
    (acme,) = client.box.insert("Company", [{"Name": "Acme", "SfdcAccountId": "A-1"}])
    lookup = {
        "fields": {"account": "SfdcAccountId"},
        "lookupField": "Gsid",
        "objectName": "Company",
        "multiMatchOption": "FIRSTMATCH",
        "onNoMatch": "ERROR",
    }
    mapping = {"instance": "Instance_Id__gc", "reports": "Is_Reporting__gc"}
    client.box.create_bulk_job("mapped", USAGE, "upsert", KEYS[:1], mapping, {"Company_Id__gc": lookup})
    text = "instance,account,reports\ni1,A-1,TRUE\ni2,A-2,false\n"
    assert run(client, text, job="mapped")["failedCount"] == 1
    (stored,) = client.box.rows(USAGE)
    assert (stored["Company_Id__gc"], stored["Is_Reporting__gc"]) == (acme, True)


def test_tabs_and_quoted_cells_are_read(client: Client) -> None:
    run(client, HEADER.replace(",", "\t") + '"i\t1"\t2024-01-01\t5\n', name="x.tsv")
    assert client.box.rows(USAGE)[0]["Instance_Id__gc"] == "i\t1"


@pytest.mark.parametrize(
    ("text", "job", "code"),
    [
        ("", "job", "GS_7571"),
        (HEADER, "nope", "GSOBJ_EMU_BULK_JOB"),
        ("Instance_Id__gc\ni1\n", "job", "GSOBJ_EMU_BULK_FILE"),
        (b"\xff\xfe\x00", "job", "GSOBJ_EMU_BULK_FILE"),
        (b"\xef\xbb\xbf" + HEADER.encode(), "job", "GSOBJ_EMU_BULK_FILE"),
    ],
)
def test_a_file_that_is_unusable_as_a_whole_is_refused(client: Client, text: str | bytes, job: str, code: str) -> None:
    refused(send(client, text, job), code)


def test_an_unknown_status_id_and_a_body_without_parts_are_refused(client: Client) -> None:
    refused(client.call("GET", f"{IMPORT}/status/none"), "GSOBJ_EMU_BULK_STATUS")
    refused(client.call("POST", IMPORT, {"jobId": "job"}), "GSOBJ_EMU_BULK_FILE")


def test_bulk_calls_have_windows_of_their_own(client: Client) -> None:
    client.box.limits = Limits(calls_per_window=None, bulk_calls_per_window=2)
    text = HEADER + "i1,2024-01-01,5\n"
    assert [send(client, text).status_code for _ in range(3)] == [200, 200, 429]
    assert client.query("Gsid").status_code == 200


def test_an_import_of_many_rows_is_complete(client: Client) -> None:
    lines = "".join(f"i{n},2024-01-01,{n}\n" for n in range(2000))
    data = run(client, HEADER + lines)
    assert (data["successCount"], client.box.count(USAGE)) == (2000, 2000)


def test_an_import_cut_short_by_a_restart_goes_on_exactly(tmp_path: Path) -> None:
    path = tmp_path / "rows.sqlite"
    with open_box(path=path, bulk_seconds=30) as box:
        box.create_bulk_job("job", USAGE, keys=KEYS)
        status_id = send(Client(box), HEADER + "i1,2024-01-01,5\n").json()["data"]["statusId"]
    with open_box(path=path, bulk_seconds=0) as box:
        assert finish(Client(box), status_id)["successCount"] == 1
        assert box.count(USAGE) == 1
