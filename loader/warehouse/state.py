"""The loader's own tables, beside the mart: what stands at the destination by our hand, and how it got there."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from loader.config import redacted
from loader.dbt.profile import Target
from loader.engine.destination import Rejection, Row
from loader.warehouse.lock import Lock, LostLockError
from loader.warehouse.tables import TABLES, Tables, utc_now

CHUNK = 2000
"""Rows of one statement."""
AWAY_SECONDS = 3600
"""How long a run that let go of a file keeps its lock, when it does not come back and cannot be seen to have ended."""
UNWRITTEN_CALLS, UNWRITTEN_TIME = 1000, timedelta(minutes=2)
"""What a run that was killed may have called at the most without writing it down, and for how long."""


class State(Tables):
    """The part of the state tables that belongs to one connection of a destination.

    Args:
        connection: see `Destination.connection`. Where it is empty, that of the state when it knows one alone.
    """

    def __init__(self, target: Target, destination: str, connection: str, *, write: bool) -> None:
        super().__init__(target, write=write)
        self.destination = destination
        self.connection = connection or self._only_connection(destination)
        self.mine, self.owner = "destination = ? and connection = ?", [destination, self.connection]
        self.name = f"{destination} at {self.connection or 'an address that is not set'}"
        self.lock = Lock(self, self.mine, self.owner)
        self.run_id = ""
        self._counted_day: date | None = None
        self._skew = timedelta() if self.dialect.exclusive else self._warehouse_now() - utc_now()
        self._postponed: set[str] | None = None

    def now(self) -> datetime:
        """Now, in UTC, by the warehouse's clock, which several machines share."""
        return utc_now() + self._skew

    def _warehouse_now(self) -> datetime:
        now: datetime = self.dialect.execute(f"select {self.dialect.now}")[0][0]
        return now

    def _only_connection(self, destination: str) -> str:
        query = f"select distinct connection from {self.table('publish_connections')} where destination = ?"
        found = self.dialect.execute(query, [destination])
        return str(found[0][0]) if len(found) == 1 else ""

    @contextmanager
    def held(self) -> Iterator[None]:
        """All statements inside take effect together, and only while this run holds the lock.

        Raises:
            LostLockError: it does not; nothing inside took effect.
        """
        with self.transaction():
            self.lock.hold()
            yield

    @contextmanager
    def away(self, pause: Callable[[float], None]) -> Iterator[None]:
        """Leave the warehouse alone during a long wait, and to others where one process alone may have it. The lock
        stays this run's.

        Args:
            pause: waits so many seconds.

        Raises:
            StoppedError: others have the warehouse, or have taken the lock, when the wait is over.
        """
        self.lock.hold(AWAY_SECONDS if self.dialect.exclusive else self.lock.seconds)
        self.dialect.let_go()
        try:
            yield
        finally:
            self.dialect.take_again(pause)
            self.lock.hold()

    # Runs

    def begin_run(self) -> str:
        """Take the lock and open a run's record.

        Raises:
            RefusedError: another publish holds the lock.
        """
        self.run_id = uuid.uuid4().hex
        self.lock.take(self.run_id)
        runs = self.table("publish_runs")
        self.dialect.execute(
            f"update {runs} set outcome = 'killed', finished_at = started_at, exit_code = 4"
            f" where {self.mine} and outcome = 'running'",
            self.owner,
        )
        self.dialect.execute(
            f"insert into {runs} (run_id, destination, connection, started_at, outcome) values (?, ?, ?, ?, 'running')",
            [self.run_id, *self.owner, self.now()],
        )
        return self.run_id

    def end_run(self, calls: tuple[int, Sequence[int], datetime] | None, **columns: Any) -> None:
        """Write the end of the run's record, and its calls, and release the lock. A run that lost the lock writes its
        own record and nothing else."""
        columns["finished_at"], columns["message"] = self.now(), redacted(str(columns.get("message", "")))
        sets = ", ".join(f"{name} = ?" for name in columns)
        end = f"update {self.table('publish_runs')} set {sets} where run_id = ?"
        try:
            with self.held():
                if calls:
                    self._count(*calls)
                self.dialect.execute(end, [*columns.values(), self.run_id])
                self.lock.release()
        except LostLockError:
            self.dialect.execute(end, [*columns.values(), self.run_id])

    # What was sent

    def noted_objects(self) -> set[str]:
        """Objects of which rows were about to be sent by a run that did not come to its end."""
        query = f"select distinct object from {self.table('publish_intents')} where {self.mine}"
        return {str(name) for (name,) in self.dialect.execute(query, self.owner)}

    def uncertain(self) -> str:
        """A query for the rows that such a run noted, and of which is not known what became of them."""
        same = ("destination", "connection", "object", "row_key")
        known = " and ".join(f"{{0}}.{name} = i.{name}" for name in same)
        fates = (("publish_state", "accepted_at"), ("publish_rejections", "rejected_at"))
        unknown = " and ".join(
            f"not exists (select 1 from {self.table(table)} as d where {known.format('d')} and d.{at} >= i.sent_at)"
            for table, at in fates
        )
        return (
            "select distinct i.destination, i.connection, i.object, i.row_key, i.created_by_us,"
            " held.row_key is not null as stands"
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
        later: Sequence[tuple[Row, Rejection]] = (),
        noted_at: datetime | None = None,
    ) -> None:
        """Write what became of rows, in one transaction.

        Args:
            object_name: the destination's object.
            calls: calls of the day, calls of each window until now, time of the last call.
            accepted: rows that stand at the destination now.
            rejected: rows that do not, and why.
            forgotten: keys of rows that stand there no more.
            later: rows that were not taken now, and why.
            noted_at: of all rows that were noted then it is known now what became of them.

        Raises:
            LostLockError: another run took the lock; nothing was written.
        """
        now, run = self.now(), {"object": object_name, "run_id": self.run_id}
        known = [*forgotten, *(each.row_key for each in accepted if each.stands)]
        states = [(r.row_key, r.row_hash, r.destination_id, r.created_by_us, r.null_fields) for r in accepted]
        rejections = [(r.row_key, *_said(why), r.row_hash) for r, why in rejected]
        ended = [*forgotten, *(each.row_key for each in accepted), *(row.row_key for row, _ in rejected)]
        with self.held():
            self._forget("publish_state", object_name, known)
            self.insert("publish_state", states, **run, accepted_at=now)
            self.insert("publish_rejections", rejections, **run, rejected_at=now)
            if object_name in self._postponed_objects():
                self._forget("publish_later", object_name, ended)
            if later:
                self._postpone(object_name, later, now)
            self._settle(object_name, noted_at, calls)

    def _settle(
        self, object_name: str, noted_at: datetime | None, calls: tuple[int, Sequence[int], datetime] | None
    ) -> None:
        if noted_at:
            self._drop_intents(object_name, noted_at)
        if calls:
            self._count(*calls)

    def _postponed_objects(self) -> set[str]:
        """Objects that have rows which were not taken yet."""
        if self._postponed is None:
            query = f"select distinct object from {self.table('publish_later')} where {self.mine}"
            self._postponed = {str(name) for (name,) in self.dialect.execute(query, self.owner)}
        return self._postponed

    def _postpone(self, object_name: str, later: Sequence[tuple[Row, Rejection]], now: datetime) -> None:
        """Note rows as not taken yet, each once, with the first time and the number of runs."""
        query, parameters = self.dialect.table_of([(row.row_key,) for row, _ in later], ["varchar"])
        before = {
            key: (since, runs + (run_id != self.run_id))
            for key, since, runs, run_id in self.dialect.execute(
                f"select row_key, since, runs, run_id from {self.table('publish_later')}"
                f" where {self.mine} and object = ? and row_key in ({query})",
                [*self.owner, object_name, *parameters],
            )
        }
        rows = [(r.row_key, *_said(why)[1:], *before.get(r.row_key, (now, 1))) for r, why in later]
        columns = [(key, code, message, since, runs) for key, code, message, since, runs in rows]
        self._forget("publish_later", object_name, list(before))
        self.insert("publish_later", columns, object=object_name, run_id=self.run_id, last_at=now)
        self._postponed_objects().add(object_name)

    def mark(self, object_name: str, keys: Sequence[str], mark: str) -> None:
        """Put a mark in the place of rows' hashes, so that they count as changed."""
        gone = ", destination_id = null" if mark == "missing" else ""
        for start in range(0, len(keys), 1000):
            chunk = [(key,) for key in keys[start : start + 1000]]
            query, parameters = self.dialect.table_of(chunk, ["varchar"])
            self.dialect.execute(
                f"update {self.table('publish_state')} set row_hash = ?{gone}"
                f" where {self.mine} and object = ? and row_key in ({query})",
                [mark, *self.owner, object_name, *parameters],
            )

    def drop_intents(self, object_name: str) -> None:
        """No row of this object is uncertain any more."""
        with self.held():
            self._drop_intents(object_name)

    def _drop_intents(self, object_name: str, noted_at: datetime | None = None) -> None:
        """Of all rows of this object, or of those that were noted together."""
        together, when = (" and sent_at = ?", [noted_at]) if noted_at else ("", [])
        self.dialect.execute(
            f"delete from {self.table('publish_intents')} where {self.mine} and object = ?{together}",
            [*self.owner, object_name, *when],
        )

    def insert(self, table: str, rows: Sequence[Sequence[Any]], **same: Any) -> None:
        """Add rows to a state table.

        Args:
            table: its name.
            rows: values of its columns, in their order, without the owner's and those of `same`.
            same: values that all rows have, by column.
        """
        same |= {"destination": self.destination, "connection": self.connection}
        columns = dict(each.split() for each in TABLES[table].split(", "))
        own = {name: kind for name, kind in columns.items() if name not in same}
        into = f"insert into {self.table(table)} ({', '.join([*same, *own])}) select {'?, ' * len(same)}f.* from "
        most = self.dialect.rows_a_statement
        for start in range(0, len(rows), most):
            query, parameters = self.dialect.table_of(rows[start : start + most], list(own.values()))
            self.dialect.execute(f"{into} ({query}) as f", [*same.values(), *parameters])

    def forget(self, table: str, object_name: str, keys: Sequence[str]) -> None:
        """Take rows out of a state table."""
        if keys:
            with self.held():
                self._forget(table, object_name, keys)

    def _forget(self, table: str, object_name: str, keys: Sequence[str]) -> None:
        for start in range(0, len(keys), 1000):
            query, parameters = self.dialect.table_of([(key,) for key in keys[start : start + 1000]], ["varchar"])
            self.dialect.execute(
                f"delete from {self.table(table)} where {self.mine} and object = ? and row_key in ({query})",
                [*self.owner, object_name, *parameters],
            )

    # Bulk uploads

    def begin_upload(self, object_name: str, per_hour: int, per_day: int, apart: float = 0.0) -> bool:
        """Note a file that is about to be sent; False, and no note, when the vendor takes no more now.

        Args:
            object_name: the destination's object.
            per_hour, per_day: files that are taken, over all objects.
            apart: seconds between two files of this object that got a name.
        """
        now, table = self.now(), self.table("publish_uploads")
        if apart and (last := self.last_upload(object_name)) and now < last + timedelta(seconds=apart):
            return False
        recent = self.dialect.execute(
            f"select coalesce(sum(case when sent_at > ? then 1 else 0 end), 0), count(*) from {table}"
            f" where {self.mine} and sent_at >= ?",
            [now - timedelta(hours=1), *self.owner, datetime(now.year, now.month, now.day)],
        )
        if recent[0][0] >= per_hour or recent[0][1] >= per_day:
            return False
        with self.held():
            self.insert("publish_uploads", [(None, None)], object=object_name, run_id=self.run_id, sent_at=now)
        return True

    def name_upload(self, object_name: str, status_id: str, at: datetime | None = None) -> None:
        """The file that was noted last has this id; with `at`, it is sent then and not before."""
        when, then = (", sent_at = ?", [at]) if at else ("", [])
        self.dialect.execute(
            f"update {self.table('publish_uploads')} set status_id = ?{when}"
            f" where {self.mine} and object = ? and status_id is null and ended_at is null",
            [status_id, *then, *self.owner, object_name],
        )

    def last_upload(self, object_name: str) -> datetime | None:
        """When the last file of an object that got a name was sent."""
        found = self.dialect.execute(
            f"select max(sent_at) from {self.table('publish_uploads')}"
            f" where {self.mine} and object = ? and status_id is not null",
            [*self.owner, object_name],
        )
        last: datetime | None = found[0][0]
        return last

    def forget_uploads(self, object_name: str, ids: Sequence[str]) -> None:
        """These files were not taken, for certain."""
        for status_id in ids:
            self.dialect.execute(
                f"delete from {self.table('publish_uploads')} where {self.mine} and object = ? and status_id = ?",
                [*self.owner, object_name, status_id],
            )

    def open_uploads(self, object_name: str) -> list[tuple[str | None, datetime]]:
        """Id and time of files of which it is not known whether they have been worked through."""
        found = self.dialect.execute(
            f"select status_id, sent_at from {self.table('publish_uploads')}"
            f" where {self.mine} and object = ? and ended_at is null order by sent_at",
            [*self.owner, object_name],
        )
        return [(each, at) for each, at in found]

    def end_uploads(self, object_name: str, only: Sequence[str] | None = None) -> None:
        """All files of an object, or only these, have been worked through, or were not taken."""
        which = "" if only is None else f" and status_id in ({', '.join('?' * len(only)) or 'null'})"
        self.dialect.execute(
            f"update {self.table('publish_uploads')} set ended_at = ?"
            f" where {self.mine} and object = ? and ended_at is null{which}",
            [self.now(), *self.owner, object_name, *(only or ())],
        )

    # Calls

    def calls(self) -> tuple[int, list[int], datetime | None]:
        """Calls counted today (UTC), calls of the last run in each window before its last call, and when that was."""
        found = self.dialect.execute(
            f"select day, calls, recent, last_call_at, recents from {self.table('publish_calls')}"
            f" where {self.mine} order by day desc limit 1",
            self.owner,
        )
        if not found:
            return 0, [], None
        day, calls, recent, last, others = found[0]
        recents = [recent, *json.loads(others or "[]")]
        killed = f"select 1 from {self.table('publish_runs')} where {self.mine} and outcome = 'running'"
        if self.dialect.execute(killed, self.owner):
            recents, last = [each + UNWRITTEN_CALLS for each in recents], last + UNWRITTEN_TIME
        return (calls if day == utc_now().date() else 0), recents, last - self._skew

    def count_calls(self, calls: int, recents: Sequence[int], last: datetime) -> None:
        """Keep the counts for later runs."""
        with self.held():
            self._count(calls, recents, last)

    def _count(self, calls: int, recents: Sequence[int], last: datetime) -> None:
        table, day, at = self.table("publish_calls"), last.date(), last + self._skew
        recent, others = recents[0], json.dumps(recents[1:])
        if day != self._counted_day:
            self.dialect.execute(f"delete from {table} where {self.mine}", self.owner)
            self.insert("publish_calls", [(day, calls, recent, at, others)])
            self._counted_day = day
        else:
            self.dialect.execute(
                f"update {table} set calls = ?, recent = ?, last_call_at = ?, recents = ? where {self.mine}",
                [calls, recent, at, others, *self.owner],
            )


def _said(why: Rejection) -> tuple[str, str, str]:
    """Field, code and message, without a credential that the destination echoed."""
    return redacted(why.field), redacted(why.code), redacted(why.message)
