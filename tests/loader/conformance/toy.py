"""A destination as unlike Gainsight as the interface allows: it upserts by key, answers by key in any order, takes rows
by bytes, deletes several a call, counts in two windows and tells the rest of the day. It keeps its rows in memory."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from loader.dbt.artifacts import Lookup, PublishModel
from loader.engine.defaults import AsSent, Defaults
from loader.engine.destination import Field, Outcome, Record, Rejection, Row, Work
from loader.engine.limits import Meter, Window
from loader.engine.sending import Item, Sent, send
from loader.engine.values import key_of
from loader.errors import FatalError, RetriableError, StoppedError

SHORT, LONG = Window(40, 0.2), Window(1000, 2.0)


@dataclass
class System:
    """The system itself: rows by id, and the faults that are due."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    companies: dict[str, str] = field(default_factory=dict)
    faults: list[list[Any]] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    written: Counter[str] = field(default_factory=Counter)
    calls: list[tuple[str, float]] = field(default_factory=list)
    batches: list[tuple[int, int]] = field(default_factory=list)
    left_today: int = 100_000
    late: list[Any] = field(default_factory=list)

    def fault(self, operation: str) -> Any:
        """The fault that strikes a call of this operation; one that can be called is, once the call took effect."""
        self.calls.append((operation, time.monotonic()))
        for each in self.faults:
            if each[1] in (operation, "any") and each[2]:
                each[2] -= 1
                return each[0]
        return ""


