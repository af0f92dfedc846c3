"""Bulk imports of custom objects: a queue, states, files of failures and warnings."""

from __future__ import annotations

import csv
import io
import queue
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.marketo.replies import RecordError, RefusedError
from sandbox.marketo.schema import ObjectType
from sandbox.marketo.settings import Limits
from sandbox.marketo.store import Store
from sandbox.marketo.values import kept
from sandbox.marketo.write import AT_ONCE, Writer

DELIMITERS = {"csv": ",", "tsv": "\t", "ssv": ";"}
ENDED = ("Complete", "Failed")
KEPT_SECONDS = 7 * 86_400
FAILURE_COLUMN = "Import Failure Reason"
_COLUMNS = "id, object, delimiter, state, created_at, ended_at, total, read, taken, failed, warned, polls, message"
_FIRST = 1_001
_SEED = 18


@dataclass
class Import:
    """An import as the store has it."""

    id: int
    object: str
    delimiter: str
    state: str
    created_at: float
    ended_at: float | None
    total: int
    read: int
    taken: int
    failed: int
    warned: int
    polls: int
    message: str | None

    def lines(self, content: bytes) -> Iterator[list[str]]:
        """The file's lines, without empty ones."""
        text = io.StringIO(content.decode("utf-8"), newline="")
        return (row for row in csv.reader(text, delimiter=self.delimiter) if row)


