"""The local Salesforce keeps to the contract: tokens, limits, describe, queries, and what an org may do."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from salesforce_org import ROOT, USAGE, Client, client, code, errors, open_org, org

from sandbox.salesforce import AT_ONCE, DAY_SPENT, Fault, Limits, Org, RowFault, Switches
from sandbox.salesforce.ids import full, with_suffix

__all__ = ["client", "org"]

# tokens


def test_a_wrong_secret_and_an_unknown_app_are_told_apart(org: Org) -> None:
    form = {"grant_type": "client_credentials", "client_id": "local", "client_secret": "no"}
    url = f"{org.url}/services/oauth2/token"
    first, second = (
        requests.post(url, data=form, timeout=60),
        requests.post(url, data={**form, "client_id": "x"}, timeout=60),
    )
    assert (first.status_code, first.json()["error"]) == (400, "invalid_client")
    assert (second.status_code, second.json()["error"]) == (400, "invalid_client_id")


def test_a_jwt_is_taken_when_its_signature_app_user_audience_and_age_are_right() -> None:
    key, other = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    good = {"iss": "local", "sub": "loader@example.com", "aud": "https://test.salesforce.com", "exp": time.time() + 180}
    with Org(public_key=public.decode(), username="loader@example.com") as org:

        def ask(claims: dict[str, Any], by: rsa.RSAPrivateKey = key) -> requests.Response:
            form = {
                "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
                "assertion": jwt.encode(claims, by, algorithm="RS256"),
            }
            return requests.post(f"{org.url}/services/oauth2/token", data=form, timeout=60)

        reply = ask(good)
        assert reply.status_code == 200
        assert reply.json()["instance_url"] == org.url
        wrong = [
            {"iss": "x"},
            {"sub": "x"},
            {"aud": "https://example.com"},
            {"exp": time.time() - 1},
            {"exp": time.time() + 900},
        ]
        refused = [ask({**good, **each}) for each in wrong] + [ask(good, by=other)]
    assert {each.status_code for each in refused} == {400}
    assert [each.json()["error"] for each in refused] == ["invalid_client_id", *["invalid_grant"] * 5]


def test_a_token_that_ended_is_refused_and_a_new_one_goes_on(org: Org, client: Client) -> None:
    org.schedule(Fault("end_tokens", operation="limits"))
    assert code(client.call("GET", "/limits")) == (401, "INVALID_SESSION_ID")
    assert code(client.call("GET", "/limits")) == (401, "INVALID_SESSION_ID")
    client.login()
    assert client.call("GET", "/limits").status_code == 200


# limits


def test_every_reply_tells_the_days_calls_and_the_day_ends_with_403() -> None:
    with open_org(limits=Limits(calls_per_day=2)) as org:
        client = Client(org)
        first = client.call("GET", "/limits")
        assert first.headers["Sforce-Limit-Info"] == "api-usage=1/2"
        assert first.json()["DailyApiRequests"] == {"Max": 2, "Remaining": 1}
        assert client.call("GET", "/sobjects/Nothing__c/describe").headers["Sforce-Limit-Info"] == "api-usage=2/2"
        third = client.call("GET", "/limits")
        assert code(third) == (403, "REQUEST_LIMIT_EXCEEDED")
        assert third.json()[0]["message"] == "TotalRequests Limit exceeded."


def test_the_two_meanings_of_one_code_can_be_had(org: Org, client: Client) -> None:
    org.schedule(Fault("status", status=403, body=[DAY_SPENT]), Fault("status", status=403, body=[AT_ONCE], nth=2))
    texts = [client.call("GET", "/limits").json()[0] for _ in range(2)]
    assert [each["errorCode"] for each in texts] == ["REQUEST_LIMIT_EXCEEDED"] * 2
    assert "TotalRequests" in texts[0]["message"] and "Concurrent" in texts[1]["message"]


# describe


def test_describe_tells_types_keys_picklists_and_what_the_user_may_write(org: Org, client: Client) -> None:
    org.switches = Switches(hidden=frozenset({f"{USAGE}.Share__c"}), locked=frozenset({f"{USAGE}.Users__c"}))
    reply = client.call("GET", f"/sobjects/{USAGE}/describe").json()
    fields = {each["name"]: each for each in reply["fields"]}
    key, color, account = fields["Usage_Key__c"], fields["Color__c"], fields["Account__c"]
    assert "Share__c" not in fields
    assert (key["type"], key["length"], key["externalId"], key["unique"]) == ("string", 40, True, True)
    assert key["caseSensitive"] is True
    assert (fields["Users__c"]["updateable"], key["updateable"], fields["Id"]["updateable"]) == (False, True, False)
    assert (color["restrictedPicklist"], [each["value"] for each in color["picklistValues"]]) == (
        True,
        ["red", "yellow", "green"],
    )
    assert (account["referenceTo"], account["relationshipName"]) == (["Account"], "Account__r")
    assert code(client.call("GET", "/sobjects/Nothing__c/describe")) == (404, "NOT_FOUND")


# queries


def test_a_query_finds_by_keys_and_shows_the_record_pointed_to(org: Org, client: Client) -> None:
    (account,) = org.insert("Account", [{"Name": "O'Hara", "Ext__c": "A-1"}])
    org.insert(USAGE, [{"Usage_Key__c": "k1", "Account__c": account, "Users__c": 5}, {"Usage_Key__c": "k2"}])
    soql = f"SELECT Id, Usage_Key__c, Users__c, Account__r.Name FROM {USAGE} WHERE Usage_Key__c IN ('k1','k2','k3')"
    found = client.query(soql)
    assert (found["totalSize"], found["done"]) == (2, True)
    first, second = found["records"]
    assert (first["Users__c"], first["Account__r"]["Name"], second["Account__r"]) == (5.0, "O'Hara", None)
    assert first["attributes"] == {"type": USAGE, "url": f"{ROOT}/sobjects/{USAGE}/{first['Id']}"}
    assert client.query("SELECT Id FROM Account WHERE Name = 'O\\'Hara'")["totalSize"] == 1
    assert client.query("SELECT COUNT() FROM Account WHERE Ext__c != null")["totalSize"] == 1
    assert (
        client.query(f"SELECT Id FROM {USAGE} WHERE Users__c > 4 AND (Period__c = null OR Active__c = true)")[
            "totalSize"
        ]
        == 1
    )


def test_pages_of_2000_follow_by_the_address_in_the_reply(org: Org, client: Client) -> None:
    org.insert(USAGE, [{"Usage_Key__c": f"k{n}"} for n in range(4_001)])
    page = client.query(f"SELECT Usage_Key__c FROM {USAGE} ORDER BY Usage_Key__c DESC")
    seen = [each["Usage_Key__c"] for each in page["records"]]
    sizes = [len(page["records"])]
    while not page["done"]:
        page = client.get(org.url + page["nextRecordsUrl"], timeout=60).json()
        sizes.append(len(page["records"]))
        seen += [each["Usage_Key__c"] for each in page["records"]]
    assert sizes == [2_000, 2_000, 1]
    assert seen == sorted((f"k{n}" for n in range(4_001)), reverse=True)


@pytest.mark.parametrize(
    ("soql", "said"),
    [
        ("SELECT Nothing__c FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Nothing__c", "INVALID_TYPE"),
        ("SELECT Id FROM Account WHERE", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Name = 5", "INVALID_FIELD"),
        (f"SELECT Id FROM {USAGE} WHERE Users__c = '5'", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Id = 'x'", "INVALID_QUERY_FILTER_OPERATOR"),
    ],
)
def test_a_query_that_is_wrong_is_refused(client: Client, soql: str, said: str) -> None:
    assert code(client.call("GET", "/query", params={"q": soql})) == (400, said)


def test_an_address_of_more_than_16384_bytes_is_refused(client: Client) -> None:
    keys = ",".join(f"'{n:018d}'" for n in range(900))
    reply = client.call("GET", "/query", params={"q": f"SELECT Id FROM Account WHERE Ext__c IN ({keys})"})
    assert reply.status_code == 414


def test_a_longer_query_goes_in_the_body_of_composite_five_at_a_time(client: Client, org: Org) -> None:
    org.insert("Account", [{"Name": str(n), "Ext__c": f"{n:018d}"} for n in range(900)])
    keys = ",".join(f"'{n:018d}'" for n in range(900))
    part = {
        "method": "GET",
        "url": f"{ROOT}/query?q=SELECT+Id+FROM+Account+WHERE+Ext__c+IN+({keys})",
        "referenceId": "a",
    }
    reply = client.call("POST", "/composite", {"compositeRequest": [part]}).json()["compositeResponse"][0]
    assert (reply["httpStatusCode"], reply["referenceId"], reply["body"]["totalSize"]) == (200, "a", 900)
    assert client.call("POST", "/composite", {"compositeRequest": [part] * 6}).status_code == 400
    assert org.usage()[0][1] == 2


def test_calls_at_once_have_a_limit_of_their_own() -> None:
    with open_org() as org:
        client = Client(org)
        org.limits = Limits(concurrent_calls=0)
        reply = client.call("GET", "/limits")
        assert code(reply) == (403, "REQUEST_LIMIT_EXCEEDED")
        assert "Concurrent" in reply.json()[0]["message"]


# what an org may do


def test_single_rows_fail_on_a_schedule_also_wrapped_in_another_code(client: Client, org: Org) -> None:
    org.fail_rows(RowFault("UNABLE_TO_LOCK_ROW", wrapped=True, every=2, times=1))
    first = client.upsert({"Usage_Key__c": "a"}, {"Usage_Key__c": "b"}, {"Usage_Key__c": "c"}, {"Usage_Key__c": "d"})
    assert errors(first) == [None, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", None, None]
    assert "UNABLE_TO_LOCK_ROW" in first[1]["errors"][0]["message"]


def test_triggers_alter_values_and_ids_may_have_15_characters(client: Client, org: Org) -> None:
    org.switches = Switches(triggers={f"{USAGE}.Share__c": round, f"{USAGE}.Usage_Key__c": str.strip}, ids=15)
    (result,) = client.upsert({"Usage_Key__c": " a ", "Share__c": 1.6})
    assert (org.rows(USAGE)[0]["Usage_Key__c"], org.rows(USAGE)[0]["Share__c"]) == ("a", 2)
    assert len(result["id"]) == 15
    assert full(result["id"]) == org.rows(USAGE)[0]["Id"]


def test_a_duplicate_rule_blocks_unless_the_call_allows_the_save(client: Client, org: Org) -> None:
    org.switches.duplicate_rule = "blocks"
    allow = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
    assert errors(client.upsert({"Usage_Key__c": "a"})) == ["DUPLICATES_DETECTED"]
    assert errors(client.upsert({"Usage_Key__c": "a"}, headers=allow)) == [None]


def test_a_field_that_is_locked_or_hidden_is_not_written(client: Client, org: Org) -> None:
    org.switches = Switches(hidden=frozenset({f"{USAGE}.Share__c"}), locked=frozenset({f"{USAGE}.Users__c"}))
    (locked,) = client.upsert({"Usage_Key__c": "a", "Users__c": 1})
    assert locked["errors"][0]["statusCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert locked["errors"][0]["fields"] == ["Users__c"]
    assert client.upsert({"Usage_Key__c": "a", "Share__c": 1})[0]["errorCode"] == "INVALID_FIELD"


def test_an_answer_is_lost_after_the_records_were_written(client: Client, org: Org) -> None:
    org.schedule(Fault("cut_off", operation="upsert"))
    with pytest.raises(requests.RequestException):
        client.upsert({"Usage_Key__c": "a"})
    assert org.count(USAGE) == 1
    assert client.upsert({"Usage_Key__c": "a"})[0]["created"] is False


def test_a_restart_forgets_nothing_but_tokens(tmp_path: Any) -> None:
    with open_org(path=tmp_path / "org.sqlite") as org:
        Client(org).upsert({"Usage_Key__c": "a", "Active__c": True})
        before = org.rows(USAGE)
    with Org(tmp_path / "org.sqlite") as again:
        assert again.rows(USAGE) == before
        assert again.usage()[0][1] == 1


def test_the_suffix_of_an_id_says_its_case() -> None:
    # worked out by hand: letters A, C and E of "AbCdE" are capitals: 1 + 4 + 16 = 21, the 22nd of A-Z0-5 is V
    assert with_suffix("AbCdE0000000000") == "AbCdE0000000000VAA"
    assert full("abcde0000000000vaa") == "AbCdE0000000000VAA"
    assert full("no id") is None
