"""What the suite needs of a destination under test: runs, records, faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pytest
from toy import System, Toy

from loader.dbt.artifacts import Artifacts, Lookup, PublishModel, Relation
from loader.dbt.profile import Target
from loader.engine import http
from loader.engine.destination import Destination
from loader.engine.publish import Publisher, Request
from loader.engine.result import Result
from loader.gainsight import Gainsight
from loader.salesforce import Salesforce
from loader.warehouse import State
from sandbox import Fault, Limits, Sandbox
from sandbox.salesforce import Org, RowFault

KEY = ("Thing_Id__gc", "Day__gc")
FIELDS = {"thing_id": "Thing_Id__gc", "day": "Day__gc", "amount": "Amount__gc", "note": "Note__gc"}
KINDS = {"thing_id": "text", "day": "date", "amount": "double", "note": "text", "account_id": "text"}
Operations = dict[str, tuple[str, ...]]
"""What a sandbox calls the calls that write, read and delete."""
STRUCK: dict[str, dict[str, Any]] = {
    "lost": {"after_commit": True, "status": 500},
    "too many": {"after_commit": True, "status": 429, "retry_after": 0.05},
    "down": {"status": 503},
    "key": {"status": 401},
}
LOOKUP = Lookup("account_id", "Company_Id__gc", "Company", "SfdcAccountId")


class Rig(Protocol):
    """One system of a destination, and what a test does to it.

    Attributes:
        given: what of the publish model is this destination's own.
    """

    name: str
    given: dict[str, Any]

    def destination(self) -> Destination:
        """The destination as a new run has it."""

    def records(self) -> list[dict[str, Any]]:
        """Its records: values by field."""

    def companies(self, codes: Sequence[str]) -> None:
        """Companies of these codes are there, each anew."""

    def strike(self, kind: str, operation: str, times: int = 1) -> None:
        """Faults: `lost` (took effect, unanswered), `too many` (took effect, answered that there are too many calls),
        `down`, `key` (refused); of `write`, `delete` or `read`."""

    def refuse(self, thing: str | None) -> None:
        """Refuse to write this thing's first row for good, or nothing any more."""

    def busy(self, thing: str | None) -> bool:
        """This thing's first row is locked, or nothing any more; False when the rig cannot do that."""

    def kill_at(self, nth: int) -> None:
        """The process dies when the nth call from now on that writes has taken effect, before it is noted."""

    def other(self) -> Rig:
        """Another system of the same kind, with nothing in it."""


class ToyRig:
    """The toy."""

    name = "toy"
    given: dict[str, Any] = {}  # noqa: RUF012 - never changed

    def __init__(self, connection: str = "toy-a") -> None:
        self.system, self._connection = System(), connection

    def destination(self) -> Destination:
        """See `Rig`."""
        return Toy(self.system, self._connection)

    def records(self) -> list[dict[str, Any]]:
        """See `Rig`."""
        return list(self.system.rows.values())

    def companies(self, codes: Sequence[str]) -> None:
        """See `Rig`."""
        self.system.companies = {c: f"C{n}-{len(self.system.calls)}" for n, c in enumerate(codes)}

    def strike(self, kind: str, operation: str, times: int = 1) -> None:
        """See `Rig`."""
        self.system.faults.append([kind, operation, times])

    def refuse(self, thing: str | None) -> None:
        """See `Rig`."""
        self.system.refused = {f'["{thing}","2026-01-01"]': "NO_SUCH_NOTE"} if thing else {}

    def busy(self, thing: str | None) -> bool:
        """See `Rig`."""
        self.system.refused = {f'["{thing}","2026-01-01"]': "BUSY"} if thing else {}
        return True

    def kill_at(self, nth: int) -> None:
        """See `Rig`."""
        self.system.faults += [["", "write", nth - 1], ["killed", "write", 1]]

    def other(self) -> ToyRig:
        """See `Rig`."""
        return ToyRig("toy-b")


