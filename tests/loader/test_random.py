"""Any load under any schedule of faults and any switches settles, in as many runs as it takes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from harness import MODELS, Bench, copy_project
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sandbox import Fault, Switches

INSTANCES = {"gainsight__instances": MODELS["gainsight__instances"]}
ARGUMENTS = ("--select", "gainsight__instances", "--no-gate")
OPERATIONS = ("insert", "update", "query", "describe", "write")

common = {
    "operation": st.sampled_from(OPERATIONS),
    "nth": st.integers(1, 4),
    "times": st.integers(1, 2),
    "seconds": st.just(0.6),
}
faults = st.one_of(
    st.builds(
        Fault,
        kind=st.sampled_from(["status", "reset", "hang", "html", "result_false"]),
        status=st.sampled_from([429, 500, 502, 503, 504]),
        retry_after=st.sampled_from([None, 0.05]),
        after_commit=st.booleans(),
        **common,
    ),
    st.builds(Fault, kind=st.sampled_from(["slow", "truncated", "cut_off"]), **common),
    st.builds(Fault, kind=st.just("late"), **(common | {"seconds": st.just(0.1)})),
    st.builds(
        Fault,
        kind=st.just("status"),
        status=st.just(400),
        code=st.sampled_from(["UNABLE_TO_LOCK_ROW", "REQUEST_TIMED_OUT", "GSOBJ_EMU_FAULT"]),
        after_commit=st.booleans(),
        **common,
    ),
    st.builds(Fault, kind=st.sampled_from(["empty", "html"]), after_commit=st.booleans(), **common),
)
switches = st.fixed_dictionaries(
    {
        "query_shape": st.sampled_from(["list", "records"]),
        "empty_result": st.sampled_from(["records", "result_false", "gsobj_1011", "list"]),
        "null_in_query": st.sampled_from(["null", "omitted"]),
        "unsorted_order": st.sampled_from(["insertion", "arbitrary"]),
        "put_no_match": st.sampled_from(["fail_all", "partial", "zero"]),
        "errors_index": st.sampled_from(["dense", "sparse"]),
        "insert_echo": st.sampled_from(["gsid", "full"]),
        "retry_after": st.booleans(),
        "error_body": st.sampled_from(["json", "html"]),
        "error_status": st.sampled_from([200, 400]),
        "partial_success": st.sampled_from(["never", "count_written", "count_all"]),
        "errors_shape": st.sampled_from(["nested", "flat"]),
        "count_reply": st.booleans(),
        "insert_order": st.sampled_from(["sent", "shuffled"]),
        "text_case_blind": st.booleans(),
        "text_trimmed": st.booleans(),
        "date_reply": st.sampled_from(["iso", "epoch", "space"]),
    }
)
steps = st.lists(
    st.fixed_dictionaries(
        {
            "new": st.integers(0, 120),
            "changed": st.integers(0, 120),
            "bad": st.integers(0, 4),
            "vanish": st.integers(0, 3),
            "present": st.integers(0, 3),
            "faults": st.lists(faults, max_size=3),
        }
    ),
    min_size=1,
    max_size=3,
)


def take(bench: Bench, number: int, step: dict[str, Any]) -> None:
    """Change mart and destination, then publish under the step's faults until it is done."""
    add = "insert into gainsight__instances select 's{0}-' || i, 'A' || (i % 10), null, '0', 'Unknown', i, true, null"
    bench.sql(add.format(number) + f" from range({step['new']}) as r(i)")
    bench.sql(f"update gainsight__instances set version = '{number}' where licensed_seats < {step['changed']}")
    bench.sql(f"update gainsight__instances set instance_type = 'Bad{number}' where licensed_seats < {step['bad']}")
    there = bench.box.rows("Instance_Data__gc")
    for row in there[: step["vanish"]]:
        bench.box.delete("Instance_Data__gc", row["Gsid"])
        bench.sql(
            "update gainsight__instances set hostname = ? where instance_id = ?", [f"v{number}", row["Instance_Id__gc"]]
        )
    taken = {row["Instance_Id__gc"] for row in there}
    new = [f"s{number}-{n}" for n in range(min(step["present"], step["new"]))]
    bench.box.insert("Instance_Data__gc", [{"Instance_Id__gc": n} for n in new if n not in taken])
    bench.box.clear_faults()
    bench.box.schedule(*step["faults"])
    for _ in range(6):
        before, ended = len(bench.box.calls), bench.publish(*ARGUMENTS)
        assert ended.code in (0, 1, 4), ended.err
        if ended.code != 4:
            assert ended.result["api_calls"] == len(bench.box.calls) - before
            break
    assert ended.code in (0, 1), ended.err
    bench.assert_settled(INSTANCES)


common_settings = settings(
    deadline=None, phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck)
)


@settings(common_settings, max_examples=6, derandomize=True)  # the same code gets the same answer
@given(switches=switches, steps=steps)
def test_random_loads_and_schedules_settle(
    built: Path, tmp_path_factory: Any, switches: dict[str, Any], steps: list[dict[str, Any]]
) -> None:
    settle(built, tmp_path_factory, switches, steps)


@pytest.mark.long
@settings(common_settings, max_examples=int(os.environ.get("LOADER_EXAMPLES", "100")))
@given(switches=switches, steps=steps)
def test_loads_and_schedules_that_are_drawn_anew_each_time_settle(
    built: Path, tmp_path_factory: Any, switches: dict[str, Any], steps: list[dict[str, Any]]
) -> None:
    settle(built, tmp_path_factory, switches, steps)


def settle(built: Path, tmp_path_factory: Any, switches: dict[str, Any], steps: list[dict[str, Any]]) -> None:
    """One load, step after step, at one tenant."""
    folder = copy_project(built, tmp_path_factory.mktemp("random") / "project")
    with Bench(folder, switches=Switches(**switches)) as bench:
        bench.env |= {"GAINSIGHT_WINDOW_SECONDS": "0.2", "GAINSIGHT_TIMEOUT_SECONDS": "0.3"}
        bench.fill(instances=20, periods=0)
        for number, step in enumerate(steps):
            take(bench, number, step)
    shutil.rmtree(folder.parent)
