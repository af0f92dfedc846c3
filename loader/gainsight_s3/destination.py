"""Rows to Gainsight as files: at most one of an object in two hours, and none over one that was not taken yet."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from loader.config import number
from loader.dbt.artifacts import Lookup, PublishModel
from loader.engine.defaults import AsSent, Defaults
from loader.engine.destination import Compares, Facts, Field, Finding, Outcome, Record, Row, Work
from loader.engine.limits import Meter, Window
from loader.errors import MisuseError
from loader.gainsight_s3 import lines
from loader.gainsight_s3.models import NAME
from loader.gainsight_s3.place import PREFIX, Folder, Place

APART = 7260.0
"""Seconds between two files of an object: the connector wants two hours; a put takes a moment."""
ROWS_PER_FILE = 500_000
"""So many keys are held in memory at a time."""
_ANY = "ANY"


def addressed() -> bool:
    """Whether a folder or a bucket is set."""
    return bool(_text("FOLDER") or _text("BUCKET"))


class GainsightS3(Defaults):
    """See `loader.engine.destination.Destination`."""

    name = NAME
    batch_size, calls_per_day, upserts = 1, 10_000, True
    windows: Sequence[Window] = (Window(100, 1.0),)
    uploads_allowed, named_first, rows_per_file = (10_000, 10_000), True, ROWS_PER_FILE
    object_kind = "job"
    types: Mapping[str, set[str]] = {
        kind: {_ANY} for kind in ("text", "integer", "decimal", "double", "boolean", "date", "timestamp")
    }

    def __init__(self) -> None:
        self._folder, self._bucket = _text("FOLDER"), _text("BUCKET")
        if self._folder and self._bucket:
            raise MisuseError(f"{PREFIX}_FOLDER and {PREFIX}_BUCKET are both set; files go to one of them.")
        self._prefix = f"{_text('PREFIX').strip('/')}/".lstrip("/")
        self.connection = _text("CONNECTION") or self._where()
        self.seconds_apart = number(f"{PREFIX}_SECONDS_BETWEEN", APART)
        self._largest = int(min(number(f"{PREFIX}_MAX_BYTES", lines.LARGEST_FILE), lines.LARGEST_FILE))
        self._packed = _switch("GZIP")
        self._timeout = number(f"{PREFIX}_TIMEOUT_SECONDS", 60)
        self.compares: Compares = AsSent()
        self._hindrances: dict[str, str] = {}
        self._handed: set[str] = set()

    def _where(self) -> str:
        if self._folder:
            return str(Path(self._folder).resolve())
        return f"s3://{self._bucket}/{self._prefix}" if self._bucket else ""

    def connect(self, meter: Meter) -> None:
        """See `Destination`."""
        self._meter = meter
        self._place = self._open()

    def _open(self) -> Place:
        if self._folder:
            return Folder(Path(self._folder))
        from loader.gainsight_s3.bucket import Bucket

        return Bucket(self._bucket, self._prefix, self._timeout)

    def calls(self, work: Sequence[Work], lookups: Mapping[tuple[str, str], int]) -> dict[str, int]:
        """See `Destination`: one file an object, however many rows; what does not fit waits. A folder takes no call."""
        files = len(self._files(work)) if self._bucket else 0
        return {"looks": files, "writes": files}

    def remarks(self, work: Sequence[Work]) -> list[str]:
        """See `Destination`: which files."""
        if not (names := self._files(work)):
            return []
        return [
            f"Files into {self._where()}: {', '.join(names)}. What does not fit into one waits for the next, and so do"
            " the rows of one that has not been taken yet."
        ]

    def _files(self, work: Sequence[Work]) -> list[str]:
        return [self._file_name(each.model.object) for each in work if each.known or each.unknown]

    def describe(self, objects: Sequence[str]) -> None:
        """See `Destination`: whether files may be put there, and which are in the way."""
        for each in objects:
            there = self._counted(lambda each=each: self._place.look(self._file_name(each)))  # type: ignore[misc]
            self._hindrances.pop(each, None)
            if there:
                self._hindrances[each] = (
                    f"{self._file_name(each)} is still in {self._where()}: it has not been taken yet. See that the job"
                    " reads and archives it; remove it when it has been read"
                )

    def fields(self, object_name: str) -> Mapping[str, Field]:
        """See `Destination`: a file takes any."""
        return _AnyField()

    def resolve(self, values: Mapping[tuple[str, str], Sequence[Any]]) -> None:
        """See `Destination`: the job does it."""

    def linked(self, lookup: Lookup, value: Any) -> list[str]:
        """See `Destination`."""
        return []

    def find(self, model: PublishModel, rows: Sequence[Row], fields: Sequence[str] = ()) -> dict[str, list[Record]]:
        """See `Destination`: nothing is known of what became of a file."""
        return {row.row_key: [] for row in rows}

    def by_id(self, model: PublishModel, ids: Sequence[str], fields: Sequence[str]) -> Iterator[list[Record]]:
        """See `Destination`."""
        return iter(())

    def read(self, model: PublishModel, fields: Sequence[str]) -> Iterator[list[Record]]:
        """See `Destination`."""
        return iter(())

    def update(self, model: PublishModel, rows: Sequence[Row]) -> Iterator[list[Outcome]]:
        """Never called: rows go by file."""
        raise NotImplementedError

    def delete(self, model: PublishModel, rows: Sequence[Row]) -> Iterator[list[Outcome]]:
        """Never called: nothing is taken away by a file."""
        raise NotImplementedError

    def doubts(self, model: PublishModel, facts: Facts) -> Iterable[Finding]:
        """See `Destination`."""
        doubts = []
        if text := self._hindrances.get(model.object):
            doubts.append((text, "until then its rows wait"))
        if model.on_gone != "leave":
            problem = f"on_gone: {model.on_gone}, and a file takes nothing away: rows that leave the mart stay there"
            doubts.append((problem, "send this model by calls (--destination gainsight --select)"))
        for problem, fix in doubts:
            yield Finding(model.name, model.object, "", problem, fix, schema=False, warning=True)

    # Files

    def takes_bulk(self, model: PublishModel, rows: int) -> bool:
        """See `TakesFiles`: all do."""
        return rows > 0

    def hindrance(self, object_name: str) -> str:
        """See `FilesAlone`."""
        return self._hindrances.get(object_name, "")

    def upload(self, model: PublishModel, rows: Iterable[Row], sent: Callable[[str | None], bool]) -> None:
        """See `TakesFiles`: one file."""
        if self.hindrance(model.object):
            return
        waiting = iter(rows)
        first = next(waiting, None)
        if first is None or not sent(None):
            return
        name = self._file_name(model.object)
        with self._place.room(name) as file:
            digest = lines.write(file, model, _again(first, waiting), self._largest, packed=self._packed)
            status_id = f"{name} {digest}"
            sent(status_id)
            self._counted(lambda: self._place.put(file, name))
        self._handed.add(status_id)

    def await_upload(self, status_id: str, age: float) -> str:
        """See `TakesFiles`."""
        name = status_id.partition(" ")[0]
        if status_id in self._handed:
            return f"the file {name} stands in {self._where()}"
        return (
            f"an earlier run was cut off at the file {name}; the rows that it holds are looked for in {self._where()}"
        )

    def results(self, model: PublishModel, status_ids: Sequence[str]) -> _Results:
        """See `TellsResults`. Files of an earlier run are read, where they are still there."""
        marks = set[bytes]()
        for status_id in status_ids:
            name, _, digest = status_id.partition(" ")
            if status_id in self._handed:
                continue
            with self._place.read(name) as file:
                if file and lines.digest(file) == digest:
                    marks |= lines.marks(file, packed=name.endswith(".gz"))
        return _Results(model, marks)

    def _file_name(self, object_name: str) -> str:
        return f"{object_name}.csv{'.gz' if self._packed else ''}"

    def _counted(self, call: Callable[[], Any]) -> Any:
        if self._place.asks:
            self._meter.take()
        try:
            return call()
        finally:
            if self._place.asks:
                self._meter.answered()


class _Results:
    """See `loader.engine.destination.Results`.

    Args:
        marks: of the lines of files that an earlier run wrote.
    """

    def __init__(self, model: PublishModel, marks: set[bytes]) -> None:
        self._model, self._marks = model, marks

    def outcome(self, row: Row) -> Outcome:
        """A row that was written into a file that appeared."""
        return Outcome(row)

    def holds(self, row: Row) -> bool | None:
        """Whether a file that is still there has the row as it is now; else nothing is known, and it goes once more."""
        return True if lines.mark(lines.line(self._model, row)) in self._marks else None


class _AnyField(Mapping[str, Field]):
    """Takes whatever it is asked for, and lists nothing."""

    def __getitem__(self, name: str) -> Field:
        return Field(name, _ANY, None, True, True, True, {}, (), "")

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _again(first: Row, rows: Iterator[Row]) -> Iterator[Row]:
    yield first
    yield from rows


def _text(name: str) -> str:
    return os.environ.get(f"{PREFIX}_{name}", "").strip()


def _switch(name: str) -> bool:
    text = _text(name).lower()
    if text not in ("", "true", "false"):
        raise MisuseError(f"{PREFIX}_{name} must be true or false, not {text!r}.")
    return text == "true"