class GainsightRig:
    """Gainsight, as the sandbox has it."""

    name = "gainsight"
    given: dict[str, Any] = {}  # noqa: RUF012 - never changed
    operations: Operations = {"write": ("insert", "update"), "read": ("query",), "delete": ("delete",)}  # noqa: RUF012

    def __init__(self, box: Sandbox, patch: pytest.MonkeyPatch) -> None:
        self.box, self._patch = box, patch
        fields = [{"name": "Thing_Id__gc", "type": "STRING"}, {"name": "Day__gc", "type": "DATE"}]
        fields += [{"name": "Amount__gc", "type": "NUMBER"}, {"name": "Note__gc", "type": "STRING"}]
        fields += [{"name": "Company_Id__gc", "type": "LOOKUP", "lookup": "Company"}]
        box.create_object("Thing__gc", fields)

    def destination(self) -> Destination:
        """See `Rig`."""
        for name, value in {
            "BASE_URL": self.box.url, "ACCESS_KEY": "key-for-the-suite", "CALLS_PER_MINUTE": "100000",
            "CALLS_PER_DAY": "1000000", "TIMEOUT_SECONDS": "0.5", "GIVE_UP_SECONDS": "20",
        }.items():  # fmt: skip
            self._patch.setenv(f"GAINSIGHT_{name}", value)
        return Gainsight()

    def records(self) -> list[dict[str, Any]]:
        """See `Rig`."""
        return self.box.rows("Thing__gc")

    def companies(self, codes: Sequence[str]) -> None:
        """See `Rig`."""
        for each in self.box.rows("Company"):
            self.box.delete("Company", each["Gsid"])
        self.box.insert("Company", [{"Name": code, "SfdcAccountId": code} for code in codes])

    def strike(self, kind: str, operation: str, times: int = 1) -> None:
        """See `Rig`."""
        self.box.schedule(Fault("status", operation=self.operations[operation], times=times, **STRUCK[kind]))

    def refuse(self, thing: str | None) -> None:
        """See `Rig`. A text that is too long is refused without a call; the suite's rows are short."""

    def busy(self, thing: str | None) -> bool:
        """See `Rig`. The sandbox locks no single rows."""
        return False

    def kill_at(self, nth: int) -> None:
        """See `Rig`."""
        killed(self._patch, nth, lambda method, path: method in ("POST", "PUT") and "/data/objects/T" in path)

    def other(self) -> GainsightRig:
        """See `Rig`."""
        self._second = Sandbox(limits=Limits.off(), access_key="key-for-the-suite").start()
        return GainsightRig(self._second, self._patch)


class SalesforceRig:
    """Salesforce, as the local org has it: its rows have one key, an external id."""

    name = "salesforce"
    given: dict[str, Any] = {  # noqa: RUF012 - never changed
        "object": "Thing__c",
        "key": ("Thing_Key__c",),
        "fields": {
            "thing_key": "Thing_Key__c",
            **{column: field.replace("__gc", "__c") for column, field in FIELDS.items()},
        },
        "lookups": (Lookup("account_id", "Account__c", "Account", "Code__c"),),
        "kinds": {**KINDS, "thing_key": "text"},
    }

    operations: Operations = {  # noqa: RUF012 - never changed
        "write": ("insert", "update", "upsert", "job_create", "upload", "job_state"),
        "read": ("query", "read", "job", "results"),
        "delete": ("delete",),
    }

    def __init__(self, org: Org, patch: pytest.MonkeyPatch) -> None:
        self.org = self.box = org
        self._patch = patch
        self.settings = {
            "BASE_URL": org.url, "CLIENT_ID": "local", "CLIENT_SECRET": "local", "CALLS_PER_MINUTE": "100000",
            "CALLS_PER_DAY": "1000000", "TIMEOUT_SECONDS": "2", "GIVE_UP_SECONDS": "20",
        }  # fmt: skip
        code = {"name": "Code__c", "type": "string", "externalId": True, "unique": True, "caseSensitive": True}
        org.create_object("Account", [code])
        org.create_object(
            "Thing__c",
            [
                {**code, "name": "Thing_Key__c"},
                {"name": "Thing_Id__c", "type": "string"},
                {"name": "Day__c", "type": "date"},
                {"name": "Amount__c", "type": "double"},
                {"name": "Note__c", "type": "string"},
                {"name": "Account__c", "type": "reference", "referenceTo": "Account"},
            ],
        )

    def destination(self) -> Destination:
        """See `Rig`."""
        for name, value in self.settings.items():
            self._patch.setenv(f"SALESFORCE_{name}", value)
        return Salesforce()

    def records(self) -> list[dict[str, Any]]:
        """See `Rig`."""
        names = {"Account__c": "Company_Id__gc"}
        return [
            {names.get(name, name.replace("__c", "__gc")): value for name, value in row.items()}
            for row in self.org.rows("Thing__c")
        ]

    def companies(self, codes: Sequence[str]) -> None:
        """See `Rig`."""
        for each in self.org.rows("Account"):
            self.org.delete("Account", each["Id"])
        self.org.insert("Account", [{"Name": code, "Code__c": code} for code in codes])

    def strike(self, kind: str, operation: str, times: int = 1) -> None:
        """See `Rig`."""
        self.org.schedule(Fault("status", operation=self.operations[operation], times=times, **STRUCK[kind]))

    def refuse(self, thing: str | None) -> None:
        """See `Rig`."""
        self._fail(thing, "FIELD_CUSTOM_VALIDATION_EXCEPTION", fields=("Note__c",))

    def busy(self, thing: str | None) -> bool:
        """See `Rig`. The lock is met by a trigger, so its code stands in the text of another one."""
        self._fail(thing, "UNABLE_TO_LOCK_ROW", wrapped=True)
        return True

    def _fail(self, thing: str | None, code: str, **given: Any) -> None:
        self.org.clear_faults()
        if thing:
            key = f"{thing}/2026-01-01"
            self.org.fail_rows(RowFault(code, where=lambda row: row.get("Thing_Key__c") == key, **given))

    def kill_at(self, nth: int) -> None:
        """See `Rig`."""
        killed(self._patch, nth, lambda method, path: "/sobjects" in path or "/jobs" in path)

    def other(self) -> SalesforceRig:
        """See `Rig`."""
        return type(self)(Org().start(), self._patch)


