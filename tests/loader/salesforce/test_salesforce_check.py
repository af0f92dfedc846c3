"""`check` against describe: what does not fit, what fits and is not meant, and which line of the permission set is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from rig_salesforce import SalesforceRig
from rigs import model

from loader.dbt.artifacts import Lookup
from loader.destinations import configured
from loader.engine.check import findings
from loader.engine.destination import Facts
from loader.engine.limits import Meter
from loader.gainsight import Gainsight
from loader.salesforce import Salesforce
from sandbox.salesforce import Org, Switches

NOTHING = Facts({}, {}, {})


@pytest.fixture
def rig(org: Org, monkeypatch: pytest.MonkeyPatch) -> SalesforceRig:
    return SalesforceRig(org, monkeypatch)


def connected(rig: SalesforceRig) -> Any:
    destination = rig.destination()
    destination.connect(Meter(destination.windows, 1000))
    return destination


def told(rig: SalesforceRig, **given: Any) -> dict[str, tuple[str, str]]:
    """Problem and advice by field."""
    found = findings(connected(rig), [model(**{**rig.given, **given})])
    return {each.field: (each.problem, each.fix) for each in found}


def doubted(rig: SalesforceRig, facts: Facts = NOTHING, **given: Any) -> dict[str, str]:
    """What is doubted, by field."""
    destination, made = connected(rig), model(**{**rig.given, **given})
    destination.describe([made.object])
    return {each.field: each.problem for each in destination.doubts(made, facts)}


def test_what_fits_has_no_finding(rig: SalesforceRig) -> None:
    assert told(rig) == {}


def test_a_missing_permission_is_named_by_its_line(rig: SalesforceRig, org: Org) -> None:
    org.switches = Switches(hidden=frozenset({"Thing__c.Note__c"}), locked=frozenset({"Thing__c.Amount__c"}))
    found = told(rig)
    assert found["Note__c"] == (
        "the field does not exist",
        "create it, or add to the user's permission set the line Field Permissions Thing__c.Note__c: Edit",
    )
    assert found["Amount__c"] == (
        "is read-only",
        "the user's permission set lacks the line Field Permissions Thing__c.Amount__c: Edit; or the field is a formula",
    )
    assert len(found) == 2
    org.switches = Switches(hidden=frozenset({"Thing__c"}))
    assert [problem for problem, _ in told(rig).values()] == ["the object does not exist"]


def test_types_look_ups_and_the_external_id_have_to_fit(rig: SalesforceRig, org: Org) -> None:
    fields: Mapping[str, str] = rig.given["fields"]
    org.create_object("Thing__c", [{"name": "Free__c", "type": "string"}, {"name": "Count__c", "type": "int"}])
    org.create_object("Thing__c", [{"name": "Loose__c", "type": "string", "externalId": True}])
    assert (
        told(rig, fields={**fields, "note": "Count__c"})["Count__c"][0]
        == "is of type INT, the model sends a text column note"
    )
    assert told(rig, fields={**fields, "amount": "Count__c"})["Count__c"][0].startswith(
        "is of type INT, the model sends a double"
    )
    assert told(rig, key=("Free__c",), fields={**fields, "thing_key": "Free__c"})["Free__c"][1] == "tick External ID"
    assert told(rig, key=("Loose__c",), fields={**fields, "thing_key": "Loose__c"})["Loose__c"][1] == "tick Unique"
    assert "one of 2 fields of the key" in told(rig, key=("Thing_Key__c", "Day__c"))["Thing_Key__c"][0]
    other = Lookup("account_id", "Account__c", "Contact", "Code__c")
    assert told(rig, lookups=(other,))["Account__c"][0] == "points to account, the model says Contact"


def test_what_a_record_needs_and_the_model_does_not_fill_is_a_finding_but_for_defaults(
    rig: SalesforceRig, org: Org
) -> None:
    org.create_object(
        "Thing__c", [{"name": "Needed__c", "type": "string", "required": True}, {"name": "Flag__c", "type": "boolean"}]
    )
    assert list(told(rig)) == ["Needed__c"]


def test_percent_time_picklist_and_ids_are_doubted(rig: SalesforceRig, org: Org) -> None:
    fields: Mapping[str, str] = rig.given["fields"]
    org.create_object(
        "Thing__c",
        [
            {"name": "Share__c", "type": "percent"},
            {"name": "At__c", "type": "datetime"},
            {"name": "Word__c", "type": "picklist", "options": ["a", "b"]},
        ],
    )
    shares = Facts({"amount": True}, {}, {})
    assert "looks like a share from 0 to 1" in doubted(rig, shares, fields={**fields, "amount": "Share__c"})["Share__c"]
    assert "midnight UTC is sent" in doubted(rig, fields={**fields, "day": "At__c"})["At__c"]
    words = Facts({}, {}, {"note": ["a", "c"]})
    assert "1 values are none of its items" in doubted(rig, words, fields={**fields, "note": "Word__c"})["Word__c"]
    by_id = (Lookup("account_id", "Account__c", "Account", "Id"),)
    ids = Facts({}, {}, {"account_id": ["001A0000006Vm9rIAC", "A-17"]})
    assert doubted(rig, ids, lookups=by_id)["Account__c"] == "1 values of account_id are no Salesforce ids"
    assert doubted(rig) == {}


def test_an_amount_in_an_org_of_several_currencies_is_doubted(rig: SalesforceRig, org: Org) -> None:
    fields: Mapping[str, str] = rig.given["fields"]
    org.create_object("Thing__c", [{"name": "ARR__c", "type": "currency"}])
    assert doubted(rig, fields={**fields, "amount": "ARR__c"}) == {}
    org.create_object("Thing__c", [{"name": "CurrencyIsoCode", "type": "picklist", "options": ["EUR", "USD"]}])
    told_of = doubted(rig, fields={**fields, "amount": "ARR__c"})
    assert told_of == {"ARR__c": "is in the currency of each record, which in this org differs"}


def test_a_case_blind_external_id_is_doubted_where_the_setting_denies_it(rig: SalesforceRig, org: Org) -> None:
    org.switches = Switches(case_blind=True)
    assert doubted(rig) == {}
    rig.settings["KEYS_IGNORE"] = "nothing"
    assert doubted(rig) == {"Thing_Key__c": "is compared without regard to case"}


def test_a_destination_without_an_address_is_left_alone_where_another_has_one(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("GAINSIGHT_BASE_URL", "SALESFORCE_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    assert [each.name for each in configured([Gainsight(), Salesforce()])] == ["gainsight", "salesforce"]
    monkeypatch.setenv("SALESFORCE_BASE_URL", "https://you.my.salesforce.com")
    assert [each.name for each in configured([Gainsight(), Salesforce()])] == ["salesforce"]
    monkeypatch.setenv("GAINSIGHT_BASE_URL", "https://you.gainsightcloud.com")
    assert [each.name for each in configured([Gainsight(), Salesforce()])] == ["gainsight", "salesforce"]
