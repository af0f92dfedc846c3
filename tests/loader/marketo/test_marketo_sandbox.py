"""The local Marketo keeps to the contract: tokens, limits, sizes and addresses, native sync, permissions."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from sandbox.marketo import Fault, Instance, Limits

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
    (told,) = client.call("GET", "/rest/v1/stats/errors.json")["result"]
    assert {each["errorCode"] for each in told["errors"]} == {"601", "604", "605", "606", "608", "610", "611", "713"}


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
    refused = client.call("DELETE", f"{CARS}.json")
    assert (code(refused), refused["errors"][0]["message"]) == ("605", "Request method 'DELETE' not supported")
    assert code(client.call("GET", "/rest/v1/customobjects/bus_c/describe.json")) == "1013"
    text = client.post(f"{box.url}{CARS}.json", data="{}", headers={"Content-Type": "text/plain"}, timeout=30)
    assert code(text.json()) == "612"
    broken = client.post(f"{box.url}{CARS}.json", data="{", headers={"Content-Type": "application/json"}, timeout=30)
    assert code(broken.json()) == "609"
    assert code(client.call("POST", f"{CARS}.json", {})) == "1002"
    assert code(client.call("POST", f"{CARS}.json", {"input": []})) == "701"
    assert code(client.sync(CARS, *[{"vin": str(n)} for n in range(301)])) == "1003"
    assert code(client.call("GET", "/rest/v1/customobjects/schema.json")) == "616"


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


def test_what_the_vendor_leaves_open_about_what_is_not_there_is_switched(box: Instance, client: Client) -> None:
    box.switches.unknown_object, box.switches.unknown_uri = "610", 404
    assert code(client.call("GET", "/rest/v1/customobjects/bus_c/describe.json")) == "610"
    lost = client.get(f"{box.url}/rest/v1/nothing.json", timeout=30)
    assert (lost.status_code, code(lost.json())) == (404, "610")


def test_other_integrations_take_their_share_of_what_may_run_at_once() -> None:
    limits = Limits(calls_per_window=None, at_once=2, others_at_once=2, counts_refused=False)
    with open_box(limits=limits) as box:
        client = Client(box)
        assert code(client.call("GET", f"{COMPANIES}/describe.json")) == "615"
        box.limits.others_at_once = 1
        (today,) = client.call("GET", "/rest/v1/stats/usage.json")["result"]
        assert today["total"] == 1  # the refused one did not count
