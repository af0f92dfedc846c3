"""Limits: calls keep to windows, batches and shares of the day, whoever uses them up."""

from __future__ import annotations

import pytest
from rigs import Bench, Rig

from loader.errors import StoppedError


def test_calls_stay_within_every_window(bench: Bench) -> None:
    bench.fill(300, name="w")
    windows = bench.rig.narrow()
    bench.publish()
    times = [at for _, at in bench.rig.calls()]
    assert len(times) > min(window.calls for window in windows)
    for window in windows:
        assert all(b - a > window.seconds for a, b in zip(times, times[window.calls :], strict=False))


def test_batches_keep_to_rows_and_bytes(bench: Bench) -> None:
    destination = bench.rig.destination()
    bench.fill(destination.batch_size, name="b")
    bench.sql("update things set note = repeat('x', 250)")
    bench.publish()
    batches = bench.rig.batches()
    assert sum(rows for rows, _ in batches) == 60 + 2 * destination.batch_size
    assert max(rows for rows, _ in batches) <= destination.batch_size
    if 0 < destination.batch_bytes < 300 * destination.batch_size:
        assert max(size for _, size in batches) <= destination.batch_bytes
        assert len(batches) >= (60 + 2 * destination.batch_size) / 2, "two rows of 300 bytes and more fill 700 bytes"
    else:
        assert len(batches) == -(-(60 + 2 * destination.batch_size) // destination.batch_size), "and fill them"


def test_our_share_of_the_day_is_kept_and_the_rest_follows(bench: Bench) -> None:
    bench.fill(bench.rig.destination().batch_size, name="s")
    bench.rig.share(4)
    with pytest.raises(StoppedError):
        bench.publish()
    assert len(bench.rig.calls()) <= 4
    bench.rig.share(10_000)
    bench.publish()
    bench.assert_settled()


def test_a_quota_that_replies_tell_ends_the_run_before_the_vendor_does(bench: Bench) -> None:
    bench.rig.left(4)
    with pytest.raises(StoppedError, match=r"its calls of the day are used up|left for the next run"):
        bench.publish()
    assert bench.rig.beyond() == 0
    bench.rig.left(10_000)
    bench.publish()
    bench.assert_settled()


def test_a_quota_that_others_use_up_meanwhile_ends_the_run_before_the_vendor_does(bench: Bench) -> None:
    rig: Rig = bench.rig
    rig.left(10_000)
    bench.fill(2 * rig.destination().batch_size, name="q")
    rig.after(2, lambda: rig.left(1))
    with pytest.raises(StoppedError, match="says that its calls of the day are used up"):
        bench.publish()
    assert rig.beyond() == 0
    rig.left(10_000)
    bench.publish()
    bench.assert_settled()
