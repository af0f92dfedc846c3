"""Fixtures of Salesforce's tests: the suite's rigs, with an org on loopback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "conformance"))

from rig_salesforce import BulkRig, SalesforceRig
from rigs import Bench, filled

from sandbox.salesforce import Org


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Org]:
    """An org."""
    with Org(tmp_path / "org.sqlite") as made:
        yield made


@pytest.fixture
def calls(org: Org, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """60 rows that go by calls."""
    return filled(SalesforceRig(org, monkeypatch), tmp_path, monkeypatch)


@pytest.fixture
def files(org: Org, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """60 rows that go by files."""
    return filled(BulkRig(org, monkeypatch), tmp_path, monkeypatch)
