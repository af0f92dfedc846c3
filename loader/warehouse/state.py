"""The loader's own tables, beside the mart: what stands at the destination by our hand, and how it got there."""

from __future__ import annotations

import json
import os
import socket
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

from loader.artifacts import Relation
from loader.config import Target
from loader.destination import Rejection, Row
from loader.errors import RefusedError
from loader.warehouse.dialects import Dialect, Rows, connect

TABLES = {
    "publish_state": (
        "destination varchar, object varchar, row_key varchar, row_hash varchar, destination_id varchar,"
        " created_by_us boolean, accepted_at timestamp, run_id varchar, null_fields varchar"
    ),
    "publish_runs": (
        "run_id varchar, destination varchar, started_at timestamp, finished_at timestamp, outcome varchar,"
        " exit_code integer, rows_new bigint, rows_changed bigint, rows_unchanged bigint, rows_gone bigint,"
        " rows_accepted bigint, rows_rejected bigint, api_calls bigint, gate varchar, message varchar"
    ),
    "publish_rejections": (
        "run_id varchar, destination varchar, object varchar, row_key varchar, field varchar, code varchar,"
        " message varchar, rejected_at timestamp, row_hash varchar"
    ),
    "publish_intents": (
        "destination varchar, object varchar, row_key varchar, row_hash varchar, null_fields varchar, run_id varchar,"
        " sent_at timestamp"
    ),
    "publish_uploads": (
        "destination varchar, object varchar, status_id varchar, run_id varchar, sent_at timestamp, ended_at timestamp"
    ),
    "publish_calls": "destination varchar, day date, calls bigint, recent bigint, last_call_at timestamp",
    "publish_locks": "destination varchar, run_id varchar, holder varchar, heartbeat_at timestamp",
}
"""Columns by table. docs/loader.md describes them."""

HEARTBEAT = timedelta(seconds=30)
STALE = timedelta(minutes=10)
"""A lock without a heartbeat for so long belongs to a run that died."""


def utc_now() -> datetime:
    """Now, in UTC, without a zone, as the tables hold it."""
    return datetime.now(UTC).replace(tzinfo=None)


