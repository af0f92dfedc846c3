"""Runs the benchmarks and writes docs/benchmarks.md."""

from __future__ import annotations

import importlib
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks import report


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(report.PARTS))
@click.option("--quick", is_flag=True, help="Small sizes, to see that all of it works; the page is left alone.")
@click.option("--render", is_flag=True, help="Measure nothing; write the page from the results that are there.")
def main(parts: tuple[str, ...], quick: bool, render: bool) -> None:
    """Measure PARTS (build, publish, salesforce; all when none is named) and write docs/benchmarks.md."""
    folder = report.RESULTS / "quick" if quick else report.RESULTS
    page = folder / "benchmarks.md" if quick else report.PAGE
    for name in () if render else parts or report.PARTS:
        measure(name, quick, folder)
    click.echo(f"wrote {shown(report.write_page(folder, page))}")


def measure(name: str, quick: bool, folder: Path) -> None:
    """Runs one part and saves it."""
    click.echo(f"{name}: measuring")
    started = time.perf_counter()
    sections = importlib.import_module(f"benchmarks.{name}").run(quick)
    seconds = time.perf_counter() - started
    part = report.Part(name, f"{datetime.now(UTC):%Y-%m-%d}", seconds, quick, sections)
    click.echo(f"{name}: {seconds:,.0f} s, {shown(report.save(part, folder))}")


def shown(path: Path) -> Path:
    """A path as a person in the repository would write it."""
    return path.relative_to(report.REPO) if path.is_relative_to(report.REPO) else path


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
