"""An instance's records, its imports, and what became of their rows."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.marketo.schema import BUILT_IN, ObjectType
from sandbox.tables import Tables


def time_text(seconds: float) -> str:
    """Seconds since the epoch as the API writes a datetime."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Store(Tables[ObjectType]):
    """The instance's objects and records."""

    stamped = ("updatedAt",)
    born = ("createdAt",)
    setup = """
    create table if not exists sandbox_imports (
        id integer primary key, object text not null, delimiter text not null, state text not null,
        created_at real not null, ended_at real, content blob not null, total integer not null default 0,
        read integer not null default 0, taken integer not null default 0, failed integer not null default 0,
        warned integer not null default 0, polls integer not null default 0, message text
    );
    create table if not exists sandbox_import_rows (
        import_id integer not null, row integer not null, kind text not null, reason text not null,
        primary key (import_id, row, kind)
    ) without rowid;
    """

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        super().__init__(path, lambda: time_text(clock()), (BUILT_IN,))

    def object_of(self, stored: dict[str, Any]) -> ObjectType:
        """See `Tables`."""
        return ObjectType.from_json(stored)

    def id_of(self, obj: ObjectType) -> str:
        """See `Tables`."""
        return obj.id_field

    def new_ids(self, obj: ObjectType, count: int) -> list[Any]:
        """See `Tables`: GUIDs, or numbers for companies."""
        if obj.custom:
            return [str(uuid.uuid4()) for _ in range(count)]
        first = self.value("company number", 1_000) + 1
        self.keep("company number", first + count - 1)
        return list(range(first, first + count))
