"""Fixtures of the suite: every destination in its turn, with 60 rows to send."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from rig_gainsight import GainsightRig
from rig_http import HttpRig
from rig_marketo import ImportRig, MarketoRig
from rig_salesforce import BulkRig, SalesforceRig
from rigs import Bench, Rig, ToyRig, filled

Serving = Callable[[Path, pytest.MonkeyPatch], AbstractContextManager[HttpRig]]
SYSTEMS: dict[str, Serving] = {
    "gainsight": GainsightRig.serving,
    "salesforce": SalesforceRig.serving,
    "salesforce by files": BulkRig.serving,
    "marketo": MarketoRig.serving,
    "marketo by files": ImportRig.serving,
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


@pytest.fixture
def bench(rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """See `filled`."""
    return filled(rig, tmp_path, monkeypatch)


@pytest.fixture
def http_bench(http_rig: HttpRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The same over HTTP."""
    return filled(http_rig, tmp_path, monkeypatch)
