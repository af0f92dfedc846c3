"""Publish: what is sent, what is recorded, and what a second run does."""

from __future__ import annotations

from harness import Bench, calls_of


def test_every_row_arrives_and_a_second_run_calls_nothing(bench: Bench) -> None:
    first = bench.publish()
    assert first.code == 0, first.err
    assert first.result["rows_accepted"] == 10 + 30 + 60
    bench.assert_settled()
    made = len(bench.box.calls)
    assert first.result["api_calls"] == made == first.result["plan"]["calls"]

    second = bench.publish()
    assert second.code == 0, second.err
    assert second.result["plan"]["unchanged"] == 100
    assert second.result["api_calls"] == 0
    assert len(bench.box.calls) == made


def test_changed_rows_take_the_calls_that_the_plan_had_said(bench: Bench) -> None:
    bench.publish()
    bench.sql("update gainsight__instances set version = '17.2' where licensed_seats < 7")
    planned = bench.run("plan", "--output", "json").json["plans"][0]
    assert (planned["changed"], planned["new"], planned["unchanged"]) == (7, 0, 93)
    before = calls_of(bench.box)
    ended = bench.publish()
    assert ended.code == 0, ended.err
    assert ended.result["api_calls"] == planned["calls"] == 3
    assert calls_of(bench.box) - before == {
        ("describe", None): 1,
        ("query", "Company"): 1,
        ("update", "Instance_Data__gc"): 1,
    }
    bench.assert_settled()
