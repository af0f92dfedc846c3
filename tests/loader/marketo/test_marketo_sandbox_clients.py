"""Clients that other people wrote talk to the local Marketo, so that it is not only true to our own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_marketo_sandbox import CAR, LINE, open_box

from sandbox.marketo import Fault, Instance

ABSENT = "marketorestpython is not installed (pip install marketorestpython: source only, so not ours to ship)"


@pytest.fixture
def box() -> Iterator[Instance]:
    with open_box() as box:
        yield box


@pytest.fixture
def client(box: Instance, monkeypatch: pytest.MonkeyPatch) -> Any:
    module = pytest.importorskip("marketorestpython.client", reason=ABSENT)
    # It paces itself to five calls a second, by sleeping.
    monkeypatch.setattr("marketorestpython.helper.http_lib.time.sleep", lambda seconds: None)
    client = module.MarketoClient("local", "local", "local", max_retry_time=5)
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


NODE = """
const Marketo = require("node-marketo-rest");
const url = process.argv[1];
const retry = {initialDelay: 10, maxDelay: 20, maxRetries: 5};
const client = new Marketo({endpoint: url + "/rest", identity: url + "/identity", clientId: "local",
  clientSecret: "local", retry});
const calls = client._connection;
(async () => {
  const described = await calls.get("/v1/companies/describe.json");
  const input = [{externalCompanyId: "A-1", company: "Alder"}];
  const synced = await calls.postJson("/v1/companies.json", {input});
  const query = {filterType: "externalCompanyId", filterValues: "A-1", fields: "company"};
  const found = await calls.get("/v1/companies.json", {query});
  const usage = await client.stats.usage();
  const refused = await calls.get("/v1/customobjects/nothing_c/describe.json").catch((error) => error.errors[0].code);
  console.log(JSON.stringify({key: described.result[0].dedupeFields, status: synced.result[0].status,
    name: found.result[0].company, total: usage.result[0].total, refused}));
})().catch((error) => { console.error(error); process.exit(1); });
"""


def test_node_marketo_renews_a_token_that_ended_and_waits_out_606(box: Instance) -> None:
    node, modules = shutil.which("node"), os.environ.get("NODE_MARKETO_MODULES", "")
    if node is None or not (Path(modules) / "node-marketo-rest").is_dir():
        pytest.skip("NODE_MARKETO_MODULES names no node_modules with it (npm install node-marketo-rest: not ours)")
    box.schedule(Fault("end_tokens", operation="upsert"))
    box.schedule(Fault("result_false", code="606", operation="query", times=2))
    done = subprocess.run(
        [node, "-e", NODE, box.url],
        env={**os.environ, "NODE_PATH": modules},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    # Six calls count: the one with 602 does not.
    expected = {"key": ["externalCompanyId"], "status": "created", "name": "Alder", "total": 6, "refused": "1013"}
    assert told == expected
    assert [call.code for call in box.calls if call.operation in ("upsert", "query")] == [
        "602",
        None,
        "606",
        "606",
        None,
    ]
