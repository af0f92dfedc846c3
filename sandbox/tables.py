"""Rows and schema in one SQLite file; a row lives in a column per field.

Everything here runs under one lock, held by `transaction`; a write is one SQLite transaction.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

Row = dict[str, Any]


class Described(Protocol):
    """An object of some system's schema."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def key(self) -> str:
        """The name in lower case."""

    @property
    def fields(self) -> Mapping[str, Any]:
        """Its fields by name, each with a `type`."""

    def to_json(self) -> dict[str, Any]:
        """Everything needed to make it again."""


T = TypeVar("T", bound=Described)

_SETUP = """
pragma locking_mode = exclusive;
pragma journal_mode = wal;
pragma synchronous = off;
create table if not exists sandbox_objects (key text primary key, definition text not null);
create table if not exists sandbox_values (name text primary key, value text not null);
"""


class Tables(Generic[T]):
    """One system's objects and rows.

    A subclass says how an object is read back, which ones are there from the start, and what is stamped on rows.
    """

    id_field: str
    """Name of the field that identifies a row."""
    stamped: tuple[str, ...]
    """Fields of the time, and where it has one the user, of the last change."""
    born: tuple[str, ...]
    """Fields of the time, and where it has one the user, of the creation."""
    setup = ""
    """More tables, as SQL."""
    api_user = ""

    def __init__(self, path: Path, now: Callable[[], str], built_in: Iterable[T]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.lock = threading.RLock()
        self._now = now
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=0.5)
        try:
            self._connection.executescript(_SETUP + self.setup)
        except sqlite3.OperationalError as error:
            self._connection.close()
            raise OSError(f"{path}: {error}; is another sandbox using it?") from error
        self._objects: dict[str, T] = {}
        self._counts: dict[str, int] = {}
        self._indexes: set[tuple[str, tuple[str, ...]]] = set()
        for (definition,) in self.execute("select definition from sandbox_objects"):
            obj = self.object_of(json.loads(definition))
            self._objects[obj.key] = obj
        for obj in built_in:
            if obj.key not in self._objects:
                self.define(obj)

    def object_of(self, stored: dict[str, Any]) -> T:
        """The object that `to_json` described."""
        raise NotImplementedError

    def id_of(self, obj: T) -> str:
        """Name of the field that identifies a row of the object."""
        return self.id_field

    def has_ids(self, obj: T) -> bool:
        """Whether the object's rows have an id."""
        return self.id_of(obj) in obj.fields

    def new_ids(self, obj: T, count: int) -> list[str]:
        """Ids for so many new rows."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the file; further use is an error."""
        with self.lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the lock; write everything on a normal end, and nothing on an error."""
        with self.lock:
            self._connection.execute("begin immediate")
            counts = dict(self._counts)
            try:
                yield
            except BaseException:
                self._connection.execute("rollback")
                self._counts = counts
                self._indexes.clear()
                raise
            self._connection.execute("commit")

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement and fetch everything."""
        with self.lock:
            return self._connection.execute(sql, parameters).fetchall()

    def execute_many(self, sql: str, parameters: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each of these. Needs a transaction."""
        self._connection.executemany(sql, parameters)

    def objects(self) -> list[T]:
        """All objects, by name."""
        with self.lock:
            return sorted(self._objects.values(), key=lambda obj: obj.key)

    def get(self, name: str) -> T | None:
        """The object of this name, in any case."""
        return self._objects.get(name.lower())

    def define(self, obj: T) -> None:
        """Create the object, or add the fields it did not have."""
        with self.lock:
            known = self._objects.get(obj.key)
            if known is None:
                columns = "".join(f", {quoted(name)}" for name in obj.fields)
                self.execute(f"create table {table(obj)} (_row integer primary key{columns})")
                if self.has_ids(obj):
                    index = quoted(f"{self.id_of(obj).lower()} {obj.key}")
                    self.execute(f"create unique index {index} on {table(obj)} ({self.id_of(obj)})")
            else:
                for name in obj.fields.keys() - known.fields.keys():
                    self.execute(f"alter table {table(obj)} add column {quoted(name)}")
            self._objects[obj.key] = obj
            self.execute(
                "insert or replace into sandbox_objects values (?, ?)",
                (obj.key, json.dumps(obj.to_json())),
            )

    def count(self, obj: T) -> int:
        """Number of rows."""
        with self.lock:
            if obj.key not in self._counts:
                ((rows,),) = self.execute(f"select count(*) from {table(obj)}")
                self._counts[obj.key] = rows
            return self._counts[obj.key]

    def insert(self, obj: T, rows: Sequence[Row]) -> list[str]:
        """Add rows of stored values, and return their new ids in order. Needs a transaction."""
        total = self.count(obj) + len(rows)
        now = self._now()
        ids = self.new_ids(obj, len(rows))
        who = (now, self.api_user)
        stamps = {**dict(zip(self.born, who, strict=False)), **dict(zip(self.stamped, who, strict=False))}
        tail = tuple(stamps.values())
        for names, group in groupby(zip(rows, ids, strict=True), key=lambda pair: tuple(pair[0])):
            columns = (*names, self.id_of(obj), *stamps)
            marks = ", ".join("?" * len(columns))
            self._connection.executemany(
                f"insert into {table(obj)} ({names_list(columns)}) values ({marks})",
                [(*row.values(), new_id, *tail) for row, new_id in group],
            )
        self._counts[obj.key] = total
        return ids

    def match(self, obj: T, keys: Mapping[str, Any], columns: Mapping[str, str] | None = None) -> list[tuple[int, str]]:
        """Row number and id of the rows that have all these stored values, oldest first.

        Args:
            obj: the object.
            keys: stored values by field.
            columns: how fields are compared, in SQL; those left out as they stand.
        """
        self.index(obj, tuple(keys))
        terms = " and ".join(f"{(columns or {}).get(name, quoted(name))} = ?" for name in keys)
        sql = f"select _row, {self.id_of(obj)} from {table(obj)} where {terms} order by _row"
        return [(row, row_id) for row, row_id in self.execute(sql, tuple(keys.values()))]

    def update(self, obj: T, changes: Sequence[tuple[int, Row]], by: str | None = None) -> None:
        """Change rows, by row number, in this order, by this user or the integration's. Needs a transaction."""
        tail = (self._now(), by or self.api_user)[: len(self.stamped)]
        for names, group in groupby(changes, key=lambda change: tuple(change[1])):
            terms = ", ".join(f"{quoted(name)} = ?" for name in (*names, *self.stamped))
            self._connection.executemany(
                f"update {table(obj)} set {terms} where _row = ?",
                [(*values.values(), *tail, row) for row, values in group],
            )

    def remove(self, obj: T, rows: Sequence[int]) -> None:
        """Remove rows, by row number. Needs a transaction."""
        left = self.count(obj) - len(rows)
        self._connection.executemany(f"delete from {table(obj)} where _row = ?", [(row,) for row in rows])
        self._counts[obj.key] = left

    def existing(self, obj: T, ids: Sequence[str]) -> set[str]:
        """Those of the ids that are rows of the object."""
        name = self.id_of(obj)
        sql = f"select {name} from {table(obj)} where {name} in (select value from json_each(?))"
        return {row_id for (row_id,) in self.execute(sql, (json.dumps(list(ids)),))}

    def name_of(self, obj: T, row_id: str) -> str | None:
        """`Name` of a row."""
        found = self.execute(f"select Name from {table(obj)} where {self.id_of(obj)} = ?", (row_id,))
        return str(found[0][0]) if found else None

    def rows(self, obj: T, limit: int = -1) -> list[Row]:
        """Stored rows, oldest first, for people and tests: booleans as bool."""
        names = list(obj.fields)
        booleans = [name for name in names if obj.fields[name].type.upper() == "BOOLEAN"]
        found = self.execute(f"select {names_list(names)} from {table(obj)} order by _row limit ?", (limit,))
        rows = [dict(zip(names, row, strict=True)) for row in found]
        for row in rows:
            for name in booleans:
                row[name] = None if row[name] is None else bool(row[name])
        return rows

    def index(self, obj: T, names: tuple[str, ...]) -> None:
        """Make sure that a search by these fields needs no scan."""
        names = tuple(sorted(names))
        if names == (self.id_of(obj),) or (obj.key, names) in self._indexes:
            return
        name = quoted(" ".join(("by", obj.key, *names)).lower())
        self.execute(f"create index if not exists {name} on {table(obj)} ({names_list(names)})")
        self._indexes.add((obj.key, names))

    def value(self, name: str, default: Any = None) -> Any:
        """A small thing kept over restarts."""
        found = self.execute("select value from sandbox_values where name = ?", (name,))
        return json.loads(found[0][0]) if found else default

    def keep(self, name: str, value: Any) -> None:
        """Keep a small thing over restarts."""
        sql = "insert or replace into sandbox_values values (?, ?)"
        self.execute(sql, (name, json.dumps(value)))


def table(obj: Described) -> str:
    """The object's table, quoted."""
    return quoted("o_" + obj.key)


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return f'"{name}"'


def names_list(names: Sequence[str]) -> str:
    """Names as SQL lists them."""
    return ", ".join(map(quoted, names))
