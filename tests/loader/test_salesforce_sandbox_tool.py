"""The local Salesforce as a tool: the command, kills, two orgs, the page."""

from __future__ import annotations

import time
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import requests
from salesforce_org import ROOT as API
from salesforce_org import USAGE, Client, open_org
from served import ROOT, not_started, served
from test_salesforce_metadata import specs

from loader.salesforce.metadata import write
from sandbox.salesforce import Org, Switches


def session(url: str) -> requests.Session:
    form = {"grant_type": "client_credentials", "client_id": "local", "client_secret": "local"}
    client = requests.Session()
    token = client.post(f"{url}/services/oauth2/token", data=form, timeout=60).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def found(url: str, soql: str) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = (
        session(url).get(f"{url}{API}/query", params={"q": soql}, timeout=60).json()["records"]
    )
    return records


def test_the_command_deploys_seeds_accounts_by_their_ids_and_forgets_nothing(tmp_path: Path) -> None:
    write(specs(), tmp_path / "metadata")
    path = tmp_path / "accounts.csv"
    path.write_text("account_id,account_name\n001Alder0000000,Alder\nA-2,Birch\n", encoding="utf-8")
    options = ("--metadata", "metadata", "--accounts", "accounts.csv")
    soql = "SELECT Id, AccountNumber, Health_Score__c FROM Account ORDER BY Name"
    with served("salesforce", tmp_path, *options) as (output, url, process):
        assert "15 objects and fields added" in output and "2 accounts added" in output
        first, second = found(url, soql)
    assert process.returncode == 0
    assert (first["Id"], first["AccountNumber"]) == ("001Alder0000000IAA", "001Alder0000000")
    assert second["Id"].startswith("001") and second["AccountNumber"] == "A-2"
    with served("salesforce", tmp_path, *options) as (output, url, _):
        assert "0 objects and fields added" in output and "0 accounts added" in output
        assert [each["Id"] for each in found(url, soql)] == [first["Id"], second["Id"]]


def test_a_kill_loses_no_record_and_a_job_that_was_begun_goes_on(tmp_path: Path) -> None:
    write(specs(), tmp_path / "metadata")
    options = ("--metadata", "metadata", "--accounts", "none.csv")
    body = {
        "object": "License_Usage__c",
        "operation": "upsert",
        "externalIdFieldName": "Subscription_Key__c",
        "contentType": "CSV",
        "lineEnding": "LF",
    }
    with served("salesforce", tmp_path, *options, "--bulk-seconds", "60", kill=True) as (_, url, _process):
        client = session(url)
        client.post(f"{url}{API}/sobjects/Account", json={"Name": "Kept"}, timeout=60)
        job = client.post(f"{url}{API}/jobs/ingest", json=body, timeout=60).json()
        csv = {"Content-Type": "text/csv"}
        client.put(f"{url}/{job['contentUrl']}", data="Subscription_Key__c\na\nb\n", headers=csv, timeout=60)
        client.patch(f"{url}{API}/jobs/ingest/{job['id']}", json={"state": "UploadComplete"}, timeout=60)
    with served("salesforce", tmp_path, *options) as (_, url, _process):
        client = session(url)
        deadline = time.monotonic() + 60
        state = ""
        while state != "JobComplete" and time.monotonic() < deadline:
            state = client.get(f"{url}{API}/jobs/ingest/{job['id']}", timeout=60).json()["state"]
        assert state == "JobComplete"
        assert len(found(url, "SELECT Id FROM License_Usage__c")) == 2
        assert [each["Name"] for each in found(url, "SELECT Name FROM Account")] == ["Kept"]


def test_a_bad_start_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text("id,name\n", encoding="utf-8")
    done = not_started("salesforce", tmp_path, "--accounts", "accounts.csv")
    assert done.returncode == 2
    assert "no column account_id, account_name" in done.stderr
    assert "Traceback" not in done.stderr


def test_two_orgs_share_nothing_and_one_file_is_for_one_org(tmp_path: Path) -> None:
    with open_org(path=tmp_path / "a.sqlite") as first, open_org(path=tmp_path / "b.sqlite") as second:
        Client(first).upsert({"Usage_Key__c": "a"})
        assert (first.count(USAGE), second.count(USAGE)) == (1, 0)
        there = requests.get(
            f"{second.url}{API}/limits", headers={"Authorization": Client(first).headers["Authorization"]}, timeout=60
        )
        assert there.status_code == 401
        with pytest.raises(OSError, match="another sandbox"):
            Org(tmp_path / "a.sqlite")


def test_the_page_shows_objects_records_and_calls() -> None:
    with open_org() as org:
        org.insert(USAGE, [{"Usage_Key__c": f"<b>{n}</b>", "Users__c": 1234} for n in range(120)])
        client = Client(org)
        client.upsert({"Usage_Key__c": "x", "Nothing__c": 1})
        home, page = requests.get(org.url, timeout=60).text, requests.get(f"{org.url}/objects/{USAGE}", timeout=60).text
    assert "Salesforce sandbox" in home and "INVALID_FIELD" in home and "calls of the day" in home
    assert "The first 100 of 120 rows" in page and "1,234" in page
    assert "&lt;b&gt;0&lt;/b&gt;" in page and "<b>0" not in page


def test_the_readme_names_every_switch_and_option() -> None:
    from sandbox.salesforce.__main__ import _parser

    readme = (ROOT / "sandbox" / "salesforce" / "README.md").read_text(encoding="utf-8")
    names = [each.name for each in fields(Switches)]
    names += [each for action in _parser()._actions for each in action.option_strings if each.startswith("--")]
    assert [name for name in names if f"`{name}`" not in readme and name != "--help"] == []
