"""Limits: nearly all of the allowance is used, and no 429 is ever earned by our own calls."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from harness import Bench

from loader.engine.limits import Meter, Window
from loader.errors import StoppedError
from sandbox import Fault, Limits, Switches


def filled(make_bench: Callable[..., Bench], calls: int, window: float) -> Bench:
    """A bench whose sandbox counts in windows of its own, with 2,000 rows to send."""
    bench = make_bench(limits=Limits(calls_per_window=calls, window_seconds=window))
    bench.fill(instances=0, periods=0)
    bench.sql(
        "insert into gainsight__instances select 'i' || i, 'A1', 'h', '1', null, i, true, null from range(2000) as r(i)"
    )
    bench.env |= {"GAINSIGHT_CALLS_PER_MINUTE": str(calls), "GAINSIGHT_WINDOW_SECONDS": str(window)}
    return bench


def test_no_window_of_the_vendor_holds_more_than_allowed_and_none_of_ours_is_wasted(
    make_bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = filled(make_bench, calls=10, window=2.0)
    waits, pause = list[float](), Meter.pause

    def noted(meter: Meter, seconds: float) -> None:
        waits.append(max(0.0, seconds))
        pause(meter, seconds)

    monkeypatch.setattr(Meter, "pause", noted)
    ended = bench.publish("--no-gate")
    assert ended.code == 0, ended.err
    calls = bench.box.calls
    assert not [call for call in calls if call.status == 429]
    least = 2.0 * ((len(calls) - 1) // 10)
    assert calls[-1].started_at - calls[0].started_at >= least
    assert 0 < sum(waits) <= least, "the allowance was not used"


def test_a_run_after_a_killed_one_reckons_with_calls_that_were_not_written_down(
    make_bench: Callable[..., Bench],
) -> None:
    bench = filled(make_bench, calls=4, window=1.0)
    bench.sql("delete from gainsight__instances where licensed_seats >= 50")
    assert bench.publish("--no-gate").code == 0
    bench.sql("update main_publish.publish_runs set outcome = 'running', finished_at = null")
    bench.sql("update main_publish.publish_calls set recent = 0")
    bench.sql("update gainsight__instances set version = '2'")
    assert bench.publish("--no-gate").code == 0
    assert len(bench.box.calls) > 4
    assert not [call for call in bench.box.calls if call.status == 429]


def test_two_runs_in_a_row_share_one_window(make_bench: Callable[..., Bench]) -> None:
    bench = filled(make_bench, calls=4, window=1.0)
    bench.sql("delete from gainsight__instances where licensed_seats >= 50")
    for version in "123":
        bench.sql(f"update gainsight__instances set version = '{version}'")
        assert bench.publish("--no-gate").code == 0
    assert not [call for call in bench.box.calls if call.status == 429]


def test_429_of_others_calls_is_waited_out_until_the_next_window(bench: Bench) -> None:
    bench.env["GAINSIGHT_WINDOW_SECONDS"] = "0.5"
    bench.box.schedule(Fault("status", status=429, operation="write", times=3))
    ended = bench.publish()
    assert ended.code == 0, ended.err
    bench.assert_settled()
    struck = [call for call in bench.box.calls if call.status == 429]
    assert len(struck) == 3, "not hammered"


def test_an_insert_that_was_one_call_too_many_is_looked_for_before_it_is_repeated(bench: Bench) -> None:
    """The call took effect and was answered 429: it is waited for as asked, read back, and not made again."""
    bench.box.schedule(Fault("status", status=429, operation="insert", retry_after=1.2, after_commit=True, times=2))
    ended = bench.publish("--no-gate")
    assert ended.code == 0, ended.err
    bench.assert_settled()
    calls = bench.box.calls
    struck = [n for n, call in enumerate(calls) if call.status == 429]
    assert len(struck) == 2
    for n in struck:
        assert (calls[n + 1].operation, calls[n + 1].object) == ("query", calls[n].object)
        assert calls[n + 1].started_at - calls[n].started_at >= 1.2
    assert sum(call.records for call in calls if call.operation == "insert") == 30 + 60, "no row is sent twice"


def test_a_tenant_that_does_what_it_answers_429_to_has_no_row_twice(make_bench: Callable[..., Bench]) -> None:
    """We may make far more calls than the tenant takes, as when others use it up, too."""
    bench = make_bench(limits=Limits(calls_per_window=8, window_seconds=0.5), switches=Switches(over_limit="done"))
    bench.fill(instances=600, periods=1)
    bench.env |= {"GAINSIGHT_WINDOW_SECONDS": "0.5", "GAINSIGHT_TIMEOUT_SECONDS": "5"}
    ended = bench.publish("--no-gate")
    assert ended.code == 0, ended.err
    done = [call for call in bench.box.calls if call.status == 429 and call.operation == "insert" and call.committed]
    assert done, "none was struck"
    bench.assert_settled()


def test_retry_after_is_honoured(bench: Bench) -> None:
    bench.box.schedule(Fault("status", status=429, operation="describe", retry_after=1.2))
    assert bench.publish().code == 0
    first, second = bench.box.calls[:2]
    assert second.started_at - first.started_at >= 1.2


def test_a_destination_that_stays_down_ends_the_run_with_4_and_the_reason(bench: Bench) -> None:
    bench.env["GAINSIGHT_GIVE_UP_SECONDS"] = "2"
    bench.box.schedule(Fault("status", status=503, times=None))
    started = time.monotonic()
    ended = bench.publish()
    assert ended.code == 4
    assert time.monotonic() - started < 60
    assert "took no call for" in ended.json["error"]
    assert "HTTP 503" in ended.json["error"]
    bench.box.clear_faults()
    assert bench.publish().code == 0
    bench.assert_settled()


def test_a_destination_that_goes_down_part_way_ends_with_4_and_the_rest_follows(bench: Bench) -> None:
    bench.env["GAINSIGHT_GIVE_UP_SECONDS"] = "2"
    bench.box.schedule(Fault("reset", operation="insert", nth=2, times=None))
    ended = bench.publish()
    assert ended.code == 4
    assert "tries in a row" in ended.json["error"] or "took no call" in ended.json["error"]
    assert ended.json["results"][0]["rows_accepted"] > 0
    bench.box.clear_faults()
    assert bench.publish().code == 0
    bench.assert_settled()


def test_nobody_listening_ends_with_4(bench: Bench) -> None:
    ended = bench.publish(env={"GAINSIGHT_BASE_URL": "http://127.0.0.1:9", "GAINSIGHT_GIVE_UP_SECONDS": "1"})
    assert ended.code == 4
    assert "no connection" in ended.json["error"]


def test_a_reply_that_drips_is_given_up_after_the_timeout(bench: Bench) -> None:
    bench.box.schedule(Fault("slow", operation="describe", seconds=100))
    started = time.monotonic()
    assert bench.publish(env={"GAINSIGHT_TIMEOUT_SECONDS": "0.4"}).code == 0
    assert time.monotonic() - started < 60


def test_the_meter_lets_no_more_than_allowed_into_any_window() -> None:
    meter, times = Meter([Window(5, 0.2)], 1000), []
    for _ in range(21):
        meter.take()
        times.append(time.monotonic())
        meter.answered()
    for first, sixth in zip(times, times[5:], strict=False):
        assert sixth - first > 0.2


def test_the_meter_remembers_the_last_runs_window() -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    meter = Meter([Window(5, 0.3)], 1000, today=5, recent=[5], last_call_at=now)
    started = time.monotonic()
    meter.take()
    assert time.monotonic() - started > 0.25
    stale = Meter([Window(5, 0.3)], 1000, today=5, recent=[5], last_call_at=now - timedelta(seconds=1))
    stale.before_wait = lambda seconds: pytest.fail(f"it waits for {seconds} seconds")
    stale.take()


def test_the_meter_stops_at_the_days_quota_and_at_the_cap() -> None:
    meter = Meter([Window(5, 0.1)], 10, today=9)
    meter.take()
    with pytest.raises(StoppedError, match="00:00 UTC"):
        meter.take()
    capped = Meter([Window(5, 0.1)], 10, most=1)
    capped.take()
    with pytest.raises(StoppedError, match="--max-calls"):
        capped.take()


def test_a_signal_ends_a_wait() -> None:
    meter = Meter([Window(1, 60)], 10)
    meter.take()
    meter.answered()
    threading.Timer(0.1, meter.stop.set).start()
    with pytest.raises(StoppedError, match="signal"):
        meter.take()


def test_rows_refused_without_end_and_reason_stop_the_run(bench: Bench) -> None:
    bench.sql(
        "insert into gainsight__instances select 'x' || i, 'A1', 'h', '1', null, i, true, null from range(500) as r(i)"
    )
    bench.box.schedule(Fault("result_false", operation="insert", code="GSOBJ_1099", times=None))
    ended = bench.publish("--select", "gainsight__instances")
    assert ended.code == 4
    assert "rows in a row were refused without naming a field (GSOBJ_1099" in ended.json["error"]
    assert len(bench.box.calls) < 400
