"""The bench of a large load runs, and both clients bring the same number of rows."""

from __future__ import annotations

import pytest

from benchmarks import salesforce


@pytest.mark.long
def test_a_quick_bench_measures_both_clients() -> None:
    (section,) = salesforce.run(quick=True)
    assert [row[0] for row in section.rows] == ["bare script (the floor)", "**ours**"]
    assert all(isinstance(row[4], int) and row[4] >= 8 for row in section.rows), (
        "token, job, file, start, poll, results"
    )
