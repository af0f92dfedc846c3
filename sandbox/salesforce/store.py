"""An org's records, its jobs, and what became of their rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.salesforce import ids
from sandbox.salesforce.schema import BUILT_IN, ObjectType
from sandbox.tables import Row, Tables, table


def time_text(seconds: float) -> str:
    """Seconds since the epoch as the API writes a date/time."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


class Store(Tables[ObjectType]):
    """The org's objects and records."""

    id_field = "Id"
    born = ("CreatedDate", "CreatedById")
    stamped = ("LastModifiedDate", "LastModifiedById")
    setup = """
    create table if not exists sandbox_jobs (
        id text primary key, object text not null, operation text not null, key_field text, delimiter text not null,
        line_ending text not null, state text not null, created_at real not null, changed_at real not null,
        content blob, total integer not null default 0, processed integer not null default 0,
        failed integer not null default 0, polls integer not null default 0, message text
    );
    create table if not exists sandbox_job_rows (
        job_id text not null, row integer not null, record_id text, created integer not null, error text,
        primary key (job_id, row)
    ) without rowid;
    create table if not exists sandbox_deleted (id text primary key) without rowid;
    """

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        super().__init__(path, lambda: time_text(clock()), BUILT_IN)
        users = self._objects["user"]
        found = self.execute('select Id from "o_user" order by _row limit 1')
        if not found:
            with self.transaction():
                self.insert(users, [{"Name": "Integration User", "Username": "integration@example.com"}])
            found = self.execute('select Id from "o_user" order by _row limit 1')
        self.api_user = str(found[0][0])

    def object_of(self, stored: dict[str, Any]) -> ObjectType:
        """See `Tables`."""
        return ObjectType.from_json(stored)

    def new_ids(self, obj: ObjectType, count: int) -> list[str]:
        """See `Tables`."""
        return ids.new_ids(obj.prefix, count)

    def insert(self, obj: ObjectType, rows: Sequence[Row]) -> list[str]:
        """See `Tables`; records whose Name is a number get it here."""
        if obj.name_auto:
            first = self.value(f"number {obj.key}", 0) + 1
            self.keep(f"number {obj.key}", first + len(rows) - 1)
            rows = [{**row, "Name": f"{obj.label[:2].upper()}-{first + n:07d}"} for n, row in enumerate(rows)]
        return super().insert(obj, rows)

    def rename(self, obj: ObjectType, pairs: Sequence[tuple[str, str]]) -> None:
        """Give records other ids: new and old. Needs a transaction."""
        self.execute_many(f"update {table(obj)} set Id = ? where Id = ?", pairs)

    def forget(self, obj: ObjectType, found: Sequence[tuple[int, str]]) -> None:
        """Delete records; their ids are known to have been. Needs a transaction."""
        self.remove(obj, [row for row, _ in found])
        for _, record_id in found:
            self.execute("insert or ignore into sandbox_deleted values (?)", (record_id,))

    def was_deleted(self, record_id: str) -> bool:
        """Whether a record with this id was there once."""
        return bool(self.execute("select 1 from sandbox_deleted where id = ?", (record_id,)))

    def by_prefix(self, record_id: str) -> ObjectType | None:
        """The object that an id is of."""
        return next((obj for obj in self.objects() if obj.prefix == record_id[:3]), None)
