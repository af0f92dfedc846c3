"""What the suite needs of a destination under test.

A destination joins with a rig in a module of its own (see `rig_salesforce.py`) and a line in `SYSTEMS` of `conftest.py`.
The rig of a local system behind HTTP is an `HttpRig`: it says where the system is, its settings, what its calls are
named, how its rows are read, and how rows are refused there. What a destination has no notion of, its rig says by
`lacks`, and the test is skipped with that as the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, NoReturn, Protocol

import duckdb
import one_run
import pytest
from toy import LONG, SHORT, System, Toy

from loader.dbt.artifacts import Lookup, PublishModel, Relation
from loader.engine.destination import Destination
from loader.engine.limits import Window
from loader.engine.publish import Request
from loader.engine.result import Result

KEY = ("Thing_Id__gc", "Day__gc")
FIELDS = {"thing_id": "Thing_Id__gc", "day": "Day__gc", "amount": "Amount__gc", "note": "Note__gc"}
KINDS = {"thing_id": "text", "day": "date", "amount": "double", "note": "text", "account_id": "text"}
LOOKUP = Lookup("account_id", "Company_Id__gc", "Company", "SfdcAccountId")
Died = Literal["unanswered", "late", "answered"]
"""How a run is killed: when its nth call that writes has taken effect and nobody has heard of it; when that call takes
effect only after the run is dead; when its nth call of any kind has been answered."""


def lacks(notion: str) -> NoReturn:
    """The destination has no notion of what a test is about."""
    pytest.skip(notion)


class Rig(Protocol):
    """One system of a destination, and what a test does to it. A thing's first row is that of 2026-01-01.

    Attributes:
        given: what of the publish model is this destination's own.
        tells_made: whether it says of each record that we made it; only those are deleted.
    """

    name: str
    given: dict[str, Any]
    tells_made: bool

    def destination(self) -> Destination:
        """The destination as a new run has it."""

    def records(self) -> list[dict[str, Any]]:
        """Its records: values by the names of `FIELDS` and `LOOKUP`."""

    def companies(self, codes: Sequence[str]) -> None:
        """Companies of these codes are there, each anew."""

    def other(self) -> Rig:
        """Another system of the same kind, with nothing in it."""

    # What became of calls

    def calls(self) -> list[tuple[str, float]]:
        """`write`, `read`, `delete` or another word, and when, of every call."""

    def batches(self) -> list[tuple[int, int]]:
        """Rows, and bytes of them where batches have a limit of bytes, of every call that wrote rows."""

    def sent(self) -> int:
        """How many rows calls have written so far; a row that was written twice counts twice, and one that was refused
        beside others that were written may count."""

    def beyond(self) -> int:
        """Calls that were refused because there were too many."""

    # What is done to it

    def strike(self, kind: str, operation: str, times: int = 1) -> None:
        """Faults: `lost` (took effect, unanswered), `too many` (took effect, answered that there are too many calls),
        `down`, `key` (refused); of `write`, `delete` or `read`."""

    def refuse(self, thing: str | None) -> None:
        """Refuse to write this thing's first row for good, because of its note; or nothing any more."""

    def refuse_delete(self, thing: str | None) -> None:
        """Refuse to delete this thing's first row, or nothing any more."""

    def busy(self, thing: str | None) -> None:
        """This thing's first row is locked, or nothing any more."""

    def narrow(self) -> Sequence[Window]:
        """A few calls fill every window from now on: which windows hold."""

    def share(self, calls: int) -> None:
        """Our setting: so many calls a day are ours."""

    def left(self, calls: int) -> None:
        """So many calls of the day are left, whoever makes them, and replies tell."""

    def after(self, nth: int, done: Callable[[], None]) -> None:
        """Do this when the nth call from now on that writes has taken effect; once."""

    def killed(self, bench: Bench, nth: int, how: Died, **given: Any) -> bool:
        """One run, killed; whether it died before it had ended by itself."""


