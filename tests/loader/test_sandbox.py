"""The sandbox keeps to the contract: credentials, insert, delete, the call log (sections 1-3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox import Limits, Sandbox, Switches

USAGE = "Instance_Usage__gc"
FIELDS: list[dict[str, Any]] = [
    {"name": "Instance_Id__gc", "type": "STRING", "required": True, "length": 40},
    {"name": "Period_Start__gc", "type": "DATE"},
    {"name": "Seats__gc", "type": "NUMBER"},
    {"name": "Seen_At__gc", "type": "DATETIME"},
    {"name": "Is_Reporting__gc", "type": "BOOLEAN"},
    {"name": "Share__gc", "type": "PERCENTAGE"},
    {"name": "Email__gc", "type": "EMAIL"},
    {"name": "Site__gc", "type": "URL"},
    {"name": "Computed__gc", "type": "NUMBER", "readOnly": True},
    {"name": "Company_Id__gc", "type": "LOOKUP", "lookup": "Company"},
    {
        "name": "Label__gc",
        "type": "PICKLIST",
        "options": ["Production", "Staging", {"label": "Gone", "active": False}],
    },
    {"name": "Tags__gc", "type": "MULTISELECTDROPDOWNLIST", "options": ["one", "two"]},
]
GSID = re.compile(r"1[A-Z0-9]{35}\Z")


JSON = {"Accept": "application/json"}


class Client(requests.Session):
    """Requests to one sandbox with its access key."""

    def __init__(self, box: Sandbox) -> None:
        super().__init__()
        self.box = box
        self.headers["Accesskey"] = box.access_key
        self.headers.update(JSON)

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        return self.request(method, self.box.url + path, json=body, timeout=60, **more)

    def insert(self, *records: dict[str, Any], to: str = USAGE, **more: Any) -> requests.Response:
        return self.call("POST", f"/v1/data/objects/{to}", {"records": list(records), **more})

    def update(
        self, *records: dict[str, Any], keys: str | None = "Instance_Id__gc", to: str = USAGE
    ) -> requests.Response:
        query = "" if keys is None else f"?keys={keys}"
        return self.call("PUT", f"/v1/data/objects/{to}{query}", {"records": list(records)})

    def query(self, *select: str, of: str = USAGE, **more: Any) -> requests.Response:
        return self.call("POST", f"/v1/data/objects/query/{of}", {"select": select, **more})

    def delete_row(self, gsid: str, of: str = USAGE) -> requests.Response:
        return self.call("DELETE", f"/v1/data/objects/{of}/{gsid}")


def open_box(**more: Any) -> Sandbox:
    """A sandbox without limits that has one custom object."""
    box = Sandbox(**{"limits": Limits.off(), **more})
    box.create_object(USAGE, fields=FIELDS)
    return box


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with open_box() as box:
        yield box


@pytest.fixture
def client(box: Sandbox) -> Client:
    return Client(box)


def row(number: int, **more: Any) -> dict[str, Any]:
    return {"Instance_Id__gc": f"i{number}", **more}


def refused(reply: requests.Response, code: str, status: int = 400) -> Any:
    """Assert a refusal, and give its data."""
    body = reply.json()
    assert (reply.status_code, body["errorCode"], body["result"]) == (status, code, False), body
    return body.get("data")


# Section 1: credentials


def test_the_access_key_header_is_accepted_in_any_case(box: Sandbox) -> None:
    for name in ("Accesskey", "accesskey", "ACCESSKEY"):
        url = f"{box.url}/v1/meta/services/objects/list"
        assert requests.get(url, headers={name: box.access_key}, timeout=60).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Accesskey": "wrong"}, {"Authorization": "Bearer no"}])
def test_a_missing_or_wrong_key_gets_the_vendors_unauthorized_body(box: Sandbox, headers: dict[str, str]) -> None:
    reply = requests.post(f"{box.url}/v1/data/objects/{USAGE}", headers=headers | JSON, timeout=60)
    body = reply.json()
    assert reply.status_code == 401
    assert body.pop("requestId")
    assert body == {
        "result": False,
        "errorCode": "GS_APIG_2401",
        "errorDesc": "Unauthorized",
        "message": "Unauthorized",
    }


@pytest.mark.parametrize("status", [403, 200])
def test_the_status_of_unauthorized_follows_the_switch(box: Sandbox, status: Any) -> None:
    box.switches = Switches(unauthorized_status=status)
    reply = requests.get(f"{box.url}/v1/meta/services/objects/list", headers=JSON, timeout=60)
    assert (reply.status_code, reply.json()["errorCode"]) == (status, "GS_APIG_2401")


def test_an_authorization_header_that_is_no_bearer_token_is_gsobj_1024(box: Sandbox) -> None:
    url = f"{box.url}/v1/meta/services/objects/list"
    refused(requests.get(url, headers={"Authorization": "Token x"} | JSON, timeout=60), "GSOBJ_1024")


def test_an_access_key_from_an_unlisted_address_is_refused(client: Client) -> None:
    client.box.switches.allowed_ips = ("10.1.2.3",)
    refused(client.insert(row(1)), "GS_APIG_2402", 403)


def token(box: Sandbox, secret: str | None = None, grant: str = "client_credentials") -> Any:
    return requests.post(
        f"{box.url}/v1/users/m2m/oauth/token",
        auth=(box.client_id, secret or box.client_secret),
        data={"grant_type": grant},
        timeout=60,
    )


def test_an_m2m_token_comes_without_envelope_and_works_instead_of_the_key(box: Sandbox) -> None:
    body = token(box).json()
    assert body.keys() == {"access_token", "token_type", "expires_in"}
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 86400)
    client = Client(box)
    del client.headers["Accesskey"]
    client.headers["Authorization"] = f"Bearer {body['access_token']}"
    assert client.insert(row(1)).json()["result"] is True


def test_a_token_ends_after_its_lifetime() -> None:
    with open_box(token_lifetime=0.2) as box:
        headers = {"Authorization": f"Bearer {token(box).json()['access_token']}"}
        url = f"{box.url}/v1/meta/services/objects/list"
        assert requests.get(url, headers=headers, timeout=60).status_code == 200
        box.expire_tokens()
        refused(requests.get(url, headers=headers | JSON, timeout=60), "GS_APIG_2401", 401)


def test_a_token_ends_by_the_clock() -> None:
    now = [1_000_000.0]
    with open_box(token_lifetime=60, clock=lambda: now[0]) as box:
        headers = {"Authorization": f"Bearer {token(box).json()['access_token']}"}
        url = f"{box.url}/v1/meta/services/objects/list"
        now[0] += 59
        assert requests.get(url, headers=headers, timeout=60).status_code == 200
        now[0] += 1
        assert requests.get(url, headers=headers | JSON, timeout=60).status_code == 401


def test_a_wrong_secret_or_grant_gets_no_token(box: Sandbox) -> None:
    assert token(box, secret="wrong").status_code == 401
    assert token(box, grant="password").status_code == 400


# Section 2: envelope and paths


def test_every_data_reply_has_the_envelope(client: Client) -> None:
    for reply in (client.insert(row(1)), client.insert({"Nope": 1}), client.query("Gsid")):
        assert reply.json().keys() == {*("result", "errorCode", "errorDesc", "requestId", "data", "message")}


def test_an_unknown_path_is_gsobj_1023(client: Client) -> None:
    refused(client.call("GET", "/v1/data/nothing"), "GSOBJ_1023", 404)


@pytest.mark.parametrize("body", ["{", "[]", '{"records": [{"Seats__gc": NaN}]}', "\xff"])
def test_a_body_that_is_not_json_is_refused(client: Client, body: str) -> None:
    url = f"{client.box.url}/v1/data/objects/{USAGE}"
    reply = client.post(url, data=body.encode("latin-1"), timeout=60)
    assert reply.json()["errorCode"] in ("GSOBJ_EMU_BAD_JSON", "GSOBJ_EMU_NO_RECORDS")
    assert client.box.rows(USAGE) == []


# Section 3.2: insert


def test_insert_answers_count_and_gsids_in_order_and_stores_the_rows(client: Client) -> None:
    data = client.insert(*(row(n, Seats__gc=n) for n in range(50))).json()["data"]
    assert (data["count"], data["errors"]) == (50, None)
    assert all(GSID.match(each["Gsid"]) and len(each) == 1 for each in data["records"])
    stored = client.box.rows(USAGE)
    assert [each["Gsid"] for each in stored] == [each["Gsid"] for each in data["records"]]
    assert [each["Seats__gc"] for each in stored] == list(range(50))


def test_records_of_different_fields_are_stored_in_their_order(client: Client) -> None:
    assert client.insert(row(1, Seats__gc=1), row(2), row(3, Seats__gc=3)).status_code == 200
    assert [each["Seats__gc"] for each in client.box.rows(USAGE)] == [1, None, 3]


def test_the_insert_echo_switch_sends_all_fields_back(client: Client) -> None:
    client.box.switches.insert_echo = "full"
    (record,) = client.insert(row(1, Seats__gc=3)).json()["data"]["records"]
    assert record == {"Instance_Id__gc": "i1", "Seats__gc": 3, "Gsid": record["Gsid"]}


def test_inserting_twice_makes_two_rows(client: Client) -> None:
    client.insert(row(1))
    client.insert(row(1))
    assert len(client.box.rows(USAGE)) == 2


def test_more_than_50_records_or_none_are_refused(client: Client) -> None:
    refused(client.insert(*map(row, range(51))), "GSOBJ_EMU_TOO_MANY_RECORDS")
    refused(client.insert(), "GSOBJ_EMU_NO_RECORDS")
    assert client.box.rows(USAGE) == []


def test_one_bad_field_fails_the_whole_call_and_nothing_is_written(client: Client) -> None:
    data = refused(client.insert(row(1), row(2, Period_Start__gc=210318), row(3)), "GSOBJ_1006")
    assert client.box.rows(USAGE) == []
    assert (data["count"], data["records"]) == (0, None)
    good, bad, also_good = data["errors"]
    assert good == also_good == []
    detail = {
        "errorMessage": "Invalid dateTime format",
        "errorCode": "GSOBJ_1006",
        "fieldName": "Period_Start__gc",
        "invalidValue": 210318,
    }
    assert bad == [{"success": False, "parsedValue": 210318, "errors": [detail]}]


def test_the_description_of_a_failure_holds_field_and_value(client: Client) -> None:
    reply = client.insert(row(1, Period_Start__gc="soon")).json()
    assert reply["errorDesc"] == "Invalid dateTime format (Period_Start__gc = soon)"


def test_sparse_errors_leave_good_records_out(client: Client) -> None:
    client.box.switches.errors_index = "sparse"
    data = refused(client.insert(row(1), row(2, Seats__gc="x")), "GSOBJ_1002")
    assert len(data["errors"]) == 1


def test_a_refusal_comes_with_status_200_when_the_switch_says_so(client: Client) -> None:
    client.box.switches.error_status = 200
    refused(client.insert(row(1, Seats__gc="x")), "GSOBJ_1002", 200)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("Instance_Id__gc", "x" * 41, "GSOBJ_1001"),
        ("Instance_Id__gc", 5, "GSOBJ_1002"),
        ("Instance_Id__gc", "\ud800", "GSOBJ_1002"),
        ("Instance_Id__gc", None, "GSOBJ_1007"),
        ("Seats__gc", "12", "GSOBJ_1002"),
        ("Seats__gc", True, "GSOBJ_1002"),
        ("Seats__gc", 2**63, "GSOBJ_1002"),
        ("Seen_At__gc", "2024-02-05", "GSOBJ_1005"),
        ("Seen_At__gc", "2024-02-05T00:00:00Z", "GSOBJ_1005"),
        ("Seen_At__gc", "2024-13-05T00:00:00.000Z", "GSOBJ_1005"),
        ("Period_Start__gc", "2024-02-30", "GSOBJ_1006"),
        ("Period_Start__gc", "05/02/2024", "GSOBJ_1006"),
        ("Period_Start__gc", "2024-02-05T00:00:00.000Z", "GSOBJ_1006"),
        ("Is_Reporting__gc", "true", "GSOBJ_1008"),
        ("Is_Reporting__gc", 1, "GSOBJ_1008"),
        ("Share__gc", "12 %", "GSOBJ_1008"),
        ("Email__gc", "nobody", "GSOBJ_1002"),
        ("Site__gc", "example", "GSOBJ_1002"),
        ("Label__gc", "Gone", "GSOBJ_1012"),
        ("Label__gc", "Unknown", "GSOBJ_1012"),
        ("Tags__gc", ["one", "three"], "GSOBJ_1012"),
        ("Company_Id__gc", "A-1", "GSOBJ_1002"),
        ("Company_Id__gc", "1P02" + "0" * 32, "GSOBJ_1002"),
        ("Computed__gc", 1, "GSOBJ_EMU_READ_ONLY"),
        ("Gsid", "1Z02" + "0" * 32, "GSOBJ_EMU_READ_ONLY"),
        ("CreatedDate", "2024-02-05T00:00:00.000Z", "GSOBJ_EMU_READ_ONLY"),
        ("seats__gc", 1, "GSOBJ_EMU_UNKNOWN_FIELD"),
    ],
)
def test_an_invalid_value_has_the_documented_code(client: Client, field: str, value: Any, code: str) -> None:
    data = refused(client.insert({"Instance_Id__gc": "i", field: value}), code)
    assert data["errors"][0][0]["errors"][0]["fieldName"] == field
    assert client.box.rows(USAGE) == []


def test_a_required_field_that_is_absent_is_gsobj_1007(client: Client) -> None:
    refused(client.insert({"Seats__gc": 1}), "GSOBJ_1007")


@pytest.mark.parametrize(
    ("field", "value", "stored"),
    [
        ("Period_Start__gc", "2024-02-29", "2024-02-29"),
        ("Period_Start__gc", 1672531200000, "2023-01-01"),
        ("Seen_At__gc", "2024-02-05T07:17:16.123Z", "2024-02-05T07:17:16.123Z"),
        ("Seen_At__gc", "2024-02-05T07:17:16.123+0200", "2024-02-05T05:17:16.123Z"),
        ("Seen_At__gc", 1521743018667, "2018-03-22T18:23:38.667Z"),
        ("Is_Reporting__gc", False, False),
        ("Seats__gc", 2.5, 2.5),
        ("Label__gc", "Staging", "Staging"),
        ("Tags__gc", ["one", "two"], "one;two"),
        ("Site__gc", "https://example.com", "https://example.com"),
        ("Email__gc", "a@example.com", "a@example.com"),
        ("Instance_Id__gc", "naïve 'quoted\" 雪", "naïve 'quoted\" 雪"),
        ("Seats__gc", None, None),
    ],
)
def test_an_accepted_value_is_stored_as_a_person_reads_it(client: Client, field: str, value: Any, stored: Any) -> None:
    assert client.insert({"Instance_Id__gc": "i", field: value}).status_code == 200
    assert client.box.rows(USAGE)[0][field] == stored


def test_a_picklist_item_is_accepted_by_gsid(client: Client) -> None:
    describe = client.call("GET", f"/v1/meta/services/objects/{USAGE}/describe").json()
    fields = {each["fieldName"]: each for each in describe["data"][0]["fields"]}
    item = fields["Label__gc"]["options"][1]
    assert client.insert(row(1, Label__gc=item["value"])).status_code == 200
    assert client.box.rows(USAGE)[0]["Label__gc"] == item["label"] == "Staging"


def test_object_names_match_in_any_case_unless_the_switch_says_exactly(client: Client) -> None:
    assert client.insert(row(1), to=USAGE.lower()).status_code == 200
    client.box.switches.object_name_case = "exact"
    assert client.insert(row(2)).status_code == 200
    refused(client.insert(row(3), to=USAGE.lower()), "GSOBJ_EMU_UNKNOWN_OBJECT")


def test_high_volume_and_system_objects_are_not_written(client: Client) -> None:
    client.box.create_object("Big__gc", FIELDS, transactional=False)
    for name in ("Big__gc", "gsuser", "record_delete_log"):
        assert client.insert(row(1), to=name).status_code == 400
    assert client.query("Gsid", of="Big__gc").status_code == 200


def test_a_low_volume_object_has_a_last_row(client: Client) -> None:
    client.box.limits = Limits(low_volume_rows=3)
    assert client.insert(row(1), row(2)).status_code == 200
    refused(client.insert(row(3), row(4)), "GSOBJ_EMU_OBJECT_FULL")
    assert client.insert(row(3)).status_code == 200
    assert len(client.box.rows(USAGE)) == 3


# Section 3.6: delete


def test_a_deleted_row_is_gone_and_in_the_delete_log(client: Client) -> None:
    gsid = client.insert(row(1)).json()["data"]["records"][0]["Gsid"]
    body = client.delete_row(gsid).json()
    assert body["message"] == f"Record with GSID: {gsid} successfully deleted."
    assert client.box.rows(USAGE) == []
    log = client.query("RecordId", "DeletedOn", "ObjectName", of="record_delete_log").json()
    (entry,) = log["data"]["records"]
    assert (entry["RecordId"], entry["ObjectName"]) == (gsid, USAGE)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", entry["DeletedOn"])


def test_deleting_needs_a_gsid_that_exists(client: Client) -> None:
    refused(client.delete_row(""), "GSOBJ_1004")
    refused(client.delete_row("short"), "GSOBJ_1004")
    refused(client.delete_row("1Z02" + "0" * 32), "GSOBJ_1011")


def test_the_call_log_tells_what_each_call_did(client: Client) -> None:
    client.insert(row(1), row(2))
    client.insert(row(3, Seats__gc="x"))
    client.query("Gsid")
    good, bad, read = client.box.calls
    assert (good.operation, good.object, good.records, good.committed) == ("insert", USAGE, 2, True)
    assert (bad.status, bad.code, bad.records, bad.committed) == (400, "GSOBJ_1002", 1, False)
    assert (read.operation, read.records, read.committed) == ("query", 2, False)
    assert good.method == "POST" and good.path == f"/v1/data/objects/{USAGE}"
    assert good.started_at <= bad.started_at <= read.started_at
