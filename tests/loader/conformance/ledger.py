"""A destination in sixty lines: books of records in memory, written by key. CONTRIBUTING shows it as the least there is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from loader.dbt.artifacts import Lookup, PublishModel
from loader.engine.defaults import AsSent, Defaults
from loader.engine.destination import Field, Outcome, Record, Row, Work
from loader.engine.limits import Meter, Window
from loader.engine.records import Codes, Links, Records, pages
from loader.engine.values import key_of

Books = dict[str, dict[str, dict[str, Any]]]
"""Records by id, by name of the book."""


class Ledger(Defaults):
    name, connection, batch_size, upserts = "ledger", "books", 100, True
    windows, calls_per_day, compares = (Window(1000, 1.0),), 10_000, AsSent()
    types: Mapping[str, set[str]] = {
        kind: {"ANY"} for kind in ("text", "integer", "decimal", "double", "date", "boolean")
    }

    def __init__(self, books: Books, columns: Mapping[str, str]) -> None:
        self._books, self._links = books, Links(str)
        self._fields = {
            book: {name: Field(name, kind, None, True, True, True, {}, (), "") for name, kind in columns.items()}
            for book in books
        }
        self._records = Records(self._fields, self._links, Codes("NULL", "LONG", "CHOICE"), lambda value, field: value)

    def calls(self, work: Sequence[Work], lookups: Mapping[tuple[str, str], int]) -> dict[str, int]:
        return {"writes": sum(pages(each.known + each.unknown, 100) for each in work)}

    def connect(self, meter: Meter) -> None:
        self._meter = meter

    def describe(self, objects: Sequence[str]) -> None: ...

    def fields(self, object_name: str) -> Mapping[str, Field] | None:
        return self._fields.get(object_name)

    def resolve(self, values: Mapping[tuple[str, str], Sequence[Any]]) -> None:
        for (book, match), wanted in values.items():
            self._links.unasked(book, match, wanted)
            self._links.take(book, match, ((record[match], each) for each, record in self._books[book].items()))

    def linked(self, lookup: Lookup, value: Any) -> list[str]:
        return self._links.ids(lookup, value)

    def read(self, model: PublishModel, fields: Sequence[str]) -> Iterator[list[Record]]:
        book = self._books[model.object]
        yield [Record(each, key_of(self.compares, model, record), record) for each, record in book.items()]

    def find(self, model: PublishModel, rows: Sequence[Row], fields: Sequence[str] = ()) -> dict[str, list[Record]]:
        there = {model.row_key(record.key): record for page in self.read(model, fields) for record in page}
        return {row.row_key: [there[row.row_key]] if row.row_key in there else [] for row in rows}

    def by_id(self, model: PublishModel, ids: Sequence[str], fields: Sequence[str]) -> Iterator[list[Record]]:
        return ([record for record in page if record.id in ids] for page in self.read(model, fields))

    def upsert(self, model: PublishModel, rows: Sequence[Row]) -> Iterator[list[Outcome]]:
        self._meter.take()
        items, refused = self._records.items(model, rows)
        for row, record in items:
            row.destination_id, row.created_by_us = (
                row.row_key,
                row.created_by_us or row.row_key not in self._books[model.object],
            )
            self._books[model.object].setdefault(row.row_key, {}).update(json.loads(record))
        self._meter.answered()
        yield refused + [Outcome(row) for row, _ in items]

    update = upsert

    def delete(self, model: PublishModel, rows: Sequence[Row]) -> Iterator[list[Outcome]]:
        for row in rows:
            self._books[model.object].pop(str(row.destination_id), None)
            yield [Outcome(row)]
