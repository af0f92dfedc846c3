"""Rows to Gainsight: batches of 50, all or nothing, inserts that must never happen twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from loader.config import api_settings
from loader.dbt.artifacts import Lookup, PublishModel
from loader.engine.defaults import Defaults
from loader.engine.destination import Compares, Facts, Field, Finding, Label, Outcome, Record, Row, Work
from loader.engine.files import csv_files
from loader.engine.finding import Wanted
from loader.engine.http import Http
from loader.engine.limits import Meter, Window
from loader.engine.records import Links, Records, pages
from loader.engine.sending import Item, Sent, send
from loader.engine.values import as_json, key_of
from loader.gainsight import bulk, schema
from loader.gainsight.client import LEAST_PAGE, PAGE, Client, Credentials
from loader.gainsight.comparing import Comparing
from loader.gainsight.doubts import Doubts
from loader.gainsight.labels import read_labels
from loader.gainsight.writing import Changer, Creator

BATCH = 50
SETTLE_SECONDS = 5.0
"""How long a request that nobody answers may still take effect, at most one timeout."""


class Gainsight(Defaults):
    """See `loader.engine.destination.Destination`."""

    name = "gainsight"
    batch_size = BATCH
    uploads_allowed, named_first = (bulk.PER_HOUR, bulk.PER_DAY), False
    object_kind = "Low Volume object"
    types: Mapping[str, set[str]] = schema.TYPES

    def __init__(self) -> None:
        settings = self._settings = api_settings("GAINSIGHT", 90, 40_000)
        self.connection = settings.connection
        self.windows: Sequence[Window] = (Window(settings.calls_per_window, settings.window_seconds),)
        self.calls_per_day = settings.calls_per_day
        self._comparing = Comparing()
        self.compares: Compares = self._comparing
        self._fields: dict[str, dict[str, Field]] = {}
        self._links = Links(lambda value: str(as_json(value)))
        self._records = Records(self._fields, self._links, schema.CODES, schema.to_api)

    def ignores(self, model: PublishModel) -> frozenset[str]:
        """See `Destination`."""
        return self._comparing.ignored

    def connect(self, meter: Meter) -> None:
        """See `Destination`."""
        self._http = Http(self._settings.required(), meter)
        self._client = Client(self._http)
        self._creator = Creator(self._client, self.compares, self.find, self.settle)
        self._changer = Changer(self._client, self._fields)

    def calls(self, work: Sequence[Work], lookups: Mapping[tuple[str, str], int]) -> dict[str, int]:
        """See `Destination`."""
        busy = [each for each in work if each.known or each.unknown or each.deletes]
        in_bulk = [w for w in busy if self.takes_bulk(w.model, w.known + w.unknown)]
        calls = {
            "metadata": bool(busy) + (Credentials.needs_token() if busy or any(lookups.values()) else 0),
            "look-ups": sum(_reads(n) for n in lookups.values()),
            "finds": sum(pages(w.unknown, PAGE) + _probes(w.model, w.unknown) for w in busy),
            "writes": sum(_writes(w) for w in busy if w not in in_bulk),
            "read-backs": sum(w.unknown > 1 and w.model.mode != "update" for w in busy if w not in in_bulk),
            "deletes": sum(w.deletes for w in busy),
        }
        if in_bulk:
            calls["bulk uploads"] = len(in_bulk)
            calls["read-backs"] += sum(pages(w.known + w.unknown, PAGE) for w in in_bulk)
        return calls

    def offers(self, work: Sequence[Work]) -> list[str]:
        """See `Destination`."""
        return [
            f"{w.model.object}: {w.known + w.unknown} rows could go in one bulk upload; make a bulk job for it in"
            f" Gainsight and set {bulk.setting(w.model.object)} to its id."
            for w in work
            if w.known + w.unknown >= bulk.threshold() and not bulk.job(w.model.object)
        ]

    def takes_bulk(self, model: PublishModel, rows: int) -> bool:
        """See `TakesFiles`."""
        return rows >= bulk.threshold() and bulk.job(model.object) is not None

    def upload(self, model: PublishModel, rows: Iterable[Row], sent: Callable[[str | None], bool]) -> None:
        """See `TakesFiles`."""
        made = (self._records.of(model, row) for row in rows)
        records = (json.loads(record) for record, refused in made if not refused)
        for file in csv_files(model.targets, records, bulk.LARGEST_FILE):
            if not sent(None):
                return
            status_id = bulk.upload(self._client, str(bulk.job(model.object)), file)
            if status_id is None:
                return
            sent(status_id)

    def await_upload(self, status_id: str, age: float) -> str:
        """See `TakesFiles`."""
        return bulk.wait(self._client, status_id or "unnamed", self._http.meter.pause, age)

    def describe(self, objects: Sequence[str]) -> None:
        """See `Destination`."""
        unknown = [name for name in objects if name not in self._fields]
        for name, given in (self._client.describe(unknown) if unknown else {}).items():
            fields = (schema.described(each) for each in given.get("fields") or [])
            self._fields[name] = {each.name: each for each in fields}

    def fields(self, object_name: str) -> Mapping[str, Field] | None:
        """See `Destination`."""
        return self._fields.get(object_name)

    def resolve(self, values: Mapping[tuple[str, str], Sequence[Any]]) -> None:
        """See `Destination`."""
        for (name, match), wanted in values.items():
            unasked = self._links.unasked(name, match, wanted)
            for start in range(0, len(unasked), PAGE):
                for page in self._client.query(name, [match], {match: unasked[start : start + PAGE]}):
                    self._links.take(name, match, ((record.get(match), record["Gsid"]) for record in page))

    def is_empty(self, model: PublishModel, rows: int) -> bool:
        """See `Destination`."""
        return _probes(model, rows) and not any(self._client.query(model.object, [], limit=1))

    def find(self, model: PublishModel, rows: Sequence[Row], fields: Sequence[str] = ()) -> dict[str, list[Record]]:
        """See `Destination`."""
        select, found = list(dict.fromkeys([*model.key, *fields])), dict[str, list[Record]]()
        for start in range(0, len(rows), PAGE):
            wanted = Wanted(self.compares, model, rows[start : start + PAGE])
            for page in self._client.query(model.object, select, *wanted.conditions()):
                wanted.take(self._record_of(model, given) for given in page)
            found |= wanted.found()
        return found

    def by_id(self, model: PublishModel, ids: Sequence[str], fields: Sequence[str]) -> Iterator[list[Record]]:
        """See `Destination`."""
        select = list(dict.fromkeys([*model.key, *fields]))
        for start in range(0, len(ids), PAGE):
            for page in self._client.query(model.object, select, {"Gsid": ids[start : start + PAGE]}):
                yield [self._record_of(model, given) for given in page]

    def read(self, model: PublishModel, fields: Sequence[str]) -> Iterator[list[Record]]:
        """See `Destination`."""
        select = dict.fromkeys([*model.key, *fields])
        for page in self._client.query(model.object, list(select)):
            yield [self._record_of(model, given) for given in page]

    def linked(self, lookup: Lookup, value: Any) -> list[str]:
        """See `Destination`."""
        return self._links.ids(lookup, value)

    def labels(self, model: PublishModel) -> Iterator[list[Label]]:
        """See `Destination`."""
        return read_labels(self._client, self.compares, self._fields[model.object], model)

    def insert(self, model: PublishModel, rows: Sequence[Row]) -> Iterator[list[Outcome]]:
        """See `Destination`."""
        return self._sending(model, rows, self._creator.create)

    def update(self, model: PublishModel, rows: Sequence[Row]) -> Iterator[list[Outcome]]:
        """See `Destination`."""
        return self._sending(model, rows, self._changer.change)

    def delete(self, model: PublishModel, rows: Sequence[Row]) -> Iterator[list[Outcome]]:
        """See `Destination`."""
        for row in rows:
            yield from self._send(model, [(row, "{}")], [], self._deleted)

    def doubts(self, model: PublishModel, facts: Facts) -> Iterable[Finding]:
        """See `Destination`."""
        return Doubts(self._client, self._comparing, self._fields).of(model, facts)

    def settle(self, since: float) -> None:
        """Wait until a request sent so many seconds ago, and never answered, cannot take effect any more."""
        self._http.meter.pause(min(SETTLE_SECONDS, self._settings.timeout_seconds) - since)

    def _sending(
        self, model: PublishModel, rows: Sequence[Row], once: Callable[[PublishModel, list[Item]], Sent]
    ) -> Iterator[list[Outcome]]:
        return self._send(model, *self._records.items(model, rows), once)

    def _send(
        self,
        model: PublishModel,
        items: list[Item],
        refused: list[Outcome],
        once: Callable[[PublishModel, list[Item]], Sent],
    ) -> Iterator[list[Outcome]]:
        pause, patience = self._http.meter.pause, self._settings.give_up_seconds
        return send(model.object, items, refused, partial(once, model), pause, patience)

    def _deleted(self, model: PublishModel, part: list[Item]) -> Sent:
        (row, _), *others = part
        self._client.delete(model.object, str(row.destination_id))
        return [Outcome(row)], others

    def _record_of(self, model: PublishModel, given: Mapping[str, Any]) -> Record:
        return Record(given["Gsid"], key_of(self.compares, model, given), given)


def _reads(rows: int) -> int:
    """Calls that read so many records which are there: a page may be short because the tenant's pages are."""
    return pages(rows, PAGE) + rows // PAGE + (LEAST_PAGE <= rows < PAGE)


def _probes(model: PublishModel, rows: int) -> bool:
    """Whether one call more may save several; in update mode all rows are expected to be there."""
    return rows > PAGE and model.mode != "update"


def _writes(work: Work) -> int:
    """Inserts and updates are calls of their own; in update mode all rows are updates."""
    if work.model.mode == "update":
        return pages(work.known + work.unknown, BATCH)
    return pages(work.known, BATCH) + pages(work.unknown, BATCH)
