"""Fixtures of the suite: every destination in its turn, with 60 rows to send."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rigs import Bench, HttpRig, Rig, ToyRig, gainsight, salesforce

from loader.engine import sender
from loader.salesforce import bulk

HTTP = ["gainsight", "salesforce", "salesforce by files"]


def _http(name: str, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[HttpRig]:
    if name == "gainsight":
        with gainsight(folder, patch) as made:
            yield made
        return
    with salesforce(folder, patch, by_files="files" in name) as org:
        yield org


@pytest.fixture(params=["toy", *HTTP])
def rig(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """Each destination in its turn."""
    if request.param == "toy":
        yield ToyRig()
    else:
        yield from _http(request.param, tmp_path, monkeypatch)


@pytest.fixture(params=HTTP)
def http_rig(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpRig]:
    """Each destination with a local system behind HTTP."""
    yield from _http(request.param, tmp_path, monkeypatch)


def _filled(rig: Rig, folder: Path, patch: pytest.MonkeyPatch) -> Bench:
    patch.setattr(sender, "LATER_PAUSES", (0.0, 0.0, 0.0))
    patch.setattr(bulk, "_SHORTEST_POLL", 0.02)
    made = Bench(folder, rig)
    rig.companies([f"A{n}" for n in range(5)])
    made.fill(30)
    return made


@pytest.fixture
def bench(rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """60 rows of 30 things, five companies; pauses are short."""
    return _filled(rig, tmp_path, monkeypatch)


@pytest.fixture
def http_bench(http_rig: HttpRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The same over HTTP."""
    return _filled(http_rig, tmp_path, monkeypatch)