class Imports:
    """All imports, first in, first out; a restart goes on with unfinished ones.

    Args:
        seconds: how long an import takes, besides its work.
        limits: what limits are in force now.
    """

    def __init__(
        self,
        store: Store,
        writer: Writer,
        seconds: float,
        clock: Callable[[], float],
        limits: Callable[[], Limits],
    ) -> None:
        self.seconds = seconds
        self._store = store
        self._writer = writer
        self._clock = clock
        self._limits = limits
        self._closing = threading.Event()
        self._waiting: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        unfinished = "select id from sandbox_imports where state in ('Queued', 'Importing') order by id"
        for (import_id,) in store.execute(unfinished):
            self._waiting.put(import_id)
        self._threads = [
            threading.Thread(target=self._work_on, daemon=True) for _ in range(max(1, limits().imports_at_once))
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop after the rows in hand."""
        self._closing.set()
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def accept(self, obj: ObjectType, form: str, content: bytes) -> Import:
        """Take a file.

        Raises:
            RefusedError: the queue is full.
        """
        limits = self._limits()
        with self._store.transaction():
            pending = "select count(*) from sandbox_imports where state in ('Queued', 'Importing')"
            ((waiting,),) = self._store.execute(pending)
            if waiting + limits.others_in_queue >= limits.queue:
                raise RefusedError("1016")
            ((last,),) = self._store.execute("select max(id) from sandbox_imports")
            import_id = (last or _FIRST - 1) + 1
            sql = "insert into sandbox_imports (id, object, delimiter, state, created_at, content)"
            given = (import_id, obj.name, DELIMITERS[form], self._clock(), content)
            self._store.execute(f"{sql} values (?, ?, ?, 'Queued', ?, ?)", given)
        accepted = self.get(obj, str(import_id))
        self._waiting.put(import_id)
        return accepted

    def get(self, obj: ObjectType, import_id: str) -> Import:
        """An import of the object.

        Raises:
            RefusedError: there is none of this number, or not any more.
        """
        number = int(import_id) if import_id.isdigit() else 0
        sql = f"select {_COLUMNS} from sandbox_imports where id = ? and object = ?"
        found = self._store.execute(sql, (number, obj.name))
        if not found or found[0][4] < self._clock() - KEPT_SECONDS:
            raise RefusedError("1013")
        return Import(*found[0])

    def listed(self) -> list[Import]:
        """All imports, newest first."""
        found = self._store.execute(f"select {_COLUMNS} from sandbox_imports order by id desc")
        return [Import(*row) for row in found]

    def polled(self, obj: ObjectType, import_id: str) -> dict[str, Any]:
        """An import's status as a poll sees it."""
        one = self.get(obj, import_id)
        if one.state in ENDED and one.polls < self._writer.switches.polls_in_progress:
            self._store.execute("update sandbox_imports set polls = polls + 1 where id = ?", (one.id,))
            one.state, one.message = "Importing", None
        told = {
            "batchId": one.id,
            "operation": "import",
            "status": one.state,
            "objectApiName": one.object,
            "numOfObjectsProcessed": one.taken,
            "numOfRowsFailed": one.failed,
            "numOfRowsWithWarning": one.warned,
        }
        if one.ended_at is not None and one.state in ENDED:
            told["importTime"] = f"{max(1, round(one.ended_at - one.created_at))} second(s)"
        return {**told, "message": one.message} if one.message else told

    def file(self, obj: ObjectType, import_id: str, kind: str) -> str | None:
        """The file of failures or warnings; None when there is none.

        Args:
            obj: the object.
            import_id: the import's number, as it came.
            kind: `failure` or `warning`.
        """
        one = self.get(obj, import_id)
        sql = "select row, reason from sandbox_import_rows where import_id = ? and kind = ? order by row"
        rows = self._store.execute(sql, (one.id, kind))
        if one.state not in ENDED or not rows:
            return None
        switches = self._writer.switches
        if switches.files_order == "shuffled":
            random.Random(_SEED).shuffle(rows)
        ((content,),) = self._store.execute("select content from sandbox_imports where id = ?", (one.id,))
        lines = list(one.lines(content))
        out = io.StringIO()
        write = csv.writer(out, delimiter=one.delimiter, lineterminator="\n").writerow
        write([*lines[0], FAILURE_COLUMN if kind == "failure" else switches.warning_column])
        for row, reason in rows:
            write([*lines[row + 1], reason])
        return out.getvalue()

    def _work_on(self) -> None:
        while True:
            import_id = self._waiting.get()
            if import_id is None or self._closing.is_set():
                return
            self._work(import_id)

    def _work(self, import_id: int) -> None:
        if self._closing.wait(self.seconds / 2):
            return
        self._store.execute("update sandbox_imports set state = 'Importing' where id = ?", (import_id,))
        if self._closing.wait(self.seconds / 2):
            return
        ((name,),) = self._store.execute("select object from sandbox_imports where id = ?", (import_id,))
        obj = self._store.get(name)
        if obj is None:
            return
        one = self.get(obj, str(import_id))
        try:
            done = self._process(obj, one)
        except (UnicodeDecodeError, csv.Error):
            self._end(one, "Failed", "Import failed, the file cannot be read")
            return
        end = self._writer.switches.import_end
        if done and end == "Complete":
            self._end(one, end, _message(self.get(obj, str(import_id))))
        elif done and end == "Failed":
            self._end(one, end, "Import failed")

    def _process(self, obj: ObjectType, one: Import) -> bool:
        """Take the rows that are not taken yet; False when the sandbox ends before."""
        ((content,),) = self._store.execute("select content from sandbox_imports where id = ?", (one.id,))
        lines = list(one.lines(content))
        header, rows = (lines[0], lines[1:]) if lines else ([], [])
        self._store.execute("update sandbox_imports set total = ? where id = ?", (len(rows), one.id))
        stop = {"all": len(rows), "half": len(rows) // 2, "none": 0}[self._writer.switches.import_written]
        for start in range(one.read, stop, AT_ONCE):
            if self._closing.is_set():
                return False
            self._take(obj, one, header, start, rows[start : min(start + AT_ONCE, stop)])
        return True

    def _take(self, obj: ObjectType, one: Import, header: Sequence[str], start: int, rows: Sequence[list[str]]) -> None:
        """Take some rows and keep what became of them in one transaction, so that a restart goes on exactly."""
        with self._store.transaction():
            ends = [(row, *self._row(obj, header, cells)) for row, cells in enumerate(rows, start)]
            told = [(one.id, row, kind, reason) for row, kind, reason in ends if kind]
            self._store.execute_many("insert into sandbox_import_rows values (?, ?, ?, ?)", told)
            failed = sum(kind == "failure" for _, _, kind, _ in told)
            self._store.execute(
                "update sandbox_imports set read = read + ?, taken = taken + ?, failed = failed + ?,"
                " warned = warned + ? where id = ?",
                (len(rows), len(rows) - failed, failed, len(told) - failed, one.id),
            )

    def _row(self, obj: ObjectType, header: Sequence[str], cells: Sequence[str]) -> tuple[str, str]:
        """What became of one row: `failure`, `warning` or nothing to say, and why."""
        switches = self._writer.switches
        if len(cells) != len(header):
            return "failure", f"The row has {len(cells)} columns, the header {len(header)}"
        values: dict[str, Any] = dict(zip(header, cells, strict=True))
        if any(not values.get(each.name) for each in obj.dedupe):
            return "failure", "missing.dedupe.fields"
        if switches.unknown_column == "ignored":
            values = {name: value for name, value in values.items() if name in obj.fields}
        if switches.empty_cell == "ignored":
            values = {name: value for name, value in values.items() if value}
        if switches.null_word == "clears":
            values = {name: None if value == "NULL" else value for name, value in values.items()}
        warnings = self._drop_bad(obj, values) if switches.bad_cell == "warns" else []
        try:
            (result,) = self._writer.sync(obj, "createOrUpdate", False, [values])
        except RefusedError as error:
            return "failure", error.message
        if result.error is not None:
            return "failure", _in_a_file(result.error)
        if result.warning is not None:
            warnings.append(result.warning.message or "Warning")
        return ("warning", "; ".join(warnings)) if warnings else ("", "")

    def _drop_bad(self, obj: ObjectType, values: dict[str, Any]) -> list[str]:
        """Take out the cells that are not of their field's type, and say so."""
        told = []
        for each in obj.own_fields:
            try:
                kept(each, values.get(each.name), self._writer.switches)
            except RecordError as error:
                if not each.dedupe:
                    told.append(_in_a_file(error))
                    del values[each.name]
        return told

    def _end(self, one: Import, state: str, message: str) -> None:
        sql = "update sandbox_imports set state = ?, message = ?, ended_at = ? where id = ?"
        self._store.execute(sql, (state, message, self._clock(), one.id))


def _message(one: Import) -> str:
    imported = f"{one.taken} records imported ({one.taken} members)"
    if one.failed:
        return f"Import completed with errors, {imported}, {one.failed} failed"
    return f"Import succeeded, {imported}" + (f", {one.warned} warning." if one.warned else "")


def _in_a_file(error: RecordError) -> str:
    """What the files of an import say of it."""
    return f"Invalid data type in field {error.field}" if error.code == "1001" else error.message
