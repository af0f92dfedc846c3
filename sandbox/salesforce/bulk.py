"""Bulk API 2.0 ingest jobs: states, batches of 10,000 rows, results as CSV."""

from __future__ import annotations

import csv
import io
import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.salesforce import ids
from sandbox.salesforce.allowances import Allowances
from sandbox.salesforce.reading import Reader
from sandbox.salesforce.replies import RefusedError, not_found
from sandbox.salesforce.schema import Field, ObjectType, visible
from sandbox.salesforce.store import Store, time_text
from sandbox.salesforce.write import CHUNK, Result, Writer

BATCH = 10_000
KEPT_SECONDS = 7 * 86_400
TERMINAL = ("JobComplete", "Failed", "Aborted")
_OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
_DELIMITERS = {"COMMA": ",", "TAB": "\t", "SEMICOLON": ";", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"}
_COLUMNS = (
    "id, object, operation, key_field, delimiter, line_ending, state, created_at, changed_at, total, processed, failed,"
    " polls, message"
)
_SEED = 20


@dataclass
class Job:
    """A job as the store has it."""

    id: str
    object: str
    operation: str
    key_field: str | None
    delimiter: str
    line_ending: str
    state: str
    created_at: float
    changed_at: float
    total: int
    processed: int
    failed: int
    polls: int
    message: str | None

    def lines(self, content: bytes) -> Iterator[list[str]]:
        """The file's lines, without empty ones."""
        text = io.StringIO(content.decode("utf-8-sig"), newline="")
        return (row for row in csv.reader(text, delimiter=_DELIMITERS[self.delimiter]) if row)


class Jobs:
    """All jobs; a restart goes on with unfinished ones.

    Args:
        seconds: how long a job takes, besides its work.
    """

    def __init__(
        self, store: Store, writer: Writer, allowances: Allowances, seconds: float, clock: Callable[[], float]
    ) -> None:
        self.seconds = seconds
        self._store = store
        self._writer = writer
        self._allowances = allowances
        self._clock = clock
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        for (job_id,) in store.execute("select id from sandbox_jobs where state in ('UploadComplete', 'InProgress')"):
            self._start(job_id)

    def close(self) -> None:
        """Stop after the batch in hand."""
        self._closing.set()
        for thread in self._threads:
            thread.join()

    def create(self, body: Any) -> Job:
        """A new job.

        Raises:
            RefusedError: for an operation, object or field that is not there.
        """
        given: Mapping[str, Any] = body if isinstance(body, dict) else {}
        operation, name = given.get("operation"), str(given.get("object") or "")
        obj = self._store.get(name)
        if operation not in _OPERATIONS:
            raise RefusedError("INVALIDJOB", f"InvalidJob : Operation not supported: {operation}")
        if obj is None or not visible(obj, self._writer.switches):
            raise RefusedError("INVALIDENTITY", f"InvalidEntity : Unable to find object: {name}")
        key = _key_of(obj, given) if operation == "upsert" else None
        delimiter, ending = given.get("columnDelimiter") or "COMMA", given.get("lineEnding") or "LF"
        if delimiter not in _DELIMITERS or ending not in ("LF", "CRLF") or given.get("contentType", "CSV") != "CSV":
            raise RefusedError("INVALIDJOB", "InvalidJob : columnDelimiter, lineEnding or contentType")
        now = self._clock()
        job_id = ids.new_ids("750", 1)[0]
        self._store.execute(
            "insert into sandbox_jobs (id, object, operation, key_field, delimiter, line_ending, state, created_at,"
            " changed_at) values (?, ?, ?, ?, ?, ?, 'Open', ?, ?)",
            (job_id, obj.name, operation, key.name if key else None, delimiter, ending, now, now),
        )
        return self.get(job_id)

    def get(self, job_id: str) -> Job:
        """A job that is there.

        Raises:
            RefusedError: it is not, or not any more.
        """
        full = ids.full(job_id) or ""
        found = self._store.execute(f"select {_COLUMNS} from sandbox_jobs where id = ?", (full,))
        job = Job(*found[0]) if found else None
        if job is None or (job.state in TERMINAL and job.changed_at < self._clock() - KEPT_SECONDS):
            raise not_found()
        return job

    def listed(self) -> list[Job]:
        """All jobs, newest first."""
        found = self._store.execute("select id from sandbox_jobs order by created_at desc limit 1000")
        return [self.get(job_id) for (job_id,) in found]

    def upload(self, job_id: str, content: bytes) -> None:
        """Take the file of an open job, once.

        Raises:
            RefusedError: it is not open, or has a file.
        """
        job = self.get(job_id)
        if job.state != "Open":
            raise RefusedError("INVALIDJOBSTATE", f"The job is in an invalid state: {job.state}")
        with self._store.transaction():
            ((there,),) = self._store.execute("select content is not null from sandbox_jobs where id = ?", (job.id,))
            if there:
                raise RefusedError("CLIENTINPUTERROR", "Found multiple contents for job")
            self._store.execute("update sandbox_jobs set content = ? where id = ?", (content, job.id))

    def change(self, job_id: str, state: Any) -> Job:
        """UploadComplete or Aborted.

        Raises:
            RefusedError: the job cannot go there from where it is.
        """
        job = self.get(job_id)
        allowed = {"UploadComplete": ("Open",), "Aborted": ("Open", "UploadComplete", "InProgress")}
        if state not in allowed or job.state not in allowed[state]:
            raise RefusedError("INVALIDJOBSTATE", f"InvalidJobState : {job.state} -> {state} is not allowed")
        self._set_state(job.id, state)
        changed = self.get(job.id)
        if state == "UploadComplete":
            self._start(job.id)
        return changed

    def delete(self, job_id: str) -> None:
        """Forget a job that ended or was never begun."""
        job = self.get(job_id)
        if job.state in ("Open", "InProgress"):
            raise RefusedError("API_ERROR", "Error encountered when deleting the job because the job is not terminated")
        with self._store.transaction():
            self._store.execute("delete from sandbox_jobs where id = ?", (job.id,))
            self._store.execute("delete from sandbox_job_rows where job_id = ?", (job.id,))

    def polled(self, job_id: str) -> Job:
        """A job as a poll sees it."""
        job = self.get(job_id)
        if job.state in TERMINAL and job.polls < self._writer.switches.polls_in_progress:
            self._store.execute("update sandbox_jobs set polls = polls + 1 where id = ?", (job.id,))
            job.state = "InProgress"
        return job

    def results(self, job_id: str, kind: str) -> str:
        """The CSV of one kind of results.

        Raises:
            RefusedError: the job has not ended.
        """
        job = self.polled(job_id)
        if job.state not in TERMINAL:
            raise RefusedError("INVALIDJOBSTATE", f"The job is in an invalid state: {job.state}")
        ((content,),) = self._store.execute("select content from sandbox_jobs where id = ?", (job.id,))
        lines = list(job.lines(content or b""))
        extra = {"successfulResults": ["sf__Id", "sf__Created"], "failedResults": ["sf__Id", "sf__Error"]}.get(kind, [])
        out = io.StringIO()
        write = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow
        header = lines[0] if lines else []
        write([*extra, *header])
        for row in self._rows(job, kind, len(lines) - 1):
            write([*row[1], *lines[row[0] + 1]])
        return out.getvalue()

    def _rows(self, job: Job, kind: str, total: int) -> list[tuple[int, list[str]]]:
        """Places of the rows of one kind, with the cells before their own."""
        switches = self._writer.switches
        sql = "select row, record_id, created, error from sandbox_job_rows where job_id = ? order by row"
        done = self._store.execute(sql, (job.id,))
        rows: list[tuple[int, list[str]]] = []
        if kind == "unprocessedrecords":
            seen = {row for row, *_ in done}
            rows = [(row, []) for row in range(total) if row not in seen]
        for row, record_id, created, error in done:
            shown = (record_id or "")[: switches.ids]
            if kind == "successfulResults" and error is None:
                rows.append((row, [shown, "true" if created else "false"]))
            elif kind == "failedResults" and error is not None:
                rows.append((row, [shown, error]))
        every = switches.results_missing
        if every:
            rows = [each for each in rows if (each[0] + 1) % every]
        if switches.results_order == "shuffled":
            random.Random(_SEED).shuffle(rows)
        return rows

    def _start(self, job_id: str) -> None:
        thread = threading.Thread(target=self._work, args=(job_id,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self, job_id: str) -> None:
        if self._closing.wait(self.seconds / 2):
            return
        self._set_state(job_id, "InProgress", among="UploadComplete")
        if self._closing.wait(self.seconds / 2):
            return
        try:
            ended = self._process(self.get(job_id))
        except RefusedError as error:
            self._fail(job_id, f"{error.code} : {error.message}")
            return
        end = self._writer.switches.bulk_end
        if ended and end == "Failed":
            self._fail(job_id, "InternalServerError : The batch was retried too many times")
        elif ended and end != "never":
            self._set_state(job_id, end, among="InProgress")

    def _process(self, job: Job) -> bool:
        """Write the rows that are not written yet; False when the sandbox ends before."""
        obj = self._store.get(job.object)
        ((content,),) = self._store.execute("select content from sandbox_jobs where id = ?", (job.id,))
        if obj is None or not content:
            return True
        _check_ending(job, content)
        try:
            lines = list(job.lines(content))
        except (UnicodeDecodeError, csv.Error) as error:
            raise RefusedError("ClientInputError", "The file is not UTF-8 CSV") from error
        reader = Reader(self._store, self._writer.switches, obj, job.operation, job.key_field)
        setters = reader.header(lines[0])
        rows = lines[1:]
        self._store.execute("update sandbox_jobs set total = ? where id = ?", (len(rows), job.id))
        stop = {"all": len(rows), "half": len(rows) // 2, "none": 0}[self._writer.switches.bulk_written]
        for start in range(job.processed, stop, BATCH):
            if self._closing.is_set():
                return False
            end = min(start + BATCH, stop)
            if self.get(job.id).state != "InProgress" or not self._allowances.take_batch(end - start):
                return True
            self._write(job, obj, reader, setters, start, rows[start:end])
        return True

    def _write(
        self, job: Job, obj: ObjectType, reader: Reader, setters: Any, start: int, rows: Sequence[list[str]]
    ) -> None:
        """Write a batch and what became of it in one transaction, so that a restart goes on exactly."""
        key = obj.fields[job.key_field] if job.key_field else None
        with self._store.transaction():
            results: list[Result] = []
            for place in range(0, len(rows), CHUNK):
                given = [reader.line(setters, cells) for cells in rows[place : place + CHUNK]]
                if job.operation in ("delete", "hardDelete"):
                    results += self._writer.delete(obj, [each.id or "" for each in given])
                else:
                    results += self._writer.save(obj, job.operation, given, key)
            ends = [(r.id, int(r.created), r.error.to_text() if r.error else None) for r in results]
            told = [(job.id, start + place, *end) for place, end in enumerate(ends)]
            self._store.execute_many("insert into sandbox_job_rows values (?, ?, ?, ?, ?)", told)
            failed = sum(result.error is not None for result in results)
            sql = "update sandbox_jobs set processed = processed + ?, failed = failed + ? where id = ?"
            self._store.execute(sql, (len(results), failed, job.id))

    def _set_state(self, job_id: str, state: str, among: str | None = None) -> None:
        """Give a job another state, if it is in the one named."""
        sql = "update sandbox_jobs set state = ?, changed_at = ? where id = ? and state = coalesce(?, state)"
        self._store.execute(sql, (state, self._clock(), job_id, among))

    def _fail(self, job_id: str, message: str) -> None:
        self._store.execute("update sandbox_jobs set message = ? where id = ?", (message, job_id))
        self._set_state(job_id, "Failed")


def job_json(job: Job, version: str, user: str) -> dict[str, Any]:
    """A job as a reply has it."""
    shown: dict[str, Any] = {
        "id": job.id,
        "operation": job.operation,
        "object": job.object,
        "createdById": user,
        "createdDate": time_text(job.created_at),
        "systemModstamp": time_text(job.changed_at),
        "state": job.state,
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(version),
        "jobType": "V2Ingest",
        "lineEnding": job.line_ending,
        "columnDelimiter": job.delimiter,
        "numberRecordsProcessed": job.processed,
        "numberRecordsFailed": job.failed,
        "retries": 0,
        "totalProcessingTime": 0,
        "apiActiveProcessingTime": 0,
        "apexProcessingTime": 0,
    }
    if job.state == "Open":
        shown["contentUrl"] = f"services/data/v{version}/jobs/ingest/{job.id}/batches"
    if job.key_field:
        shown["externalIdFieldName"] = job.key_field
    if job.message:
        shown["errorMessage"] = job.message
    return shown


def _key_of(obj: ObjectType, given: Mapping[str, Any]) -> Field:
    name = str(given.get("externalIdFieldName") or "")
    key = obj.by_key.get(name.lower())
    if key is None or not (key.external_id or key.name == "Id"):
        text = (
            f"Field name provided, {name} does not match an External ID, Salesforce Id, or indexed field for {obj.name}"
        )
        raise RefusedError("INVALIDJOB", f"InvalidJob : {text}")
    return key


def _check_ending(job: Job, content: bytes) -> None:
    """The header line ends as the job says."""
    first = content.partition(b"\n")[0]
    if first.endswith(b"\r") != (job.line_ending == "CRLF"):
        text = f"LineEnding is invalid on user data. Current LineEnding setting is {job.line_ending}"
        raise RefusedError("ClientInputError", text)
