"""Shared by all tests: sample, sandbox and scripts can be imported from anywhere; what was not run is told."""

from __future__ import annotations

import gc
import os
import sys
from collections import Counter
from pathlib import Path

import pytest

REPO = Path(__file__).parents[1]
if str(REPO) not in sys.path:
    sys.path.insert(0, str(REPO))
gc.set_threshold(
    50_000, 20, 100
)  # dbt makes many objects and keeps them: looking through them took a fifteenth of the time


def not_run(reporter: pytest.TerminalReporter) -> list[str]:
    """A line for every module with skipped tests, by reason, and one for the tests that are left out by their mark."""
    skipped: Counter[tuple[str, str]] = Counter()
    for report in reporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        skipped[report.nodeid.split("::")[0], reason.removeprefix("Skipped: ")] += 1
    lines = [f"not run: {count} in {module}: {reason}" for (module, reason), count in sorted(skipped.items())]
    long = [item for item in reporter.stats.get("deselected", []) if item.get_closest_marker("long")]
    left_out = Counter(item.nodeid.split("::")[0] for item in long)
    return [
        *lines,
        *(f"not run: {count} in {name}: long (`make test-long`)" for name, count in sorted(left_out.items())),
    ]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says it, and writes it where `make test` collects it."""
    lines = not_run(terminalreporter)
    for line in lines:
        terminalreporter.write_line(line)
    if file := os.environ.get("NOT_RUN"):
        Path(file).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
