"""The sandbox's limits (contract section 7)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from test_sandbox import JSON, Client, open_box, refused, row, token

from sandbox import Limits, Sandbox

LIST = "/v1/meta/services/objects/list"


class Clock:
    """Time that moves when told to."""

    def __init__(self) -> None:
        self.now = 1_700_000_040.0
        """The start of a minute."""

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(clock: Clock) -> Iterator[Client]:
    limits = Limits(calls_per_window=3, calls_per_day=7)
    with open_box(limits=limits, clock=clock) as box:
        yield Client(box)


def statuses(client: Client, count: int) -> list[int]:
    return [client.call("GET", LIST).status_code for _ in range(count)]


def test_the_defaults_are_the_documented_limits() -> None:
    limits = Limits()
    assert (limits.calls_per_window, limits.window_seconds, limits.calls_per_day) == (
        *(100, 60.0),
        50_000,
    )
    assert (limits.bulk_calls_per_window, limits.bulk_calls_per_day) == (10, 100)


def test_windows_are_fixed_not_sliding(client: Client, clock: Clock) -> None:
    clock.now += 59
    assert statuses(client, 4) == [200, 200, 200, 429]
    clock.now += 1
    assert statuses(client, 4) == [200, 200, 200, 429]


def test_a_call_over_the_limit_has_the_vendors_body_and_writes_nothing(client: Client) -> None:
    statuses(client, 3)
    body = client.insert(row(1)).json()
    assert body.pop("requestId")
    assert body == {
        "result": False,
        "errorCode": "GU_2400",
        "errorDesc": "Too many request",
        "data": None,
        "message": None,
    }
    assert client.box.rows("Instance_Usage__gc") == []
    assert [call.status for call in client.box.calls] == [200, 200, 200, 429]


def test_the_day_has_a_quota_of_its_own(client: Client, clock: Clock) -> None:
    for _ in range(2):
        statuses(client, 3)
        clock.now += 60
    assert statuses(client, 2) == [200, 429]
    clock.now += 60
    assert statuses(client, 1) == [429]
    clock.now += 86_400
    assert statuses(client, 1) == [200]


def test_refused_calls_are_not_counted(client: Client) -> None:
    requests.get(client.box.url + LIST, timeout=60)
    statuses(client, 5)
    assert {name: used for name, used, _ in client.box.usage()}["window"] == 3


def test_tokens_reads_and_metadata_count_like_writes(client: Client) -> None:
    assert token(client.box).status_code == 200
    assert client.query("Gsid").status_code == 200
    assert statuses(client, 2) == [200, 429]


def test_retry_after_comes_when_switched_on(client: Client) -> None:
    statuses(client, 3)
    assert "Retry-After" not in client.call("GET", LIST).headers
    client.box.switches.retry_after = True
    assert 1 <= int(client.call("GET", LIST).headers["Retry-After"]) <= 61


def test_a_429_is_a_proxys_page_when_switched_on(client: Client) -> None:
    statuses(client, 3)
    client.box.switches.error_body = "html"
    reply = client.call("GET", LIST)
    assert (reply.status_code, reply.headers["Content-Type"]) == (429, "text/html; charset=utf-8")
    assert "429 Too Many Requests" in reply.text


def test_limits_can_change_while_running_and_be_off(client: Client) -> None:
    statuses(client, 3)
    client.box.limits = Limits.off()
    assert statuses(client, 5) == [200] * 5


def test_windows_can_be_short() -> None:
    with open_box(limits=Limits(calls_per_window=1, window_seconds=0.2)) as box:
        client = Client(box)
        seen = statuses(client, 60)
        assert 200 in seen and 429 in seen
        assert seen.count(200) >= 1


def test_counters_survive_a_restart(tmp_path: object, clock: Clock) -> None:
    path = f"{tmp_path}/rows.sqlite"
    limits = Limits(calls_per_window=3)
    with Sandbox(path, limits=limits, clock=clock) as box:
        statuses(Client(box), 2)
    with Sandbox(path, limits=limits, clock=clock) as box:
        assert statuses(Client(box), 2) == [200, 429]


def test_unauthorised_calls_are_told_so_even_over_the_limit(client: Client) -> None:
    statuses(client, 3)
    refused(requests.get(client.box.url + LIST, headers=JSON, timeout=60), "GS_APIG_2401", 401)
