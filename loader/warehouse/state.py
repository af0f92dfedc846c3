"""The loader's own tables, beside the mart: what stands at the destination by our hand, and how it got there."""

from __future__ import annotations

import json
import os
import socket
import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from loader.dbt.profile import Target
from loader.engine.destination import Rejection, Row
from loader.errors import RefusedError
from loader.warehouse.tables import TABLES, Tables, utc_now

HEARTBEAT = timedelta(seconds=30)
STALE = timedelta(minutes=10)
"""A lock without a heartbeat for so long belongs to a run that died."""
CHUNK = 2000
"""Rows of one statement."""
UNWRITTEN_CALLS, UNWRITTEN_TIME = 1000, timedelta(seconds=10)
"""What a run that was killed may have called at the most without writing it down, and for how long."""


class State(Tables):
    """One destination's part of the state tables."""

    def __init__(self, target: Target, destination: str, *, write: bool) -> None:
        super().__init__(target, write=write)
        self.destination = destination
        self.run_id = ""
        self._counted_day: date | None = None
        self._beat = utc_now()

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

    def noted_objects(self) -> set[str]:
        """Objects of which rows were about to be sent by a run that did not come to its end."""
        query = f"select distinct object from {self.table('publish_intents')} where destination = ?"
        return {str(name) for (name,) in self.dialect.execute(query, [self.destination])}

    def uncertain(self) -> str:
        """A query for the rows that such a run noted, and of which is not known what became of them."""
        known = "{0}.destination = i.destination and {0}.object = i.object and {0}.row_key = i.row_key"
        fates = (("publish_state", "accepted_at"), ("publish_rejections", "rejected_at"))
        unknown = " and ".join(
            f"not exists (select 1 from {self.table(table)} as d where {known.format('d')} and d.{at} >= i.sent_at)"
            for table, at in fates
        )
        return (
            "select distinct i.destination, i.object, i.row_key, i.created_by_us, held.row_key is not null as stands"
            f" from {self.table('publish_intents')} as i"
            f" left join {self.table('publish_state')} as held on {known.format('held')} where {unknown}"
        )

    def record(
        self,
        object_name: str,
        calls: tuple[int, Sequence[int], datetime] | None,
        accepted: Sequence[Row] = (),
        rejected: Sequence[tuple[Row, Rejection]] = (),
        forgotten: Sequence[str] = (),
    ) -> None:
        """Write what became of rows, in one transaction.

        Args:
            object_name: the destination's object.
            calls: calls of the day, calls of each window until now, time of the last call.
            accepted: rows that stand at the destination now.
            rejected: rows that do not, and why.
            forgotten: keys of rows that stand there no more.
        """
        now, run = utc_now(), {"object": object_name, "run_id": self.run_id}
        known = [*forgotten, *(each.row_key for each in accepted if each.stands)]
        states = [(r.row_key, r.row_hash, r.destination_id, r.created_by_us, r.null_fields) for r in accepted]
        rejections = [(r.row_key, why.field, why.code, why.message, r.row_hash) for r, why in rejected]
        with self.transaction():
            self._forget("publish_state", object_name, known)
            self._insert("publish_state", states, **run, accepted_at=now)
            self._insert("publish_rejections", rejections, **run, rejected_at=now)
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

    def drop_intents(self, object_name: str, noted_at: datetime | None = None) -> None:
        """No row of this object is uncertain any more, or none of those that were noted together."""
        together, when = (" and sent_at = ?", [noted_at]) if noted_at else ("", [])
        self.dialect.execute(
            f"delete from {self.table('publish_intents')} where destination = ? and object = ?{together}",
            [self.destination, object_name, *when],
        )

    def _insert(self, table: str, rows: Sequence[Sequence[Any]], **same: Any) -> None:
        """Add rows to a state table.

        Args:
            table: its name.
            rows: values of its columns, in their order, without the destination and those of `same`.
            same: values that all rows have, by column.
        """
        same["destination"] = self.destination
        columns = dict(each.split() for each in TABLES[table].split(", "))
        own = {name: kind for name, kind in columns.items() if name not in same}
        into = f"insert into {self.table(table)} ({', '.join([*same, *own])}) select {'?, ' * len(same)}f.* from "
        for start in range(0, len(rows), CHUNK):
            query, parameters = self.dialect.table_of(rows[start : start + CHUNK], list(own.values()))
            self.dialect.execute(f"{into} ({query}) as f", [*same.values(), *parameters])

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
        self._insert("publish_uploads", [(None, None)], object=object_name, run_id=self.run_id, sent_at=now)
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

    def calls(self) -> tuple[int, list[int], datetime | None]:
        """Calls counted today (UTC), calls of the last run in each window before its last call, and when that was."""
        found = self.dialect.execute(
            f"select day, calls, recent, last_call_at, recents from {self.table('publish_calls')}"
            " where destination = ? order by day desc limit 1",
            [self.destination],
        )
        if not found:
            return 0, [], None
        day, calls, recent, last, others = found[0]
        recents = [recent, *json.loads(others or "[]")]
        killed = f"select 1 from {self.table('publish_runs')} where destination = ? and outcome = 'running'"
        if self.dialect.execute(killed, [self.destination]):
            recents, last = [each + UNWRITTEN_CALLS for each in recents], last + UNWRITTEN_TIME
        return (calls if day == utc_now().date() else 0), recents, last

    def count_calls(self, calls: int, recents: Sequence[int], last: datetime) -> None:
        """Keep the counts for later runs."""
        with self.transaction():
            self._count(calls, recents, last)

    def _count(self, calls: int, recents: Sequence[int], last: datetime) -> None:
        table, day = self.table("publish_calls"), last.date()
        recent, others = recents[0], json.dumps(recents[1:])
        if day != self._counted_day:
            self.dialect.execute(f"delete from {table} where destination = ?", [self.destination])
            self._insert("publish_calls", [(day, calls, recent, last, others)])
            self._counted_day = day
        else:
            self.dialect.execute(
                f"update {table} set calls = ?, recent = ?, last_call_at = ?, recents = ? where destination = ?",
                [calls, recent, last, others, self.destination],
            )
        if last - self._beat > HEARTBEAT:
            locks = self.table("publish_locks")
            self.dialect.execute(f"update {locks} set heartbeat_at = ? where run_id = ?", [last, self.run_id])
            self._beat = last
