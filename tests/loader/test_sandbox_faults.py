"""The sandbox's faults on a schedule."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from test_sandbox import JSON, USAGE, Client, open_box, row

from sandbox import Fault


@pytest.fixture
def client() -> Iterator[Client]:
    with open_box() as box:
        yield Client(box)


def rows(client: Client) -> int:
    return len(client.box.rows(USAGE))


def struck(client: Client, fault: Fault) -> requests.Response:
    client.box.schedule(fault)
    return client.insert(row(1))


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
@pytest.mark.parametrize("after_commit", [False, True])
def test_a_status_fault_answers_before_or_after_the_commit(client: Client, status: int, after_commit: bool) -> None:
    reply = struck(client, Fault("status", status=status, after_commit=after_commit))
    assert (reply.status_code, reply.json()["result"]) == (status, False)
    assert rows(client) == int(after_commit)
    (call,) = client.box.calls
    assert (call.fault, call.status, call.committed) == ("status", status, after_commit)
    assert call.records == 1


@pytest.mark.parametrize(("body", "start"), [("html", "<html>"), ({"oops": 1}, '{"oops"')])
def test_a_status_fault_can_have_any_body(client: Client, body: Any, start: str) -> None:
    assert struck(client, Fault("status", status=503, body=body)).text.startswith(start)


def test_a_status_fault_follows_the_body_and_retry_after_switches(client: Client) -> None:
    client.box.switches.error_body = "html"
    client.box.switches.retry_after = True
    reply = struck(client, Fault("status", status=503))
    assert reply.text.startswith("<html>")
    assert reply.headers["Retry-After"] == "1"


def test_a_status_fault_can_carry_its_own_retry_after_and_code(client: Client) -> None:
    fault = Fault("status", status=429, retry_after=7, code="X_1")
    reply = struck(client, fault)
    assert reply.headers["Retry-After"] == "7"
    assert reply.json()["errorCode"] == "X_1"


@pytest.mark.parametrize("after_commit", [False, True])
def test_a_reset_breaks_the_connection_before_or_after_the_commit(client: Client, after_commit: bool) -> None:
    with pytest.raises(requests.ConnectionError, match="reset"):
        struck(client, Fault("reset", after_commit=after_commit))
    assert rows(client) == int(after_commit)
    (call,) = client.box.calls
    assert (call.fault, call.status, call.committed) == ("reset", 0, after_commit)
    assert client.insert(row(2)).status_code == 200


@pytest.mark.parametrize("after_commit", [False, True])
def test_a_hang_outlasts_the_clients_patience(client: Client, after_commit: bool) -> None:
    client.box.schedule(Fault("hang", seconds=5, after_commit=after_commit))
    with pytest.raises(requests.ReadTimeout):
        client.post(f"{client.box.url}/v1/data/objects/{USAGE}", json={"records": [row(1)]}, timeout=0.1)
    assert rows(client) == int(after_commit)
    assert client.box.calls[0].committed is after_commit


def test_a_hang_before_the_commit_never_writes_later(client: Client) -> None:
    with pytest.raises(requests.ConnectionError):
        struck(client, Fault("hang", seconds=0.1))
    assert rows(client) == 0


def test_a_hang_after_the_commit_ends_in_a_late_reply(client: Client) -> None:
    reply = struck(client, Fault("hang", seconds=0.1, after_commit=True))
    assert reply.json()["data"]["count"] == 1


def test_a_slow_reply_drips_and_is_whole(client: Client) -> None:
    started = time.monotonic()
    reply = struck(client, Fault("slow", seconds=0.3))
    assert time.monotonic() - started > 0.25
    assert reply.json()["data"]["count"] == rows(client) == 1


def test_a_truncated_reply_is_not_json_though_the_row_is_written(client: Client) -> None:
    reply = struck(client, Fault("truncated"))
    assert reply.status_code == 200 and rows(client) == 1
    with pytest.raises(requests.JSONDecodeError):
        reply.json()


def test_a_reply_cut_off_is_a_broken_connection_though_the_row_is_written(client: Client) -> None:
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        struck(client, Fault("cut_off"))
    assert rows(client) == 1


def test_an_html_page_can_come_with_status_200(client: Client) -> None:
    reply = struck(client, Fault("html"))
    assert (reply.status_code, reply.text[:6], rows(client)) == (200, "<html>", 0)


def test_result_false_can_come_with_status_200(client: Client) -> None:
    body = struck(client, Fault("result_false", code="GSOBJ_9")).json()
    assert (body["result"], body["errorCode"], rows(client)) == (False, "GSOBJ_9", 0)


def test_a_revoked_key_is_refused_from_then_on(client: Client) -> None:
    client.box.schedule(Fault("revoke_key", operation="insert", nth=2))
    assert [client.insert(row(n)).status_code for n in range(4)] == [200, 401, 401, 401]
    assert rows(client) == 1
    client.box.clear_faults()
    assert client.insert(row(9)).status_code == 200


def test_a_redirect_points_where_told(client: Client) -> None:
    client.box.schedule(Fault("redirect", location="http://127.0.0.1:9/x"))
    url = f"{client.box.url}/v1/meta/services/objects/list"
    reply = client.get(url, allow_redirects=False, timeout=60)
    assert (reply.status_code, reply.headers["Location"]) == (302, "http://127.0.0.1:9/x")


# Which calls are struck


def statuses(client: Client, count: int) -> list[int]:
    return [client.insert(row(n)).status_code for n in range(count)]


def test_the_nth_call_is_struck_as_many_times_as_told(client: Client) -> None:
    client.box.schedule(Fault("status", nth=3, times=2))
    assert statuses(client, 6) == [200, 200, 503, 503, 200, 200]


def test_times_none_has_no_end(client: Client) -> None:
    client.box.schedule(Fault("status", nth=2, times=None))
    assert statuses(client, 4) == [200, 503, 503, 503]


def test_only_matching_operations_and_objects_are_counted(client: Client) -> None:
    client.box.schedule(Fault("status", operation="insert", object=USAGE.lower(), nth=2))
    assert client.insert({"Name": "Acme"}, to="Company").status_code == 200
    assert client.query("Gsid").status_code == 200
    assert statuses(client, 2) == [200, 503]


def test_several_operations_can_be_named_and_write_is_a_group(client: Client) -> None:
    client.box.schedule(Fault("status", operation=("query", "list"), times=None))
    client.box.schedule(Fault("status", status=500, operation="write", times=None))
    assert client.query("Gsid").status_code == 503
    assert client.call("GET", "/v1/meta/services/objects/list").status_code == 503
    assert client.update(row(1)).status_code == client.insert(row(1)).status_code == 500
    assert client.delete_row("x").status_code == 500
    assert client.call("GET", f"/v1/meta/services/objects/{USAGE}/describe").status_code == 200


def test_a_probability_strikes_the_same_calls_for_the_same_seed() -> None:
    seen = []
    for seed in (1, 1, 2):
        with open_box() as box:
            box.schedule(Fault("status", probability=0.5, times=None, seed=seed))
            seen.append(statuses(Client(box), 20))
    assert seen[0] == seen[1] != seen[2]
    assert {200, 503} == set(seen[0])


def test_two_faults_each_count_their_own_calls(client: Client) -> None:
    client.box.schedule(Fault("status", status=500, nth=1), Fault("status", status=502, nth=2))
    assert statuses(client, 3) == [500, 502, 200]


def test_a_fault_strikes_only_what_was_admitted(client: Client) -> None:
    client.box.schedule(Fault("status"))
    url = f"{client.box.url}/v1/meta/services/objects/list"
    assert requests.get(url, headers=JSON, timeout=60).status_code == 401
    assert client.get(url, timeout=60).status_code == 503


def test_a_fault_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="took effect"):
        Fault("truncated", after_commit=False)


def test_stopping_does_not_wait_for_a_hang() -> None:
    started = time.monotonic()
    with open_box() as box:
        box.schedule(Fault("hang", seconds=60))
        with pytest.raises(requests.ReadTimeout):
            Client(box).get(f"{box.url}/v1/meta/services/objects/list", timeout=0.1)
    assert time.monotonic() - started < 3
