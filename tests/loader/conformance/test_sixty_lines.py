"""The interface is small: a destination of sixty lines publishes, changes, looks up, clears, deletes and is reconciled."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ledger
import pytest
import test_conformance as suite
from ledger import Books, Ledger
from rigs import FIELDS, Bench, Rig, ToyRig, model

from loader.engine.publish import metered
from loader.engine.reconcile import Reconciler

CLAIMS = [
    suite.test_rows_arrive_once_and_the_second_run_writes_nothing,
    suite.test_changed_rows_are_changed_and_new_ones_created,
    suite.test_a_look_up_that_resolves_now_or_moved_is_sent,
    suite.test_a_row_whose_company_is_gone_is_rejected_though_it_did_not_change,
    suite.test_leave_clear_and_delete,
    suite.test_an_empty_mart_deletes_and_clears_nothing_without_a_word,
    suite.test_names_of_the_key_that_are_swapped_delete_nothing,
    suite.test_an_id_that_a_row_uses_is_never_deleted,
    suite.test_a_canary_sends_the_first_rows_and_nothing_else,
]


class LedgerRig(ToyRig):
    """Books, and none of the toy's faults."""

    name = "ledger"

    def __init__(self) -> None:
        self.books: Books = {"Thing__gc": {}, "Company": {}}
        self._made = 0

    def destination(self) -> Any:
        """See `Rig`."""
        return Ledger(self.books, {**dict.fromkeys(FIELDS.values(), "ANY"), "Company_Id__gc": "LOOKUP"})

    def records(self) -> list[dict[str, Any]]:
        """See `Rig`."""
        return list(self.books["Thing__gc"].values())

    def companies(self, codes: Sequence[str]) -> None:
        """See `Rig`."""
        self._made += 1
        self.books["Company"] = {f"C{code}-{self._made}": {"SfdcAccountId": code} for code in codes}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    rig: Rig = LedgerRig()
    made = Bench(tmp_path, rig)
    rig.companies([f"A{n}" for n in range(5)])
    made.fill(30)
    return made


def test_it_has_sixty_lines() -> None:
    lines = inspect.getsource(ledger).partition("class Ledger")[2].splitlines()
    assert len([line for line in lines if line.strip()]) <= 60


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.__name__)
def test_it_keeps_the_suites_claims(bench: Bench, claim: Callable[[Bench], None]) -> None:
    claim(bench)


def test_what_somebody_changed_or_deleted_there_is_seen(bench: Bench) -> None:
    assert isinstance(bench.rig, LedgerRig)
    bench.publish()
    things = bench.rig.books["Thing__gc"]
    del things[bench.row_key("t1")]
    things[bench.row_key("t2")]["Note__gc"] = "somebody's"
    destination = bench.rig.destination()
    with bench.state(destination) as state, metered(destination, state):
        found = list(Reconciler(destination, state).differences([model()]))
    assert {(each.kind, each.row_key, each.field) for each in found} == {
        ("missing", bench.row_key("t1"), ""),
        ("drifted", bench.row_key("t2"), "Note__gc"),
    }
