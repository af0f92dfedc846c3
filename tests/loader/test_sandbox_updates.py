"""The sandbox's updates and lookups (contract sections 3.3 and 3.7)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from test_sandbox import USAGE, Client, open_box, refused, row

from sandbox import Switches


@pytest.fixture
def client() -> Iterator[Client]:
    with open_box() as box:
        client = Client(box)
        client.insert(*(row(n, Seats__gc=n, Period_Start__gc="2024-01-01") for n in range(3)))
        yield client


def seats(client: Client) -> list[Any]:
    return [each["Seats__gc"] for each in client.box.rows(USAGE)]


def test_an_update_changes_the_matching_rows_and_echoes_fields_and_gsid(client: Client) -> None:
    data = client.update(row(1, Seats__gc=10)).json()["data"]
    gsid = client.box.rows(USAGE)[1]["Gsid"]
    assert data["records"] == [{"Instance_Id__gc": "i1", "Seats__gc": 10, "Gsid": gsid}]
    assert (data["count"], data["errors"]) == (1, None)
    assert seats(client) == [0, 10, 2]


def test_null_clears_and_an_absent_field_stays(client: Client) -> None:
    client.update(row(1, Seats__gc=None))
    changed = client.box.rows(USAGE)[1]
    assert (changed["Seats__gc"], changed["Period_Start__gc"]) == (None, "2024-01-01")


def test_updating_by_gsid_works_though_gsid_is_read_only(client: Client) -> None:
    gsid = client.box.rows(USAGE)[2]["Gsid"]
    assert client.update({"Gsid": gsid, "Seats__gc": 7}, keys="Gsid").status_code == 200
    assert seats(client) == [0, 1, 7]


@pytest.mark.parametrize("gsid", [None, "", "x"])
def test_a_blank_or_invalid_gsid_is_gsobj_1004(client: Client, gsid: Any) -> None:
    refused(client.update({"Gsid": gsid, "Seats__gc": 7}, keys="Gsid"), "GSOBJ_1004")


def test_keys_are_combined(client: Client) -> None:
    client.insert(row(1, Seats__gc=5))
    client.update(row(1, Seats__gc=5, Share__gc=50), keys="Instance_Id__gc,Seats__gc")
    assert [each["Share__gc"] for each in client.box.rows(USAGE)] == [None, None, None, 50]


def test_keys_are_at_most_three_there_must_be_one_and_types_are_limited(client: Client) -> None:
    four = "Instance_Id__gc,Seats__gc,Email__gc,Gsid"
    refused(client.update(row(1), keys=four), "GSOBJ_EMU_TOO_MANY_KEYS")
    refused(client.update(row(1), keys=None), "GSOBJ_EMU_KEYS_MISSING")
    refused(client.update(row(1), keys="Nope"), "GSOBJ_EMU_UNKNOWN_FIELD")
    refused(client.update(row(1), keys="Period_Start__gc"), "GSOBJ_EMU_KEY_TYPE")


def test_a_record_without_its_key_value_is_refused(client: Client) -> None:
    refused(client.update({"Seats__gc": 1}), "GSOBJ_EMU_KEY_VALUE")


def test_updates_validate_every_record_before_any_is_written(client: Client) -> None:
    refused(client.update(row(0, Seats__gc=9), row(1, Seats__gc="x")), "GSOBJ_1002")
    refused(client.update(row(0, Seats__gc=9), row(1, Computed__gc=1)), "GSOBJ_EMU_READ_ONLY")
    refused(client.update(*map(row, range(51))), "GSOBJ_EMU_TOO_MANY_RECORDS")
    assert seats(client) == [0, 1, 2]


def test_a_required_field_cannot_be_cleared(client: Client) -> None:
    gsid = client.box.rows(USAGE)[0]["Gsid"]
    refused(client.update({"Gsid": gsid, "Instance_Id__gc": None}, keys="Gsid"), "GSOBJ_1007")


def test_no_match_fails_the_whole_call_by_default(client: Client) -> None:
    refused(client.update(row(0, Seats__gc=9), row(99, Seats__gc=9)), "GSOBJ_1011")
    assert seats(client) == [0, 1, 2]


@pytest.mark.parametrize("index", ["dense", "sparse"])
def test_no_match_partial_writes_the_others_and_lists_the_unmatched(client: Client, index: Any) -> None:
    client.box.switches = Switches(put_no_match="partial", errors_index=index)
    body = client.update(row(0, Seats__gc=9), row(99, Seats__gc=9)).json()
    assert body["result"] is True and body["data"]["count"] == 1
    assert [each["Instance_Id__gc"] for each in body["data"]["records"]] == ["i0"]
    errors = body["data"]["errors"]
    assert len(errors) == (2 if index == "dense" else 1)
    assert errors[-1][0]["errors"][0]["errorCode"] == "GSOBJ_1011"
    assert seats(client) == [9, 1, 2]


def test_no_match_zero_says_nothing_but_the_count(client: Client) -> None:
    client.box.switches.put_no_match = "zero"
    data = client.update(row(0, Seats__gc=9), row(99, Seats__gc=9)).json()["data"]
    assert (data["count"], data["errors"], len(data["records"])) == (1, None, 1)
    nothing = client.update(row(98), row(99)).json()
    assert (nothing["result"], nothing["data"]["count"]) == (True, 0)


def test_several_matches_are_all_written_by_default(client: Client) -> None:
    client.insert(row(1))
    data = client.update(row(1, Seats__gc=9)).json()["data"]
    assert data["count"] == 2
    assert seats(client) == [0, 9, 2, 9]


def test_several_matches_can_be_an_error_or_the_first(client: Client) -> None:
    client.insert(row(1))
    client.box.switches.put_multi_match = "error"
    refused(client.update(row(1, Seats__gc=9)), "GSOBJ_EMU_MULTIPLE_MATCHES")
    client.box.switches.put_multi_match = "first"
    assert client.update(row(1, Seats__gc=9)).json()["data"]["count"] == 1
    assert seats(client) == [0, 9, 2, None]


def test_one_key_twice_in_a_payload_the_last_wins_or_it_fails(client: Client) -> None:
    client.update(row(1, Seats__gc=8), row(1, Seats__gc=9))
    assert seats(client) == [0, 9, 2]
    client.box.switches.put_duplicate_keys = "error"
    refused(client.update(row(1, Seats__gc=5), row(1, Seats__gc=6)), "GSOBJ_EMU_DUPLICATE_KEY")


def test_an_update_never_creates_a_company(client: Client) -> None:
    client.box.insert("Company", [{"Name": "Acme", "SfdcAccountId": "A-1"}])
    record = {"SfdcAccountId": "A-2", "Name": "Other"}
    refused(client.update(record, keys="SfdcAccountId", to="Company"), "GSOBJ_1011")
    assert len(client.box.rows("Company")) == 1


def test_modified_date_moves_and_created_date_stays(client: Client) -> None:
    before = client.box.rows(USAGE)[0]
    client.box.update(USAGE, before["Gsid"], {"Seats__gc": 3})
    after = client.box.rows(USAGE)[0]
    assert after["CreatedDate"] == before["CreatedDate"] <= after["ModifiedDate"]


# Lookups


def lookups(**changed: Any) -> dict[str, Any]:
    config = {
        "fields": {"Account": "SfdcAccountId"},
        "lookupField": "Gsid",
        "objectName": "Company",
        "multiMatchOption": "FIRSTMATCH",
        "onNoMatch": "ERROR",
    }
    return {"lookups": {"Company_Id__gc": {**config, **changed}}}


@pytest.fixture
def company(client: Client) -> str:
    return client.box.insert("Company", [{"Name": "Acme", "SfdcAccountId": "A-1"}])[0]


def test_a_lookup_fills_the_field_from_the_target_object(client: Client, company: str) -> None:
    assert client.insert(row(9, Account="A-1"), **lookups()).status_code == 200
    assert client.box.rows(USAGE)[-1]["Company_Id__gc"] == company


def test_a_lookup_without_a_match_follows_its_option(client: Client, company: str) -> None:
    refused(client.insert(row(9, Account="A-2"), **lookups()), "GSOBJ_EMU_LOOKUP_NO_MATCH")
    client.insert(row(9, Account="A-2"), **lookups(onNoMatch="NULLABLE"))
    assert client.box.rows(USAGE)[-1]["Company_Id__gc"] is None
    default = lookups(onNoMatch="DEFAULTVALUE", defaultValue=company)
    client.insert(row(9, Account="A-2"), **default)
    assert client.box.rows(USAGE)[-1]["Company_Id__gc"] == company


def test_a_lookup_with_several_matches_follows_its_option(client: Client, company: str) -> None:
    client.box.insert("Company", [{"Name": "Twin", "SfdcAccountId": "A-1"}])
    marked = lookups(multiMatchOption="MARKASERROR")
    refused(client.insert(row(9, Account="A-1"), **marked), "GSOBJ_EMU_LOOKUP_MULTIPLE")
    client.insert(row(9, Account="A-1"), **lookups())
    assert client.box.rows(USAGE)[-1]["Company_Id__gc"] == company


@pytest.mark.parametrize(
    "changed",
    [{"fields": {}}, {"objectName": "Nope"}, {"onNoMatch": "?"}, {"lookupField": "Name"}],
)
def test_a_lookup_that_is_not_configured_right_is_refused(client: Client, changed: Any) -> None:
    refused(client.insert(row(9, Account="A-1"), **lookups(**changed)), "GSOBJ_EMU_LOOKUP")
