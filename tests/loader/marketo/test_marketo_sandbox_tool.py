"""The local Marketo as a tool: the command, kills, the manifest, two instances, the page."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import requests
from served import ROOT, not_started, served
from test_marketo_sandbox import CAR, COMPANIES, MIDNIGHT, Client, open_box, statuses

from sandbox.marketo import Instance, Limits, Switches
from sandbox.marketo.__main__ import _parser

FLAGS = "flags_c"


def model(name: str, object_name: str, columns: dict[str, tuple[str, str, dict[str, Any]]]) -> dict[str, Any]:
    """A publish model as dbt's manifest has it: field, type and meta by column."""
    publish = {
        "destination": "marketo",
        "object": object_name,
        "key": ["externalCompanyId"],
        "fields": {column: field for column, (field, _, _) in columns.items()},
    }
    named = {column: {"name": column, "data_type": t, "meta": meta} for column, (_, t, meta) in columns.items()}
    return {"name": name, "config": {"meta": {"publish": publish}}, "columns": named}


def write_manifest(path: Path) -> Path:
    account = {
        "account_id": ("externalCompanyId", "varchar", {}),
        "account_link": ("customerAccountId", "varchar", {"marketo_type": "link"}),
    }
    health = {
        **account,
        "overall_score": ("healthScore", "double", {}),
        "utilization_pct": ("utilizationPct", "decimal(38, 0)", {}),
    }
    flags = {
        **account,
        "renews_soon": ("renewsSoon", "boolean", {}),
        "renewal_date": ("renewalDate", "date", {}),
        "unused_seats": ("unusedSeats", "decimal(38, 0)", {}),
        "seen_at": ("seenAt", "timestamp", {}),
        "note": ("note", "varchar", {"length": 2000}),
        "used_pct": ("usedPct", "decimal(38, 0)", {}),
    }
    nodes = {
        "a": model("marketo__smart_list_flags", FLAGS, flags),
        "b": model("marketo__account_health", "Company", health),
    }
    path.write_text(json.dumps({"nodes": nodes}), encoding="utf-8")
    return path


def describe(box: Instance, name: str) -> dict[str, str]:
    path = f"{COMPANIES}/describe.json" if name == "Company" else f"/rest/v1/customobjects/{name}/describe.json"
    (told,) = Client(box).call("GET", path)["result"]
    return {each["name"]: each["dataType"] for each in told["fields"]}


def test_objects_and_fields_are_made_from_the_publish_models_and_what_is_there_stays(tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path / "manifest.json")
    with Instance(limits=Limits.off()) as box:
        added = box.provision(manifest)
        assert {"Company.healthScore", "Company.customerAccountId", FLAGS, f"{FLAGS}.renewsSoon"} <= set(added)
        assert "Company.externalCompanyId" not in added
        assert box.provision(manifest) == []
        company, flags = describe(box, "Company"), describe(box, FLAGS)
        assert (company["healthScore"], company["utilizationPct"]) == ("float", "percent")
        assert {
            name: flags[name] for name in ("renewsSoon", "renewalDate", "unusedSeats", "seenAt", "note", "usedPct")
        } == {
            "renewsSoon": "boolean",
            "renewalDate": "date",
            "unusedSeats": "integer",
            "seenAt": "datetime",
            "note": "text",
            "usedPct": "integer",
        }
        (told,) = Client(box).call("GET", f"/rest/v1/customobjects/{FLAGS}/describe.json")["result"]
    assert told["dedupeFields"] == ["externalCompanyId"]
    assert told["relationships"][0]["object"] == {"name": "Company", "field": "customerAccountId"}


def test_an_object_that_no_administrator_could_make_is_refused() -> None:
    with Instance() as box:
        with pytest.raises(ValueError, match="dedupe"):
            box.create_object("a_c", [{"name": "x", "type": "string"}])
        with pytest.raises(ValueError, match="not a field"):
            box.create_object("a_c", [{"name": "x", "type": "picklist", "dedupe": True}])
        with pytest.raises(ValueError, match="not a custom object"):
            box.create_object("a c", [])


def test_the_command_makes_objects_seeds_companies_and_forgets_nothing(tmp_path: Path) -> None:
    write_manifest(tmp_path / "manifest.json")
    (tmp_path / "accounts.csv").write_text("account_id,account_name\nA-1,Alder\nA-2,Birch\n", encoding="utf-8")
    options = ("--manifest", "manifest.json", "--accounts", "accounts.csv")
    form = {"grant_type": "client_credentials", "client_id": "local", "client_secret": "local"}
    found = []
    for added, kill in (("2 companies added", True), ("0 companies added", False)):
        with served("marketo", tmp_path, *options, kill=kill) as (output, url, process):
            assert added in output
            token = requests.post(f"{url}/identity/oauth/token", data=form, timeout=30).json()["access_token"]
            where = f"{url}{COMPANIES}.json?filterType=externalCompanyId&filterValues=A-1,A-2&fields=company"
            found.append(requests.get(where, headers={"Authorization": f"Bearer {token}"}, timeout=30).json()["result"])
        assert kill or process.returncode == 0
    assert [each["company"] for each in found[0]] == ["Alder", "Birch"] and found[0] == found[1]


def test_a_bad_start_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text("id,name\n", encoding="utf-8")
    done = not_started("marketo", tmp_path, "--accounts", "accounts.csv")
    assert done.returncode == 2
    assert "no column account_id, account_name" in done.stderr and "Traceback" not in done.stderr


def test_two_instances_share_nothing_and_one_file_is_for_one(tmp_path: Path) -> None:
    with open_box(path=tmp_path / "a.sqlite") as first, open_box(path=tmp_path / "b.sqlite") as second:
        client = Client(first)
        assert statuses(client.sync(COMPANIES, {"externalCompanyId": "A"})) == ["created"]
        assert (first.count("Company"), second.count("Company")) == (1, 0)
        client.box = second
        assert client.call("GET", f"{COMPANIES}/describe.json")["errors"][0]["code"] == "601"
        with pytest.raises(OSError, match="another sandbox"):
            Instance(tmp_path / "a.sqlite")


def test_the_days_calls_survive_a_restart(tmp_path: Path) -> None:
    for total in (1, 2):
        with open_box(path=tmp_path / "a.sqlite", clock=lambda: MIDNIGHT) as box:
            (today,) = Client(box).call("GET", "/rest/v1/stats/usage.json")["result"]
            assert today["total"] == total


def test_the_page_shows_objects_records_and_calls() -> None:
    with open_box() as box:
        box.insert(CAR, [{"vin": f"<b>{n}</b>", "year": 1234} for n in range(120)])
        Client(box).call("GET", "/rest/v1/nothing.json")
        home, page = requests.get(box.url, timeout=30).text, requests.get(f"{box.url}/objects/{CAR}", timeout=30).text
    assert "Marketo sandbox" in home and "610" in home and "calls of the day" in home
    assert "The first 100 of 120 rows" in page and "1,234" in page
    assert "&lt;b&gt;0&lt;/b&gt;" in page and "<b>0" not in page


def test_the_readme_names_every_switch_limit_and_option() -> None:
    readme = (ROOT / "sandbox" / "marketo" / "README.md").read_text(encoding="utf-8")
    names = [each.name for kind in (Switches, Limits) for each in fields(kind)]
    names += [each for action in _parser()._actions for each in action.option_strings if each.startswith("--")]
    assert [name for name in names if f"`{name}`" not in readme and name != "--help"] == []
