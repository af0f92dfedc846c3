"""Rows to Marketo: by dedupe fields, 300 a call, or by files."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from loader.config import api_settings, number, one_of
from loader.dbt.artifacts import Lookup, PublishModel
from loader.engine.defaults import Defaults
from loader.engine.destination import Compares, Facts, Field, Finding, Outcome, Record, Rejection, Results, Row, Work
from loader.engine.finding import Wanted
from loader.engine.http import Http
from loader.engine.limits import Meter, Window
from loader.engine.records import Links, Records, pages
from loader.engine.sending import Item, Sent, made, send
from loader.engine.values import key_of
from loader.errors import FatalError, MisuseError, RetriableError
from loader.marketo import bulk, schema
from loader.marketo.client import BATCH, PAGE, UPDATE, UPSERT, Client
from loader.marketo.comparing import Comparing
from loader.marketo.doubts import doubts, misfits, probe, told_of
from loader.marketo.replies import DENIED, outcome
from loader.marketo.schema import COMPANY, COMPANY_KEY, id_field, is_company

log = logging.getLogger("loader")
CALLS_A_FILE = 9
"""Of an import: three, and how often it is asked whether it has ended."""
LARGEST_BODY = 900_000
"""Bytes of a call's rows; Marketo takes a megabyte."""
SETTLE_SECONDS = 5.0
CLEARING = "Null and empty text are one to Marketo: either clears its field."
BY_CALLS = (
    "It is not known whether an empty cell of a file does (MARKETO_EMPTY_CELLS), so rows in which something may have to"
    " be cleared go by calls."
)
_NO_COMMA = "a key with a comma cannot be looked for: Marketo's queries separate values by commas"


