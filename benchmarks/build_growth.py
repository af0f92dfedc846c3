"""Time and memory over sizes of raw JSON."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence

from benchmarks import data
from benchmarks.build_speed import by_hand, must_equal
from benchmarks.dbt import COMPARED, WITHOUT_TESTS, Cost
from benchmarks.report import Section
from benchmarks.stage import Stage

SLOPE = (0.9, 1.1)
MEMORY_MEGABYTES = 4000
Measured = tuple[data.Size, Cost, Cost]


def run(stage: Stage) -> list[Section]:
    """Full builds of 1, 2, 4 and 8 times the set, less the fixed cost, with the reference beside them."""
    sizes = (2,) if stage.quick else (2, 4, 8)
    largest = data.multiply(stage.base, stage.home / "largest", sizes[-1])
    ours, fixed = stage.ours, stage.usual_fixed()
    first = sorted(stage.full, key=lambda pair: pair[0].wall)[len(stage.full) // 2]
    base = data.size(stage.base)
    found: list[Measured] = [(base, *first)]
    for copies in sizes:
        raw = data.linked(largest, stage.home / f"times-{copies}", copies)
        ours.fresh()
        cost = stage.warm.dbt(raw, *WITHOUT_TESTS, *COMPARED)
        other = by_hand(raw, stage.home / "reference.duckdb")
        must_equal(stage.home / "reference.duckdb", ours.database)
        found.append((data.Size(data.bytes_of(raw), copies * base.pings), cost.less(fixed), other))
        shutil.rmtree(raw)
    ours.fresh()
    shutil.rmtree(largest)
    return [growth(found)]


def growth(found: Sequence[Measured]) -> Section:
    """The table, and the slope of log seconds on log bytes."""
    slope = fitted_slope([size.bytes for size, *_ in found], [net.wall for _, net, *_ in found])
    cpu_slope = fitted_slope([size.bytes for size, *_ in found], [net.cpu for _, net, *_ in found])
    peak = found[-1][1].peak_megabytes
    rows = [
        (size.gigabytes, size.pings, net.wall, net.cpu, other.wall, other.cpu, net.wall / other.wall,
         net.cpu / other.cpu, net.peak_megabytes)
        for size, net, other in found
    ]  # fmt: skip
    return Section(
        "Growth",
        "Ours from the first node to the last, less the same on an empty folder, and the reference, whose figures are"
        " compared at each size. Memory is the high-water mark (VmHWM) of the dbt process.",
        ("GB", "pings", "ours, s", "ours, cpu s", "reference, s", "reference, cpu s", "times", "times, cpu", "peak MB"),
        rows,
        f"slope of log processor seconds on log bytes from {SLOPE[0]} to {SLOPE[1]}; peak at the largest under 4 GB",
        SLOPE[0] <= cpu_slope <= SLOPE[1] and peak < MEMORY_MEGABYTES,
        f"Slope {cpu_slope:.2f} of processor seconds, {slope:.2f} of seconds by the clock, of which a small build hides"
        f" some behind dbt's own work on the other core; peak at the largest {peak:,.0f} MB.",
    )


def fitted_slope(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """Least squares of log seconds on log size."""
    xs, ys = [math.log(one) for one in sizes], [math.log(max(one, 1e-9)) for one in seconds]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / sum((x - mean_x) ** 2 for x in xs)
