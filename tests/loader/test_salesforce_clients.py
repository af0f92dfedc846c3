"""Clients that other people wrote talk to the local Salesforce, so that it is not only true to our own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from requests.adapters import HTTPAdapter
from salesforce_org import USAGE, open_org

from sandbox.salesforce import Org

simple_salesforce = pytest.importorskip("simple_salesforce", reason="simple-salesforce is not installed: make setup")
API = "67.0"


class ToLocal(HTTPAdapter):
    """Sends what goes to any https address to one local org: the client knows no other scheme."""

    def __init__(self, org: Org) -> None:
        super().__init__()
        self._url = org.url

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        assert request.url is not None
        request.url = self._url + "/" + request.url.split("/", 3)[3]
        return super().send(request, *args, **more)


def session_of(org: Org) -> requests.Session:
    session = requests.Session()
    session.mount("https://", ToLocal(org))
    return session


@pytest.fixture
def org() -> Iterator[Org]:
    with open_org() as org:
        yield org


@pytest.fixture
def client(org: Org) -> Any:
    return simple_salesforce.Salesforce(
        consumer_key="local", consumer_secret="local", domain="local.my", session=session_of(org), version=API
    )


def test_simple_salesforce_logs_in_with_a_jwt(tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = tmp_path / "key.pem"
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    with open_org(public_key=public.decode(), username="loader@example.com") as org:
        client = simple_salesforce.Salesforce(
            username="loader@example.com",
            consumer_key="local",
            privatekey_file=str(private),
            session=session_of(org),
            version=API,
        )
        assert client.query("SELECT Name FROM User")["totalSize"] == 1
        with pytest.raises(simple_salesforce.exceptions.SalesforceAuthenticationFailed):
            simple_salesforce.Salesforce(
                username="nobody@example.com",
                consumer_key="local",
                privatekey_file=str(private),
                session=session_of(org),
            )


def test_simple_salesforce_describes_queries_and_writes_records(client: Any, org: Org) -> None:
    described = {each["name"]: each["type"] for each in getattr(client, USAGE).describe()["fields"]}
    assert described["Share__c"] == "percent"
    assert getattr(client, USAGE).upsert("Usage_Key__c/k1", {"Users__c": 3}) == 201
    assert getattr(client, USAGE).upsert("Usage_Key__c/k1", {"Users__c": 4}) == 200
    org.insert(USAGE, [{"Usage_Key__c": f"m{n}"} for n in range(2_500)])
    records = list(client.query_all_iter(f"SELECT Usage_Key__c, Users__c FROM {USAGE}"))
    assert len(records) == 2_501
    assert {each["Users__c"] for each in records} == {4.0, None}
    assert client.limits()["DailyApiRequests"]["Max"] == 100_000
    assert client.api_usage["api-usage"].total == 100_000


def test_simple_salesforce_meets_the_errors_it_has_classes_for(client: Any, org: Org) -> None:
    errors = simple_salesforce.exceptions
    org.insert("Account", [{"Name": "A", "Ext__c": "1"}, {"Name": "B", "Ext__c": "1"}])
    with pytest.raises(errors.SalesforceMoreThanOneRecord):
        client.Account.get_by_custom_id("Ext__c", "1")
    with pytest.raises(errors.SalesforceResourceNotFound):
        client.Account.get("001000000000001AAA")
    with pytest.raises(errors.SalesforceMalformedRequest) as refused:
        client.query("SELECT Nothing__c FROM Account")
    assert refused.value.content[0]["errorCode"] == "INVALID_FIELD"


def test_simple_salesforce_renews_a_session_that_ended(client: Any, org: Org) -> None:
    org.expire_tokens()
    assert client.Account.describe()["name"] == "Account"
    assert [call.code for call in org.calls if call.operation == "describe"] == ["INVALID_SESSION_ID", None]


def test_simple_salesforce_upserts_by_bulk_and_reads_the_three_results(client: Any, org: Org) -> None:
    rows = [{"Usage_Key__c": f"k{n}", "Users__c": str(n)} for n in range(450)]
    rows.append({"Usage_Key__c": "bad", "Users__c": "many"})
    (told,) = getattr(client.bulk2, USAGE).upsert(records=rows, external_id_field="Usage_Key__c", wait=0.01)
    assert (told["numberRecordsProcessed"], told["numberRecordsFailed"]) == (451, 1)
    good = getattr(client.bulk2, USAGE).get_successful_records(told["job_id"])
    bad = getattr(client.bulk2, USAGE).get_failed_records(told["job_id"])
    left = getattr(client.bulk2, USAGE).get_unprocessed_records(told["job_id"])
    assert (good.count("\n"), bad.count("\n"), left.count("\n")) == (451, 2, 1)
    assert "INVALID_TYPE_ON_FIELD_IN_RECORD" in bad
    assert sum(row["Users__c"] for row in org.rows(USAGE)) == 449 * 450 / 2


JSFORCE = """
const jsforce = require("jsforce");
(async () => {
  const [url, token, object] = process.argv.slice(1);
  const org = new jsforce.Connection({instanceUrl: url, accessToken: token, version: "67.0"});
  const described = await org.sobject(object).describe();
  const upserted = await org.sobject(object).upsert([{Usage_Key__c: "a", Users__c: 1}, {Usage_Key__c: "b"}],
    "Usage_Key__c");
  const rows = Array.from({length: 300}, (_, n) => ({Usage_Key__c: "k" + n, Users__c: n}));
  const bulk = await org.bulk2.loadAndWaitForResults({object, operation: "upsert",
    externalIdFieldName: "Usage_Key__c", input: rows, pollInterval: 20, pollTimeout: 10000});
  const found = await org.query("SELECT Id, Users__c FROM " + object + " WHERE Usage_Key__c IN ('a', 'k299')");
  console.log(JSON.stringify({fields: described.fields.length, upserted: upserted.map((each) => each.created),
    bulk: [bulk.successfulResults.length, bulk.failedResults.length, bulk.unprocessedRecords.length],
    found: found.records.map((each) => each.Users__c)}));
})().catch((error) => { console.error(error); process.exit(1); });
"""


def test_jsforce_describes_upserts_queries_and_loads(org: Org) -> None:
    node, modules = shutil.which("node"), os.environ.get("JSFORCE_MODULES", "")
    if node is None or not (Path(modules) / "jsforce").is_dir():
        pytest.skip("JSFORCE_MODULES names no node_modules with jsforce (npm install jsforce: 100 MB, so not ours)")
    form = {"grant_type": "client_credentials", "client_id": "local", "client_secret": "local"}
    token = requests.post(f"{org.url}/services/oauth2/token", data=form, timeout=60).json()["access_token"]
    started = time.monotonic()
    done = subprocess.run(
        [node, "-e", JSFORCE, org.url, token, USAGE],
        env={**os.environ, "NODE_PATH": modules},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, f"{done.stderr} after {time.monotonic() - started:.0f} s"
    told = json.loads(done.stdout)
    assert told == {"fields": 14, "upserted": [True, True], "bulk": [300, 0, 0], "found": [1, 299]}
