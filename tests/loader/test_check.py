"""Check: what a model and the destination do not agree on is found before a row is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from harness import MODELS, Bench

from sandbox import Switches

OBJECT = "Instance_Data__gc"
SELECTED = ("--select", "gainsight__instances")
GOOD: dict[str, Any] = {
    "Instance_Id__gc": {"type": "STRING"},
    "Hostname__gc": {"type": "STRING"},
    "Version__gc": {"type": "STRING"},
    "Suggested_Type__gc": {"type": "STRING"},
    "Licensed_Seats__gc": {"type": "NUMBER"},
    "Is_Production__gc": {"type": "BOOLEAN"},
    "Last_Ping_At__gc": {"type": "DATETIME"},
    "Company_Id__gc": {"type": "LOOKUP", "lookup": "Company"},
    "Instance_Type__gc": {"type": "PICKLIST", "options": ["Production"]},
}


def tenant(make_bench: Callable[..., Bench], **changes: Any) -> Bench:
    """A bench whose tenant has the instances' object with these fields instead."""
    fields = {**GOOD, **changes}
    specs = [{"name": name, **spec} for name, spec in fields.items() if spec is not None]
    bench = make_bench(objects={OBJECT: specs}, provision=False)
    bench.fill(periods=0)
    return bench


def findings(bench: Bench, code: int = 2) -> set[tuple[str, str]]:
    """Field and problem of what check finds."""
    ended = bench.run("check", "--output", "json", *SELECTED)
    assert ended.code == code, ended.err
    assert all(each["fix"] for each in ended.json["findings"])
    return {(each["field"], each["problem"]) for each in ended.json["findings"]}


def test_a_tenant_that_fits_has_no_finding(make_bench: Callable[..., Bench]) -> None:
    assert findings(tenant(make_bench), code=0) == set()


@pytest.mark.parametrize(
    ("changes", "field", "problem"),
    [
        ({"Version__gc": None}, "Version__gc", "the field does not exist"),
        ({"Version__gc": None, "version__gc": {"type": "STRING"}}, "Version__gc", "the field does not exist"),
        ({"Licensed_Seats__gc": {"type": "STRING"}}, "Licensed_Seats__gc", "is of type STRING, the model sends a integer column licensed_seats"),
        ({"Hostname__gc": {"type": "STRING", "readOnly": True}}, "Hostname__gc", "is read-only"),
        ({"Company_Id__gc": {"type": "STRING"}}, "Company_Id__gc", "is of type STRING, the model sends a look-up"),
        ({"Company_Id__gc": {"type": "LOOKUP", "lookup": "gsuser"}}, "Company_Id__gc", "points to gsuser, the model says Company"),
        ({"Owner__gc": {"type": "STRING", "required": True}}, "Owner__gc", "is required, and the model does not fill it"),
        ({"Instance_Type__gc": None}, "Instance_Type__gc", "the label field does not exist"),
    ],
)  # fmt: skip
def test_a_schema_that_does_not_fit_is_found_and_stops_a_publish(
    make_bench: Callable[..., Bench], changes: dict[str, Any], field: str, problem: str
) -> None:
    bench = tenant(make_bench, **changes)
    assert findings(bench) == {(field, problem)}
    ended = bench.publish(*SELECTED)
    assert ended.code == 2
    assert f"{OBJECT}.{field} {problem}" in ended.json["error"]
    assert not [call for call in bench.box.calls if call.committed]


