"""A Gainsight tenant's objects and rows."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox.schema import BASE36, BUILT_IN, DELETE_LOGS, ObjectType, base36
from sandbox.tables import Row, Tables, quoted, table
from sandbox.values import now_text

__all__ = ["Row", "Store", "quoted", "table"]
_RANDOM = random.Random()
_TAILS: list[str] = []


class Store(Tables[ObjectType]):
    """The tenant's objects and rows."""

    id_field = "Gsid"
    born = ("CreatedDate", "CreatedBy")
    stamped = ("ModifiedDate", "ModifiedBy")
    setup = """
    create table if not exists sandbox_bulk_runs (
        status_id text primary key, job_id text not null, state text not null, file_name text,
        content blob, rows_read integer not null default 0, succeeded integer not null default 0,
        failed integer not null default 0, failures text not null default '[]'
    );
    """

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        super().__init__(path, lambda: now_text(clock()), BUILT_IN)
        for each in BUILT_IN:  # a file of before may lack fields
            self.define(self._objects[each.key].extended(each.own_fields))
        self.api_user = self._make_api_user()

    def object_of(self, stored: dict[str, Any]) -> ObjectType:
        """See `Tables`."""
        return ObjectType.from_json(stored)

    def new_ids(self, obj: ObjectType, count: int) -> list[str]:
        """See `Tables`."""
        return new_gsids(obj, count)

    def delete(self, obj: ObjectType, gsid: str) -> bool:
        """Remove one row and log it (section 3.6); False if there is none. Needs a transaction."""
        found = self.match(obj, {"Gsid": gsid})
        if not found:
            return False
        self.remove(obj, [found[0][0]])
        log = DELETE_LOGS[0]
        self.execute(
            f"insert into {quoted('o_' + log)} (RecordId, DeletedOn, ObjectName) values (?, ?, ?)",
            (gsid, self._now(), obj.name),
        )
        self._counts.pop(log, None)
        return True

    def _make_api_user(self) -> str:
        users = self._objects["gsuser"]
        found = self.execute(f"select Gsid from {table(users)} order by _row limit 1")
        if found:
            return str(found[0][0])
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
