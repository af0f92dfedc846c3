"""The build: against a hand-written script and the usual pattern, over sizes and weeks, and on the committed sample."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click

from benchmarks import build_growth, build_history, build_sample, build_speed, data
from benchmarks.dbt import Stage
from benchmarks.report import RESULTS, Section

Measurement = Callable[[Stage], list[Section]]
MEASUREMENTS: tuple[Measurement, ...] = (build_speed.run, build_growth.run, build_history.run, build_sample.run)


def run(quick: bool) -> list[Section]:
    """Every section of the part. Data lie below build/bench while it runs, some 20 GB of them."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="work-", dir=RESULTS))
    try:
        base = data.generate(home / "base", accounts=60 if quick else 900, months=3)
        stage = Stage(home, base, quick)
        sections = []
        for measurement in MEASUREMENTS:
            started = time.perf_counter()
            sections += measurement(stage)
            click.echo(f"  {measurement.__module__}: {time.perf_counter() - started:,.0f} s")
        return sections
    finally:
        shutil.rmtree(home, ignore_errors=True)