class ToyRig:
    """The toy. What kills its run is an interrupt, for it is in memory; its rows are written by key."""

    name, tells_made = "toy", True
    given: dict[str, Any] = {}  # noqa: RUF012 - never changed

    def __init__(self, connection: str = "toy-a") -> None:
        self.system, self._connection, self._share = System(), connection, Toy.calls_per_day

    def destination(self) -> Destination:
        """See `Rig`."""
        made = Toy(self.system, self._connection)
        made.calls_per_day = self._share
        return made

    def records(self) -> list[dict[str, Any]]:
        """See `Rig`."""
        return list(self.system.rows.values())

    def companies(self, codes: Sequence[str]) -> None:
        """See `Rig`."""
        self.system.companies = {c: f"C{n}-{len(self.system.calls)}" for n, c in enumerate(codes)}

    def other(self) -> ToyRig:
        """See `Rig`."""
        return ToyRig("toy-b")

    def calls(self) -> list[tuple[str, float]]:
        """See `Rig`."""
        return self.system.calls

    def batches(self) -> list[tuple[int, int]]:
        """See `Rig`."""
        return self.system.batches

    def sent(self) -> int:
        """See `Rig`."""
        return sum(self.system.written.values())

    def beyond(self) -> int:
        """See `Rig`."""
        return max(0, -self.system.left_today)

    def strike(self, kind: str, operation: str, times: int = 1) -> None:
        """See `Rig`."""
        self.system.faults.append([kind, operation, times])

    def refuse(self, thing: str | None) -> None:
        """See `Rig`."""
        self.system.refused = {f'["{thing}","2026-01-01"]': "NO_SUCH_NOTE"} if thing else {}

    refuse_delete = refuse

    def busy(self, thing: str | None) -> None:
        """See `Rig`."""
        self.system.refused = {f'["{thing}","2026-01-01"]': "BUSY"} if thing else {}

    def narrow(self) -> Sequence[Window]:
        """See `Rig`."""
        return SHORT, LONG

    def share(self, calls: int) -> None:
        """See `Rig`."""
        self._share = calls

    def left(self, calls: int) -> None:
        """See `Rig`."""
        self.system.left_today = calls

    def after(self, nth: int, done: Callable[[], None]) -> None:
        """See `Rig`."""
        self.system.faults += [["", "write", nth - 1], [done, "write", 1]]

    def killed(self, bench: Bench, nth: int, how: Died, **given: Any) -> bool:
        """See `Rig`."""
        kinds = {"unanswered": "killed", "late": "killed, then done", "answered": "killed before"}
        operation = "any" if how == "answered" else "write"
        self.system.faults = [["", operation, nth - (how != "answered")], [kinds[how], operation, 1]]
        try:
            bench.publish(**given)
        except KeyboardInterrupt:
            bench.sql("update main_publish.publish_runs set outcome = 'running' where outcome = 'failed'")
            return True
        finally:
            self.system.faults = []
        return False


def model(**given: Any) -> PublishModel:
    """The suite's publish model."""
    known: dict[str, Any] = {"key": KEY, "mode": "upsert", "fields": FIELDS, "lookups": (LOOKUP,), "kinds": KINDS}
    relation = Relation("", "main", "things")
    known |= {"destination": "x", "object": "Thing__gc", "unique_id": "model.suite.things", "relation": relation}
    return PublishModel(name="things", **{**known, **given})


class Bench:
    """A DuckDB file with rows, and runs from it to a rig."""

    def __init__(self, folder: Path, rig: Rig) -> None:
        self.folder, self.rig, self.database = folder, rig, folder / "suite.duckdb"
        self.sql(
            "create table things (thing_id varchar, day date, amount double, note varchar, account_id varchar,"
            " thing_key varchar generated always as (thing_id || '/' || day))"
        )

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Run SQL on the file."""
        with duckdb.connect(str(self.database)) as connection:
            return connection.execute(statement).fetchall()

    def fill(self, things: int, days: int = 2, name: str = "t") -> None:
        """So many things, each on so many days, of five accounts."""
        self.sql(
            f"insert into things select '{name}' || i, date '2026-01-01' + cast(d as integer), i + d / 10,"
            f" 'note ' || i, 'A' || (i % 5) from range({things}) as r(i), range({days}) as s(d)"
        )

    def state(self, destination: Destination) -> Any:
        """The state tables, as a context."""
        return one_run.opened(self.database, destination)

    def publish(
        self,
        rig: Rig | None = None,
        request: Request | None = None,
        progress: Callable[[int], None] = lambda rows: None,
        **given: Any,
    ) -> Result:
        """One run."""
        rig = rig or self.rig
        return one_run.publish(self.database, rig.destination(), model(**{**rig.given, **given}), request, progress)

    def row_key(self, thing: str, day: str = "2026-01-01") -> str:
        """A row's key as the state has it."""
        return f'["{thing}/{day}"]' if self.rig.given else f'["{thing}","{day}"]'

    def assert_settled(self, extra: int = 0) -> None:
        """Records = rows of the mart, each once, with its values; the state says the same."""
        there = {(r["Thing_Id__gc"], str(r["Day__gc"])[:10]): r for r in self.rig.records()}
        assert len(there) == len(self.rig.records()), "a key stands twice"
        wanted = {(t, str(d)): (a, n) for t, d, a, n in self.sql("select thing_id, day, amount, note from things")}
        assert wanted.keys() - there.keys() == set(), "lost"
        assert len(there.keys() - wanted.keys()) <= extra, "extra"
        for key, values in wanted.items():
            assert (there[key]["Amount__gc"], there[key]["Note__gc"]) == values
        held = self.sql("select count(*), count(distinct row_key) from main_publish.publish_state where row_hash <> ''")
        assert held[0][0] == held[0][1], "a row stands in the state twice"
        assert self.sql("select count(*) from main_publish.publish_intents") == [(0,)]


def filled(rig: Rig, folder: Path, patch: pytest.MonkeyPatch) -> Bench:
    """60 rows of 30 things, five companies; pauses are short."""
    for module, name, value in one_run.PACE:
        patch.setattr(module, name, value)
    made = Bench(folder, rig)
    rig.companies([f"A{n}" for n in range(5)])
    made.fill(30)
    return made
