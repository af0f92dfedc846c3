"""The local Marketo keeps to the contract: tokens, limits, describe, look-ups, records up to 300 in a call."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from sandbox.marketo import Fault, Instance, Limits, RowFault, Switches

CAR = "car_c"
FIELDS: list[dict[str, Any]] = [
    {"name": "vin", "type": "string", "length": 36, "dedupe": True},
    {"name": "accountId", "type": "string", "length": 100, "link": "externalCompanyId"},
    {"name": "make", "type": "string"},
    {"name": "year", "type": "integer"},
    {"name": "sharePct", "type": "percent"},
    {"name": "price", "type": "currency"},
    {"name": "soldOn", "type": "date"},
    {"name": "seenAt", "type": "datetime"},
    {"name": "leased", "type": "boolean"},
]
LINE = "line_c"
"""A custom object with a compound key."""
COMPANIES = "/rest/v1/companies"
CARS = f"/rest/v1/customobjects/{CAR}"
MIDNIGHT = 1_796_018_400.0
"""2026-11-30T00:00:00 in Central Standard Time, which is 06:00 UTC."""


class Client(requests.Session):
    """Requests to one instance with a token of client credentials."""

    def __init__(self, box: Instance) -> None:
        super().__init__()
        self.box = box
        self.login()

    def login(self) -> dict[str, Any]:
        told: dict[str, Any] = token(self.box).json()
        self.headers["Authorization"] = f"Bearer {told['access_token']}"
        return told

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        reply = self.request(method, self.box.url + path, json=body, timeout=30, **more)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def sync(self, path: str, *records: dict[str, Any], **more: Any) -> Any:
        return self.call("POST", f"{path}.json", {**more, "input": list(records)})


def token(box: Instance, **given: str) -> requests.Response:
    form = {"grant_type": "client_credentials", "client_id": "local", "client_secret": "local", **given}
    return requests.get(f"{box.url}/identity/oauth/token", params=form, timeout=30)


def open_box(**more: Any) -> Instance:
    """An instance with two custom objects; without limits on calls where none are given."""
    box = Instance(**{"limits": Limits.off(), **more})
    box.create_object(CAR, FIELDS, label="Car")
    box.create_object(
        LINE, [{"name": n, "type": "string", "dedupe": n != "note"} for n in ("accountId", "product", "note")]
    )
    return box


@pytest.fixture
def box() -> Iterator[Instance]:
    with open_box() as box:
        yield box


@pytest.fixture
def client(box: Instance) -> Client:
    return Client(box)


def code(reply: Any) -> str:
    assert reply["success"] is False and reply["requestId"]
    told: str = reply["errors"][0]["code"]
    return told


def statuses(reply: Any) -> list[str]:
    assert reply["success"] is True
    return [each["status"] for each in reply["result"]]


def reasons(reply: Any) -> list[str | None]:
    return [each["reasons"][0]["code"] if "reasons" in each else None for each in reply["result"]]


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


# tokens


def test_identity_gives_the_same_token_with_what_is_left_of_its_hour() -> None:
    now = [MIDNIGHT]
    with open_box(clock=lambda: now[0]) as box:
        first = token(box).json()
        now[0] += 600.5
        second = token(box).json()
        now[0] += 2_999
        third = token(box).json()
        now[0] += 1
        fourth = token(box).json()
    assert [each["expires_in"] for each in (first, second, third, fourth)] == [3600, 2999, 0, 3600]
    assert first["access_token"] == second["access_token"] == third["access_token"] != fourth["access_token"]
    assert first["token_type"] == "bearer" and first["scope"] == "api.user@example.com"
    assert first["access_token"].endswith(":int")


def test_identity_takes_a_post_and_answers_a_bad_client_with_401(box: Instance) -> None:
    form = {"grant_type": "client_credentials", "client_id": "local", "client_secret": "local"}
    assert requests.post(f"{box.url}/identity/oauth/token", data=form, timeout=30).json()["expires_in"] > 0
    assert token(box, client_secret="no").status_code == 401
    assert token(box, client_id="no").status_code == 401


def test_a_token_goes_in_the_authorization_header_only(box: Instance, client: Client) -> None:
    where = f"{box.url}{COMPANIES}/describe.json"
    given = {"access_token": str(client.headers["Authorization"]).split()[1]}
    assert code(requests.get(where, params=given, timeout=30).json()) == "600"
    box.switches.token_in_query = True
    assert requests.get(where, params=given, timeout=30).json()["success"] is True


def test_an_unknown_token_is_601_and_one_that_ended_602_both_at_http_200(box: Instance, client: Client) -> None:
    box.expire_tokens()
    assert code(client.call("GET", f"{COMPANIES}/describe.json")) == "602"
    box.forget_tokens()
    assert code(client.call("GET", f"{COMPANIES}/describe.json")) == "601"
    client.login()
    assert client.call("GET", f"{COMPANIES}/describe.json")["success"] is True


def test_a_token_dies_in_mid_run_by_schedule(box: Instance, client: Client) -> None:
    box.schedule(Fault("end_tokens", operation="upsert", nth=2))
    told = [client.sync(CARS, {"vin": str(n)}) for n in range(3)]
    assert [each["success"] for each in told] == [True, False, False]
    assert [code(each) for each in told[1:]] == ["602", "602"]
    assert box.count(CAR) == 1


def test_identity_may_give_a_token_that_has_ended(box: Instance) -> None:
    box.switches.stale_identity = 1
    client = Client(box)
    assert code(client.call("GET", f"{COMPANIES}/describe.json")) == "602"
    assert client.login()["expires_in"] >= 3_598
    assert client.call("GET", f"{COMPANIES}/describe.json")["success"] is True


# limits


def test_the_51st_call_in_20_seconds_is_606_where_other_integrations_use_their_half() -> None:
    now = [MIDNIGHT]
    with open_box(limits=Limits(), clock=lambda: now[0]) as box:
        client = Client(box)
        told = []
        for _ in range(51):
            told.append(client.call("GET", "/rest/v1/stats/usage.json"))
            now[0] += 0.2
        assert [each["success"] for each in told] == [True] * 50 + [False]
        message = told[-1]["errors"][0]["message"]
        assert (code(told[-1]), message) == ("606", "Max rate limit '100' exceeded with in '20' secs")
        now[0] = MIDNIGHT + 20.1  # the first call is out of the window, the second not
        told = [client.call("GET", "/rest/v1/stats/usage.json") for _ in range(2)]
    assert [each["success"] for each in told] == [True, False]


def test_the_eleventh_call_at_once_is_615() -> None:
    with open_box(limits=Limits(calls_per_window=None)) as box, Client(box) as client:
        threads = [
            threading.Thread(target=Client(box).call, args=("GET", f"{COMPANIES}/describe.json")) for _ in range(10)
        ]
        with box.held():
            for thread in threads:
                thread.start()
            until(lambda: box.running == 10)
            refused = client.call("GET", f"{COMPANIES}/describe.json")
        for thread in threads:
            thread.join()
        assert (code(refused), refused["errors"][0]["message"]) == ("615", "Concurrent access limit '10' reached")
        assert client.call("GET", f"{COMPANIES}/describe.json")["success"] is True
        assert box.most_at_once == 10


def test_the_days_calls_are_everybodys_and_end_with_607_until_midnight_central_time() -> None:
    now = [MIDNIGHT - 60]
    limits = Limits(calls_per_window=None, calls_per_day=12, others_per_day=10)
    with open_box(limits=limits, clock=lambda: now[0]) as box:
        client = Client(box)
        (today,) = client.call("GET", "/rest/v1/stats/usage.json")["result"]
        assert (today["date"], today["total"]) == ("2026-11-29", 11)
        assert [each["count"] for each in today["users"]] == [1, 10]
        assert client.call("GET", f"{COMPANIES}/describe.json")["success"] is True
        assert code(client.call("GET", f"{COMPANIES}/describe.json")) == "607"
        now[0] += 60
        days = client.call("GET", "/rest/v1/stats/usage/last7days.json")["result"]
        assert [(each["date"], each["total"]) for each in days[:2]] == [("2026-11-30", 11), ("2026-11-29", 13)]
        errors = client.call("GET", "/rest/v1/stats/errors/last7days.json")["result"]
        assert errors[1]["errors"] == [{"errorCode": "607", "count": 1}]


def test_calls_with_a_starred_error_do_not_count_and_others_do(box: Instance, client: Client) -> None:
    for one in ("604", "608", "611", "713", "606"):
        box.schedule(Fault("result_false", code=one, operation="describe"))
        assert code(client.call("GET", f"{COMPANIES}/describe.json")) == one
    assert code(client.call("PUT", f"{COMPANIES}.json")) == "605"
    assert code(client.call("GET", "/rest/v1/company.json")) == "610"
    box.forget_tokens()
    assert code(client.call("GET", f"{COMPANIES}/describe.json")) == "601"
    client.login()
    (today,) = client.call("GET", "/rest/v1/stats/usage.json")["result"]
    assert today["total"] == 4  # 713, 606, 610, and this one


def test_bursts_of_606_and_615_come_by_schedule_and_do_nothing(box: Instance, client: Client) -> None:
    box.schedule(Fault("result_false", code="606", operation="write", times=2))
    box.schedule(Fault("result_false", code="615", operation="write", nth=3, times=2))
    told = [client.sync(CARS, {"vin": "a"}) for _ in range(5)]
    assert [code(each) for each in told[:4]] == ["606", "606", "615", "615"]
    assert statuses(told[4]) == ["created"]


# sizes and addresses


def test_sizes_beyond_the_limits_are_errors_of_http() -> None:
    with open_box() as box, Client(box) as client:
        long = client.get(f"{box.url}{COMPANIES}.json?filterType=id&filterValues={'1' * 8_000}", timeout=30)
        large = client.post(f"{box.url}{CARS}.json", json={"input": [{"make": "x" * 1_000_000}]}, timeout=30)
    assert (long.status_code, large.status_code) == (414, 413)


def test_addresses_methods_content_types_and_bodies_are_told_apart(box: Instance, client: Client) -> None:
    assert code(client.call("GET", "/rest/v1/nothing.json")) == "610"
    assert code(client.call("GET", "/rest//v1/companies/describe.json")) == "610"
    assert code(client.call("DELETE", f"{CARS}.json")) == "605"
    assert code(client.call("GET", "/rest/v1/customobjects/bus_c/describe.json")) == "1013"
    text = client.post(f"{box.url}{CARS}.json", data="{}", headers={"Content-Type": "text/plain"}, timeout=30)
    assert code(text.json()) == "612"
    broken = client.post(f"{box.url}{CARS}.json", data="{", headers={"Content-Type": "application/json"}, timeout=30)
    assert code(broken.json()) == "609"
    assert code(client.call("POST", f"{CARS}.json", {})) == "1002"
    assert code(client.call("POST", f"{CARS}.json", {"input": []})) == "701"
    assert code(client.sync(CARS, *[{"vin": str(n)} for n in range(301)])) == "1003"
    assert code(client.call("GET", "/rest/v1/customobjects/schema.json")) == "616"


# describe


def test_companies_describe_themselves_as_the_vendor_shows(client: Client) -> None:
    (told,) = client.call("GET", f"{COMPANIES}/describe.json")["result"]
    assert (told["name"], told["idField"], told["dedupeFields"]) == ("Company", "id", ["externalCompanyId"])
    assert told["searchableFields"] == [["externalCompanyId"], ["id"], ["company"]]
    fields = {each["name"]: each for each in told["fields"]}
    assert fields["externalCompanyId"] == {
        "name": "externalCompanyId",
        "displayName": "External Company Id",
        "dataType": "string",
        "length": 100,
        "updateable": False,
    }
    assert fields["company"]["updateable"] is True and fields["annualRevenue"]["dataType"] == "currency"


def test_custom_objects_are_listed_and_describe_fields_keys_and_links(client: Client) -> None:
    listed = client.call("GET", "/rest/v1/customobjects.json")["result"]
    assert [each["name"] for each in listed] == [CAR, LINE]
    assert listed[0]["relationships"][0]["relatedTo"] == {"name": "Company", "field": "externalCompanyId"}
    assert "fields" not in listed[0]
    assert listed[1]["searchableFields"][0] == ["accountId", "product"]
    (told,) = client.call("GET", f"{CARS}/describe.json")["result"]
    assert (told["idField"], told["dedupeFields"]) == ("marketoGUID", ["vin"])
    assert told["searchableFields"] == [["vin"], ["marketoGUID"], ["accountId"]]
    fields = {each["name"]: (each["dataType"], each.get("length"), each["updateable"]) for each in told["fields"]}
    assert fields["marketoGUID"] == ("string", 36, False) and fields["vin"] == ("string", 36, False)
    assert fields["sharePct"] == ("percent", None, True) and fields["make"] == ("string", 255, True)


def test_fields_of_companies_say_which_are_custom(box: Instance, client: Client) -> None:
    box.create_object("Company", [{"name": "healthScore", "type": "integer"}])
    told = {each["name"]: each["isCustom"] for each in client.call("GET", f"{COMPANIES}/schema/fields.json")["result"]}
    assert told["healthScore"] is True and told["company"] is False


# create and update


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


def test_an_answer_may_be_lost_after_the_records_were_written(box: Instance, client: Client) -> None:
    box.schedule(Fault("reset", operation="upsert", after_commit=True))
    with pytest.raises(requests.ConnectionError):
        client.sync(CARS, {"vin": "a"})
    assert statuses(client.sync(CARS, {"vin": "a"})) == ["updated"]


# native sync, permissions


def test_native_sync_makes_companies_read_only_or_disables_them_and_leaves_custom_objects(
    box: Instance, client: Client
) -> None:
    probe = {"externalCompanyId": "no such company"}
    box.switches.native_sync = "read_only"
    assert client.call("GET", f"{COMPANIES}/describe.json")["success"] is True
    refused = client.sync(COMPANIES, probe, action="updateOnly")
    assert (code(refused), refused["errors"][0]["message"]) == ("1018", "CRM Enabled")
    box.switches.crm_refusal = "records"
    assert reasons(client.sync(COMPANIES, probe, action="updateOnly")) == ["1018"]
    box.switches.native_sync = "disabled"
    assert code(client.call("GET", f"{COMPANIES}/describe.json")) == "1018"
    assert statuses(client.sync(CARS, {"vin": "a"})) == ["created"]
    assert box.count("Company") == 0


def test_a_role_without_a_permission_is_603_and_an_instance_without_custom_objects_1026(
    box: Instance, client: Client
) -> None:
    box.switches.denied = frozenset({"upsert"})
    assert code(client.sync(CARS, {"vin": "a"})) == "603"
    box.switches.custom_objects = False
    assert code(client.call("GET", f"{CARS}/describe.json")) == "1026"
    assert client.call("GET", f"{COMPANIES}/describe.json")["success"] is True


# look-ups


def test_companies_are_found_by_a_list_of_values(box: Instance, client: Client) -> None:
    box.insert("Company", [{"externalCompanyId": f"A-{n}", "company": f"C{n}"} for n in range(3)])
    where = f"{COMPANIES}.json?filterType=externalCompanyId&filterValues=A-2,A-0,A-9"
    told = client.call("GET", where + "&fields=externalCompanyId,company,industry")["result"]
    assert [(each["seq"], each["externalCompanyId"], each["company"]) for each in told] == [
        (0, "A-0", "C0"),
        (1, "A-2", "C2"),
    ]
    assert "industry" not in told[0]  # not returned is null
    assert set(client.call("GET", where)["result"][0]) == {"seq", "id", "externalCompanyId", "createdAt", "updatedAt"}
    by_id = client.call("GET", f"{COMPANIES}.json?filterType=id&filterValues={told[1]['id']}")["result"]
    assert [each["externalCompanyId"] for each in by_id] == ["A-2"]
    box.switches.null_in_query = "null"
    assert client.call("GET", where + "&fields=industry")["result"][0]["industry"] is None


def test_a_long_look_up_goes_by_post_with_method_get(box: Instance, client: Client) -> None:
    box.insert(CAR, [{"vin": f"{n:030d}"} for n in range(300)])
    form = {"filterType": "dedupeFields", "filterValues": ",".join(f"{n:030d}" for n in range(300))}
    reply = client.post(f"{box.url}{CARS}.json", params={"_method": "GET"}, data=form, timeout=30).json()
    assert len(reply["result"]) == 300 and "moreResult" not in reply


def test_compound_keys_are_looked_up_by_input(box: Instance, client: Client) -> None:
    lines = f"/rest/v1/customobjects/{LINE}"
    keys = [{"accountId": a, "product": p} for a in "ab" for p in ("x", "y")]
    assert statuses(client.sync(lines, *[{**key, "note": "n"} for key in keys])) == ["created"] * 4
    asked = {"filterType": "dedupeFields", "fields": ["accountId", "product"], "input": [keys[3], keys[0]]}
    told = client.call("POST", f"{lines}.json?_method=GET", asked)["result"]
    assert [(each["accountId"], each["product"]) for each in told] == [("a", "x"), ("b", "y")]
    assert code(client.call("GET", f"{lines}.json?filterType=dedupeFields&filterValues=a")) == "1003"
    short = {"filterType": "dedupeFields", "input": [{"accountId": "a"}]}
    assert code(client.call("POST", f"{lines}.json?_method=GET", short)) == "1002"
    one = {"filterType": "dedupeFields", "input": [{"vin": "none"}]}
    assert client.call("POST", f"{CARS}.json?_method=GET", one)["result"] == []
    box.switches.input_query = "compound"
    assert code(client.call("POST", f"{CARS}.json?_method=GET", one)) == "1003"


def test_more_than_a_page_comes_with_a_token_for_the_next(box: Instance, client: Client) -> None:
    box.insert(CAR, [{"vin": f"{n:03d}", "accountId": "A"} for n in range(650)])
    where = f"{CARS}.json?filterType=accountId&filterValues=A"
    found: list[str] = []
    token, sizes = "", []
    while True:
        told = client.call("GET", where, params={"nextPageToken": token} if token else None)
        found += [each["vin"] for each in told["result"]]
        sizes.append(len(told["result"]))
        if not told.get("moreResult"):
            break
        token = told["nextPageToken"]
    assert (sizes, found) == ([300, 300, 50], [f"{n:03d}" for n in range(650)])
    assert code(client.call("GET", where + "x", params={"nextPageToken": token})) == "1003"
    assert len(client.call("GET", where + "&batchSize=5")["result"]) == 5


def test_a_look_up_of_what_cannot_be_looked_up_is_refused(client: Client) -> None:
    assert code(client.call("GET", f"{CARS}.json?filterType=make&filterValues=BMW")) == "1011"
    assert code(client.call("GET", f"{CARS}.json?filterValues=BMW")) == "1002"
    assert code(client.call("GET", f"{CARS}.json?filterType=vin&filterValues=a&fields=nothing")) == "1006"
    many = ",".join("a" for _ in range(301))
    assert code(client.call("GET", f"{CARS}.json?filterType=vin&filterValues={many}")) == "1003"


def test_values_are_read_as_json_of_their_type(box: Instance, client: Client) -> None:
    box.insert(CAR, [{"vin": "a", "price": 10.4, "leased": "true", "year": 2003, "soldOn": "2010-05-07"}])
    where = f"{CARS}.json?filterType=vin&filterValues=a&fields=price,leased,year,soldOn"
    (told,) = client.call("GET", where)["result"]
    assert {name: told[name] for name in ("price", "leased", "year", "soldOn")} == {
        "price": 10.4,
        "leased": True,
        "year": 2003,
        "soldOn": "2010-05-07",
    }
    box.switches.decimals = "text"
    assert client.call("GET", where)["result"][0]["price"] == "10.40"


# delete


def test_records_are_deleted_by_key_and_by_id_and_what_is_not_there_is_1013(box: Instance, client: Client) -> None:
    box.insert(CAR, [{"vin": vin} for vin in "abc"])
    told = client.call("POST", f"{CARS}/delete.json", {"input": [{"vin": "a"}, {"vin": "z"}]})
    assert (statuses(told), reasons(told)) == (["deleted", "skipped"], [None, "1013"])
    guid = box.rows(CAR)[0]["marketoGUID"]
    body = {"deleteBy": "idField", "input": [{"marketoGUID": guid}, {"marketoGUID": guid}]}
    assert statuses(client.call("POST", f"{CARS}/delete.json", body)) == ["deleted", "skipped"]
    assert [row["vin"] for row in box.rows(CAR)] == ["c"]