class Marketo(Defaults):
    """See `loader.engine.destination.Destination`. Calls are made one at a time, so never five at once."""

    name = "marketo"
    batch_size, batch_bytes, deletes_per_call = BATCH, LARGEST_BODY, BATCH
    upserts, reads_all = True, False
    uploads_allowed, named_first, rows_per_file = (bulk.PER_HOUR, bulk.PER_DAY), False, bulk.MOST_ROWS
    object_kind = "custom object, and approve it"
    types: Mapping[str, set[str]] = schema.TYPES

    def __init__(self) -> None:
        settings = self._settings = api_settings(
            "MARKETO", 50, 10_000, timeout=120, window=20, calls_name="CALLS_PER_WINDOW"
        )
        if settings.base_url.endswith(("/rest", "/identity", "/bulk")):
            raise MisuseError(
                "MARKETO_BASE_URL is the address without /rest, such as https://123-ABC-456.mktorest.com."
            )
        self.connection = settings.connection
        self.windows: Sequence[Window] = (Window(settings.calls_per_window, settings.window_seconds),)
        self.calls_per_day = settings.calls_per_day
        self._quota = int(number("MARKETO_QUOTA_PER_DAY", 50_000))
        self._ignored = frozenset({"case"} if one_of("MARKETO_KEYS_IGNORE", "case", "nothing") == "case" else ())
        self._empty_clears = one_of("MARKETO_EMPTY_CELLS", "unknown", "clear") == "clear"
        self.compares: Compares = Comparing()
        self._fields: dict[str, dict[str, Field]] = {}
        self._given: dict[str, Mapping[str, Any]] = {}
        self._links = Links(self._key_form)
        self._records = Records(self._fields, self._links, schema.CODES, schema.to_api)
        self._probes: dict[str, str] = {}
        self._meter: Meter | None = None

    def connect(self, meter: Meter) -> None:
        """See `Destination`."""
        if self._meter is not meter:
            self._client = Client(Http(self._settings.required(), meter))
            self._imports = bulk.Imports(self._client)
            self._meter = meter

    def ask_quota(self) -> None:
        """See `TellsQuota`. Marketo says what all users have used, not what there is."""
        try:
            used = self._client.used_today()
        except FatalError as error:
            if error.code != DENIED:
                raise
            log.warning("the calls of the day are not known: %s", error)
            return
        self._client.http.meter.told(self._quota - used)

    def calls(self, work: Sequence[Work], lookups: Mapping[tuple[str, str], int]) -> dict[str, int]:
        """See `Destination`."""
        busy = [each for each in work if each.known or each.unknown or each.deletes]
        filed = [w for w in busy if self.takes_bulk(w.model, w.known + w.unknown)]
        files = sum(pages(w.known + w.unknown, bulk.MOST_ROWS) for w in filed)
        by_call = [w for w in busy if w not in filed]
        calls = {
            "metadata": len({each.model.object for each in busy}) + 2 if busy else int(any(lookups.values())),
            "look-ups": sum(pages(n, PAGE) for n in lookups.values()),
            "finds": sum(pages(w.unknown, PAGE) for w in busy if w.model.mode == "update"),
            "writes": sum(pages(w.known, BATCH) + pages(w.unknown, BATCH) for w in by_call),
            "deletes": sum(pages(w.deletes, BATCH) for w in busy),
        }
        return calls | ({"imports": files * CALLS_A_FILE} if files else {})

    def remarks(self, work: Sequence[Work]) -> list[str]:
        """See `Destination`."""
        busy = [each for each in work if each.known or each.unknown]
        filed = any(self.takes_bulk(each.model, each.known + each.unknown) for each in busy)
        return ([CLEARING] if busy else []) + ([BY_CALLS] if filed and not self._empty_clears else [])

    def takes_bulk(self, model: PublishModel, rows: int) -> bool:
        """See `TakesFiles`. Companies have no imports; an import creates, and says neither what it created nor its id,
        so what is never created, or may be deleted, goes by calls."""
        plain = not is_company(model.object) and model.mode == "upsert" and model.on_gone != "delete"
        return plain and rows >= bulk.threshold()

    def upload(self, model: PublishModel, rows: Iterable[Row], sent: Callable[[str | None], bool]) -> None:
        """See `TakesFiles`. A file that is sent twice, for nobody answered, is as if it had been sent once."""
        for content, keys in bulk.packed(model, self._lines(model, rows)):
            if not sent(None):
                return
            try:
                status_id = self._imports.send(model.object, content, keys)
            except FatalError:
                sent(bulk.NOT_TAKEN)
                raise
            sent(status_id)

    def _lines(self, model: PublishModel, rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
        """Rows as a file has them. It is not known whether an empty cell clears its field."""
        for row in rows:
            may_clear = row.stands and row.null_fields.strip(",") and not self._empty_clears
            for _, record in [] if may_clear else self._items(model, [row])[0]:
                line: dict[str, Any] = json.loads(record)
                if bulk.fits(line):
                    yield line

    def await_upload(self, status_id: str, age: float) -> str:
        """See `TakesFiles`."""
        return self._imports.wait(status_id, age)

    def results(self, model: PublishModel, status_ids: Sequence[str]) -> Results:
        """See `TellsResults`."""
        return self._imports.results(model, status_ids)

    def ignores(self, model: PublishModel) -> frozenset[str]:
        """See `Destination`."""
        return self._ignored

    def describe(self, objects: Sequence[str]) -> None:
        """See `Destination`."""
        for name in objects:
            if name not in self._fields and (given := self._client.describe(name)):
                self._given[name], self._fields[name] = given, schema.fields(given)

    def fields(self, object_name: str) -> Mapping[str, Field] | None:
        """See `Destination`."""
        return self._fields.get(object_name)

    def misfits(self, model: PublishModel) -> Iterable[tuple[str, str, str]]:
        """See `Destination`."""
        return misfits(model, self._fields[model.object], self._given[model.object])

    def advice(self, object_name: str, field: str, lack: str) -> str:
        """See `Destination`."""
        if lack == "read-only":
            return "Marketo or the CRM fills it; publish into another field"
        maker = "let Marketo Support make it" if is_company(object_name) else "add it and approve the object again"
        return f"{maker}, or correct its API name in the model"

    def resolve(self, values: Mapping[tuple[str, str], Sequence[Any]]) -> None:
        """See `Destination`."""
        for (name, match), wanted in values.items():
            own_id = id_field(name)
            unasked = [each for each in self._links.unasked(name, match, wanted) if "," not in str(each)]
            for page in self._client.query(name, match, unasked, [own_id, match]):
                self._links.take(name, match, ((each.get(match), str(each[own_id])) for each in page))

    def linked(self, lookup: Lookup, value: Any) -> list[str]:
        """See `Destination`."""
        return self._links.ids(lookup, value)

    def find(self, model: PublishModel, rows: Sequence[Row], fields: Sequence[str] = ()) -> dict[str, list[Record]]:
        """See `Destination`."""
        found = dict[str, list[Record]]()
        for start in range(0, len(rows), PAGE):
            part = rows[start : start + PAGE]
            wanted = Wanted(self.compares, model, part)
            for page in self._having(model, [model.key_values(row.row_key) for row in part], fields):
                wanted.take(self._record_of(model, given) for given in page)
            found |= wanted.found()
        return found

    def _having(
        self, model: PublishModel, keys: Sequence[Mapping[str, Any]], fields: Sequence[str]
    ) -> Iterator[list[dict[str, Any]]]:
        """Records that have these keys."""
        select = list(dict.fromkeys([id_field(model.object), *model.key, *fields]))
        if len(model.key) > 1:
            return self._client.query_keys(model.object, keys, select)
        values = [each[model.key[0]] for each in keys]
        return self._client.query(model.object, model.key[0], [v for v in values if "," not in str(v)], select)

    def by_id(self, model: PublishModel, ids: Sequence[str], fields: Sequence[str]) -> Iterator[list[Record]]:
        """See `Destination`. Ids that no reply has named are none of Marketo's."""
        own_id = id_field(model.object)
        known = [each for each in ids if not each.startswith(bulk.IMPORTED)]
        for page in self._client.query(model.object, own_id, known, [own_id, *model.key, *fields]):
            yield [self._record_of(model, given) for given in page]

    def update(self, model: PublishModel, rows: Sequence[Row]) -> Iterator[list[Outcome]]:
        """See `Destination`. By the dedupe fields too, for they never change."""
        return self._sending(model, rows, UPDATE)

    def upsert(self, model: PublishModel, rows: Sequence[Row]) -> Iterator[list[Outcome]]:
        """See `Destination`."""
        return self._sending(model, rows, UPSERT)

    def delete(self, model: PublishModel, rows: Sequence[Row]) -> Iterator[list[Outcome]]:
        """See `Destination`."""
        own_id, name = id_field(model.object), model.object
        items = [(row, json.dumps({own_id: _as_sent(name, row.destination_id)})) for row in rows]
        pause, patience = self._client.http.meter.pause, self._settings.give_up_seconds
        yield from send(name, items, [], partial(self._deleted, name), pause, patience)

    def doubts(self, model: PublishModel, facts: Facts) -> Iterable[Finding]:
        """See `Destination`. Only `check` asks, and so tries whether records can be written."""
        name, given = model.object, self._given[model.object]
        for field, problem, fix in doubts(model, self._fields[name], given, facts):
            yield Finding(model.name, name, field, problem, fix, schema=False, warning=True)
        if found := told_of(name, self._probed(name, model.key)):
            yield Finding(model.name, name, *found)
        if not is_company(name) and COMPANY not in self._probes:
            told_of(COMPANY, self._probed(COMPANY, (COMPANY_KEY,)))

    def settle(self, since: float) -> None:
        """See `Destination`."""
        self._client.http.meter.pause(min(SETTLE_SECONDS, self._settings.timeout_seconds) - since)

    def _probed(self, name: str, keys: Sequence[str]) -> str:
        """See `probe`; once a run."""
        if name not in self._probes:
            self._probes[name] = probe(self._client, name, keys)
        return self._probes[name]

    def _key_form(self, value: Any) -> str:
        return str(value).lower() if "case" in self._ignored else str(value)

    def _items(self, model: PublishModel, rows: Iterable[Row]) -> tuple[list[Item], list[Outcome]]:
        """Rows as Marketo takes them, and those that cannot be sent."""
        items, refused = self._records.items(model, rows)
        times = [name for column, name in model.fields.items() if model.kinds[column] == "timestamp"]
        if times:
            items = [(row, schema.with_offsets(record, times)) for row, record in items]
        if len(model.key) == 1:
            odd = {row.row_key for row, _ in items if "," in row.row_key}
            why = Rejection(model.key[0], "KEY_WITH_COMMA", _NO_COMMA)
            refused += [Outcome(row, why) for row, _ in items if row.row_key in odd]
            items = [(row, record) for row, record in items if row.row_key not in odd]
        return items, refused

    def _sending(self, model: PublishModel, rows: Sequence[Row], action: str) -> Iterator[list[Outcome]]:
        pause, patience = self._client.http.meter.pause, self._settings.give_up_seconds
        return send(model.object, *self._items(model, rows), partial(self._sync, model, action), pause, patience)

    def _sync(self, model: PublishModel, action: str, part: list[Item]) -> Sent:
        try:
            results = _tied(part, self._client.sync(model.object, action, [record for _, record in part]))
        except RetriableError as error:
            return made(self, model, part, error)
        outcomes = []
        for (row, _), result in zip(part, results, strict=False):
            found = outcome(row, result)
            if found.accepted:
                row.destination_id = str(result.get(id_field(model.object)) or row.destination_id)
                row.created_by_us = row.created_by_us or result.get("status") == "created"
            outcomes.append(found)
        return outcomes, [] if results else part

    def _deleted(self, name: str, part: list[Item]) -> Sent:
        """A record that is not there is deleted."""
        results = _tied(part, self._client.delete(name, [record for _, record in part]))
        outcomes = [outcome(row, result) for (row, _), result in zip(part, results, strict=False)]
        for each in outcomes:
            each.vanished = False
        return outcomes, [] if results else part

    def _record_of(self, model: PublishModel, given: Mapping[str, Any]) -> Record:
        linked = [each.field for each in model.lookups if given.get(each.field) is not None]
        values = {**given, **{name: str(given[name]) for name in linked}}
        return Record(str(given[id_field(model.object)]), key_of(self.compares, model, values), values)


def _as_sent(name: str, record_id: str | None) -> Any:
    """A record's id as Marketo has it: a Company's is a number."""
    return int(record_id) if is_company(name) and record_id and record_id.isdigit() else record_id


def _tied(part: list[Item], results: Any) -> list[Mapping[str, Any]]:
    """Results in the order of the rows, by their `seq`, or by position where none has one; none where there are not as
    many, for then nobody knows."""
    if not (isinstance(results, list) and len(results) == len(part) and all(isinstance(r, dict) for r in results)):
        return []
    if all("seq" in each for each in results):
        by_seq = {each["seq"]: each for each in results}
        return [by_seq[n] for n in range(len(part))] if by_seq.keys() == set(range(len(part))) else []
    return results
