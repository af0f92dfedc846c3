"""The local Salesforce keeps to the contract: records one at a time and up to 200."""

from __future__ import annotations

from typing import Any

import pytest
from salesforce_org import ROOT, USAGE, Client, client, errors, org

from sandbox.salesforce import Org

__all__ = ["client", "org"]


def test_a_collection_creates_and_changes_by_position(client: Client, org: Org) -> None:
    first = client.upsert({"Usage_Key__c": "a", "Users__c": 1}, {"Usage_Key__c": "b", "Share__c": 12.345})
    second = client.upsert({"Usage_Key__c": "c"}, {"Usage_Key__c": "a", "Users__c": None})
    assert [(each["success"], each["created"]) for each in first + second] == [(True, True)] * 3 + [(True, False)]
    assert second[1]["id"] == first[0]["id"]
    rows = {row["Usage_Key__c"]: row for row in org.rows(USAGE)}
    assert (rows["a"]["Users__c"], rows["b"]["Share__c"]) == (None, 12.35)


def test_one_bad_record_costs_itself_or_where_it_is_all_or_none_all(client: Client, org: Org) -> None:
    bad = {"Usage_Key__c": "b", "Color__c": "purple"}
    assert errors(client.upsert({"Usage_Key__c": "a"}, bad)) == [None, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"]
    assert org.count(USAGE) == 1
    both = client.upsert({"Usage_Key__c": "c"}, bad, all_or_none=True)
    assert errors(both) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"]
    assert org.count(USAGE) == 1


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"Usage_Key__c": "x" * 41}, "STRING_TOO_LONG"),
        ({"Usage_Key__c": "x", "Share__c": 1000}, "NUMBER_OUTSIDE_VALID_RANGE"),
        ({"Usage_Key__c": "x", "Account__c": "nothing"}, "MALFORMED_ID"),
        ({"Usage_Key__c": "x", "Account__c": "001000000000001AAA"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"Usage_Key__c": "x", "Account__r": {"Ext__c": "none"}}, "INVALID_FIELD"),
        ({"Usage_Key__c": None}, "MISSING_ARGUMENT"),
        ({"Usage_Key__c": "x", "Id": "a00000000000001AAA"}, "MALFORMED_ID"),
        ({"Usage_Key__c": "x", "CreatedDate": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
    ],
)
def test_a_value_that_a_field_does_not_take_names_why(client: Client, values: dict[str, Any], said: str) -> None:
    assert errors(client.upsert({"Usage_Key__c": "good"}, values)) == [None, said]


def test_what_cannot_be_read_refuses_the_call(client: Client, org: Org) -> None:
    assert (
        client.upsert({"Usage_Key__c": "a"}, {"Usage_Key__c": "b", "Period__c": "yesterday"})[0]["errorCode"]
        == "JSON_PARSER_ERROR"
    )
    assert (
        client.upsert({"Usage_Key__c": "a"}, {"Usage_Key__c": "b", "Nothing__c": 1})[0]["errorCode"] == "INVALID_FIELD"
    )
    assert client.upsert(*({"Usage_Key__c": str(n)} for n in range(201)))[0]["errorCode"] == "EXCEEDED_ID_LIMIT"
    assert org.count(USAGE) == 0


def test_records_of_other_objects_are_found_by_their_external_id(client: Client, org: Org) -> None:
    (account,) = org.insert("Account", [{"Name": "A", "Ext__c": "A-1"}])
    client.upsert({"Usage_Key__c": "a", "Account__r": {"Ext__c": "a-1"}})
    assert org.rows(USAGE)[0]["Account__c"] == account


def test_external_ids_that_differ_by_case_are_two_or_one_as_the_org_has_it(client: Client, org: Org) -> None:
    client.upsert({"Usage_Key__c": "Key"}, {"Usage_Key__c": "key"})
    assert org.count(USAGE) == 2
    org.switches.case_blind = True
    twice = client.upsert({"Usage_Key__c": "new"}, {"Usage_Key__c": "NEW"})
    several = client.upsert({"Usage_Key__c": "KEY"})
    assert errors(twice) == ["DUPLICATE_VALUE"] * 2
    assert errors(several) == ["DUPLICATE_EXTERNAL_ID"]
    assert client.query(f"SELECT Id FROM {USAGE} WHERE Usage_Key__c IN ('KEY')")["totalSize"] == 2


def test_several_records_of_one_external_id_are_300_with_their_addresses(client: Client, org: Org) -> None:
    found = org.insert("Account", [{"Name": "A", "Ext__c": "A-1"}, {"Name": "B", "Ext__c": "A-1"}])
    reply = client.call("PATCH", "/sobjects/Account/Ext__c/A-1", {"Website": "https://example.com"})
    assert (reply.status_code, reply.json()) == (300, [f"{ROOT}/sobjects/Account/{each}" for each in found])
    assert [row["Website"] for row in org.rows("Account")] == [None, None]


def test_one_record_is_created_changed_read_and_deleted(client: Client, org: Org) -> None:
    created = client.call("PATCH", f"/sobjects/{USAGE}/Usage_Key__c/k%2F1", {"Users__c": 1})
    changed = client.call("PATCH", f"/sobjects/{USAGE}/Usage_Key__c/k%2F1", {"Users__c": 2})
    record_id = created.json()["id"]
    assert (created.status_code, changed.status_code) == (201, 200)
    assert client.call("PATCH", f"/sobjects/{USAGE}/{record_id}", {"Active__c": True}).status_code == 204
    read = client.call("GET", f"/sobjects/{USAGE}/{record_id}").json()
    assert (read["Usage_Key__c"], read["Users__c"], read["Active__c"]) == ("k/1", 2.0, True)
    assert client.call("DELETE", f"/sobjects/{USAGE}/{record_id}").status_code == 204
    assert client.call("DELETE", f"/sobjects/{USAGE}/{record_id}").status_code == 404
    none = client.call("PATCH", f"/sobjects/{USAGE}/Usage_Key__c/none?updateOnly=true", {"Users__c": 2})
    assert (none.status_code, org.count(USAGE)) == (404, 0)


def test_ids_update_read_and_delete_up_to_200_records(client: Client, org: Org) -> None:
    a, b = org.insert(USAGE, [{"Usage_Key__c": "a"}, {"Usage_Key__c": "b"}])
    records = [{"attributes": {"type": USAGE}, "Id": each, "Users__c": 7} for each in (a[:15], "a00000000000001")]
    updated = client.call("PATCH", "/composite/sobjects", {"records": records}).json()
    assert errors(updated) == [None, "MALFORMED_ID"]
    read = client.call(
        "POST", f"/composite/sobjects/{USAGE}", {"ids": [b, a, "001000000000001AAA"], "fields": ["Users__c"]}
    ).json()
    assert [each and each["Users__c"] for each in read] == [None, 7.0, None]
    deleted = client.call("DELETE", f"/composite/sobjects?ids={a},{b},{a}").json()
    assert errors(deleted) == [None, None, "ENTITY_IS_DELETED"]
    assert org.count(USAGE) == 0
