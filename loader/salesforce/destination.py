"""Rows to Salesforce: by external id or by id, 200 a call, or by files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from loader.config import api_settings
from loader.dbt.artifacts import Lookup, PublishModel
from loader.engine.defaults import Defaults
from loader.engine.destination import Compares, Facts, Field, Finding, Outcome, Record, Rejection, Results, Row, Work
from loader.engine.files import csv_files
from loader.engine.finding import Wanted
from loader.engine.http import Http
from loader.engine.limits import Meter, Window
from loader.engine.records import Links, Records, pages
from loader.engine.sending import Item, Sent, made, send
from loader.engine.values import key_of
from loader.errors import MisuseError, RetriableError
from loader.salesforce import bulk, schema
from loader.salesforce.client import BATCH, PAGE, Client, version
from loader.salesforce.comparing import Comparing
from loader.salesforce.doubts import doubts
from loader.salesforce.replies import outcome
from loader.salesforce.schema import ID

KEYS_A_QUERY = 300
"""Keys of a query, as far as can be said before they are known: their length decides."""
CALLS_A_JOB = 20
"""Of a bulk job: six, and how often it is asked whether it has ended."""
SETTLE_SECONDS = 5.0


class Salesforce(Defaults):
    """See `loader.engine.destination.Destination`."""

    name = "salesforce"
    batch_size, deletes_per_call, upserts = BATCH, BATCH, True
    uploads_allowed, named_first, rows_per_file = (bulk.PER_HOUR, bulk.PER_DAY), True, bulk.MOST_ROWS
    object_kind = "custom object"
    types: Mapping[str, set[str]] = schema.TYPES

    def __init__(self) -> None:
        settings = self._settings = api_settings("SALESFORCE", 600, 20_000, timeout=120)
        self.connection = settings.connection
        self.windows: Sequence[Window] = (Window(settings.calls_per_window, settings.window_seconds),)
        self.calls_per_day = settings.calls_per_day
        self._version = version()
        self._comparing = Comparing()
        self.compares: Compares = self._comparing
        self._fields: dict[str, dict[str, Field]] = {}
        self._given: dict[str, dict[str, Mapping[str, Any]]] = {}
        self._links = Links(schema.short)
        self._records = Records(self._fields, self._links, schema.CODES, schema.to_api)
        self._meter: Meter | None = None
        self.reads_first = _flag("SALESFORCE_ONLY_IF_DIFFERENT")
        self._allow_duplicates = _flag("SALESFORCE_ALLOW_DUPLICATES")
        self._unsent: dict[str, Rejection] = {}

    def connect(self, meter: Meter) -> None:
        """See `Destination`."""
        if self._meter is not meter:
            base = f"/services/data/v{self._version}"
            http = Http(self._settings.required(), meter)
            self._client = Client(http, base, allow_duplicates=self._allow_duplicates)
            self._meter = meter

    def ask_quota(self) -> None:
        """See `TellsQuota`."""
        self._client.limits()

    def calls(self, work: Sequence[Work], lookups: Mapping[tuple[str, str], int]) -> dict[str, int]:
        """See `Destination`."""
        busy = [each for each in work if each.known or each.unknown or each.deletes]
        in_bulk = [w for w in busy if self.takes_bulk(w.model, w.known + w.unknown)]
        jobs = sum(pages(w.known + w.unknown, bulk.MOST_ROWS) for w in in_bulk)
        calls = {
            "metadata": len({each.model.object for each in busy}) + 2 if busy else int(any(lookups.values())),
            "look-ups": sum(pages(n, PAGE if match == ID else KEYS_A_QUERY) for (_, match), n in lookups.items()),
            "finds": sum(_finds(each) + (_reads(each) if self.reads_first else 0) for each in busy),
            "writes": sum(_writes(each) for each in busy if each not in in_bulk),
            "deletes": sum(pages(each.deletes, BATCH) for each in busy),
        }
        return calls | ({"bulk jobs": jobs * CALLS_A_JOB} if jobs else {})

    def takes_bulk(self, model: PublishModel, rows: int) -> bool:
        """See `TakesFiles`."""
        return rows >= bulk.threshold()

    def upload(self, model: PublishModel, rows: Iterable[Row], sent: Callable[[str | None], bool]) -> None:
        """See `TakesFiles`."""
        key, header = _tie(model)
        for file in csv_files(header, self._lines(model, rows, header), bulk.LARGEST_FILE, bulk.NULL, "\n"):
            for _ in range(bulk.TRIES):
                if not sent(None):
                    return
                job_id = bulk.create(self._client, model.object, key)
                sent(job_id)
                file.seek(0)
                if bulk.upload(self._client, job_id, file):
                    break

    def _lines(self, model: PublishModel, rows: Iterable[Row], header: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Rows as a file has them. One with a text that would clear its field there goes by a single call."""
        for row in rows:
            line, refused = self._line(model, row)
            if refused:
                self._unsent[row.row_key] = refused
            elif bulk.NULL not in line.values():
                yield line

    def _line(self, model: PublishModel, row: Row) -> tuple[dict[str, Any], Rejection | None]:
        record, refused = self._records.of(model, row)
        line: dict[str, Any] = json.loads(record) if not refused else {}
        if model.mode == "update":
            line[ID] = row.destination_id
        if "" in line.values():
            line = {name: None if value == "" else value for name, value in line.items()}
        return line, refused

    def await_upload(self, status_id: str, age: float) -> str:
        """See `TakesFiles`."""
        return bulk.wait(self._client, status_id, age)

    def results(self, model: PublishModel, status_ids: Sequence[str]) -> Results:
        """See `TellsResults`."""
        by_call = frozenset({"DUPLICATES_DETECTED"} if self._allow_duplicates else ())
        key, header = _tie(model)
        stamps = {model.fields[each] for each in model.stamps}  # another run's are no other values
        found = bulk.JobResults(key, [each for each in header if each not in stamps], self._unsent, by_call)
        for job_id in status_ids:
            bulk.read_results(self._client, job_id, found)
        return _Results(model, found, partial(self._line, model))

    def ignores(self, model: PublishModel) -> frozenset[str]:
        """See `Destination`. The case of ids counts."""
        return frozenset() if ID in model.key else self._comparing.ignored

    def describe(self, objects: Sequence[str]) -> None:
        """See `Destination`."""
        for name in objects:
            if name not in self._fields and (given := self._client.describe(name)):
                self._given[name] = {str(each["name"]): each for each in given.get("fields") or []}
                self._fields[name] = {n: schema.described(each) for n, each in self._given[name].items()}

    def fields(self, object_name: str) -> Mapping[str, Field] | None:
        """See `Destination`."""
        return self._fields.get(object_name)

    def misfits(self, model: PublishModel) -> Iterator[tuple[str, str, str]]:
        """See `Destination`."""
        given = self._given.get(model.object, {})
        if len(model.key) > 1:
            yield model.key[0], f"is one of {len(model.key)} fields of the key", "make a key of one external id field"
        for name in model.key:
            meta = given.get(name)
            if model.mode == "update" or meta is None:
                continue
            if not (meta.get("externalId") or meta.get("idLookup")):
                yield name, "is no external id, so rows cannot be created or changed by it", "tick External ID"
            elif not meta.get("unique"):
                yield name, "is an external id that is not unique", "tick Unique"

    def advice(self, object_name: str, field: str, lack: str) -> str:
        """See `Destination`. A field that this user may not see is none to it."""
        line = f"Field Permissions {object_name}.{field}: {'Edit' if field != ID else 'Read'}"
        if lack == "read-only":
            return f"the user's permission set lacks the line {line}; or the field is a formula"
        return f"create it, or add to the user's permission set the line {line}"

    def resolve(self, values: Mapping[tuple[str, str], Sequence[Any]]) -> None:
        """See `Destination`."""
        for (name, match), wanted in values.items():
            unasked = self._links.unasked(name, match, wanted)
            if match == ID:
                found = self._client.retrieve(name, [each for each in unasked if schema.is_id(each)], [])
            else:
                found = self._client.having(name, [match], match, unasked)
            for page in found:
                self._links.take(name, match, ((each.get(match), schema.full(each[ID])) for each in page))

    def linked(self, lookup: Lookup, value: Any) -> list[str]:
        """See `Destination`."""
        return self._links.ids(lookup, value)

    def find(self, model: PublishModel, rows: Sequence[Row], fields: Sequence[str] = ()) -> dict[str, list[Record]]:
        """See `Destination`."""
        key = model.key[0]
        if key == ID:
            return self._find_by_id(model, rows, fields)
        found = dict[str, list[Record]]()
        for start in range(0, len(rows), PAGE):
            wanted = Wanted(self.compares, model, rows[start : start + PAGE])
            values, _ = wanted.conditions()
            for page in self._client.having(model.object, [key, *fields], key, values[key]):
                wanted.take(self._record_of(model, given) for given in page)
            found |= wanted.found()
        return found

    def _find_by_id(self, model: PublishModel, rows: Sequence[Row], fields: Sequence[str]) -> dict[str, list[Record]]:
        ids = {row.row_key: str(row.values[ID]) for row in rows}
        asked = list(dict.fromkeys(each for each in ids.values() if schema.is_id(each)))
        there = {schema.short(each.id): each for page in self.by_id(model, asked, fields) for each in page}
        found = {row_key: there.get(schema.short(each)) for row_key, each in ids.items()}
        return {row_key: [each] if each else [] for row_key, each in found.items()}

    def by_id(self, model: PublishModel, ids: Sequence[str], fields: Sequence[str]) -> Iterator[list[Record]]:
        """See `Destination`."""
        for page in self._client.retrieve(model.object, ids, [*model.key, *fields]):
            yield [self._record_of(model, given) for given in page]

    def read(self, model: PublishModel, fields: Sequence[str]) -> Iterator[list[Record]]:
        """See `Destination`."""
        select = ", ".join(dict.fromkeys([ID, *model.key, *fields]))
        for page in self._client.query(f"SELECT {select} FROM {model.object}"):
            yield [self._record_of(model, given) for given in page]

    def update(self, model: PublishModel, rows: Sequence[Row]) -> Iterator[list[Outcome]]:
        """See `Destination`."""
        return self._sending(model, rows, self._update)

    def upsert(self, model: PublishModel, rows: Sequence[Row]) -> Iterator[list[Outcome]]:
        """See `Destination`."""
        return self._sending(model, rows, self._upsert)

    def delete(self, model: PublishModel, rows: Sequence[Row]) -> Iterator[list[Outcome]]:
        """See `Destination`."""
        results = self._client.delete([str(row.destination_id) for row in rows])
        yield [_deleted(outcome(row, result)) for row, result in zip(rows, results, strict=True)]

    def doubts(self, model: PublishModel, facts: Facts) -> Iterable[Finding]:
        """See `Destination`."""
        name, ignored = model.object, self._comparing.ignored
        for field, problem, fix in doubts(model, self._fields[name], self._given[name], facts, ignored):
            yield Finding(model.name, name, field, problem, fix, schema=False, warning=True)

    def settle(self, since: float) -> None:
        """See `Destination`."""
        self._client.http.meter.pause(min(SETTLE_SECONDS, self._settings.timeout_seconds) - since)

    def _sending(
        self, model: PublishModel, rows: Sequence[Row], once: Callable[[PublishModel, list[Item]], Sent]
    ) -> Iterator[list[Outcome]]:
        pause, patience = self._client.http.meter.pause, self._settings.give_up_seconds
        return send(model.object, *self._records.items(model, rows), partial(once, model), pause, patience)

    def _update(self, model: PublishModel, part: list[Item]) -> Sent:
        records = [_addressed(model, row, record) for row, record in part]
        return _judged(part, self._client.update(records))

    def _upsert(self, model: PublishModel, part: list[Item]) -> Sent:
        records = [f'{{"attributes":{{"type":"{model.object}"}},{record[1:]}' for _, record in part]
        try:
            results = self._client.upsert(model.object, model.key[0], records)
        except RetriableError as error:
            return made(self, model, part, error)
        return _judged(part, results)

    def _record_of(self, model: PublishModel, given: Mapping[str, Any]) -> Record:
        known = {**given, ID: schema.full(str(given[ID]))}
        return Record(known[ID], key_of(self.compares, model, known), known)