def test_an_object_that_does_not_exist_is_found(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(objects={}, provision=False)
    bench.fill()
    assert findings(bench) == {("", "the object does not exist")}
    assert bench.publish(*SELECTED).code == 2


def test_values_that_will_be_rejected_are_found_but_do_not_stop_a_publish(
    make_bench: Callable[..., Bench],
) -> None:
    bench = tenant(
        make_bench,
        Hostname__gc={"type": "STRING", "length": 6},
        Suggested_Type__gc={"type": "PICKLIST", "options": ["Unknown", {"label": "Production", "active": False}]},
        Version__gc={"type": "STRING", "required": True},
    )
    bench.sql("update gainsight__instances set hostname = 'too long' where licensed_seats = 1")
    bench.sql("update gainsight__instances set instance_type = 'Unknown' where licensed_seats > 2")
    bench.sql("update gainsight__instances set version = null where licensed_seats = 4")
    assert findings(bench) == {
        ("Hostname__gc", "1 values are longer than 6"),
        ("Suggested_Type__gc", "3 values are not in the picklist"),
        ("Version__gc", "1 values are null, which the field does not take"),
    }
    ended = bench.publish(*SELECTED)
    assert ended.code == 1
    assert {key: why[1] for (_, key), why in bench.rejections().items()} == {
        '["i0"]': "GSOBJ_1012",
        '["i1"]': "GSOBJ_1001",
        '["i2"]': "GSOBJ_1012",
        '["i4"]': "GSOBJ_1007",
    }
    bench.assert_settled({SELECTED[1]: MODELS[SELECTED[1]]})


def warned(bench: Bench, *selected: str, **env: str) -> set[tuple[str, str]]:
    """Field and problem of what check warns of; nothing else is found."""
    ended = bench.run("check", "--output", "json", *(selected or SELECTED), env=env)
    assert ended.code == 0, ended.err
    assert all(each["warning"] and each["fix"] for each in ended.json["findings"])
    return {(each["field"], each["problem"]) for each in ended.json["findings"]}


def test_a_share_a_date_and_commas_in_fields_for_something_else_are_warned_of(
    make_bench: Callable[..., Bench],
) -> None:
    usage = [{"name": "Utilization__gc", "type": "PERCENTAGE"}]
    company = [{"name": "Health_Measured_On__gc", "type": "DATETIME"}]
    multiple = {"name": "Version__gc", "type": "MULTISELECTDROPDOWNLIST", "options": ["17.1", "a, b"]}
    bench = make_bench(objects={"Instance_Usage__gc": usage, "Company": company, OBJECT: [multiple]})
    bench.fill()
    bench.sql("update gainsight__instance_usage set utilization = (licensed % 10) / 10.0 from"
              " (select instance_id as i, cast(substr(instance_id, 2) as integer) as licensed from gainsight__instances)"
              " as s where s.i = instance_id")  # fmt: skip
    bench.sql("update gainsight__instances set version = '17.1, Beta' where licensed_seats < 4")
    assert warned(bench, "--select", "gainsight__instance_usage") == {
        ("Utilization__gc", "is a percentage, and utilization looks like a share from 0 to 1")
    }
    assert warned(bench, "--select", "gainsight__company_health") == {
        ("Health_Measured_On__gc", "is a date-time, and measured_on is a date: midnight UTC is sent")
    }
    problem = "is a multi-select, and 4 values hold a comma, which joins nothing"
    assert warned(bench) == {("Version__gc", problem)}
    bench.sql("update gainsight__instance_usage set utilization = utilization * 100")
    assert warned(bench, "--select", "gainsight__instance_usage") == set()


def test_ids_that_the_tenant_has_in_another_form_are_warned_of(make_bench: Callable[..., Bench]) -> None:
    bench = tenant(make_bench)
    rows = [("0010x00001AbCdE", "0010x00001AbCdEAAV"), ("0010x00001xYz12AAB", "0010x00001XYZ12AAB")]
    bench.box.insert("Company", [{"Name": theirs, "SfdcAccountId": theirs} for _, theirs in rows])
    for number, (ours, _) in enumerate(rows):
        bench.sql("update gainsight__instances set account_id = ? where licensed_seats = ?", [ours, number])
    assert warned(bench) == {
        ("Company_Id__gc", "1 ids have the same first 15 characters as one of Company.SfdcAccountId, and are not the same"),
        ("Company_Id__gc", "1 ids differ from one of Company.SfdcAccountId in case alone"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("switches", "problem", "settings"),
    [
        ({"text_case_blind": True}, "is compared without regard to case", {"GAINSIGHT_KEYS_IGNORE": "case"}),
        ({"text_trimmed": True}, "is compared without regard to space", {"GAINSIGHT_KEYS_IGNORE": "space"}),
    ],
)
def test_what_the_tenant_ignores_in_text_keys_is_found_and_the_setting_named(
    make_bench: Callable[..., Bench], switches: dict[str, Any], problem: str, settings: dict[str, str]
) -> None:
    bench = tenant(make_bench)
    bench.publish(*SELECTED)
    bench.box.switches = Switches(**switches)
    assert warned(bench) == {("Instance_Id__gc", problem)}
    assert warned(bench, **settings) == set()


def test_a_date_at_a_midnight_that_no_setting_names_is_found(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(switches=Switches(dates="midnight", time_zone="Asia/Tokyo"))
    bench.fill()
    assert bench.publish().code == 0
    selected = ("--select", "gainsight__company_health")
    assert warned(bench, *selected) == {("Health_Measured_On__gc", "stands at 15:00 UTC: the tenant's midnight")}
    assert warned(bench, *selected, GAINSIGHT_TIME_ZONE="Asia/Tokyo") == set()
