"""Fixtures of Marketo's tests: the suite's rigs, with an instance on loopback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "conformance"))

from rig_marketo import ImportRig, MarketoRig
from rigs import Bench, filled


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MarketoRig]:
    """An instance, by calls."""
    with MarketoRig.serving(tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def calls(rig: MarketoRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """60 rows that go by calls."""
    return filled(rig, tmp_path, monkeypatch)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """60 rows that go by files."""
    with ImportRig.serving(tmp_path, monkeypatch) as made:
        yield filled(made, tmp_path, monkeypatch)