class _Results:
    """See `loader.engine.destination.Results`.

    Args:
        line: a row as a file has it, or why it has not.
    """

    def __init__(
        self,
        model: PublishModel,
        found: bulk.JobResults,
        line: Callable[[Row], tuple[dict[str, Any], Rejection | None]],
    ) -> None:
        self._model, self._found, self._line = model, found, line

    def outcome(self, row: Row) -> Outcome:
        """See `Results`."""
        return self._found.outcome(row, self._key(row))

    def holds(self, row: Row) -> bool | None:
        """See `Results`."""
        line, refused = self._line(row)
        return False if refused else self._found.holds(row, self._key(row), line)

    def _key(self, row: Row) -> str:
        if self._model.mode == "update":
            return str(row.destination_id)
        plain = "\\" not in row.row_key and row.row_key.startswith('["')
        return row.row_key[2:-2] if plain else str(self._model.parts(row.row_key)[0])


def _tie(model: PublishModel) -> tuple[str, list[str]]:
    """The field by which a file's rows are known, and the file's fields, that one among them once."""
    if model.mode != "update":
        return model.key[0], model.targets
    return ID, [ID, *(name for name in model.targets if name not in model.key)]


def _flag(name: str) -> bool:
    """A setting that is on or off.

    Raises:
        MisuseError: it is neither.
    """
    text = os.environ.get(name, "").strip().lower()
    if text not in ("", "true", "false"):
        raise MisuseError(f"{name} must be true or false, not {text!r}.")
    return text == "true"


