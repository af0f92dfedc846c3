"""Rows and schema in one SQLite file; a row lives in a column per field.

Everything here runs under one lock, held by `transaction`; a write is one SQLite transaction.
"""

from __future__ import annotations

import json
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

from sandbox.schema import BASE36, BUILT_IN, DELETE_LOGS, ObjectType, base36
from sandbox.values import now_text

Row = dict[str, Any]
_RANDOM = random.Random()
_TAILS: list[str] = []

_SETUP = """
pragma locking_mode = exclusive;
pragma journal_mode = wal;
pragma synchronous = off;
create table if not exists sandbox_objects (key text primary key, definition text not null);
create table if not exists sandbox_values (name text primary key, value text not null);
create table if not exists sandbox_bulk_runs (
    status_id text primary key, job_id text not null, state text not null, file_name text,
    content blob, rows_read integer not null default 0, succeeded integer not null default 0,
    failed integer not null default 0, failures text not null default '[]'
);
"""


class Store:
    """The tenant's objects and rows."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.lock = threading.RLock()
        self._clock = clock
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=0.5)
        try:
            self._connection.executescript(_SETUP)
        except sqlite3.OperationalError as error:
            self._connection.close()
            raise OSError(f"{path}: {error}; is another sandbox using it?") from error
        self._objects: dict[str, ObjectType] = {}
        self._counts: dict[str, int] = {}
        self._indexes: set[tuple[str, tuple[str, ...]]] = set()
        for (definition,) in self.execute("select definition from sandbox_objects"):
            obj = ObjectType.from_json(json.loads(definition))
            self._objects[obj.key] = obj
        for obj in BUILT_IN:
            if obj.key not in self._objects:
                self.define(obj)
        self.api_user = self._make_api_user()

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

    def objects(self) -> list[ObjectType]:
        """All objects, by name."""
        with self.lock:
            return sorted(self._objects.values(), key=lambda obj: obj.key)

    def get(self, name: str) -> ObjectType | None:
        """The object of this name, in any case."""
        return self._objects.get(name.lower())

    def define(self, obj: ObjectType) -> None:
        """Create the object, or add the fields it did not have."""
        with self.lock:
            known = self._objects.get(obj.key)
            if known is None:
                columns = "".join(f", {quoted(name)}" for name in obj.fields)
                self.execute(f"create table {table(obj)} (_row integer primary key{columns})")
                if obj.system_fields:
                    self.execute(f"create unique index {quoted('gsid ' + obj.key)} on {table(obj)} (Gsid)")
            else:
                for name in obj.fields.keys() - known.fields.keys():
                    self.execute(f"alter table {table(obj)} add column {quoted(name)}")
            self._objects[obj.key] = obj
            self.execute(
                "insert or replace into sandbox_objects values (?, ?)",
                (obj.key, json.dumps(obj.to_json())),
            )

    def count(self, obj: ObjectType) -> int:
        """Number of rows."""
        with self.lock:
            if obj.key not in self._counts:
                ((rows,),) = self.execute(f"select count(*) from {table(obj)}")
                self._counts[obj.key] = rows
            return self._counts[obj.key]

    def insert(self, obj: ObjectType, rows: Sequence[Row]) -> list[str]:
        """Add rows of stored values, and return their new Gsids in order. Needs a transaction."""
        total = self.count(obj) + len(rows)
        now = now_text(self._clock())
        gsids = new_gsids(obj, len(rows))
        tail = (now, now, self.api_user, self.api_user)
        numbered = zip(rows, gsids, strict=True)
        for names, group in groupby(numbered, key=lambda pair: tuple(pair[0])):
            columns = (*names, "Gsid", "CreatedDate", "ModifiedDate", "CreatedBy", "ModifiedBy")
            marks = ", ".join("?" * len(columns))
            self._connection.executemany(
                f"insert into {table(obj)} ({_list(columns)}) values ({marks})",
                [(*row.values(), gsid, *tail) for row, gsid in group],
            )
        self._counts[obj.key] = total
        return gsids

    def match(
        self, obj: ObjectType, keys: Mapping[str, Any], columns: Mapping[str, str] | None = None
    ) -> list[tuple[int, str]]:
        """Row number and Gsid of the rows that have all these stored values, oldest first.

        Args:
            obj: the object.
            keys: stored values by field.
            columns: how fields are compared, in SQL; those left out as they stand.
        """
        self.index(obj, tuple(keys))
        terms = " and ".join(f"{(columns or {}).get(name, quoted(name))} = ?" for name in keys)
        found = self.execute(f"select _row, Gsid from {table(obj)} where {terms} order by _row", tuple(keys.values()))
        return [(row, gsid) for row, gsid in found]

    def update(self, obj: ObjectType, changes: Sequence[tuple[int, Row]]) -> None:
        """Change rows, by row number, in this order. Needs a transaction."""
        tail = (now_text(self._clock()), self.api_user)
        for names, group in groupby(changes, key=lambda change: tuple(change[1])):
            columns = (*names, "ModifiedDate", "ModifiedBy")
            terms = ", ".join(f"{quoted(name)} = ?" for name in columns)
            self._connection.executemany(
                f"update {table(obj)} set {terms} where _row = ?",
                [(*values.values(), *tail, row) for row, values in group],
            )

    def delete(self, obj: ObjectType, gsid: str) -> bool:
        """Remove one row and log it (section 3.6); False if there is none. Needs a transaction."""
        found = self.match(obj, {"Gsid": gsid})
        if not found:
            return False
        rows = self.count(obj)
        self.execute(f"delete from {table(obj)} where _row = ?", (found[0][0],))
        self._counts[obj.key] = rows - 1
        log = DELETE_LOGS[0]
        self.execute(
            f"insert into {quoted('o_' + log)} (RecordId, DeletedOn, ObjectName) values (?, ?, ?)",
            (gsid, now_text(self._clock()), obj.name),
        )
        self._counts.pop(log, None)
        return True

    def existing(self, obj: ObjectType, gsids: Sequence[str]) -> set[str]:
        """Those of the Gsids that are rows of the object."""
        sql = f"select Gsid from {table(obj)} where Gsid in (select value from json_each(?))"
        return {gsid for (gsid,) in self.execute(sql, (json.dumps(list(gsids)),))}

    def name_of(self, obj: ObjectType, gsid: str) -> str | None:
        """`Name` of a row."""
        found = self.execute(f"select Name from {table(obj)} where Gsid = ?", (gsid,))
        return str(found[0][0]) if found else None

    def rows(self, obj: ObjectType, limit: int = -1) -> list[Row]:
        """Stored rows, oldest first, for people and tests: BOOLEAN as bool."""
        names = list(obj.fields)
        booleans = [name for name in names if obj.fields[name].type == "BOOLEAN"]
        found = self.execute(f"select {_list(names)} from {table(obj)} order by _row limit ?", (limit,))
        rows = [dict(zip(names, row, strict=True)) for row in found]
        for row in rows:
            for name in booleans:
                row[name] = None if row[name] is None else bool(row[name])
        return rows

    def index(self, obj: ObjectType, names: tuple[str, ...]) -> None:
        """Make sure that a search by these fields needs no scan."""
        names = tuple(sorted(names))
        if names == ("Gsid",) or (obj.key, names) in self._indexes:
            return
        name = quoted(" ".join(("by", obj.key, *names)).lower())
        self.execute(f"create index if not exists {name} on {table(obj)} ({_list(names)})")
        self._indexes.add((obj.key, names))

    def value(self, name: str, default: Any = None) -> Any:
        """A small thing kept over restarts."""
        found = self.execute("select value from sandbox_values where name = ?", (name,))
        return json.loads(found[0][0]) if found else default

    def keep(self, name: str, value: Any) -> None:
        """Keep a small thing over restarts."""
        sql = "insert or replace into sandbox_values values (?, ?)"
        self.execute(sql, (name, json.dumps(value)))

    def _make_api_user(self) -> str:
        users = self._objects["gsuser"]
        found = self.execute(f"select Gsid from {table(users)} order by _row limit 1")
        if found:
            return str(found[0][0])
        self.api_user = ""
        with self.transaction():
            (gsid,) = self.insert(users, [{"Name": "API User", "Email": "api.user@example.com"}])
        return gsid


def new_gsids(obj: ObjectType, count: int) -> list[str]:
    """Gsids in the form of the vendor's samples: 36 characters, the object's prefix first.

    They rise with time, so that a page of the index takes many of them.
    """
    noise = "".join(_RANDOM.choices(BASE36, k=4))
    first = obj.key_prefix + base36(time.time_ns() // 1000) + noise
    while len(_TAILS) < count:
        _TAILS.append(base36(len(_TAILS)).rjust(4, "0"))
    return [first + tail for tail in _TAILS[:count]]


def table(obj: ObjectType) -> str:
    """The object's table, quoted."""
    return quoted("o_" + obj.key)


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return f'"{name}"'


def _list(names: Sequence[str]) -> str:
    return ", ".join(map(quoted, names))