class State:
    """One destination's part of the state tables.

    Args:
        write: False opens a DuckDB file for reading; then tables that are not there are empty.
    """

    def __init__(self, target: Target, destination: str, *, write: bool) -> None:
        self.dialect: Dialect = connect(target, read_only=not write)
        self.destination = destination
        self.run_id = ""
        self._schema = Relation(str(target.options.get("database", "")), target.state_schema, "")
        self._temporary: set[str] = set()
        self._counted_day: date | None = None
        self._beat = utc_now()
        self._make_tables(write or not self.dialect.exclusive)

    def close(self) -> None:
        """Close the connection."""
        self.dialect.close()

    def table(self, name: str) -> str:
        """Full name of a state table."""
        if name in self._temporary:
            return f"temp.{name}"
        return self.dialect.relation(Relation(self._schema.database, self._schema.schema, name))

    def _make_tables(self, write: bool) -> None:
        found = self.dialect.execute(
            "select lower(table_name) from information_schema.tables where lower(table_schema) = lower(?)",
            [self._schema.schema],
        )
        self._there = {name for (name,) in found}
        missing = {name: TABLES[name] for name in TABLES if name not in self._there}
        if missing and write:
            schema = self.table("").rpartition(".")[0]
            self.dialect.execute(f"create schema if not exists {schema}")
        for name, columns in missing.items():
            if not write:
                self._temporary.add(name)
            kind = "table if not exists" if write else "temp table"
            self.dialect.execute(f"create {kind} {self.table(name)} ({columns})")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements inside take effect together, or none does."""
        self.dialect.execute("begin")
        try:
            yield
        except BaseException:
            self.dialect.execute("rollback")
            raise
        self.dialect.execute("commit")

    def insert(self, table: str, rows: Sequence[Sequence[Any]], chunk: int = 1000) -> None:
        """Add rows to a state table, in the order of its columns."""
        columns = [each.split() for each in TABLES[table].split(", ")]
        names, types = [c[0] for c in columns], [c[1] for c in columns]
        for start in range(0, len(rows), chunk):
            query, parameters = self.dialect.table_of(rows[start : start + chunk], types)
            self.dialect.execute(f"insert into {self.table(table)} ({', '.join(names)}) {query}", parameters)

    # Runs

    def begin_run(self) -> str:
        """Take the lock and open a run's record.

        Raises:
            RefusedError: another publish holds the lock.
        """
        self.run_id = uuid.uuid4().hex
        self._lock()
        runs = self.table("publish_runs")
        self.dialect.execute(
            f"update {runs} set outcome = 'killed', finished_at = started_at, exit_code = 4"
            " where destination = ? and outcome = 'running'",
            [self.destination],
        )
        self.dialect.execute(
            f"insert into {runs} (run_id, destination, started_at, outcome) values (?, ?, ?, 'running')",
            [self.run_id, self.destination, utc_now()],
        )
        return self.run_id

    def end_run(self, **columns: Any) -> None:
        """Write the end of the run's record and release the lock."""
        columns["finished_at"] = utc_now()
        sets = ", ".join(f"{name} = ?" for name in columns)
        with self.transaction():
            self.dialect.execute(
                f"update {self.table('publish_runs')} set {sets} where run_id = ?", [*columns.values(), self.run_id]
            )
            self.dialect.execute(f"delete from {self.table('publish_locks')} where run_id = ?", [self.run_id])

    def _lock(self) -> None:
        locks, now = self.table("publish_locks"), utc_now()
        holder = json.dumps({"host": socket.gethostname(), "pid": os.getpid()})
        with self.transaction():
            self.dialect.execute(
                f"delete from {locks} where destination = ? and (heartbeat_at < ? or ?)",
                [self.destination, now - STALE, self.dialect.exclusive],
            )
            self.dialect.execute(
                f"insert into {locks} select ?, ?, ?, ? where not exists (select 1 from {locks} where destination = ?)",
                [self.destination, self.run_id, holder, now, self.destination],
            )
        held = self.dialect.execute(
            f"select run_id, holder, heartbeat_at from {locks} where destination = ?", [self.destination]
        )
        for run_id, other, beat in held:
            if run_id != self.run_id:
                self.dialect.execute(f"delete from {locks} where run_id = ?", [self.run_id])
                raise RefusedError(
                    f"Another publish to {self.destination} is running: run {run_id}, {other}, last seen {beat} UTC."
                    f" Nothing was sent. If it was killed, its lock ends {STALE.seconds // 60} minutes after that."
                )

    # What was sent

    def intend(self, object_name: str, rows: Iterable[Row]) -> None:
        """Note rows that are about to be created, so that a later run knows which are uncertain."""
        now = utc_now()
        given = [(self.destination, object_name, r.row_key, r.row_hash, r.null_fields, self.run_id, now) for r in rows]
        with self.transaction():
            self.insert("publish_intents", given)

    def intents(self) -> Rows:
        """Rows that were about to be created and of which nothing more is known.

        Returns:
            object, row_key, row_hash, null_fields and sent_at of each.
        """
        return self.dialect.execute(
            "select object, row_key, row_hash, null_fields, sent_at"
            f" from {self.table('publish_intents')} where destination = ?",
            [self.destination],
        )

    def record(
        self,
        object_name: str,
        calls: tuple[int, int, datetime] | None,
        accepted: Sequence[Row] = (),
        rejected: Sequence[tuple[Row, Rejection]] = (),
        forgotten: Sequence[str] = (),
        *,
        intended: bool = False,
    ) -> None:
        """Write what became of rows, in one transaction.

        Args:
            object_name: the destination's object.
            calls: calls of the day, calls of the last window, time of the last call.
            accepted: rows that stand at the destination now.
            rejected: rows that do not, and why.
            forgotten: keys of rows that stand there no more.
            intended: whether the rows were noted by `intend`.
        """
        now, scope = utc_now(), (self.destination, object_name)
        known = [*forgotten, *(each.row_key for each in accepted if each.stands)]
        states = [
            (*scope, r.row_key, r.row_hash, r.destination_id, r.created_by_us, now, self.run_id, r.null_fields)
            for r in accepted
        ]
        rejections = [
            (self.run_id, *scope, r.row_key, why.field, why.code, why.message, now, r.row_hash) for r, why in rejected
        ]
        with self.transaction():
            self._forget("publish_state", object_name, known)
            self.insert("publish_state", states)
            self.insert("publish_rejections", rejections)
            if intended:
                keys = [*(r.row_key for r in accepted), *(r.row_key for r, _ in rejected)]
                self._forget("publish_intents", object_name, keys)
            if calls:
                self._count(*calls)

    def mark(self, object_name: str, keys: Sequence[str], mark: str) -> None:
        """Put a mark in the place of rows' hashes, so that they count as changed."""
        gone = ", destination_id = null" if mark == "missing" else ""
        for start in range(0, len(keys), 1000):
            chunk = [(key,) for key in keys[start : start + 1000]]
            query, parameters = self.dialect.table_of(chunk, ["varchar"])
            self.dialect.execute(
                f"update {self.table('publish_state')} set row_hash = ?{gone}"
                f" where destination = ? and object = ? and row_key in ({query})",
                [mark, self.destination, object_name, *parameters],
            )

    def drop_intents(self, object_name: str) -> None:
        """No row of this object is uncertain any more."""
        self.dialect.execute(
            f"delete from {self.table('publish_intents')} where destination = ? and object = ?",
            [self.destination, object_name],
        )

    def _forget(self, table: str, object_name: str, keys: Sequence[str]) -> None:
        for start in range(0, len(keys), 1000):
            query, parameters = self.dialect.table_of([(key,) for key in keys[start : start + 1000]], ["varchar"])
            self.dialect.execute(
                f"delete from {self.table(table)} where destination = ? and object = ? and row_key in ({query})",
                [self.destination, object_name, *parameters],
            )

    # Bulk uploads

    def begin_upload(self, object_name: str, per_hour: int, per_day: int) -> bool:
        """Note a file that is about to be sent; False, and no note, when the vendor takes no more now."""
        now, table = utc_now(), self.table("publish_uploads")
        recent = self.dialect.execute(
            f"select coalesce(sum(case when sent_at > ? then 1 else 0 end), 0), count(*) from {table}"
            " where destination = ? and sent_at >= ?",
            [now - timedelta(hours=1), self.destination, datetime(now.year, now.month, now.day)],
        )
        if recent[0][0] >= per_hour or recent[0][1] >= per_day:
            return False
        self.insert("publish_uploads", [(self.destination, object_name, None, self.run_id, now, None)])
        return True

    def name_upload(self, object_name: str, status_id: str) -> None:
        """The file that was noted last has this id."""
        self.dialect.execute(
            f"update {self.table('publish_uploads')} set status_id = ?"
            " where destination = ? and object = ? and status_id is null and ended_at is null",
            [status_id, self.destination, object_name],
        )

    def open_uploads(self, object_name: str) -> list[tuple[str | None, datetime]]:
        """Id and time of files of which it is not known whether they have been worked through."""
        found = self.dialect.execute(
            f"select status_id, sent_at from {self.table('publish_uploads')}"
            " where destination = ? and object = ? and ended_at is null order by sent_at",
            [self.destination, object_name],
        )
        return [(each, at) for each, at in found]

    def end_uploads(self, object_name: str) -> None:
        """All files of an object have been worked through, or were not taken."""
        self.dialect.execute(
            f"update {self.table('publish_uploads')} set ended_at = ?"
            " where destination = ? and object = ? and ended_at is null",
            [utc_now(), self.destination, object_name],
        )

    # Calls

    def calls(self) -> tuple[int, int, datetime | None]:
        """Calls counted today (UTC), calls in the last window of the last run, and when that was."""
        found = self.dialect.execute(
            f"select day, calls, recent, last_call_at from {self.table('publish_calls')}"
            " where destination = ? order by day desc limit 1",
            [self.destination],
        )
        if not found:
            return 0, 0, None
        day, calls, recent, last = found[0]
        return (calls if day == utc_now().date() else 0), recent, last

    def count_calls(self, calls: int, recent: int, last: datetime) -> None:
        """Keep the counts for later runs."""
        with self.transaction():
            self._count(calls, recent, last)

    def _count(self, calls: int, recent: int, last: datetime) -> None:
        table, day = self.table("publish_calls"), last.date()
        if day != self._counted_day:
            self.dialect.execute(f"delete from {table} where destination = ?", [self.destination])
            self.insert("publish_calls", [(self.destination, day, calls, recent, last)])
            self._counted_day = day
        else:
            self.dialect.execute(
                f"update {table} set calls = ?, recent = ?, last_call_at = ? where destination = ?",
                [calls, recent, last, self.destination],
            )
        if last - self._beat > HEARTBEAT:
            locks = self.table("publish_locks")
            self.dialect.execute(f"update {locks} set heartbeat_at = ? where run_id = ?", [last, self.run_id])
            self._beat = last

    # dbt's own

    def latest_invocation(self) -> str | None:
        """The dbt invocation that wrote to the warehouse last, or None when nothing says so."""
        if "dbt_invocations" not in self._there:
            return None
        found = self.dialect.execute(
            f"select invocation_id from {self.table('dbt_invocations')} order by completed_at desc limit 1"
        )
        return str(found[0][0]) if found else None

    def columns(self, relation: Relation) -> dict[str, str]:
        """Type by lower-case name of a relation's columns; empty when there is none."""
        found = self.dialect.execute(
            "select lower(column_name), data_type from information_schema.columns"
            " where lower(table_schema) = lower(?) and lower(table_name) = lower(?)",
            [relation.schema, relation.name],
        )
        return {str(name): str(kind) for name, kind in found}

    # For people

    def last_runs(self, count: int) -> list[dict[str, Any]]:
        """The last runs to any destination, newest first."""
        names = [each.split()[0] for each in TABLES["publish_runs"].split(", ")]
        found = self.dialect.execute(
            f"select {', '.join(names)} from {self.table('publish_runs')} order by started_at desc limit {count}"
        )
        return [dict(zip(names, row, strict=True)) for row in found]

    def standing_rejections(self) -> list[dict[str, Any]]:
        """Rejected rows that have not been accepted since, newest first."""
        names = [each.split()[0] for each in TABLES["publish_rejections"].split(", ")][:-1]
        found = self.dialect.execute(f"""
select {", ".join(f"r.{name}" for name in names)} from (
    select *, max(rejected_at) over (partition by destination, object, row_key) as last_at
    from {self.table("publish_rejections")}
) as r
left join {self.table("publish_state")} as s
    on s.destination = r.destination and s.object = r.object and s.row_key = r.row_key
where r.rejected_at = r.last_at and (s.accepted_at is null or s.accepted_at < r.rejected_at)
order by r.rejected_at desc, r.object, r.row_key""")
        return [dict(zip(names, row, strict=True)) for row in found]

    # Labels

    def instance_names(self, instances: Relation, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """uuid and hostname by instance_id."""
        if not ids:
            return {}
        query, parameters = self.dialect.table_of([(each,) for each in ids], ["varchar"])
        found = self.dialect.execute(
            f"select instance_id, uuid, hostname from {self.dialect.relation(instances)}"
            f" where instance_id in ({query})",
            parameters,
        )
        return {str(each): (str(uuid), str(hostname or "")) for each, uuid, hostname in found}

    def raw_rows(self, relation: tuple[str, str, str], columns: Sequence[str]) -> list[list[str]]:
        """A raw table's rows, as text."""
        selected = ", ".join(f"cast({self.dialect.column(name)} as varchar)" for name in columns)
        table = self.dialect.relation(Relation(*relation))
        return [[each or "" for each in row] for row in self.dialect.execute(f"select {selected} from {table}")]

    def add_raw_rows(
        self, relation: tuple[str, str, str], columns: Sequence[str], rows: Sequence[Sequence[str]]
    ) -> None:
        """Add rows of text to a raw table; the last column is a timestamp."""
        query, parameters = self.dialect.table_of(rows, ["varchar"] * (len(columns) - 1) + ["timestamp"])
        names = ", ".join(self.dialect.column(name) for name in columns)
        table = self.dialect.relation(Relation(*relation))
        self.dialect.execute(f"insert into {table} ({names}) {query}", parameters)
