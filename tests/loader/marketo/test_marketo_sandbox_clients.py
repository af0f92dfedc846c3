"""A client that somebody else wrote talks to the local Marketo, so that it is not only true to our own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from test_marketo_sandbox import CAR, LINE, open_box

from sandbox.marketo import Instance

marketorestpython = pytest.importorskip(
    "marketorestpython", reason="marketorestpython is not installed (pip install marketorestpython: not ours to ship)"
)


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    # The client paces itself to five calls a second, by sleeping.
    monkeypatch.setattr("marketorestpython.helper.http_lib.time.sleep", lambda seconds: None)
    with open_box() as box:
        yield box


@pytest.fixture
def client(box: Instance) -> Any:
    from marketorestpython.client import MarketoClient

    client = MarketoClient("local", "local", "local", max_retry_time=5)
    client.host = box.url  # it knows no other address than https://<munchkin id>.mktorest.com
    return client


def test_marketorestpython_describes_writes_and_reads_companies(client: Any, box: Instance) -> None:
    assert client.execute(method="describe_company")[0]["dedupeFields"] == ["externalCompanyId"]
    records = [{"externalCompanyId": "A-1", "company": "Alder"}, {"externalCompanyId": "A-2", "company": "Birch"}]
    created = client.execute(method="create_update_companies", input=records)
    assert [each["status"] for each in created] == ["created", "created"]
    found = client.execute(
        method="get_companies", filterType="externalCompanyId", filterValues=["A-2", "A-1"], fields=["company"]
    )
    assert [each["company"] for each in found] == ["Alder", "Birch"]
    gone = client.execute(method="delete_companies", input=[{"externalCompanyId": "A-1"}])
    assert gone[0]["status"] == "deleted" and box.count("Company") == 1


def test_marketorestpython_lists_writes_and_finds_custom_objects_by_compound_keys(client: Any, box: Instance) -> None:
    assert [each["name"] for each in client.execute(method="get_list_of_custom_objects")] == [CAR, LINE]
    keys = [{"accountId": "a", "product": "x"}, {"accountId": "a", "product": "y"}]
    written = client.execute(
        method="create_update_custom_objects", name=LINE, input=[{**key, "note": "n"} for key in keys]
    )
    assert [each["status"] for each in written] == ["created", "created"]
    found = client.execute(
        method="get_custom_objects", name=LINE, input=keys[1:], filterType="dedupeFields", fields=["product", "note"]
    )
    assert [(each["product"], each["note"]) for each in found] == [("y", "n")]
    guid = [{"marketoGUID": found[0]["marketoGUID"]}]
    by_id = client.execute(method="get_custom_objects", name=LINE, input=guid, filterType="idField", fields=["product"])
    assert [each["product"] for each in by_id] == ["y"]
    skipped = client.execute(method="create_update_custom_objects", name=CAR, input=[{"vin": "a"}], action="updateOnly")
    assert skipped[0]["reasons"][0]["code"] == "1004"


def test_marketorestpython_knows_the_days_calls(client: Any, box: Instance) -> None:
    client.execute(method="describe_company")
    (today,) = client.execute(method="get_daily_usage")
    assert today["total"] == 2


def test_marketorestpython_meets_a_bad_secret_and_a_refusal(client: Any, box: Instance) -> None:
    box.switches.native_sync = "read_only"
    with pytest.raises(Exception, match="1018"):
        client.execute(method="create_update_companies", input=[{"externalCompanyId": "A-1"}])
    client.client_secret, client.valid_until = "wrong", None
    with pytest.raises(Exception, match="Bad client credentials"):
        client.execute(method="describe_company")
