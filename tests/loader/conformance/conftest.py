"""Fixtures of the suite: every destination in its turn, with 60 rows to send."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import one_run
import pytest
from rig_gainsight import GainsightRig
from rig_http import HttpRig
from rig_salesforce import BulkRig, SalesforceRig
from rigs import Bench, Rig, ToyRig

Serving = Callable[[Path, pytest.MonkeyPatch], AbstractContextManager[HttpRig]]
SYSTEMS: dict[str, Serving] = {
    "gainsight": GainsightRig.serving,
    "salesforce": SalesforceRig.serving,
    "salesforce by files": BulkRig.serving,
}
"""Destinations with a local system behind HTTP. Another one joins here."""


@pytest.fixture(params=["toy", *SYSTEMS])
def rig(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """Each destination in its turn."""
    if request.param == "toy":
        yield ToyRig()
        return
    with SYSTEMS[request.param](tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture(params=SYSTEMS)
def http_rig(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpRig]:
    """Each destination with a local system behind HTTP."""
    with SYSTEMS[request.param](tmp_path, monkeypatch) as made:
        yield made


def filled(rig: Rig, folder: Path, patch: pytest.MonkeyPatch) -> Bench:
    """60 rows of 30 things, five companies; pauses are short."""
    for module, name, value in one_run.PACE:
        patch.setattr(module, name, value)
    made = Bench(folder, rig)
    rig.companies([f"A{n}" for n in range(5)])
    made.fill(30)
    return made


@pytest.fixture
def bench(rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """See `filled`."""
    return filled(rig, tmp_path, monkeypatch)


@pytest.fixture
def http_bench(http_rig: HttpRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The same over HTTP."""
    return filled(http_rig, tmp_path, monkeypatch)
