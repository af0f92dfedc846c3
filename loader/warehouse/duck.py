"""DuckDB: one file, one process that writes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb

from loader.dbt.artifacts import Relation
from loader.dbt.profile import Target
from loader.errors import MisuseError, RefusedError, StoppedError
from loader.warehouse.sql import Rows, by_ranges, double_text, first_line, quoted, silence_seconds

MEMORY_MB, MOST_MEMORY_MB = 150, 4000
"""What DuckDB may use, at first and when a statement needs more."""
BYTES_A_ROW = 15
"""What a comparison takes for each row of the mart (10,000,000 rows: 66 s with 300 MB, 56 s with 600)."""
THREADS = 2
"""Of a comparison."""
WINDOWS_LAID_ASIDE = 10
JOURNAL_MB = 64
"""Committed changes that wait in the file's journal; DuckDB's own 16 had it work them in every 40,000 rows."""
_HOLDER = re.compile(r"\(PID (\d+)\)")
_EVERY_SECONDS = 1.0
"""How often it is looked whether a file that others hold is free again."""


class DuckDb:
    """A DuckDB file; one process writes at a time."""

    exclusive, now = True, "cast(current_timestamp at time zone 'UTC' as timestamp)"
    rows_a_statement = 10_000

    def __init__(self, target: Target, *, read_only: bool) -> None:
        path = self._path = Path(str(target.options["path"]))
        if not path.is_file():
            raise MisuseError(f"There is no DuckDB file {path}; run `dbt build`, or set DUCKDB_PATH.")
        self.identity = f"duckdb {path.resolve()}"
        try:
            self._connection = duckdb.connect(str(path), read_only=read_only)
        except duckdb.IOException as error:
            raise _locked(path, error) from None
        except duckdb.Error as error:
            raise MisuseError(f"{path} cannot be opened as a DuckDB file ({first_line(error)}).") from None
        self.execute("set timezone = 'UTC'")
        self._megabytes, self._laid = 0, 0
        self._allow(MEMORY_MB)
        self.execute(f"set threads = {THREADS}")
        self.execute(f"set checkpoint_threshold = '{JOURNAL_MB}MB'")
        self.execute("set enable_progress_bar = false")
        self.execute("set preserve_insertion_order = false")

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Rows:
        """See `Dialect`. A statement that needs more memory than usual gets it."""
        try:
            return self._connection.execute(sql, list(parameters)).fetchall()
        except duckdb.OutOfMemoryException:
            if self._megabytes >= MOST_MEMORY_MB:
                raise
            self._allow(self._megabytes * 2)
            return self.execute(sql, parameters)
        except duckdb.Error as error:
            raise StoppedError(f"DuckDB said: {first_line(error)}.") from error

    def expect(self, rows: int) -> None:
        """See `Dialect`. A statement that runs out of memory has taken its time in vain."""
        self.execute(f"set threads = {THREADS}")
        self._allow(min(MEMORY_MB + rows * BYTES_A_ROW // 1_000_000, MOST_MEMORY_MB))

    def _allow(self, megabytes: int) -> None:
        if megabytes > self._megabytes:
            self._megabytes = megabytes
            self._connection.execute(f"set memory_limit = '{megabytes}MB'")

    def windows(self, staged: str, valued: Callable[[str], str], size: int) -> Iterator[Rows]:
        """See `Dialect`. Calls are made meanwhile; a second thread would take the processor from them, and a third more
        of its time than one alone."""
        self.execute("set threads = 1")
        self._laid += 1
        return by_ranges(self, f"temp.laid_{self._laid}", staged, valued, size, WINDOWS_LAID_ASIDE)

    def let_go(self) -> None:
        """See `Dialect`. The file is detached, and a database in memory stands in its place."""
        self._name = quoted(str(self.execute("select current_database()")[0][0]))
        for statement in ("attach ':memory:' as loader_aside", "use loader_aside", f"detach {self._name}"):
            self.execute(statement)

    def take_again(self, pause: Callable[[float], None]) -> None:
        """See `Dialect`."""
        until = time.monotonic() + silence_seconds()
        while True:
            if not self._path.is_file():  # attached, one would be made
                raise StoppedError(f"There is no DuckDB file {self._path} any more; what was sent is noted in it.")
            try:
                self._connection.execute(f"attach {self.literal(str(self._path))} as {self._name}")
                break
            except duckdb.IOException as error:
                if time.monotonic() > until:
                    raise StoppedError(
                        f"{_in_use(self._path, error)} What was sent is noted; run this again."
                    ) from None
            pause(_EVERY_SECONDS)
        for statement in (f"use {self._name}", "detach loader_aside"):
            self.execute(statement)

    def close(self) -> None:
        """See `Dialect`."""
        self._connection.close()

    def relation(self, given: Relation) -> str:
        """See `Dialect`. The database's name is the file's, which may have been renamed."""
        return f"{quoted(given.schema)}.{quoted(given.name)}"

    def column(self, name: str) -> str:
        """See `Dialect`."""
        return quoted(name)

    def literal(self, text: str) -> str:
        """See `Dialect`. A quote is the only character that means something in one."""
        return "'" + text.replace("'", "''") + "'"

    def table_of(self, rows: Sequence[Sequence[Any]], types: Sequence[str]) -> tuple[str, list[Any]]:
        """See `Dialect`. One list a column is several times faster than one parameter a value."""
        lists = [f"unnest(cast(? as {kind}[])) as c{n}" for n, kind in enumerate(types)]
        columns = [[row[n] for row in rows] for n in range(len(types))]
        return f"select {', '.join(lists)}", columns

    def json_text(self, column: str) -> str:
        """See `Dialect`."""
        return f"cast(to_json({column}) as varchar)"

    def timestamp_text(self, column: str) -> str:
        """See `Dialect`."""
        return f"cast(epoch_us({column}) as varchar)"

    def record(self, fields: Sequence[tuple[str, str, str]]) -> str:
        """See `Dialect`. The database writes the JSON, several times faster than Python could."""
        times = "strftime({}, '%Y-%m-%dT%H:%M:%S.%gZ')"
        values = (f"{self.literal(n)}: {times.format(c) if kind == 'timestamp' else c}" for n, c, kind in fields)
        return f"cast(to_json({{{', '.join(values)}}}) as varchar)"

    def record_text(self, names: Sequence[str], selected: Sequence[Any]) -> str:
        """See `Dialect`."""
        return str(selected[0])

    def not_finite(self, column: str) -> str:
        """See `Dialect`."""
        return f"not isfinite({column})"

    def doubles_text(self, columns: Sequence[str]) -> str:
        """See `Dialect`. One expression over a list: one a column takes twice the time and memory. `array_to_string`
        would be worked out for every row, also where a `coalesce` does not need it."""
        texts = f"list_transform([{', '.join(columns)}], lambda x: coalesce({double_text('x')}, '~'))"
        return f"list_aggregate({texts}, 'string_agg', ';') || ';'"


def _locked(path: Path, error: Exception) -> RefusedError | MisuseError:
    if _HOLDER.search(str(error)) is None:
        return MisuseError(f"{path} cannot be opened ({first_line(error)}).")
    return RefusedError(f"{_in_use(path, error)} Nothing was sent; run this again when that one has finished.")


def _in_use(path: Path, error: Exception) -> str:
    holder = _HOLDER.search(str(error))
    if holder is None:
        return f"{path} cannot be opened ({first_line(error)})."
    return f"{path} is in use by process {holder[1]} (another publish, or dbt, or an open DuckDB shell)."
