"""Signals to calls to action. One that was made is a person's: never changed, and never made again in its episode."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from loader.config import number
from loader.dbt.artifacts import PublishModel
from loader.engine.defaults import AsSent
from loader.engine.destination import Compares, Facts, Field, Finding, Outcome, Record, Row, Work
from loader.engine.limits import Meter, Window
from loader.engine.records import pages
from loader.engine.sending import Item, Sent, send
from loader.errors import MisuseError, RetriableError, RowRejected
from loader.gainsight import Gainsight
from loader.gainsight.client import PAGE, Credentials
from loader.gainsight_cta.cockpit import COMPANIES_PER_LIST, MARK, Call, Cockpit, Made, Owners

PER_CALL = 10
PER_DAY = 1000
_SENT = ("Name", "DueDate", "type", "reason", "priority")
_CATEGORIES = {"cta_type": "CTA_TYPE", "priority": "CTA_PRIORITY"}


class GainsightCta(Gainsight):
    """See `loader.engine.destination.Destination`. The tenant, its credentials and its Companies are Gainsight's."""

    name = "gainsight_cta"
    batch_size = 1000
    """So many are looked at together; the most urgent come first (`order` of the model)."""
    object_kind = "cockpit"
    types: Mapping[str, set[str]] = {kind: {"ANY"} for kind in ("text", "integer", "date")}
    listed = ("referenceId", "Name", "priority", "DueDate", "OwnerEmail", "Comments")
    caps = "GAINSIGHT_CTA_PER_RUN, GAINSIGHT_CTA_PER_ACCOUNT"

    def __init__(self) -> None:
        super().__init__()
        self._owner = os.environ.get("GAINSIGHT_CTA_OWNER", "").strip()
        self.connection = self._settings.connection if self._owner else ""
        most = number("GAINSIGHT_CTA_CALLS_PER_MINUTE", 10)
        self.windows: Sequence[Window] = (Window(int(most), self._settings.window_seconds),)
        self.calls_per_day = PER_DAY
        self._per_run = int(number("GAINSIGHT_CTA_PER_RUN", 25))
        self._per_account = int(number("GAINSIGHT_CTA_PER_ACCOUNT", 3))
        self.compares: Compares = AsSent()
        self._made, self._open = 0, Counter[str]()
        self._calls: dict[str, list[Call]] = {}

    def ignores(self, model: PublishModel) -> frozenset[str]:
        """See `Destination`."""
        return frozenset()

    def connect(self, meter: Meter) -> None:
        """See `Destination`."""
        super().connect(meter)
        self._cockpit = Cockpit(self._client)
        self._owners = Owners(self._cockpit, self._owner)

    def calls(self, work: Sequence[Work], lookups: Mapping[tuple[str, str], int]) -> dict[str, int]:
        """See `Destination`."""
        new = sum(each.unknown for each in work)
        return {
            "metadata": Credentials.needs_token() if new or any(lookups.values()) else 0,
            "look-ups": sum(pages(n, PAGE) for n in lookups.values()),
            "finds": pages(new, COMPANIES_PER_LIST) + (1 if new else 0),
            "writes": pages(min(new, self._per_run), PER_CALL),
        }

    def offers(self, work: Sequence[Work]) -> list[str]:
        """No cheaper way."""
        return []

    def remarks(self, work: Sequence[Work]) -> list[str]:
        """What is made at most."""
        if not any(each.unknown for each in work):
            return []
        return [
            f"At most {self._per_run} calls to action are made a run (GAINSIGHT_CTA_PER_RUN), and {self._per_account}"
            " of ours are open at an account (GAINSIGHT_CTA_PER_ACCOUNT); others wait. One that is open, or was closed"
            " in the same episode, is not made again. Those without an owner, or with one who is no active user, go to"
            " GAINSIGHT_CTA_OWNER."
        ]

    def takes_bulk(self, model: PublishModel, rows: int) -> bool:
        """Never."""
        return False

    def describe(self, objects: Sequence[str]) -> None:
        """Nothing is asked: the cockpit has no metadata call that is known."""
        self._fields |= {each: _AnyField() for each in objects}

    def is_empty(self, model: PublishModel, rows: int) -> bool:
        """Not asked."""
        return False

    # Looking

    def find(self, model: PublishModel, rows: Sequence[Row], fields: Sequence[str] = ()) -> dict[str, list[Record]]:
        """The call of each row's episode, or one of its signal that is open."""
        references = {row.row_key: str(model.parts(row.row_key)[0]) for row in rows}
        companies = self._companies(model, references.values())
        self._look(companies.values())
        found: dict[str, list[Record]] = {}
        for row_key, reference in references.items():
            call = _standing(self._of(companies.get(reference, "")), reference)
            found[row_key] = [_record(call, reference)] if call else []
        return found

    def _companies(self, model: PublishModel, references: Iterable[str]) -> dict[str, str]:
        """The Company of each reference's account, where there is one."""
        (lookup,) = model.lookups
        accounts = {each: each.rsplit("/", 2)[0] for each in references}
        self.resolve({(lookup.object, lookup.match): sorted(set(accounts.values()))})
        ids = {each: self._links.ids(lookup, account) for each, account in accounts.items()}
        return {each: found[0] for each, found in ids.items() if len(found) == 1}

    def _look(self, companies: Iterable[str], *, again: bool = False) -> None:
        wanted = sorted(set(companies) - (set() if again else self._calls.keys()))
        self._calls |= {each: [] for each in wanted}
        for call in self._cockpit.of_companies(wanted):
            self._calls.setdefault(call.company, []).append(call)
        for each in wanted:
            self._open[each] = sum(not call.closed for call in self._calls[each])

    def _of(self, company: str) -> list[Call]:
        return self._calls.get(company, [])

    def by_id(self, model: PublishModel, ids: Sequence[str], fields: Sequence[str]) -> Iterator[list[Record]]:
        """See `Destination`."""
        wanted = set(ids)
        for records in self.read(model, fields):
            yield [each for each in records if each.id in wanted]

    def read(self, model: PublishModel, fields: Sequence[str]) -> Iterator[list[Record]]:
        """See `Destination`."""
        yield [_record(call, call.reference) for call in self._cockpit.ours()]

    # Making

    def insert(self, model: PublishModel, rows: Sequence[Row]) -> Iterator[list[Outcome]]:
        """Make the most urgent calls, as many as the caps take."""
        items, refused = self._records.items(model, rows)
        if refused:
            yield refused
        due: list[Item] = []
        done: list[Outcome] = []
        self._owners.look([json.loads(record)["OwnerEmail"] for _, record in items])
        for row, record in items:
            values = json.loads(record)
            company = values["CompanyId"]
            before = _earlier(self._of(company), values)
            if before:
                row.destination_id, row.created_by_us = before.gsid, False
                done.append(Outcome(row))
            elif self._made + len(due) >= self._per_run or self._open[company] >= self._per_account:
                done.append(Outcome(row, held=True))
            else:
                self._open[company] += 1
                due.append((row, json.dumps(self._sent(values))))
        if done:
            yield done
        pause, patience = self._http.meter.pause, self._settings.give_up_seconds
        for start in range(0, len(due), PER_CALL):
            part = due[start : start + PER_CALL]
            yield from send(model.object, part, [], partial(self._once, model), pause, patience)

    def _sent(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """What is sent of a row."""
        record = {name: values[name] for name in ("referenceId", "CompanyId", *_SENT)}
        owner, text = self._owners.of(values["OwnerEmail"]), f"{values['Comments']}\n\n{MARK}{values['referenceId']}"
        return {**record, "OwnerId": owner, "status": "New", "Comments": text}

    def _once(self, model: PublishModel, part: list[Item]) -> Sent:
        """Make calls once. When nobody knows what became of one, look what is there."""
        started, made = time.monotonic(), Made()
        records = [json.loads(record) for _, record in part]
        try:
            made = self._cockpit.make(records)
        except RetriableError:
            self.settle(time.monotonic() - started)
        except RowRejected as error:
            if not (error.vague or error.later):
                raise
            if error.under_way:
                self.settle(time.monotonic() - started)
            made.ids = self._there(records)
            if not made.ids:
                raise
        if len(made.ids) + len(made.refused) < len(records):
            made.ids |= self._there(records)
        outcomes, rest = [], []
        for row, record in part:
            reference = str(json.loads(record)["referenceId"])
            if reference in made.ids:
                row.destination_id, row.created_by_us = made.ids[reference], True
                self._made += 1
                outcomes.append(Outcome(row))
            elif reference in made.refused:
                outcomes.append(Outcome(row, made.refused[reference]))
            else:
                rest.append((row, record))
        return outcomes, rest

    def _there(self, records: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        """Gsid by reference of those of the calls that are there."""
        self._look([str(each["CompanyId"]) for each in records], again=True)
        return {call.reference: call.gsid for each in records for call in self._of(str(each["CompanyId"]))}

    def update(self, model: PublishModel, rows: Sequence[Row]) -> Iterator[list[Outcome]]:
        """Nothing: a call that is there is a person's."""
        yield [Outcome(row) for row in rows]

    def doubts(self, model: PublishModel, facts: Facts) -> Iterable[Finding]:
        """Names of types and priorities that the tenant does not have, and an owner whom it does not know."""
        there = self._cockpit.names()
        try:
            self._owners.look([])
        except MisuseError:
            problem, fix = f"{self._owner} is no active user of the tenant", "set GAINSIGHT_CTA_OWNER to one who is"
            yield Finding(model.name, model.object, "OwnerId", problem, fix, schema=False)
        for column, category in _CATEGORIES.items():
            for name in sorted({str(each) for each in facts.samples.get(column, ())} - there.get(category, {*()})):
                if category in there:
                    fix = "make it in Gainsight, or correct the seeds cta_signals and cta_priorities"
                    problem = f"{name!r} is no {category} of the tenant"
                    yield Finding(model.name, model.object, model.fields[column], problem, fix, False, True)


class _AnyField(dict[str, Field]):
    """Fields of the cockpit, which tells none: any may be sent."""

    def get(self, name: str, default: Any = None) -> Field:
        """One of them."""
        lookup = "company" if name == "CompanyId" else ""
        return Field(name, "LOOKUP" if lookup else "ANY", None, True, True, True, {}, (), lookup)

    __getitem__ = get

    def __contains__(self, name: object) -> bool:
        return True


def _standing(calls: Sequence[Call], reference: str) -> Call | None:
    """The call of a reference's signal that is open, else the one of its episode."""
    mine = [each for each in calls if each.of == reference.rpartition("/")[0]]
    open_ones = [each for each in mine if not each.closed]
    same = [each for each in mine if each.reference == reference]
    return next(iter([*open_ones, *same]), None)


def _earlier(calls: Sequence[Call], values: Mapping[str, Any]) -> Call | None:
    """A call of the same episode under an earlier or later day, for late pings may have moved its start."""
    before = str(values["PreviousEpisodeEnd"] or "")[:10]
    of = str(values["referenceId"]).rpartition("/")[0]
    return next((each for each in calls if each.of == of and each.episode > before), None)


def _record(call: Call, reference: str) -> Record:
    return Record(call.gsid, (reference,), {"CompanyId": call.company})
