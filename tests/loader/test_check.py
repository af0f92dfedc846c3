"""Check: what a model and the destination do not agree on is found before a row is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from harness import MODELS, Bench

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
