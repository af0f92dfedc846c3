"""The sandbox as a tool: its file, the manifest, the command and the page."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest
import requests
from test_sandbox import FIELDS, JSON, USAGE, Client, open_box, row

from sandbox import Limits, Sandbox, Switches
from sandbox.settings import FaultKind

ROOT = Path(__file__).parents[2]


# Rows in a file


def test_rows_and_objects_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "rows.sqlite"
    with open_box(path=path) as box:
        Client(box).insert(row(1, Label__gc="Staging", Period_Start__gc="2024-01-01"))
        before = box.rows(USAGE)
    with Sandbox(path) as box:
        assert box.rows(USAGE) == before
        assert Client(box).update(row(1, Seats__gc=2)).json()["data"]["count"] == 1


def test_one_file_is_for_one_sandbox(tmp_path: Path) -> None:
    path = tmp_path / "rows.sqlite"
    with Sandbox(path), pytest.raises(OSError, match="another sandbox"):
        Sandbox(path)


def test_the_same_port_can_be_used_again_after_a_stop() -> None:
    with open_box() as box:
        port = int(box.url.rpartition(":")[2])
        client = Client(box)
        client.insert(row(1))
    with pytest.raises(requests.ConnectionError):
        client.insert(row(2))
    with open_box(port=port) as box:
        assert Client(box).insert(row(3)).status_code == 200
        assert len(box.rows(USAGE)) == 1


def test_many_clients_at_once_lose_no_row() -> None:
    with open_box() as box:

        def push(start: int) -> None:
            client = Client(box)
            for call in range(10):
                assert client.insert(*(row(start + call * 10 + n) for n in range(10))).ok

        threads = [threading.Thread(target=push, args=(n * 100,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rows = box.rows(USAGE)
        assert len(rows) == len({each["Gsid"] for each in rows}) == 800
        assert len({each["Instance_Id__gc"] for each in rows}) == 800


def test_seeding_checks_values_and_takes_read_only_fields() -> None:
    with open_box(limits=Limits()) as box:
        box.insert(USAGE, [row(1, Computed__gc=5)])
        with pytest.raises(ValueError, match="Seats__gc"):
            box.insert(USAGE, [row(2), row(3, Seats__gc="x")])
        with pytest.raises(KeyError):
            box.insert("Nope__gc", [])
        (stored,) = box.rows(USAGE)
        box.update(USAGE, stored["Gsid"], {"Seats__gc": 4})
        assert box.rows(USAGE)[0]["Seats__gc"] == 4
        assert box.delete(USAGE, stored["Gsid"]) and not box.delete(USAGE, stored["Gsid"])
        assert box.count(USAGE) == 0 and box.calls == []


def test_a_new_field_on_an_object_with_rows_is_null_there() -> None:
    with open_box() as box:
        box.insert(USAGE, [row(1)])
        box.create_object(USAGE, [{"name": "More__gc", "type": "NUMBER"}, FIELDS[0]])
        assert box.rows(USAGE)[0]["More__gc"] is None
        assert Client(box).update(row(1, More__gc=3)).json()["data"]["count"] == 1


# The manifest


def manifest(tmp_path: Path) -> Path:
    types = {
        "instance_id": "varchar",
        "period_start": "date",
        "last_ping_at": "timestamp with time zone",
        "licensed_seats": "bigint",
        "user_engagement": "decimal(38, 6)",
        "is_reporting": "boolean",
        "overall_color": "varchar(10)",
    }
    columns: dict[str, Any] = {name: {"data_type": kind} for name, kind in types.items()}
    columns["overall_color"]["config"] = {"meta": {"length": 10}}
    publish = {
        "destination": "gainsight",
        "object": USAGE,
        "fields": {name: f"{name.title()}__gc" for name in types},
        "lookups": {"account_id": {"field": "Company_Id__gc", "object": "Company", "match": "SfdcAccountId"}},
        "labels": {"field": "Instance_Label__gc"},
    }
    company = {
        "destination": "gainsight",
        "object": "Company",
        "fields": {"account_id": "SfdcAccountId", "overall_score": "Overall_Score__gc"},
    }
    other = {"destination": "salesforce", "object": "Account", "fields": {"a": "A__c"}}
    nodes = {
        "model.p.usage": {"columns": columns, "config": {"meta": {"publish": publish}}},
        "model.p.company": {
            "columns": {"overall_score": {"data_type": "double"}},
            "config": {"meta": {"publish": company}},
        },
        "model.p.other": {"columns": {}, "config": {"meta": {"publish": other}}},
        "test.p.some": {"config": {}},
    }
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"nodes": nodes}))
    return path


def described(box: Sandbox, name: str) -> dict[str, tuple[str, Any]]:
    reply = Client(box).call("GET", f"/v1/meta/services/objects/{name}/describe").json()
    listed = reply["data"][0]["fields"]
    return {each["fieldName"]: (each["dataType"], each["meta"].get("length")) for each in listed}


def test_objects_and_fields_come_from_a_manifests_publish_models(tmp_path: Path) -> None:
    with Sandbox() as box:
        added = box.provision(manifest(tmp_path))
        made = described(box, USAGE)
        assert USAGE in added and "Company.Overall_Score__gc" in added
        assert made["Instance_Id__gc"] == ("STRING", 250)
        assert made["Period_Start__gc"][0] == "DATE"
        assert made["Last_Ping_At__gc"][0] == "DATETIME"
        assert made["Licensed_Seats__gc"][0] == made["User_Engagement__gc"][0] == "NUMBER"
        assert made["Is_Reporting__gc"][0] == "BOOLEAN"
        assert made["Overall_Color__gc"] == ("STRING", 10)
        assert made["Company_Id__gc"][0] == "LOOKUP"
        assert made["Instance_Label__gc"][0] == "PICKLIST"
        assert described(box, "Company").keys() >= {"Name", "SfdcAccountId", "Overall_Score__gc"}
        assert "account" not in map(str.lower, box.objects())
        assert box.provision(manifest(tmp_path)) == []


# The command


@contextmanager
def served(tmp_path: Path, *options: str, key: str | None = "k" * 20) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("GAINSIGHT_ACCESS_KEY", None)
    if key:
        environment["GAINSIGHT_ACCESS_KEY"] = key
    command = [sys.executable, "-m", "sandbox", "--port", "0", *options]
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True)
    lines = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Serving"):
            break
    try:
        yield "".join(lines), process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def rows_of(output: str, key: str, name: str, *select: str) -> Any:
    url = re.search(r"http://127\.0\.0\.1:\d+", output)
    assert url is not None, output
    data = requests.post(
        f"{url[0]}/v1/data/objects/query/{name}",
        json={"select": select},
        headers={"Accesskey": key},
        timeout=60,
    ).json()["data"]
    return data and data["records"]


def accounts(tmp_path: Path, *names: str) -> Path:
    path = tmp_path / "accounts.csv"
    lines = [f"A-{number},{name}," for number, name in enumerate(names, start=1)]
    path.write_text("\n".join(["account_id,account_name,segment", *lines]) + "\n")
    return path


def test_the_command_provisions_seeds_and_forgets_nothing_over_a_restart(tmp_path: Path) -> None:
    key = "k" * 20
    options = ("--manifest", str(manifest(tmp_path)), "--companies", "accounts.csv")
    accounts(tmp_path, "Acme")
    with served(tmp_path, *options) as (output, process):
        assert [each["Name"] for each in rows_of(output, key, "Company", "Name")] == ["Acme"]
    assert process.returncode == 0
    accounts(tmp_path, "Acme", "Other")
    with served(tmp_path, *options) as (output, _):
        rows = rows_of(output, key, "Company", "Name", "SfdcAccountId")
        assert [each["SfdcAccountId"] for each in rows] == ["A-1", "A-2"]
    assert (tmp_path / ".sandbox" / "gainsight.sqlite").exists()


def test_a_generated_key_is_kept_in_a_private_file_and_not_printed(tmp_path: Path) -> None:
    with served(tmp_path, key=None) as (output, _):
        path = tmp_path / ".sandbox" / "access_key"
        key = path.read_text()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert str(path.relative_to(tmp_path)) in output and key not in output
        assert rows_of(output, key, "gsuser", "Name") == [{"Name": "API User"}]
    with served(tmp_path, key=None) as (output, _):
        assert path.read_text() == key


def test_limits_and_bulk_jobs_are_options(tmp_path: Path) -> None:
    job = ("--bulk-job", "j1=Company:SfdcAccountId")
    with served(tmp_path, "--limits", "off", *job) as (output, _):
        assert len([rows_of(output, "k" * 20, "Company", "Name") for _ in range(101)]) == 101
        url = output.rsplit("http", 1)[1].split()[0]
        reply = requests.post(
            f"http{url}/v1.0/admin/connector/job/bulkimport",
            files={"file": ("x.csv", "Name,SfdcAccountId\nAcme,A-1\n")},
            data={"jobId": "j1"},
            headers={"accessKey": "k" * 20},
            timeout=60,
        )
        assert reply.json()["result"] is True
    few = ("--calls-per-window", "2", "--window-seconds", "3600")
    with served(tmp_path, *few, "--db", "other.sqlite") as (output, _):
        statuses = [rows_of(output, "k" * 20, "gsuser", "Name") for _ in range(3)]
        assert statuses[2] is None and statuses[0] is not None


def test_a_bad_start_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text("id,name\n")
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--companies", "accounts.csv"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "no column account_id, account_name" in done.stderr
    assert "Traceback" not in done.stderr


# The page


def test_the_page_shows_objects_rows_and_calls(tmp_path: Path) -> None:
    with open_box(path=tmp_path / "rows.sqlite") as box:
        (acme,) = box.insert("Company", [{"Name": "<b>Acme</b>", "SfdcAccountId": "A-1"}])
        box.insert(USAGE, [row(n, Company_Id__gc=acme, Seats__gc=1234) for n in range(120)])
        Client(box).insert(row(1, Seats__gc="x"))
        home = requests.get(box.url, timeout=60)
        assert "default-src 'none'" in home.headers["Content-Security-Policy"]
        assert f'href="/objects/{USAGE}"' in home.text and "GSOBJ_1002" in home.text
        page = requests.get(f"{box.url}/objects/{USAGE}", timeout=60).text
        assert "The first 100 of 120 rows" in page and "1,234" in page
        assert "&lt;b&gt;Acme&lt;/b&gt;" in page and "<b>Acme" not in page
        assert len(box.calls) == 1
        assert box.access_key not in home.text + page


def test_the_page_is_for_loopback_names_only_and_reads_nothing_else() -> None:
    with open_box() as box:
        assert requests.get(box.url, headers={"Host": "evil.example:80"}, timeout=60).status_code == 404
        assert requests.get(f"{box.url}/objects/nope", timeout=60).status_code == 404
        assert requests.get(f"{box.url}/etc/passwd", headers=JSON, timeout=60).status_code == 401


def test_the_readme_names_every_switch_and_fault() -> None:
    readme = (ROOT / "sandbox" / "README.md").read_text(encoding="utf-8")
    names = [each.name for each in fields(Switches)] + list(get_args(FaultKind))
    assert [name for name in names if f"| `{name}` |" not in readme] == []
