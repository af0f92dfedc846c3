"""Nothing a client sends makes the sandbox itself fail."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_sandbox import FIELDS, USAGE, Client, open_box, row

from sandbox import Sandbox

NAMES = [each["name"] for each in FIELDS] + ["Gsid", "Company_Id__gr.Name", "Nope", "A", "B"]
WORDS = ["records", "select", "where", "conditions", "expression", "orderBy", "limit", "offset"]
WORDS += ["name", "alias", "value", "operator", "lookups", "fields", "objectName", "onNoMatch"]
WORDS += ["EQ", "IN", "BTW", "A AND B", "asc", "Company", "objectNames", "ERROR", "FIRSTMATCH"]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.sampled_from(NAMES + WORDS),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(NAMES + WORDS), inner, max_size=4),
    ),
    max_leaves=12,
)
records = st.lists(st.dictionaries(st.sampled_from(NAMES), values, max_size=5), max_size=3)
lookups = st.fixed_dictionaries(
    {
        "fields": st.dictionaries(st.sampled_from(NAMES), values, max_size=2),
        "objectName": st.one_of(st.just("Company"), values),
        "lookupField": st.one_of(st.just("Gsid"), values),
        "onNoMatch": st.one_of(st.just("NULLABLE"), values),
        "multiMatchOption": st.one_of(st.just("FIRSTMATCH"), values),
    }
)
writes = st.fixed_dictionaries(
    {"records": records},
    optional={"lookups": st.dictionaries(st.sampled_from(NAMES), st.one_of(lookups, values))},
)
conditions = st.fixed_dictionaries(
    {
        "name": st.one_of(st.sampled_from(NAMES), values),
        "alias": st.sampled_from(["A", "B"]),
        "operator": st.sampled_from(["EQ", "NE", "IN", "BTW", "CONTAINS", "INCLUDES", "IS_NULL"]),
        "value": st.one_of(st.lists(scalars, max_size=2), values),
    }
)
reads = st.fixed_dictionaries(
    {"select": st.one_of(st.lists(st.sampled_from(NAMES), max_size=3), values)},
    optional={
        "where": st.fixed_dictionaries(
            {
                "conditions": st.lists(conditions, max_size=2),
                "expression": st.one_of(st.sampled_from(["A", "B", "A AND B", "A OR B"]), values),
            }
        ),
        "orderBy": values,
        "limit": scalars,
        "offset": scalars,
    },
)
calls = st.one_of(
    st.tuples(st.just("POST"), st.just(f"/v1/data/objects/{USAGE}"), st.one_of(writes, values)),
    st.tuples(
        st.just("PUT"),
        st.sampled_from(NAMES).map(lambda name: f"/v1/data/objects/{USAGE}?keys={name}"),
        st.one_of(writes, values),
    ),
    st.tuples(st.just("POST"), st.just(f"/v1/data/objects/query/{USAGE}"), st.one_of(reads, values)),
    st.tuples(st.just("POST"), st.just("/v1/meta/services/objects/describe"), values),
)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with open_box() as box:
        yield Client(box)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(call=calls)
def test_no_body_is_answered_by_an_internal_error(client: Client, call: Any) -> None:
    method, path, body = call
    reply = client.call(method, path, body)
    assert reply.status_code in (200, 400, 404), reply.text
    assert reply.json()["result"] is (reply.status_code == 200)


def raw(box: Sandbox, data: bytes) -> bytes:
    host, port = box.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
        return received


@pytest.mark.parametrize(
    ("data", "start"),
    [
        (b"nonsense\r\n\r\n", b"<!DOCTYPE"),
        (b"POST /v1 HTTP/1.1\r\nContent-Length: -5\r\n\r\n", b"HTTP/1.1 411"),
        (b"POST /v1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"HTTP/1.1 411"),
        (b"POST /v1 HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", b"HTTP/1.1 413"),
        (b"POST /v1 HTTP/1.1\r\nContent-Length: 10\r\n\r\nshort", b""),
    ],
)
def test_a_broken_request_harms_nobody_else(client: Client, data: bytes, start: bytes) -> None:
    received = raw(client.box, data)
    assert start in received[: len(start) + 200]
    assert client.insert(row(1)).status_code == 200