class BulkRig(SalesforceRig):
    """The same, by files however few the rows are."""

    name = "salesforce, by files"

    def __init__(self, org: Org, patch: pytest.MonkeyPatch) -> None:
        super().__init__(org, patch)
        self.settings["BULK_THRESHOLD"] = "1"


def killed(patch: pytest.MonkeyPatch, nth: int, counts: Callable[[str, str], bool]) -> None:
    """The nth of these calls takes effect, and the process is gone before anybody hears of it; once."""
    made, request = [0], http.Http.request

    def dying(self: http.Http, method: str, path: str, *given: Any, **body: Any) -> http.Reply:
        reply = request(self, method, path, *given, **body)
        made[0] += counts(method, path)
        if made[0] == nth and counts(method, path):
            raise KeyboardInterrupt
        return reply

    patch.setattr(http.Http, "request", dying)


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

    def fill(self, things: int, days: int = 2) -> None:
        """So many things, each on so many days, of five accounts."""
        self.sql(
            f"insert into things select 't' || i, date '2026-01-01' + cast(d as integer), i + d / 10, 'note ' || i,"
            f" 'A' || (i % 5) from range({things}) as r(i), range({days}) as s(d)"
        )

    @contextmanager
    def state(self, destination: Destination) -> Iterator[State]:
        """The state tables."""
        target = Target("duckdb", "main", {"path": str(self.database)})
        state = State(target, destination.name, destination.connection, write=True)
        try:
            yield state
        finally:
            state.close()

    def publish(self, rig: Rig | None = None, request: Request | None = None, **given: Any) -> Result:
        """One run."""
        destination = (rig or self.rig).destination()
        with self.state(destination) as state:
            publisher = Publisher(destination, state, request or Request(gate=False))
            return publisher.run(Artifacts(self.folder), [model(**{**(rig or self.rig).given, **given})])

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

    def written(self) -> Counter[str]:
        """How often each row was written, where the rig counts."""
        return Counter(self.rig.system.written) if isinstance(self.rig, ToyRig) else Counter()


HttpRig = GainsightRig | SalesforceRig


@contextmanager
def gainsight(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[GainsightRig]:
    """A rig over HTTP."""
    with Sandbox(folder / "rows.sqlite", limits=Limits.off(), access_key="key-for-the-suite") as box:
        yield GainsightRig(box, patch)


@contextmanager
def salesforce(folder: Path, patch: pytest.MonkeyPatch, *, by_files: bool) -> Iterator[SalesforceRig]:
    """A rig over HTTP."""
    with Org(folder / "org.sqlite") as org:
        yield (BulkRig if by_files else SalesforceRig)(org, patch)
