"""`check`: what does not fit, what is doubted, and what a probe says of where account health can go."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from rig_marketo import MarketoRig
from rigs import model

from loader.dbt.artifacts import Lookup
from loader.engine.check import findings
from loader.engine.destination import Facts, Finding
from loader.engine.limits import Meter
from loader.errors import FatalError
from loader.marketo.doubts import PROBE
from sandbox.marketo import Switches

NOTHING = Facts({}, {}, {})
COMPANY: dict[str, Any] = {
    "object": "Company",
    "key": ("externalCompanyId",),
    "fields": {"account_id": "externalCompanyId", "note": "company"},
    "lookups": (),
}


def checked(rig: MarketoRig, facts: Facts = NOTHING, **given: Any) -> list[Finding]:
    """All that `check` finds of the suite's model, or of another one."""
    destination, made = rig.destination(), model(**{**rig.given, **given})
    destination.connect(Meter(destination.windows, 1000))
    found = findings(destination, [made])
    return found if any(each.schema for each in found) else [*found, *destination.doubts(made, facts)]


def problems(rig: MarketoRig, facts: Facts = NOTHING, **given: Any) -> dict[str, str]:
    """Problems by field."""
    return {each.field: each.problem for each in checked(rig, facts, **given)}


def test_what_fits_has_no_finding_and_nothing_is_written(rig: MarketoRig, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "loader"):
        assert checked(rig) == []
    assert "thing_c can be written: an update of a key that no record has (a probe) found none (1004)" in caplog.text
    assert "Company can be written" in caplog.text
    assert rig.instance.rows("thing_c") == rig.instance.rows("Company") == []


def test_the_probe_is_an_update_of_a_key_that_cannot_exist(rig: MarketoRig) -> None:
    checked(rig, **COMPANY)
    probe = [call for call in rig.instance.calls if call.operation == "upsert"]
    assert len(probe) == 1 and not probe[0].committed
    assert "no record has this key" in PROBE


def test_check_says_that_companies_cannot_be_written_and_what_to_do(
    rig: MarketoRig, caplog: pytest.LogCaptureFixture
) -> None:
    for refusal in ("call", "records"):
        rig.instance.switches = Switches(native_sync="read_only", crm_refusal=refusal)  # type: ignore[arg-type]
        found = checked(rig, **COMPANY)
        assert [each.warning for each in found] == [False]
        assert "native CRM sync" in found[0].problem and "marketo_account_object" in found[0].fix
    rig.instance.switches = Switches(native_sync="disabled")
    with pytest.raises(FatalError, match="native CRM sync"):
        checked(rig, **COMPANY)
    with caplog.at_level(logging.INFO, "loader"):
        assert checked(rig) == [], "a custom object is no concern of the sync's"
    assert "Company cannot be written" in caplog.text and "1018" in caplog.text


def test_a_role_without_the_permission_is_a_finding(rig: MarketoRig) -> None:
    rig.instance.switches = Switches(denied=frozenset({"upsert"}))
    found = checked(rig)
    assert len(found) == 1 and "answered with 603" in found[0].problem and "permission" in found[0].fix


@pytest.mark.parametrize("code", ["1013", "610"])
def test_what_is_not_there_or_of_another_type_is_named(rig: MarketoRig, code: str) -> None:
    rig.instance.switches = Switches(unknown_object=code)  # type: ignore[arg-type]
    assert problems(rig, object="nothing_c") == {"": "the object does not exist"}
    fields = rig.given["fields"]
    rig.instance.create_object("thing_c", [{"name": "share", "type": "percent"}, {"name": "at", "type": "datetime"}])
    assert problems(rig, fields={**fields, "note": "absent"}) == {"absent": "the field does not exist"}
    assert problems(rig, fields={**fields, "amount": "share"}) == {
        "share": "is of type PERCENT, the model sends a double column amount"
    }
    assert problems(rig, fields={**fields, "note": "updatedAt"})["updatedAt"] == "is read-only"
    assert "midnight UTC is sent" in problems(rig, fields={**fields, "day": "at"})["at"]


def test_another_key_than_the_objects_is_a_finding(rig: MarketoRig) -> None:
    found = problems(rig, key=("thingId",))
    assert found["thingId"] == "the key is not the object's dedupe fields (thingKey)"


def test_links_are_held_against_the_model(rig: MarketoRig) -> None:
    fields = {**rig.given["fields"], "account_id": "companyLink"}
    told = checked(rig, fields=fields, lookups=())
    assert any("leads to Company.id, Marketo's own number" in each.problem for each in told)
    unlinked = checked(rig, lookups=())
    assert [(each.warning, each.field) for each in unlinked] == [(True, "thingKey")]
    assert "no smart list finds a person" in unlinked[0].problem
    other = Lookup("account_id", "companyLink", "Opportunity", "externalCompanyId")
    assert "points to company" in problems(rig, lookups=(other,))["companyLink"]
