"""`python -m loader metadata salesforce` writes what the publish models need, and a deployment of it is all they need."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from loader.cli import main
from loader.errors import MisuseError
from loader.salesforce.metadata import write
from loader.salesforce.objects import ObjectSpec, of_manifest
from sandbox.salesforce import Org

NS = "{http://soap.sforce.com/2006/04/metadata}"


def column(name: str, data_type: str, description: str = "", **meta: Any) -> dict[str, Any]:
    return {"name": name, "data_type": data_type, "description": description, "config": {"meta": meta}}


def model(name: str, publish: dict[str, Any], *columns: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "resource_type": "model",
        "description": f"What {name} says.",
        "config": {"meta": {"publish": {"destination": "salesforce", **publish}}},
        "columns": {each["name"]: each for each in columns},
    }


HEALTH = model(
    "salesforce__account_health",
    {"object": "Account", "key": ["Id"], "mode": "update", "fields": {"account_id": "Id", "score": "Health_Score__c"}},
    column("account_id", "varchar"),
    column("score", "double", "25 to 88; null when unscored"),
)
USAGE = model(
    "salesforce__license_usage",
    {
        "object": "License_Usage__c",
        "key": ["Subscription_Key__c"],
        "fields": {
            "key": "Subscription_Key__c",
            "seats": "Licensed_Seats__c",
            "rank": "Rank__c",
            "score": "Score__c",
            "utilization_pct": "Utilization_Pct__c",
            "arr": "ARR__c",
            "ends_on": "Renewal_Date__c",
            "seen_at": "Last_Ping__c",
            "is_trial": "Is_Trial__c",
            "people": "People__c",
            "notes": "Notes__c",
            "page": "Page_URL__c",
        },
        "lookups": {"account_id": {"field": "Account__c", "object": "Account", "match": "Id"}},
    },
    column("key", "varchar"),
    column("account_id", "varchar", "The customer"),
    column("seats", "double"),
    column("rank", "bigint"),
    column("score", "double"),
    column("utilization_pct", "double"),
    column("arr", "double"),
    column("ends_on", "date"),
    column("seen_at", "timestamp"),
    column("is_trial", "boolean"),
    column("people", "double", scale=0),
    column("notes", "varchar", length=2000),
    column("page", "varchar"),
)
SHAPES = {
    "Subscription_Key__c": "Text(255)",
    "Licensed_Seats__c": "Number(18, 0)",
    "Rank__c": "Number(18, 0)",
    "Score__c": "Number(16, 2)",
    "Utilization_Pct__c": "Percent(16, 2)",
    "Page_URL__c": "Url",
    "ARR__c": "Currency(16, 2)",
    "Renewal_Date__c": "Date",
    "Last_Ping__c": "DateTime",
    "Is_Trial__c": "Checkbox",
    "People__c": "Number(18, 0)",
    "Notes__c": "LongTextArea(2000)",
    "Account__c": "Lookup(Account)",
}


def manifest(*models: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {}, "nodes": {each["name"]: each for each in models}}


def specs() -> list[ObjectSpec]:
    return of_manifest(manifest(USAGE, HEALTH, {**USAGE, "name": "other", "config": {"meta": {}}}))


def tree(path: Path) -> ElementTree.Element:
    return ElementTree.parse(path).getroot()  # noqa: S314


def texts(path: Path) -> dict[str, str]:
    return {each.tag.removeprefix(NS): each.text or "" for each in tree(path)}


def test_a_column_becomes_a_field_of_its_type_and_an_accounts_key_none() -> None:
    account, usage = specs()
    assert (account.name, account.custom, [each.name for each in account.fields]) == (
        "Account",
        False,
        ["Health_Score__c"],
    )
    assert {each.name: each.shape for each in usage.fields} == SHAPES
    assert [each.name for each in usage.fields if each.key] == ["Subscription_Key__c"]


def test_the_files_are_those_of_source_format(tmp_path: Path) -> None:
    written = [str(path) for path in write(specs(), tmp_path)]
    usage = "objects/License_Usage__c"
    assert written == sorted(
        [
            "layouts/License_Usage__c-License Usage Layout.layout-meta.xml",
            "objects/Account/fields/Health_Score__c.field-meta.xml",
            f"{usage}/License_Usage__c.object-meta.xml",
            *(f"{usage}/fields/{name}.field-meta.xml" for name in SHAPES),
            "permissionsets/Customer_Health_Loader.permissionset-meta.xml",
            "permissionsets/Customer_Health_Reader.permissionset-meta.xml",
        ]
    )
    key = texts(tmp_path / usage / "fields" / "Subscription_Key__c.field-meta.xml")
    assert (key["externalId"], key["unique"], key["caseSensitive"], key["length"]) == ("true", "true", "true", "255")
    link = texts(tmp_path / usage / "fields" / "Account__c.field-meta.xml")
    assert (link["referenceTo"], link["relationshipName"], link["deleteConstraint"]) == (
        "Account",
        "License_Usage",
        "SetNull",
    )
    score = texts(tmp_path / "objects/Account/fields/Health_Score__c.field-meta.xml")
    assert (score["label"], score["inlineHelpText"], score["scale"]) == (
        "Health Score",
        "25 to 88; null when unscored",
        "2",
    )


def test_only_the_loader_edits_and_it_never_creates_an_account(tmp_path: Path) -> None:
    write(specs(), tmp_path)
    for name, edits in (("Customer_Health_Loader", "true"), ("Customer_Health_Reader", "false")):
        root = tree(tmp_path / "permissionsets" / f"{name}.permissionset-meta.xml")
        fields = {
            each.findtext(f"{NS}field"): each.findtext(f"{NS}editable") for each in root.iter(f"{NS}fieldPermissions")
        }
        objects = {each.findtext(f"{NS}object"): each for each in root.iter(f"{NS}objectPermissions")}
        assert set(fields) == {"Account.Health_Score__c", *(f"License_Usage__c.{each}" for each in SHAPES)}
        assert set(fields.values()) == {edits}
        assert objects["Account"].findtext(f"{NS}allowCreate") == "false"
        assert objects["Account"].findtext(f"{NS}modifyAllRecords") == "false"
        assert objects["License_Usage__c"].findtext(f"{NS}allowCreate") == edits


def test_what_was_written_can_be_deployed_and_describes_itself_as_planned(tmp_path: Path) -> None:
    write(specs(), tmp_path)
    with Org() as org:
        added = org.deploy(tmp_path)
        assert set(added) == {
            "Account.Health_Score__c",
            "License_Usage__c",
            *(f"License_Usage__c.{each}" for each in SHAPES),
        }
        assert org.deploy(tmp_path) == []
        assert org.external_ids("License_Usage__c") == ["Subscription_Key__c"]
        assert not org.switches.hidden


def test_a_field_without_a_permission_is_not_seen_and_a_permission_without_a_field_is_refused(tmp_path: Path) -> None:
    write(specs(), tmp_path)
    granted = tmp_path / "permissionsets" / "Customer_Health_Loader.permissionset-meta.xml"
    whole = granted.read_text(encoding="utf-8")
    granted.write_text(
        whole.replace("<field>Account.Health_Score__c</field>", "<field>License_Usage__c.ARR__c</field>"),
        encoding="utf-8",
    )
    with Org() as org:
        org.deploy(tmp_path)
        assert org.switches.hidden == {"Account.Health_Score__c"}
        granted.write_text(whole.replace("Health_Score__c", "Nothing__c"), encoding="utf-8")
        with pytest.raises(ValueError, match="no field"):
            org.deploy(tmp_path)


def test_what_this_projects_models_need_can_be_deployed_and_is_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = Path(__file__).parents[2]
    monkeypatch.syspath_prepend(repo / "scripts")
    import salesforce

    project = salesforce.read_specs(repo)
    assert salesforce.main(["--check"]) == 0
    assert [each.name for each in project] == ["Account", "License_Usage__c", "Product_Usage__c"]
    write(project, tmp_path)
    with Org() as org:
        added = org.deploy(tmp_path)
    assert len(added) == sum(each.custom + len(each.fields) for each in project)
    page = (repo / "docs" / "salesforce.md").read_text(encoding="utf-8")
    labels = {one.label for each in project for one in each.fields}
    recipe = re.findall(r"^\| (?:Columns|Sum) \| (.*) \|$", page, re.M)
    named = {label.strip() for line in recipe for label in line.split(",")}
    assert len(recipe) == 2
    assert named <= labels


@pytest.mark.parametrize("name", ["A" * 41 + "__c", "Two__Lines__c", "1st__c", "Umlaut ä__c"])
def test_a_name_that_salesforce_does_not_take_is_refused_with_the_model(name: str) -> None:
    wrong = model("m", {"object": "X__c", "key": [name], "fields": {"key": name}}, column("key", "varchar"))
    with pytest.raises(MisuseError, match="Model m: "):
        of_manifest(manifest(wrong))


def test_the_command_writes_below_the_folder_and_needs_a_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "target"
    target.mkdir()
    out = tmp_path / "force-app"
    given = ["--project-dir", str(tmp_path), "metadata", "salesforce", "--out", str(out)]
    (target / "manifest.json").write_text(json.dumps(manifest(USAGE, HEALTH)), encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main(given)
    assert not ended.value.code
    assert "18 files" in capsys.readouterr().out
    assert (out / "objects/License_Usage__c/License_Usage__c.object-meta.xml").exists()
    (target / "manifest.json").write_text(json.dumps(manifest()), encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main(given)
    assert ended.value.code == 2
