"""Bulk imports: CSV by multipart, row-level results (contract section 8)."""

from __future__ import annotations

import csv
import io
import json
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.multipart import parts_of
from sandbox.replies import NO_MATCH, RefusedError
from sandbox.schema import ObjectType
from sandbox.store import Store
from sandbox.values import from_csv
from sandbox.write import Writer

MAX_BYTES = 80_000_000
_CHUNK = 500
_LOOK = 0.02
"""Seconds between two looks at how long an import takes now."""
_ENDS = {"FAILED": "FAILED", "ABORTED": "ABORTED", "unknown_state": "PARTIALLY_DONE", "never": ""}
_MODES = ("insert", "update", "upsert")


@dataclass(frozen=True)
class BulkJob:
    """A job as an administrator makes it in the UI; no API does.

    Attributes:
        job_id: what the UI's cURL holds.
        object: the object's name.
        mode: insert, update or upsert.
        keys: fields that identify rows; any type, unlike a PUT's.
        mapping: field by CSV header; empty: the headers are the fields' names.
        lookups: as in section 3.7, from CSV headers.
    """

    job_id: str
    object: str
    mode: str = "upsert"
    keys: tuple[str, ...] = ()
    mapping: dict[str, str] = field(default_factory=dict)
    lookups: dict[str, Any] = field(default_factory=dict)