class Toy(Defaults):
    """See `loader.engine.destination.Destination`."""

    name, upserts = "toy", True
    batch_size, batch_bytes, deletes_per_call = 9, 700, 4
    calls_per_day = 90_000
    types: Mapping[str, set[str]] = {k: {"ANY"} for k in ("text", "integer", "decimal", "double", "date", "timestamp")}

    def __init__(self, system: System, connection: str = "toy-a") -> None:
        self.connection, self._system = connection, system
        self.windows: Sequence[Window] = (SHORT, LONG)
        self.compares = AsSent()
        self._fields: dict[str, dict[str, Field]] = {}

    def calls(self, work: Sequence[Work], lookups: Mapping[tuple[str, str], int]) -> dict[str, int]:
        """As many as rows of a call need."""
        writes = sum(-(-(w.known + w.unknown) // self.batch_size) for w in work)
        deletes = sum(-(-w.deletes // self.deletes_per_call) for w in work)
        return {"look-ups": sum(bool(n) for n in lookups.values()), "writes": writes, "deletes": deletes}

    def connect(self, meter: Meter) -> None:
        """Nothing to connect."""
        self._meter = meter

    def describe(self, objects: Sequence[str]) -> None:
        """Every field is there."""
        names = ("Thing_Id__gc", "Day__gc", "Amount__gc", "Note__gc", "Company_Id__gc")
        kinds = {"Company_Id__gc": "LOOKUP"}
        for name in objects:
            self._fields[name] = {
                n: Field(n, kinds.get(n, "ANY"), None, True, True, True, {}, (), "company" if n in kinds else "")
                for n in names
            }

    def fields(self, object_name: str) -> Mapping[str, Field] | None:
        """What `describe` read."""
        return self._fields.get(object_name)

    def resolve(self, values: Mapping[tuple[str, str], Sequence[Any]]) -> None:
        """One call."""
        if any(values.values()):
            self._answer("read", lambda: None)

    def linked(self, lookup: Lookup, value: Any) -> list[str]:
        """From the companies."""
        return [self._system.companies[value]] if value in self._system.companies else []

    def find(self, model: PublishModel, rows: Sequence[Row], fields: Sequence[str] = ()) -> dict[str, list[Record]]:
        """By key."""
        there = {r.key: r for page in self.read(model, fields) for r in page}
        keys = {row.row_key: key_of(self.compares, model, row.values) for row in rows}
        return {row_key: [there[key]] if key in there else [] for row_key, key in keys.items()}

    def by_id(self, model: PublishModel, ids: Sequence[str], fields: Sequence[str]) -> Iterator[list[Record]]:
        """By id."""
        for page in self.read(model, fields):
            yield [each for each in page if each.id in ids]

    def read(self, model: PublishModel, fields: Sequence[str]) -> Iterator[list[Record]]:
        """One page."""
        rows = self._answer("read", lambda: dict(self._system.rows))
        yield [Record(gsid, key_of(self.compares, model, row), row) for gsid, row in rows.items()]

    def update(self, model: PublishModel, rows: Sequence[Row]) -> Iterator[list[Outcome]]:
        """By id."""
        return self._send(model, rows, by_id=True)

    def upsert(self, model: PublishModel, rows: Sequence[Row]) -> Iterator[list[Outcome]]:
        """By key."""
        return self._send(model, rows, by_id=False)

    def delete(self, model: PublishModel, rows: Sequence[Row]) -> Iterator[list[Outcome]]:
        """Several a call."""

        def forget() -> dict[str, str]:
            refused = {str(r.destination_id): self._system.refused.get(r.row_key, "") for r in rows}
            for each in (each for each, why in refused.items() if not why):
                self._system.rows.pop(each, None)
            return refused

        refused = self._answer("delete", forget)
        whys = [(row, refused[str(row.destination_id)]) for row in rows]
        yield [Outcome(row, Rejection("", why, "not to be deleted") if why else None) for row, why in whys]

    def settle(self, since: float) -> None:
        """A call that was not answered takes effect at last."""
        while self._system.late:
            self._system.late.pop(0)()

    def _send(self, model: PublishModel, rows: Sequence[Row], *, by_id: bool) -> Iterator[list[Outcome]]:
        items, refused = [], []
        for row in rows:
            record, why = dict(row.values), None
            for each in model.lookups:
                found = self.linked(each, row.lookups[each.field]) if row.lookups[each.field] is not None else [None]
                record[each.field] = found[0] if found else None
                why = why or (None if found else Rejection(each.field, "NO_LOOKUP_MATCH", "nobody has it"))
            items.append((row, json.dumps(record)))
            if why:
                refused.append(Outcome(items.pop()[0], why))
        return send(model.object, items, refused, lambda part: self._write(part, by_id), self._meter.pause, 5.0)

    def _write(self, part: list[Item], by_id: bool) -> Sent:
        """One call; its reply names keys, in any order."""
        self._system.batches.append((len(part), sum(len(row.record.encode()) for row, _ in part)))
        try:
            reply = self._answer("write", lambda: {row.row_key: self._put(row, text, by_id) for row, text in part})
        except RetriableError:
            return [], part
        outcomes = []
        for row, _ in random.sample(part, len(part)):
            gsid, created, why = reply[row.row_key]
            rejection = Rejection("Note__gc", why, "refused") if why and why != "BUSY" else None
            later = Rejection("", why, "the record is locked") if why == "BUSY" else None
            outcomes.append(Outcome(row, rejection, vanished=why is None and not gsid, later=later))
            if gsid:
                row.destination_id, row.created_by_us = gsid, row.created_by_us or created
        return outcomes, []

    def _put(self, row: Row, text: str, by_id: bool) -> tuple[str | None, bool, str | None]:
        system, values = self._system, json.loads(text)
        if why := system.refused.get(row.row_key):
            return None, False, why
        key = (values["Thing_Id__gc"], values["Day__gc"])
        held = {(r["Thing_Id__gc"], r["Day__gc"]): each for each, r in system.rows.items()}
        gsid = row.destination_id if by_id else held.get(key)
        if by_id and gsid not in system.rows:
            return None, False, None
        created = gsid is None
        gsid = gsid or f"T{len(system.written):05}"
        system.rows[gsid] = {**system.rows.get(gsid, {}), **values}
        system.written[row.row_key] += 1
        return gsid, created, None

    def _answer(self, operation: str, effect: Any) -> Any:
        """One call, with what strikes it."""
        self._meter.take()
        try:
            fault = self._system.fault(operation)
            if fault == "down":
                raise RetriableError("the toy is down", 503)
            if fault == "gone":
                raise StoppedError("The toy took no call for a while.")
            if fault == "killed before":
                raise KeyboardInterrupt
            if fault == "key":
                raise FatalError("the toy refused the key", 401)
            if operation == "write":  # what nobody waited for takes effect all the same
                self.settle(0)
            if fault == "killed, then done":
                self._system.late.append(effect)
                raise KeyboardInterrupt
            found = effect()
            if callable(fault):
                fault()
            if fault == "killed":
                raise KeyboardInterrupt
            if fault == "too many":
                raise RetriableError("too many calls of the toy", 429, throttled=True)
            if fault == "lost":
                raise RetriableError("the toy did not answer", 0)
            return found
        finally:
            self._meter.answered()
            self._system.left_today -= 1
            self._meter.told(self._system.left_today)
