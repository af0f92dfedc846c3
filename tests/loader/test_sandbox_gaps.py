"""The sandbox's switches for what newer evidence leaves open (contract section 14, corrections)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from test_sandbox import JSON, USAGE, Client, open_box, refused, row, token
from test_sandbox_bulk import HEADER, IMPORT, send

from sandbox import Fault, Switches

URL = "/v1/meta/services/objects/list"


@pytest.fixture
def client() -> Iterator[Client]:
    with open_box(bulk_seconds=0.03) as box:
        box.create_bulk_job("job", USAGE, keys=["Instance_Id__gc"])
        yield Client(box)


def switched(client: Client, **switches: Any) -> Client:
    client.box.switches = Switches(**switches)
    return client


def read(client: Client, *select: str, **more: Any) -> Any:
    return client.query(*select, **more).json()["data"]["records"]


def by(name: str, *values: Any) -> dict[str, Any]:
    condition = {"name": name, "alias": "A", "operator": "IN", "value": list(values)}
    return {"where": {"conditions": [condition], "expression": "A"}}


@pytest.mark.parametrize(("switch", "count"), [("count_written", 2), ("count_all", 3)])
def test_the_good_records_of_a_call_are_written_with_status_200(client: Client, switch: str, count: int) -> None:
    reply = switched(client, partial_success=switch).insert(row(1), row(2, Label__gc="No"), row(3))
    body = reply.json()
    assert (reply.status_code, body["result"], body["data"]["count"]) == (200, True, count)
    assert [each["Instance_Id__gc"] for each in client.box.rows(USAGE)] == ["i1", "i3"]
    assert len(body["data"]["records"]) == 2
    ((error,),) = [each for each in body["data"]["errors"] if each]
    assert error["errors"][0]["invalidValue"] == ["No"]
    changed = client.update(row(1, Seats__gc=7), row(3, Label__gc="No")).json()["data"]
    assert (changed["count"], len(changed["records"])) == (2 if switch == "count_all" else 1, 1)
    refused(client.insert(row(9, Label__gc="No")), "GSOBJ_1012")


def test_errors_may_come_in_one_flat_list_and_a_reply_without_count(client: Client) -> None:
    switched(client, errors_shape="flat", count_reply=False)
    data = refused(client.insert(row(1, Seats__gc="x"), row(2), row(3, Label__gc="No")), "GSOBJ_1002")
    assert [each["errors"][0]["fieldName"] for each in data["errors"]] == ["Seats__gc", "Label__gc"]
    assert "count" not in client.insert(row(1)).json()["data"]


def test_an_inserts_reply_may_come_in_another_order(client: Client) -> None:
    reply = switched(client, insert_order="shuffled", insert_echo="full").insert(*(row(n) for n in range(9)))
    records = reply.json()["data"]["records"]
    ids = {each["Instance_Id__gc"]: each["Gsid"] for each in client.box.rows(USAGE)}
    assert {each["Instance_Id__gc"]: each["Gsid"] for each in records} == ids
    assert [each["Instance_Id__gc"] for each in records] != list(ids)


def test_an_error_is_a_page_with_status_200_for_who_does_not_ask_for_json(client: Client) -> None:
    url = client.box.url + URL
    page = requests.get(url, timeout=60)
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    refused(requests.get(url, headers=JSON, timeout=60), "GS_APIG_2401", 401)
    switched(client, error_without_accept="json")
    refused(requests.get(url, timeout=60), "GS_APIG_2401", 401)


@pytest.mark.parametrize(("switch", "status"), [("GS_APIG_2401", 401), ("GSOBJ_1024", 400), ("bare", 401)])
def test_a_token_that_ended_is_refused_as_the_switch_says(client: Client, switch: str, status: int) -> None:
    switched(client, bearer_refusal=switch)
    headers = {"Authorization": f"Bearer {token(client.box).json()['access_token']}", **JSON}
    client.box.schedule(Fault("end_tokens", nth=2))
    replies = [requests.get(client.box.url + URL, headers=headers, timeout=60) for _ in range(3)]
    assert [each.status_code for each in replies] == [200, status, status]
    assert (replies[1].content == b"") is (switch == "bare")


def test_faults_that_are_empty_echo_the_key_or_unpack_to_much(client: Client) -> None:
    client.box.schedule(Fault("empty"), Fault("echo", nth=2), Fault("bomb", nth=3))
    empty, echo = (client.call("GET", URL) for _ in range(2))
    assert (empty.status_code, empty.content) == (200, b"")
    assert (echo.status_code, client.box.access_key in echo.text) == (400, True)
    packed = client.get(client.box.url + URL, stream=True, timeout=60).raw.read(decode_content=False)
    assert len(packed) < 1_000_000


@pytest.mark.parametrize(
    ("switches", "day", "moment"),
    [
        ({}, "2024-01-01", "2024-01-01T10:00:00.250Z"),
        ({"date_reply": "epoch"}, 1704067200000, 1704103200250),
        ({"date_reply": "space"}, "2024-01-01 00:00:00.0", "2024-01-01 10:00:00.25"),
        ({"dates": "midnight", "time_zone": "Asia/Tokyo"}, "2023-12-31T15:00:00.000Z", "2024-01-01T10:00:00.250Z"),
        ({"dates": "midnight", "time_zone": "America/New_York", "date_reply": "epoch"}, 1704085200000, 1704103200250),
    ],
)
def test_a_date_comes_back_in_each_form_that_was_seen(
    client: Client, switches: dict[str, Any], day: Any, moment: Any
) -> None:
    client.insert(row(1, Period_Start__gc="2024-01-01", Seen_At__gc="2024-01-01T10:00:00.250Z"))
    switched(client, **switches)
    assert read(client, "Period_Start__gc", "Seen_At__gc") == [{"Period_Start__gc": day, "Seen_At__gc": moment}]


def test_where_a_date_is_an_instant_a_filter_compares_instants(client: Client) -> None:
    client.insert(row(1, Period_Start__gc="2024-01-01"))
    switched(client, dates="midnight", time_zone="Asia/Tokyo")
    assert client.query("Gsid", **by("Period_Start__gc", "2024-01-01")).json()["data"]["records"] == []
    assert len(read(client, "Gsid", **by("Period_Start__gc", "2023-12-31T15:00:00Z"))) == 1
    condition = {"name": "Period_Start__gc", "alias": "A", "operator": "GTE", "value": ["2023-12-31"]}
    assert len(read(client, "Gsid", where={"conditions": [condition], "expression": "A"})) == 1


def test_text_may_be_trimmed_and_compared_without_case(client: Client) -> None:
    switched(client, text_trimmed=True, text_case_blind=True)
    client.insert({"Instance_Id__gc": " Ab ", "Seats__gc": 1})
    assert client.box.rows(USAGE)[0]["Instance_Id__gc"] == "Ab"
    assert len(read(client, "Gsid", **by("Instance_Id__gc", " aB"))) == 1
    assert client.update({"Instance_Id__gc": "AB", "Seats__gc": 2}).json()["data"]["count"] == 1
    switched(client)
    assert client.query("Gsid", **by("Instance_Id__gc", "AB")).json()["data"]["records"] == []


@pytest.mark.parametrize(("places", "kept"), [("all", 1.23456), (2, 1.23), ("metadata", 1.0)])
def test_numbers_are_kept_with_so_many_decimals(client: Client, places: Any, kept: float) -> None:
    switched(client, number_places=places).insert(row(1, Seats__gc=1.23456))
    assert client.box.rows(USAGE)[0]["Seats__gc"] == kept


@pytest.mark.parametrize(("switch", "kept"), [("clears", None), ("ignored", 5)])
def test_a_null_clears_or_is_ignored(client: Client, switch: str, kept: int | None) -> None:
    client.insert(row(1, Seats__gc=5))
    switched(client, null_write=switch).update(row(1, Seats__gc=None))
    assert client.box.rows(USAGE)[0]["Seats__gc"] == kept


@pytest.mark.parametrize(
    ("switch", "order", "joined"),
    [("semicolon", [1, 0], ";"), ("comma", [1, 0], ", "), ("sorted", [0, 1], ";"), ("list", [1, 0], None)],
)
def test_items_of_a_multi_select_come_joined_and_ordered_as_switched(
    client: Client, switch: str, order: list[int], joined: str | None
) -> None:
    switched(client, multi_select=switch).insert(row(1, Tags__gc="two;one"))
    fields = client.call("GET", f"/v1/meta/services/objects/{USAGE}/describe").json()["data"][0]["fields"]
    gsids = [each["value"] for field in fields if field["fieldName"] == "Tags__gc" for each in field["options"]]
    items = [gsids[n] for n in order]
    assert read(client, "Tags__gc")[0]["Tags__gc"] == (items if joined is None else joined.join(items))


def test_one_record_is_read_by_its_gsid(client: Client) -> None:
    client.insert(row(1, Seats__gc=5))
    gsid = client.box.rows(USAGE)[0]["Gsid"]
    found = client.call("GET", f"/v1/data/objects/{USAGE}/{gsid}").json()["data"]
    assert (found["Gsid"], found["Seats__gc"]) == (gsid, 5)
    refused(client.call("GET", f"/v1/data/objects/{USAGE}/1Z02" + "0" * 32), "GSOBJ_1011")


@pytest.mark.parametrize(
    ("end", "written", "last", "rows"),
    [
        ("FAILED", "half", {"status": "FAILED"}, 1),
        ("ABORTED", "none", {"status": "ABORTED"}, 0),
        ("unknown_state", "all", {"status": "PARTIALLY_DONE"}, 2),
        ("other_name", "all", {"state": "Success"}, 2),
        ("never", "all", {"status": "IN_PROGRESS"}, 2),
    ],
)
def test_an_import_ends_as_the_switch_says(
    client: Client, end: str, written: str, last: dict[str, str], rows: int
) -> None:
    switched(client, bulk_end=end, bulk_written=written)
    status_id = send(client, HEADER + "i1,,5\ni2,,6\n").json()["data"]["statusId"]
    time.sleep(0.3)
    data = client.call("GET", f"{IMPORT}/status/{status_id}").json()["data"]
    assert data.items() >= last.items()
    assert client.box.count(USAGE) == rows


def test_an_import_may_not_be_known_by_its_id(client: Client) -> None:
    switched(client, bulk_end="unknown_id")
    status_id = send(client, HEADER + "i1,,5\n").json()["data"]["statusId"]
    refused(client.call("GET", f"{IMPORT}/status/{status_id}"), "GSOBJ_EMU_BULK_STATUS")
