"""The build: against a hand-written script and the usual pattern, over sizes and weeks, and on the committed sample."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click

from benchmarks import build_growth, build_history, build_sample, build_speed, data
from benchmarks.dbt import Home, copy_project
from benchmarks.report import RESULTS, Section
from benchmarks.stage import Stage
from benchmarks.warm import Warm

Measurement = Callable[[Stage], list[Section]]
MEASUREMENTS: tuple[Measurement, ...] = (build_speed.run, build_growth.run, build_sample.run, build_history.run)


def run(quick: bool) -> list[Section]:
    """Every section of the part. Data lie below build/bench while it runs, some 20 GB of them."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="work-", dir=RESULTS))
    try:
        stage = prepared(home, quick)
        sections = []
        with stage.warm:
            for measurement in MEASUREMENTS:
                started = time.perf_counter()
                sections += measurement(stage)
                click.echo(f"  {measurement.__module__}: {time.perf_counter() - started:,.0f} s")
        return sections
    finally:
        shutil.rmtree(home, ignore_errors=True)


def prepared(home: Path, quick: bool) -> Stage:
    """Four years of some installations, the last of them as a folder of its own, and the project, parsed."""
    months = (3, 6) if quick else (12, 48)
    made = data.generate(home / "made", accounts=40 if quick else 200, months=months[1])
    week = data.without_last_week(made, home / "years")
    base = data.last_months(home / "years", home / "base", months[0])
    ours = Home(home / "ours", copy_project(home / "project"))
    parsed = (ours.dbt(base, "parse"), ours.dbt(base, "parse"))
    return Stage(home, months, quick, week, parsed, Warm(ours, base))
