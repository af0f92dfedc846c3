"""The lock of a publish: one row a connection, which only one run at a time can make its own."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Sequence
from typing import Any

from loader.config import number
from loader.errors import RefusedError, StoppedError
from loader.warehouse.tables import Tables

LOCK_SECONDS = 600
"""A run that was not heard of for so long is taken for dead."""


class LostLockError(StoppedError):
    """Another run holds the lock: nothing may be written down any more."""


class Lock:
    """The lock of one connection.

    It rests on a counted update of a standing row: a warehouse does the updates of a table one after the other, and the
    second one finds the row taken. The warehouse's clock decides when a run is dead. Whoever writes anything down calls
    `hold` in the same transaction.

    Where a connection keeps every other process out, whoever can look at the row has the warehouse, so the row of
    another run says nothing (`ends_at` is null) but while that run has let go of the warehouse. Nobody can take the
    lock there, so the row is looked at once the warehouse was taken again, and not with each transaction.
    """

    def __init__(self, tables: Tables, mine: str, owner: Sequence[Any]) -> None:
        self._db, self._table, self._mine, self._owner = tables.dialect, tables.table("publish_locks"), mine, owner
        self.seconds = number("LOADER_LOCK_SECONDS", LOCK_SECONDS)
        self._run_id, self._held_at, self._away = "", 0.0, False

    def take(self, run_id: str) -> None:
        """Make the lock this run's.

        Raises:
            RefusedError: another run holds it.
        """
        self._db.execute(
            f"insert into {self._table} (destination, connection) select ?, ?"
            f" where not exists (select 1 from {self._table} where {self._mine})",
            [*self._owner, *self._owner],
        )
        free = f"run_id is null or ends_at is null or ends_at < {self._db.now} or ?"
        ended = self._db.exclusive and self._holder_ended()
        holder = json.dumps({"host": socket.gethostname(), "pid": os.getpid()})
        taken = self._db.execute(
            f"update {self._table} set run_id = ?, holder = ?, heartbeat_at = {self._db.now},"
            f" ends_at = {self._until(0)} where {self._mine} and ({free})",
            [run_id, holder, *self._owner, ended],
        )
        if not taken[0][0]:
            name, connection = self._owner
            who = f"{self._who()} (connection {connection})"
            raise RefusedError(f"Another publish to {name} is running: {who}. Nothing was sent.")
        self._run_id, self._held_at = run_id, time.time()

    def hold(self, longer: float = 0.0) -> None:
        """Say that this run lives, and that nothing may be heard of it for the lock's time and so much longer.

        Raises:
            LostLockError: another run took the lock meanwhile.
        """
        if not self._run_id:
            return
        if self._db.exclusive and not (longer or self._away):
            self._held_at = time.time()
            return
        held = self._db.execute(
            f"update {self._table} set heartbeat_at = {self._db.now}, ends_at = {self._until(longer)}"
            f" where {self._mine} and run_id = ?",
            [*self._owner, self._run_id],
        )
        if not held[0][0]:
            raise LostLockError(
                f"This run was not heard of for more than {self.seconds:.0f} s, and another one took its lock:"
                f" {self._who()}. Nothing more is sent nor written down; the other run reads back what this one did."
            )
        self._held_at, self._away = time.time(), longer > 0

    @property
    def is_old(self) -> bool:
        """Whether so much time has passed since the lock was held for certain that it must be looked at again."""
        return time.time() - self._held_at > self.seconds / 4

    def release(self) -> None:
        """Leave the lock to others, if it is still this run's."""
        freed = "run_id = null, holder = null, ends_at = null"
        self._db.execute(f"update {self._table} set {freed} where run_id = ?", [self._run_id])
        self._run_id = ""

    def _until(self, longer: float) -> str:
        if self._db.exclusive and not longer:
            return "null"
        return f"{self._db.now} + interval '{int(self.seconds + longer + 0.999)} seconds'"

    def _holder_ended(self) -> bool:
        """Whether the holder was a process of this machine that is not there any more."""
        found = self._db.execute(f"select holder from {self._table} where {self._mine}", self._owner)
        holder = json.loads(found[0][0] or "{}") if found else {}
        if holder.get("host") != socket.gethostname():
            return False
        try:
            os.kill(int(holder["pid"]), 0)
        except ProcessLookupError:
            return True
        except OSError:
            return False
        return False

    def _who(self) -> str:
        found = self._db.execute(f"select run_id, holder, ends_at from {self._table} where {self._mine}", self._owner)
        run_id, holder, ends_at = found[0] if found else (None, None, None)
        return f"run {run_id}, {holder}, whose lock ends at {ends_at:%Y-%m-%d %H:%M:%S} UTC" if ends_at else "unknown"
