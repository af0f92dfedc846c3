"""Fixtures of the tests of calls to action."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "conformance"))

import one_run
from cta_bench import Bench

from sandbox import Limits, Sandbox


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    """A Gainsight without limits."""
    with Sandbox(tmp_path / "box.sqlite", limits=Limits.off(), access_key="key-4711-test") as made:
        yield made


@pytest.fixture
def bench(tmp_path: Path, box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Nothing holds yet."""
    for module, name, value in one_run.PACE:
        monkeypatch.setattr(module, name, value)
    return Bench(tmp_path, box, monkeypatch)


@pytest.fixture
def make_box(tmp_path: Path) -> Iterator[Callable[..., Sandbox]]:
    """Makes Gainsights with switches."""
    made: list[Sandbox] = []

    def make(**options: Any) -> Sandbox:
        path = tmp_path / f"box{len(made)}.sqlite"
        made.append(Sandbox(path, limits=Limits.off(), access_key="key-4711-test", **options).start())
        return made[-1]

    yield make
    for each in made:
        each.stop()
