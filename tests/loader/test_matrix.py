"""Every switch x every fault x insert, update, mixed: nothing is lost, doubled or recorded wrongly.

`make test` runs a diagonal: the mixed load with every switch and every fault, each switch with another fault at each kind of
call, and six times where a load begins elsewhere. `long` runs the whole product, and every switch with rows of faults. The mixed
load has inserts, updates, two bad rows and a vanished record.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from harness import MODELS, REFUSED_BY_REPLY, Bench
from sampled import sampled

from sandbox import Fault, Switches

INSTANCES = {"gainsight__instances": MODELS["gainsight__instances"]}
ARGUMENTS = ("--select", "gainsight__instances", "--no-gate")
SWITCHES: dict[str, dict[str, Any]] = {
    "default": {},
    "query_shape=list": {"query_shape": "list"},
    "empty=result_false": {"empty_result": "result_false"},
    "empty=gsobj_1011": {"empty_result": "gsobj_1011"},
    "empty=list": {"empty_result": "list"},
    "null=omitted": {"null_in_query": "omitted"},
    "order=arbitrary": {"unsorted_order": "arbitrary"},
    "no_match=partial": {"put_no_match": "partial"},
    "no_match=zero": {"put_no_match": "zero"},
    "multi_match=error": {"put_multi_match": "error"},
    "multi_match=first": {"put_multi_match": "first"},
    "duplicate_keys=error": {"put_duplicate_keys": "error"},
    "errors=sparse": {"errors_index": "sparse"},
    "echo=full": {"insert_echo": "full"},
    "retry_after": {"retry_after": True},
    "error_body=html": {"error_body": "html"},
    "error_status=200": {"error_status": 200},
    "unauthorized=403": {"unauthorized_status": 403},
    "unauthorized=200": {"unauthorized_status": 200},
    "case=exact": {"object_name_case": "exact"},
    "errors=flat": {"errors_shape": "flat"},
    "picklist=1002": {"picklist_refusal": "GSOBJ_1002"},
    "partial=count_written": {"partial_success": "count_written"},
    "partial=count_all, flat, sparse": {"partial_success": "count_all", "errors_shape": "flat"},
    "partial, no match=partial": {"partial_success": "count_all", "put_no_match": "partial", "errors_index": "sparse"},
    "no count": {"count_reply": False, "put_no_match": "zero"},
    "order=shuffled": {"insert_order": "shuffled"},
    "order=shuffled, echo=full": {"insert_order": "shuffled", "insert_echo": "full"},
    "dates=epoch": {"date_reply": "epoch", "dates": "midnight", "time_zone": "Asia/Tokyo"},
    "dates=space": {"date_reply": "space"},
    "text=blind, trimmed": {"text_case_blind": True, "text_trimmed": True},
    "numbers, nulls": {"number_places": "metadata", "null_write": "ignored"},
    "the oddest": {
        **{"query_shape": "list", "empty_result": "gsobj_1011", "null_in_query": "omitted", "put_no_match": "partial"},
        **{"errors_shape": "flat", "partial_success": "count_all", "count_reply": False, "insert_order": "shuffled"},
        **{"error_status": 200, "unsorted_order": "arbitrary", "date_reply": "epoch", "text_case_blind": True},
    },
}
FAULTS: dict[str, Fault] = {
    "none": Fault("status", operation="bulk"),
    "500": Fault("status", status=500),
    "500 after commit": Fault("status", status=500, after_commit=True),
    "502": Fault("status", status=502),
    "503": Fault("status", status=503),
    "429": Fault("status", status=429),
    "429 Retry-After": Fault("status", status=429, retry_after=0.1),
    "429 after commit": Fault("status", status=429, after_commit=True),
    "reset": Fault("reset"),
    "reset after commit": Fault("reset", after_commit=True),
    "hang": Fault("hang", seconds=0.6),
    "hang after commit": Fault("hang", seconds=0.6, after_commit=True),
    "late": Fault("late", seconds=0.1),
    "slow": Fault("slow", seconds=0.6),
    "truncated": Fault("truncated"),
    "cut off": Fault("cut_off"),
    "html": Fault("html"),
    "html after commit": Fault("html", after_commit=True),
    "result false": Fault("result_false"),
    "twice 500": Fault("status", status=500, times=2),
}
NEWER_FAULTS: dict[str, Fault] = {
    "page with 400": Fault("status", status=400, body="html"),
    "page with 400 after commit": Fault("status", status=400, body="html", after_commit=True),
    "nothing with 200": Fault("empty", times=2),
    "nothing with 200 after commit": Fault("empty", after_commit=True),
    "locked": Fault("status", status=400, code="UNABLE_TO_LOCK_ROW", times=3),
    "locked after commit": Fault("status", status=400, code="UNABLE_TO_LOCK_ROW", after_commit=True),
    "timed out after commit": Fault("status", status=400, code="REQUEST_TIMED_OUT", after_commit=True),
    "429 in a page, Retry-After, after commit": Fault(
        "status", status=429, body="html", retry_after=0.1, after_commit=True
    ),
    "echo": Fault("echo"),
    "odd Retry-After": Fault("status", status=503, retry_after="nan", times=2),
}
"""Struck in the mixed load only, which has both kinds of write."""
ALL_FAULTS = {**FAULTS, **NEWER_FAULTS}
LOADS = ("insert", "update", "mixed")


def make(make_bench: Callable[..., Bench], switches: dict[str, Any]) -> Bench:
    """A bench with 60 instances."""
    bench = make_bench(switches=Switches(**switches), objects=REFUSED_BY_REPLY)
    bench.fill(instances=60, periods=0)
    bench.env |= {"GAINSIGHT_WINDOW_SECONDS": "0.3", "GAINSIGHT_TIMEOUT_SECONDS": "0.25"}
    return bench


def prepare(bench: Bench, load: str) -> None:
    """Bring mart, destination and state to where the load starts."""
    if load == "insert":
        bench.sql("update gainsight__instances set instance_type = 'No such type' where instance_id = 'i7'")
        return
    ended = bench.publish(*ARGUMENTS)
    assert ended.code == 0, ended.err
    bench.sql("update gainsight__instances set version = '17.9' where licensed_seats < 55")
    bench.sql("update gainsight__instances set instance_type = 'No such type' where instance_id = 'i7'")
    if load == "mixed":
        bench.sql(
            "insert into gainsight__instances select 'n' || i, 'A1', null, '1', 'Production', i, true, null"
            " from range(52) as r(i)"
        )
        bench.sql("update gainsight__instances set instance_type = 'No such type' where instance_id = 'n3'")
        vanished = next(r for r in bench.box.rows("Instance_Data__gc") if r["Instance_Id__gc"] == "i11")
        bench.box.delete("Instance_Data__gc", vanished["Gsid"])


def run(bench: Bench, load: str, fault: Fault) -> None:
    """One load under one fault, on the first insert, the first update and the first read."""
    prepare(bench, load)
    for operation in ("insert", "update", "query", "describe"):
        given = {"operation": operation} if fault.operation is None else {}
        bench.box.schedule(replace(fault, **given))
    assert_settles(bench, load)


def assert_settles(bench: Bench, load: str) -> None:
    """Publish; every good row arrives, every bad one is recorded, and a second run has nothing to do."""
    bench.box.clear_calls()
    ended = bench.publish(*ARGUMENTS)
    assert ended.code == 1, ended.err
    assert ended.result["rows_rejected"] == (2 if load == "mixed" else 1), (bench.rejections(), ended.err)
    assert ended.result["api_calls"] == len(bench.box.calls)
    bench.assert_settled(INSTANCES)
    rejected = {key: code for (_, key), (_, code) in bench.rejections().items()}
    code = bench.box.switches.picklist_refusal
    assert rejected == {'["i7"]': code, **({'["n3"]': code} if load == "mixed" else {})}
    again = bench.publish(*ARGUMENTS)
    assert (again.code, again.result["api_calls"]) == (1, 1), again.err


PRODUCT = [(switch, fault, load) for switch in SWITCHES for fault in ALL_FAULTS for load in LOADS]
DIAGONAL = {
    *((switch, list(ALL_FAULTS)[number % len(ALL_FAULTS)], "mixed") for number, switch in enumerate(SWITCHES)),
    *(("default", fault, load) for load in ("insert", "update") for fault in ("500 after commit", "late", "twice 500")),
}
"""The mixed load has every kind of write; the others begin elsewhere, with nothing there or with everything."""
assert {fault for _, fault, _ in DIAGONAL} == ALL_FAULTS.keys()


@pytest.mark.parametrize(("switch", "fault", "load"), sampled(PRODUCT, DIAGONAL))
def test_every_load_settles_under_every_fault_and_switch(
    make_bench: Callable[..., Bench], switch: str, fault: str, load: str
) -> None:
    run(make(make_bench, SWITCHES[switch]), load, ALL_FAULTS[fault])


@pytest.mark.long
@pytest.mark.parametrize("switch", [name for name in SWITCHES if name != "default"])
def test_the_mixed_load_settles_under_each_switch_and_a_row_of_faults(
    make_bench: Callable[..., Bench], switch: str
) -> None:
    """The calls of one run are struck one after the other; the next switch meets the next faults."""
    bench = make(make_bench, SWITCHES[switch])
    prepare(bench, "mixed")
    counts = dict.fromkeys(("insert", "update", "query"), 0)
    faults = list(ALL_FAULTS.values())
    first = list(SWITCHES).index(switch) * 6
    for number in range(first, first + 6):
        operation = ("insert", "update", "query")[number % 3]
        counts[operation] += 1
        fault = faults[number % len(faults)]
        bench.box.schedule(replace(fault, operation=operation, nth=counts[operation]))
    assert_settles(bench, "mixed")
