"""The local Salesforce keeps to the contract: tokens, describe, queries, records one at a time and up to 200."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.salesforce import AT_ONCE, DAY_SPENT, Fault, Limits, Org, RowFault, Switches
from sandbox.salesforce.ids import full, with_suffix

USAGE = "Product_Usage__c"
FIELDS: list[dict[str, Any]] = [
    {"name": "Usage_Key__c", "type": "string", "length": 40, "externalId": True, "unique": True, "caseSensitive": True},
    {"name": "Account__c", "type": "reference", "referenceTo": "Account"},
    {"name": "Period__c", "type": "date"},
    {"name": "Users__c", "type": "double", "precision": 18, "scale": 0},
    {"name": "Share__c", "type": "percent", "precision": 5, "scale": 2},
    {"name": "Seen_At__c", "type": "datetime"},
    {"name": "Active__c", "type": "boolean"},
    {"name": "Color__c", "type": "picklist", "options": ["red", "yellow", "green"], "restricted": True},
]
ROOT = "/services/data/v67.0"


class Client(requests.Session):
    """Requests to one org with a token of client credentials."""

    def __init__(self, org: Org) -> None:
        super().__init__()
        self.org = org
        self.login()

    def login(self) -> None:
        form = {"grant_type": "client_credentials", "client_id": "local", "client_secret": "local"}
        token = self.post(f"{self.org.url}/services/oauth2/token", data=form, timeout=10).json()
        self.headers["Authorization"] = f"Bearer {token['access_token']}"

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        return self.request(method, self.org.url + ROOT + path, json=body, timeout=10, **more)

    def query(self, soql: str) -> Any:
        return self.call("GET", "/query", params={"q": soql}).json()

    def upsert(self, *records: dict[str, Any], all_or_none: bool = False, **more: Any) -> Any:
        body = {"allOrNone": all_or_none, "records": [{"attributes": {"type": USAGE}, **each} for each in records]}
        return self.call("PATCH", f"/composite/sobjects/{USAGE}/Usage_Key__c", body, **more).json()


def open_org(**more: Any) -> Org:
    """An org with one custom object, and an external id on Account."""
    org = Org(**more)
    org.create_object(USAGE, FIELDS, label="Product Usage")
    org.create_object("Account", [{"name": "Ext__c", "type": "string", "externalId": True}])
    return org


@pytest.fixture
def org() -> Iterator[Org]:
    with open_org() as org:
        yield org


@pytest.fixture
def client(org: Org) -> Client:
    return Client(org)


def code(reply: requests.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()[0]["errorCode"]


def errors(results: Any) -> list[str | None]:
    return [each["errors"][0]["statusCode"] if each["errors"] else None for each in results]


# tokens


def test_a_wrong_secret_and_an_unknown_app_are_told_apart(org: Org) -> None:
    form = {"grant_type": "client_credentials", "client_id": "local", "client_secret": "no"}
    url = f"{org.url}/services/oauth2/token"
    first, second = (
        requests.post(url, data=form, timeout=10),
        requests.post(url, data={**form, "client_id": "x"}, timeout=10),
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
            return requests.post(f"{org.url}/services/oauth2/token", data=form, timeout=10)

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
        page = client.get(org.url + page["nextRecordsUrl"], timeout=10).json()
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


# collections


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
