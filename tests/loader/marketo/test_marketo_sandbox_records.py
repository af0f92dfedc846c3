"""The local Marketo creates, changes and deletes up to 300 records in a call, each for itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from test_marketo_sandbox import CAR, CARS, COMPANIES, Client, code, open_box, reasons, statuses

from sandbox.marketo import Fault, Instance, RowFault, Switches


@pytest.fixture
def box() -> Iterator[Instance]:
    with open_box() as box:
        yield box


@pytest.fixture
def client(box: Instance) -> Client:
    return Client(box)


def test_a_company_is_created_then_updated_and_keeps_what_was_not_sent(box: Instance, client: Client) -> None:
    first = client.sync(COMPANIES, {"externalCompanyId": "A-1", "company": "Alder", "industry": "Timber"})
    second = client.sync(COMPANIES, {"externalCompanyId": "A-1", "company": "Alder Inc"})
    assert (statuses(first), statuses(second)) == (["created"], ["updated"])
    assert first["result"][0]["seq"] == 0 and first["result"][0]["id"] == second["result"][0]["id"]
    (row,) = box.rows("Company")
    assert (row["externalCompanyId"], row["company"], row["industry"]) == ("A-1", "Alder Inc", "Timber")


def test_each_record_has_its_own_end_in_the_order_of_the_input(client: Client) -> None:
    told = client.sync(CARS, {"vin": "a"}, {"make": "BMW"}, {"vin": "b", "nothing": 1}, {"vin": "c", "year": "old"})
    assert statuses(told) == ["created", "skipped", "skipped", "skipped"]
    assert [each["seq"] for each in told["result"]] == [0, 1, 2, 3]
    assert reasons(told) == [None, "1002", "1006", "1001"]
    assert "marketoGUID" in told["result"][0] and "marketoGUID" not in told["result"][1]
    assert told["result"][2]["reasons"][0]["message"] == "Field 'nothing' not found"


def test_update_only_and_create_only_skip_with_1004_and_1005(box: Instance, client: Client) -> None:
    client.sync(CARS, {"vin": "a"})
    assert reasons(client.sync(CARS, {"vin": "a"}, {"vin": "b"}, action="updateOnly")) == [None, "1004"]
    assert reasons(client.sync(CARS, {"vin": "a"}, {"vin": "b"}, action="createOnly")) == ["1005", None]
    box.switches.exists_code = "1017"
    assert reasons(client.sync(CARS, {"vin": "a"}, action="createOnly")) == ["1017"]


def test_the_id_field_serves_updates_only_and_a_dedupe_field_never_changes(box: Instance, client: Client) -> None:
    guid = client.sync(CARS, {"vin": "a"})["result"][0]["marketoGUID"]
    by_id = {"dedupeBy": "idField", "action": "updateOnly"}
    assert statuses(client.sync(CARS, {"marketoGUID": guid, "make": "BMW"}, **by_id)) == ["updated"]
    assert reasons(client.sync(CARS, {"marketoGUID": guid, "vin": "b"}, **by_id)) == ["1003"]
    assert reasons(client.sync(CARS, {"marketoGUID": "x", "make": "VW"}, **by_id)) == ["1004"]
    assert code(client.sync(CARS, {"marketoGUID": guid}, dedupeBy="idField")) == "1003"
    assert reasons(client.sync(CARS, {"vin": "a", "createdAt": "2026-01-01T00:00:00Z"})) == ["1003"]
    assert [(row["vin"], row["make"]) for row in box.rows(CAR)] == [("a", "BMW")]


def test_a_key_twice_in_a_call_is_1036(box: Instance, client: Client) -> None:
    twice = ({"externalCompanyId": "A"}, {"externalCompanyId": "B"}, {"externalCompanyId": "A"})
    assert reasons(client.sync(COMPANIES, *twice)) == ["1036", None, "1036"]
    box.switches.duplicate_input = "later"
    assert reasons(client.sync(COMPANIES, *twice)) == [None, None, "1036"]


def test_null_and_empty_text_both_clear(box: Instance, client: Client) -> None:
    client.sync(CARS, {"vin": "a", "make": "BMW", "year": 2003})
    assert statuses(client.sync(CARS, {"vin": "a", "make": "", "year": None})) == ["updated"]
    assert (box.rows(CAR)[0]["make"], box.rows(CAR)[0]["year"]) == (None, None)


@pytest.mark.parametrize(
    ("field", "sent", "stored"),
    [
        ("year", 2003, 2003),
        ("year", "2003", 2003),
        ("year", 2003.5, "1001"),
        ("year", True, "1001"),
        ("sharePct", 30, 30),
        ("sharePct", 30.5, "1001"),
        ("price", "1604.47", 1604.47),
        ("price", "1,604", "1001"),
        ("soldOn", "2010-05-07", "2010-05-07"),
        ("soldOn", "07.05.2010", "1001"),
        ("seenAt", "2010-05-07T15:41:32-05:00", "2010-05-07T20:41:32Z"),
        ("seenAt", "2010-05-07T15:41:32", "2010-05-07T20:41:32Z"),  # of the instance's zone: Chicago, in summer
        ("seenAt", "yesterday", "1001"),
        ("leased", True, True),
        ("leased", "False", False),
        ("leased", "perhaps", "1001"),
        ("make", "x" * 255, "x" * 255),
        ("make", "x" * 256, "1003"),
        ("make", {"a": 1}, "1001"),
    ],
)
def test_values_are_taken_by_their_fields_type(
    box: Instance, client: Client, field: str, sent: Any, stored: Any
) -> None:
    (why,) = reasons(client.sync(CARS, {"vin": "a", field: sent}))
    assert why if why else box.rows(CAR)[0][field] == stored
    assert (why or stored) == stored


def test_what_the_vendor_leaves_open_about_values_is_switched(box: Instance, client: Client) -> None:
    box.switches = Switches(too_long="cut", fractions="cut", text_trimmed=True, orphans="skipped", case_blind=True)
    assert statuses(client.sync(CARS, {"vin": "Ab", "make": " " + "x" * 300, "sharePct": 30.9})) == ["created"]
    row = box.rows(CAR)[0]
    assert (row["make"], row["sharePct"]) == ("x" * 255, 30)
    assert statuses(client.sync(CARS, {"vin": "aB"})) == ["updated"]
    assert reasons(client.sync(CARS, {"vin": "z", "accountId": "A-1"})) == ["1003"]
    box.insert("Company", [{"externalCompanyId": "A-1"}])
    assert reasons(client.sync(CARS, {"vin": "z", "accountId": "A-1"})) == [None]
    box.create_object(
        "byId_c", [{"name": "k", "type": "string", "dedupe": True}, {"name": "c", "type": "string", "link": "id"}]
    )
    number = str(box.rows("Company")[0]["id"])
    linked = client.sync(
        "/rest/v1/customobjects/byId_c", {"k": "a", "c": number}, {"k": "b", "c": "7"}, {"k": "d", "c": "x"}
    )
    assert reasons(linked) == [None, "1003", "1003"]
    box.switches = Switches(unknown_field="refuses", too_long="1001")
    assert code(client.sync(CARS, {"vin": "b"}, {"vin": "c", "nothing": 1})) == "1006"
    assert reasons(client.sync(CARS, {"vin": "b", "make": "x" * 256})) == ["1001"]
    assert box.count(CAR) == 2


def test_single_records_are_skipped_by_schedule(box: Instance, client: Client) -> None:
    box.fail_rows(RowFault("1007", every=2, times=1), RowFault("1022", where=lambda row: row["vin"] == "d"))
    told = client.sync(CARS, *[{"vin": vin} for vin in "abcd"])
    assert reasons(told) == [None, "1007", None, "1022"]
    assert told["result"][3]["reasons"][0]["message"] == "Object in use"
    box.clear_faults()
    assert statuses(client.sync(CARS, {"vin": "d"})) == ["created"]


def test_results_may_come_shuffled_and_seq_still_says_whose_they_are(box: Instance, client: Client) -> None:
    box.switches.results_order = "shuffled"
    told = client.sync(CARS, *[{"vin": str(n), "year": "x" if n == 7 else n} for n in range(20)])["result"]
    assert [each["seq"] for each in told] != list(range(20))
    assert sorted(each["seq"] for each in told) == list(range(20))
    assert [each["seq"] for each in told if each["status"] == "skipped"] == [7]


def test_a_record_may_be_skipped_without_a_reason_and_results_may_be_missing(box: Instance, client: Client) -> None:
    box.fail_rows(RowFault("", where=lambda row: row["vin"] == "b"))
    assert client.sync(CARS, {"vin": "a"}, {"vin": "b"})["result"][1] == {"seq": 1, "status": "skipped"}
    box.switches.results_missing = 3
    told = client.sync(CARS, *[{"vin": vin} for vin in "acde"])["result"]
    assert [each["seq"] for each in told] == [0, 1, 3] and box.count(CAR) == 4


def test_an_answer_may_be_lost_after_the_records_were_written(box: Instance, client: Client) -> None:
    box.schedule(Fault("reset", operation="upsert", after_commit=True))
    with pytest.raises(requests.ConnectionError):
        client.sync(CARS, {"vin": "a"})
    assert statuses(client.sync(CARS, {"vin": "a"})) == ["updated"]


def test_records_are_deleted_by_key_and_by_id_and_what_is_not_there_is_1013(box: Instance, client: Client) -> None:
    box.insert(CAR, [{"vin": vin} for vin in "abc"])
    told = client.call("POST", f"{CARS}/delete.json", {"input": [{"vin": "a"}, {"vin": "z"}]})
    assert (statuses(told), reasons(told)) == (["deleted", "skipped"], [None, "1013"])
    guid = box.rows(CAR)[0]["marketoGUID"]
    body = {"deleteBy": "idField", "input": [{"marketoGUID": guid}, {"marketoGUID": guid}]}
    assert statuses(client.call("POST", f"{CARS}/delete.json", body)) == ["deleted", "skipped"]
    assert [row["vin"] for row in box.rows(CAR)] == ["c"]