def _judged(part: list[Item], results: Any) -> Sent:
    """Results belong to rows by position; where there are not as many, nobody knows."""
    if not (isinstance(results, list) and len(results) == len(part) and all(isinstance(r, dict) for r in results)):
        return [], part
    outcomes = []
    for (row, _), result in zip(part, results, strict=True):
        found = outcome(row, result)
        if found.accepted:
            row.destination_id = schema.full(str(result.get("id") or row.destination_id))
            row.created_by_us = row.created_by_us or result.get("created") is True
        outcomes.append(found)
    return outcomes, []


def _addressed(model: PublishModel, row: Row, record: str) -> str:
    """What changes a record by its id. In update mode the key is how it was found, and is left as it is."""
    if model.mode == "update":
        record = json.dumps({name: value for name, value in json.loads(record).items() if name not in model.key})
    address = f'{{"attributes":{{"type":"{model.object}"}},"id":{json.dumps(row.destination_id)}'
    return f"{address}}}" if record == "{}" else f"{address},{record[1:]}"


def _deleted(found: Outcome) -> Outcome:
    """A record that is not there is deleted."""
    found.vanished = False
    return found


def _finds(work: Work) -> int:
    """Only what is never created is looked for."""
    if work.model.mode != "update":
        return 0
    return pages(work.unknown, PAGE if work.model.key == (ID,) else KEYS_A_QUERY)


def _reads(work: Work) -> int:
    """What stands is read before it is changed."""
    unknown = 0 if work.model.mode == "update" else work.unknown
    return pages(work.known + work.unknown - unknown, PAGE) + pages(unknown, KEYS_A_QUERY)


def _writes(work: Work) -> int:
    """By id and by key are calls of their own; in update mode all are by id."""
    if work.model.mode == "update":
        return pages(work.known + work.unknown, BATCH)
    return pages(work.known, BATCH) + pages(work.unknown, BATCH)