class BulkImports:
    """Jobs, and the imports sent to them; a restart goes on with unfinished ones."""

    def __init__(self, store: Store, writer: Writer, seconds: float) -> None:
        self.seconds = seconds
        self._store = store
        self._writer = writer
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        unfinished = "select status_id from sandbox_bulk_runs where state in ('INIT', 'IN_PROGRESS')"
        for (status_id,) in store.execute(unfinished):
            self._start(status_id)

    def close(self) -> None:
        """Stop after the chunk in hand."""
        self._closing.set()
        for thread in self._threads:
            thread.join()

    def create_job(self, job: BulkJob) -> None:
        """Keep a job.

        Raises:
            ValueError: for an object, field or mode that does not exist.
        """
        obj = self._store.get(job.object)
        if obj is None or job.mode not in _MODES:
            raise ValueError(f"no object {job.object} or no mode {job.mode}")
        unknown = ({*job.keys, *job.mapping.values()}) - obj.fields.keys()
        if unknown or (job.mode != "insert" and not job.keys):
            raise ValueError(f"job {job.job_id}: keys are needed, unknown fields: {unknown}")
        self._store.keep(f"bulk job {job.job_id}", asdict(job))

    def accept(self, content_type: str, body: bytes) -> str:
        """Take the file of an import and give its status id.

        Raises:
            RefusedError: when the parts, the job or the file are not usable as a whole.
        """
        try:
            parts = parts_of(content_type, body)
        except ValueError as error:
            raise RefusedError("GSOBJ_EMU_BULK_FILE", str(error)) from error
        job_id = parts.get("jobId", ("", b""))[1].decode("latin-1").strip()
        if self._job(job_id) is None:
            raise RefusedError("GSOBJ_EMU_BULK_JOB", "jobId does not exist")
        name, content = parts.get("file", ("", b""))
        if not content.strip():
            raise RefusedError("GS_7571", "no usage data to upload")
        if len(content) > MAX_BYTES:
            raise RefusedError("GSOBJ_EMU_BULK_FILE", f"The file has more than {MAX_BYTES} bytes")
        self._check_header(job_id, name, content)
        status_id = str(uuid.uuid4())
        sql = "insert into sandbox_bulk_runs (status_id, job_id, state, file_name, content)"
        self._store.execute(f"{sql} values (?, ?, 'INIT', ?, ?)", (status_id, job_id, name, content))
        self._start(status_id)
        return status_id

    def status(self, status_id: str) -> dict[str, Any]:
        """State and counts; the names of the keys are not documented."""
        sql = "select state, succeeded, failed from sandbox_bulk_runs where status_id = ?"
        found = self._store.execute(sql, (status_id,))
        if not found:
            raise RefusedError("GSOBJ_EMU_BULK_STATUS", "statusId does not exist")
        state, succeeded, failed = found[0]
        if self._writer.switches.bulk_end == "unknown_id":
            raise RefusedError("GSOBJ_EMU_BULK_STATUS", "statusId does not exist")
        if self._writer.switches.bulk_end == "other_name":
            return {"id": status_id, "state": state.replace("COMPLETED", "Success"), "passed": succeeded}
        return {
            "statusId": status_id,
            "status": state,
            "successCount": succeeded,
            "failedCount": failed,
        }

    def failures(self, status_id: str) -> list[dict[str, Any]]:
        """Failed rows as the UI's error file has them: the row's cells, and why."""
        sql = "select failures from sandbox_bulk_runs where status_id = ?"
        found = self._store.execute(sql, (status_id,))
        if not found:
            raise KeyError(status_id)
        rows: list[dict[str, Any]] = json.loads(found[0][0])
        return rows

    def _job(self, job_id: str) -> BulkJob | None:
        kept = self._store.value(f"bulk job {job_id}")
        return BulkJob(**{**kept, "keys": tuple(kept["keys"])}) if kept else None

    def _check_header(self, job_id: str, name: str, content: bytes) -> None:
        job = self._job(job_id)
        try:
            header = next(_reader(name, content))
        except (UnicodeDecodeError, csv.Error) as error:
            raise RefusedError("GSOBJ_EMU_BULK_FILE", "The file is not UTF-8 CSV") from error
        wanted = (set(job.mapping) or set(job.keys)) if job else set()
        if not wanted <= set(header):
            missing = ", ".join(sorted(wanted - set(header)))
            raise RefusedError("GSOBJ_EMU_BULK_FILE", f"The file has no column {missing}")

    def _start(self, status_id: str) -> None:
        thread = threading.Thread(target=self._work, args=(status_id,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self, status_id: str) -> None:
        """INIT, IN_PROGRESS, COMPLETED, a third of `seconds` before each."""
        if self._passed():
            return
        self._set_state(status_id, "IN_PROGRESS")
        if self._passed():
            return
        columns = "job_id, file_name, content, rows_read"
        sql = f"select {columns} from sandbox_bulk_runs where status_id = ?"
        ((job_id, name, content, done),) = self._store.execute(sql, (status_id,))
        job = self._job(job_id)
        obj = self._store.get(job.object) if job else None
        if job is None or obj is None:
            return
        lines = [row for row in _reader(name, content) if row]
        header, rows = lines[0], lines[1 : 1 + self._written(len(lines) - 1)]
        for start in range(done, len(rows), _CHUNK):
            if self._closing.is_set():
                return
            chunk = [dict(zip(header, row, strict=False)) for row in rows[start : start + _CHUNK]]
            self._import(status_id, job, obj, chunk)
        end = _ENDS.get(self._writer.switches.bulk_end, "COMPLETED")
        if not self._passed() and end:
            self._set_state(status_id, end)

    def _passed(self) -> bool:
        """Wait for a third of `seconds`, which may change meanwhile; whether the sandbox closed before."""
        began = time.monotonic()
        while (left := began + self.seconds / 3 - time.monotonic()) > 0:
            if self._closing.wait(min(left, _LOOK)):
                return True
        return self._closing.is_set()

    def _written(self, rows: int) -> int:
        """How many of so many rows are written before an import ends."""
        return {"all": rows, "half": rows // 2, "none": 0}[self._writer.switches.bulk_written]

    def _set_state(self, status_id: str, state: str) -> None:
        sql = "update sandbox_bulk_runs set state = ? where status_id = ?"
        self._store.execute(sql, (state, status_id))

    def _import(self, status_id: str, job: BulkJob, obj: ObjectType, chunk: Sequence[Mapping[str, str]]) -> None:
        """Write a chunk and its counts in one transaction, so that a restart goes on exactly."""
        failed = []
        with self._store.transaction():
            for cells in chunk:
                problem = self._import_row(job, obj, cells)
                if problem is not None:
                    failed.append({**cells, "errorCode": problem[0], "errorMessage": problem[1]})
            ((kept,),) = self._store.execute("select failures from sandbox_bulk_runs where status_id = ?", (status_id,))
            self._store.execute(
                "update sandbox_bulk_runs set rows_read = rows_read + ?,"
                " succeeded = succeeded + ?, failed = failed + ?, failures = ?"
                " where status_id = ?",
                (
                    *(len(chunk), len(chunk) - len(failed), len(failed)),
                    *(json.dumps(json.loads(kept) + failed), status_id),
                ),
            )

    def _import_row(self, job: BulkJob, obj: ObjectType, cells: Mapping[str, str]) -> tuple[str, str] | None:
        """Write one row; the code and text of its failure, or None."""
        mapping = job.mapping or {name: name for name in cells}
        record = {
            to: from_csv(obj.fields[to], cells[header]) if to in obj.fields else cells[header]
            for header, to in mapping.items()
            if header in cells
        }
        for name in job.keys:
            if record.get(name) is None:
                return "GSOBJ_EMU_KEY_VALUE", f"Key value is missing ({name})"
        sources = {**cells, **record}
        checked = self._writer.check(obj, [record], creating=True, keys=job.keys)
        if job.mode != "insert":
            found = self._writer.match(obj, {name: checked.rows[0].get(name) for name in job.keys})
            if len(found) > 1:
                return "GSOBJ_EMU_MULTIPLE_MATCHES", "The keys match several records"
            if found or job.mode == "update":
                checked = self._writer.check(obj, [record], creating=False, keys=job.keys)
        self._writer.resolve_lookups(obj, job.lookups, [sources], checked)
        first = checked.first_error()
        if first is not None:
            return first.code, first.desc
        if job.mode == "insert" or (not found and job.mode == "upsert"):
            self._store.insert(obj, checked.rows)
            return None
        if not found:
            return "GSOBJ_1011", NO_MATCH
        self._writer.apply_updates(obj, job.keys, checked.rows, [found])
        return None


def _reader(name: str, content: bytes) -> Any:
    delimiter = "\t" if name.lower().endswith(".tsv") else ","
    return csv.reader(io.StringIO(content.decode("utf-8"), newline=""), delimiter=delimiter)
