"""Incremental builds over thirty dirty days end where a full refresh ends, and so does a build after a killed one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from dbt_bench import BUILD, Bench, Mart, differences
from dirty_days import DAYS, KINDS, DirtyDays

AGAIN = (*BUILD, "seed", "--exclude", "path:models/metrics")
SCHEMAS = ("main", "main_intermediate", "main_snapshots")
LEAVES = "incremental model main_staging.base_service_ping__leaves"
SNAPSHOT = "main_snapshots.snap_crm__subscriptions"
FEW = (f"OK snapshotted {SNAPSHOT}",)
MANY = (
    f"START sql {LEAVES}",
    f"OK created sql {LEAVES}",
    f"START snapshot {SNAPSHOT}",
    "main_snapshots.snap_gainsight__instance_labels",
    "OK created sql table model main_intermediate.int_ping_metrics",
    *(after for after in ("5", "15", "30", "45", "60", "75")),
)
"""Words of dbt's log, or how many nodes have ended."""


@dataclass
class Series:
    """Builds of the dirty days in groups.

    Attributes:
        before_last: the mart before the last group's build.
        last: the mart after it.
        refreshed: the mart after a full refresh of the same files on the same day.
    """

    bench: Bench
    days: DirtyDays
    before_last: Mart
    last: Mart
    refreshed: Mart


def build_series(home: Path, models: Path, seed: int, group: int) -> Series:
    """One build for every `group` days, and a full refresh at the end."""
    days = DirtyDays(home / "raw", seed)
    bench = Bench(home, home / "raw", models)
    build(bench, days, date(2026, 5, 31), *BUILD)
    before_last = None
    for number in range(1, DAYS + 1):
        today = days.day(number)
        if number % group == 0:
            if number == DAYS:
                before_last = bench.snapshot("before_last")
            build(bench, days, today, *AGAIN)
    last = bench.snapshot("last")
    assert before_last is not None
    bench.variables["forget_missing_files"] = True
    bench.build(*AGAIN, "--full-refresh")
    return Series(bench, days, before_last, last, bench.snapshot("refreshed"))


def build(bench: Bench, days: DirtyDays, today: date, *command: str) -> None:
    """The raw folder as it is on a day, built as of that day."""
    days.write()
    bench.variables = {"as_of": str(today)}
    bench.build(*command)


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Series:
    """Thirty days in two builds."""
    return build_series(tmp_path_factory.mktemp("dirty"), models, seed=13, group=15)


def test_every_kind_of_dirt_happened(series: Series) -> None:
    """So that the comparison below compares something."""
    assert set(series.days.happened) == {kind.__name__.strip("_") for kind in KINDS}
    found = differences(series.before_last, series.last, "main")
    assert len(found) > 15


@pytest.mark.parametrize("schema", SCHEMAS)
def test_thirty_dirty_days_in_steps_end_where_a_full_refresh_ends(series: Series, schema: str) -> None:
    """Every row of every relation."""
    found = differences(series.last, series.refreshed, schema)
    assert not found, "\n".join(found)


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
def test_thirty_dirty_days_built_day_by_day_end_where_a_full_refresh_ends(
    tmp_path: Path, models: Path, seed: int
) -> None:
    """Thirty builds and a full refresh."""
    series = build_series(tmp_path, models, seed, group=1)
    found = [line for schema in SCHEMAS for line in differences(series.last, series.refreshed, schema)]
    assert not found, "\n".join(found)


@pytest.fixture
def killed(series: Series) -> Iterator[Callable[[str], Mart]]:
    """The last day's build, killed at a place and then run again."""
    bench = series.bench
    bench.variables.pop("forget_missing_files", None)

    def run(place: str) -> Mart:
        bench.mart.close()
        bench.database.with_name(f"{bench.database.name}.wal").unlink(missing_ok=True)
        shutil.copy(series.before_last.database, bench.database)
        kill_dbt(bench, place)
        bench.build(*AGAIN)
        return bench.snapshot("killed")

    yield run
    bench.mart.close()


def kill_dbt(bench: Bench, place: str) -> None:
    """Kills the build when its log says the words, or so many nodes have ended."""
    ended = 0

    def reached(line: str) -> bool:
        nonlocal ended
        ended += " OK " in line
        return place in line if not place.isdigit() else ended == int(place)

    bench.killed(reached, *AGAIN)


@pytest.mark.parametrize("place", [*FEW, *(pytest.param(place, marks=pytest.mark.long) for place in MANY)])
def test_a_killed_build_and_then_a_build_are_one_build(
    series: Series, killed: Callable[[str], Mart], place: str
) -> None:
    """SIGKILL in the middle; nothing is lost, doubled or dated otherwise."""
    mart = killed(place)
    found = [line for schema in SCHEMAS for line in differences(mart, series.last, schema)]
    mart.close()
    assert not found, "\n".join(found)
