"""Any fault of HTTP at any kind of call, and any schedule of them: nothing is lost, doubled or recorded wrongly."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rig_http import HttpRig
from rigs import Bench

from loader.errors import StoppedError
from sandbox import Fault

FAULTS = {
    "500": Fault("status", status=500),
    "500 after it took effect": Fault("status", status=500, after_commit=True),
    "502, a page": Fault("status", status=502, body="html"),
    "503": Fault("status", status=503),
    "503, come again": Fault("status", status=503, retry_after=0.05),
    "429, come again": Fault("status", status=429, retry_after=0.05),
    "a reset": Fault("reset"),
    "a reset after it took effect": Fault("reset", after_commit=True),
    "silence": Fault("hang", seconds=3.0),
    "half a reply": Fault("cut_off"),
    "a truncated reply": Fault("truncated"),
    "a page": Fault("html"),
    "nothing": Fault("empty"),
}


def settled(bench: Bench) -> None:
    """In as many runs as it takes, at most six."""
    for _ in range(6):
        try:
            bench.publish()
        except StoppedError:
            continue
        break
    else:
        raise AssertionError("six runs did not come to an end")
    bench.assert_settled()


def strike(bench: Bench, fault: Fault, operation: str, nth: int = 1) -> None:
    assert isinstance(bench.rig, HttpRig)
    bench.rig.schedule(fault, operation, nth)


def change(bench: Bench, number: int) -> None:
    """Rows that changed, and new ones."""
    bench.sql(f"update things set amount = amount + {number}, note = null where thing_id in ('t1', 't2', 't3')")
    bench.sql(f"insert into things select 'n{number}-' || i, date '2026-01-01', i, 'n', 'A1' from range(9) as r(i)")


def test_all_faults_one_after_the_other_lose_and_double_nothing(http_bench: Bench) -> None:
    for number, fault in enumerate(FAULTS.values()):
        change(http_bench, number)
        strike(http_bench, fault, ("write", "read")[number % 2], 1 + number % 3 // 2)
        settled(http_bench)


@pytest.mark.long
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_kind_of_call_loses_and_doubles_nothing(http_bench: Bench, fault: str) -> None:
    for number, operation in enumerate(("write", "read", "write")):
        strike(http_bench, FAULTS[fault], operation, 1 + number // 2)
        settled(http_bench)
        change(http_bench, number + 1)
    settled(http_bench)


steps = st.lists(
    st.tuples(st.sampled_from(sorted(FAULTS)), st.sampled_from(["write", "read"]), st.integers(1, 4)),
    min_size=1,
    max_size=5,
)
numbers = iter(range(10, 1_000_000))


@settings(
    max_examples=int(os.environ.get("LOADER_EXAMPLES", "2")),
    derandomize="LOADER_EXAMPLES" not in os.environ,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(rounds=st.lists(steps, min_size=1, max_size=2))
def test_any_schedule_of_faults_settles(http_bench: Bench, rounds: list[list[Any]]) -> None:
    rig = http_bench.rig
    assert isinstance(rig, HttpRig)
    for scheduled in rounds:
        change(http_bench, next(numbers))
        for fault, operation, nth in scheduled:
            strike(http_bench, FAULTS[fault], operation, nth)
        settled(http_bench)
        rig.box.clear_faults()
