"""Fixtures of Salesforce's tests: the suite's rigs, with an org on loopback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "conformance"))

import one_run
from rig_salesforce import BulkRig, SalesforceRig
from rigs import Bench

from sandbox.salesforce import Org


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Org]:
    """An org."""
    with Org(tmp_path / "org.sqlite") as made:
        yield made


def _bench(rig: SalesforceRig, folder: Path, patch: pytest.MonkeyPatch) -> Bench:
    for module, name, value in one_run.PACE:
        patch.setattr(module, name, value)
    made = Bench(folder, rig)
    rig.companies([f"A{n}" for n in range(5)])
    made.fill(30)
    return made


@pytest.fixture
def calls(org: Org, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """60 rows that go by calls."""
    return _bench(SalesforceRig(org, monkeypatch), tmp_path, monkeypatch)


@pytest.fixture
def files(org: Org, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """60 rows that go by files."""
    return _bench(BulkRig(org, monkeypatch), tmp_path, monkeypatch)
