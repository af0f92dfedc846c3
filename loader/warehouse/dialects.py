"""What differs between warehouses: how to connect, and a few pieces of SQL."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, Protocol

import duckdb

from loader.dbt.artifacts import Relation
from loader.dbt.profile import Target
from loader.engine.values import as_json
from loader.errors import MisuseError, RefusedError, StoppedError

MEMORY_MB, MOST_MEMORY_MB = 150, 4000
"""What DuckDB may use, at first and when a statement needs more."""
BYTES_A_ROW = 15
"""What a comparison takes for each row of the mart (10,000,000 rows: 66 s with 300 MB, 56 s with 600)."""
WINDOWS_LAID_ASIDE = 10
Rows = list[tuple[Any, ...]]


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


class Dialect(Protocol):
    """One connection to one kind of warehouse. All times are UTC, without a zone."""

    exclusive: bool
    """Whether an open connection keeps every other process out."""

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Rows:
        """Run one statement (`?` marks parameters) and fetch everything."""

    def expect(self, rows: int) -> None:
        """Get ready to compare so many rows."""

    def windows(self, staged: str, valued: Callable[[str], str], size: int) -> Iterator[Rows]:
        """Rows in order, so many at a time; memory does not grow with their number.

        Args:
            staged: a query that has a column pos, and a where clause at its end.
            valued: makes of it, or of a part of it, the query to read; its first column is pos.
            size: rows of a window.
        """

    def close(self) -> None:
        """Close the connection."""

    def relation(self, given: Relation) -> str:
        """A relation's full name."""

    def column(self, name: str) -> str:
        """A column's name, in the case dbt gave it."""

    def table_of(self, rows: Sequence[Sequence[Any]], types: Sequence[str]) -> tuple[str, list[Any]]:
        """A query over these rows, with columns c0, c1 and so on, and its parameters."""

    def json_text(self, column: str) -> str:
        """A text column as a JSON string."""

    def timestamp_text(self, column: str) -> str:
        """A timestamp as microseconds since 1970, in digits."""

    def record(self, fields: Sequence[tuple[str, str, str]]) -> str:
        """What to select for `record_text`, of fields' names, columns and kinds of value."""

    def record_text(self, names: Sequence[str], selected: Sequence[Any]) -> str:
        """Values by field name as JSON: dates and times in ISO 8601, times in UTC to the millisecond."""

    def not_finite(self, column: str) -> str:
        """Whether a double is NaN or infinite."""

    def doubles_text(self, columns: Sequence[str]) -> str:
        """Doubles as canonical text, each with a `;` behind it; null is `~`."""


class DuckDb:
    """A DuckDB file; one process writes at a time."""

    exclusive = True

    def __init__(self, target: Target, *, read_only: bool) -> None:
        path = Path(str(target.options["path"]))
        if not path.is_file():
            raise MisuseError(f"There is no DuckDB file {path}; run `dbt build`, or set DUCKDB_PATH.")
        try:
            self._connection = duckdb.connect(str(path), read_only=read_only)
        except duckdb.IOException as error:
            raise _locked(path, error) from None
        except duckdb.Error as error:
            raise MisuseError(f"{path} cannot be opened as a DuckDB file ({_first_line(error)}).") from None
        self.execute("set timezone = 'UTC'")
        self._megabytes, self._laid = 0, 0
        self._allow(MEMORY_MB)
        self.execute("set threads = 2")
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
            raise StoppedError(f"DuckDB said: {_first_line(error)}.") from error

    def expect(self, rows: int) -> None:
        """See `Dialect`. A statement that runs out of memory has taken its time in vain."""
        self._allow(min(MEMORY_MB + rows * BYTES_A_ROW // 1_000_000, MOST_MEMORY_MB))

    def _allow(self, megabytes: int) -> None:
        if megabytes > self._megabytes:
            self._megabytes = megabytes
            self._connection.execute(f"set memory_limit = '{megabytes}MB'")

    def windows(self, staged: str, valued: Callable[[str], str], size: int) -> Iterator[Rows]:
        """See `Dialect`. An open result would not outlive the next statement, and a query a window would look through
        the whole relation each time; so one query lays aside what is needed for several windows. The first for one
        only, so that calls begin at once."""
        self._laid += 1
        aside, last, ahead = f"temp.laid_{self._laid}", 0, 1
        query = valued(f"{staged} and pos > ? and pos <= ?")
        while ends := self._ends(staged, last, size, ahead):
            ahead = min(2 * ahead, WINDOWS_LAID_ASIDE)
            self.execute(f"create or replace temp table {aside} as {query}", [last, ends[-1]])
            for end in ends:
                yield sorted(self.execute(f"from {aside} where pos > ? and pos <= ?", [last, end]), key=itemgetter(0))
                last = end
        self.execute(f"drop table if exists {aside}")

    def _ends(self, staged: str, last: int, size: int, windows: int) -> list[int]:
        """The last pos of each of the next windows."""
        next_rows = f"select pos from ({staged} and pos > ?) order by pos limit {size * windows}"
        numbered = f"select pos, (row_number() over (order by pos) - 1) // {size} as number from ({next_rows})"
        found = self.execute(f"select max(pos) from ({numbered}) group by number order by number", [last])
        return [end for (end,) in found]

    def close(self) -> None:
        """See `Dialect`."""
        self._connection.close()

    def relation(self, given: Relation) -> str:
        """See `Dialect`. The database's name is the file's, which may have been renamed."""
        return f"{quoted(given.schema)}.{quoted(given.name)}"

    def column(self, name: str) -> str:
        """See `Dialect`."""
        return quoted(name)

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
        values = (f"{literal(n)}: {times.format(c) if kind == 'timestamp' else c}" for n, c, kind in fields)
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


_SAME = (
    "account",
    "user",
    "password",
    "role",
    "warehouse",
    "database",
    "authenticator",
    "token",
    "host",
    "port",
    "protocol",
)
_CONNECTION = {
    **{name: name for name in _SAME},
    "private_key": "private_key",
    "private_key_path": "private_key_file",
    "private_key_passphrase": "private_key_file_pwd",
}
"""The connector's names for what dbt's profile says."""


class Snowflake:
    """A Snowflake session of the dbt profile's user."""

    exclusive = False

    def __init__(self, target: Target) -> None:
        import snowflake.connector

        self._errors = snowflake.connector.errors.Error
        options = dict(target.options)
        arguments = {_CONNECTION[k]: v for k, v in options.items() if k in _CONNECTION and v not in ("", None)}
        if "private_key" in arguments:
            arguments["private_key"] = _private_key(
                arguments["private_key"], arguments.pop("private_key_file_pwd", None)
            )
        arguments["account"] = str(arguments.get("account", "")).replace("_", "-")  # as dbt has it
        arguments["schema"] = target.state_schema  # where this role may make temporary tables
        self._database = str(options.get("database", ""))
        try:
            self._connection = snowflake.connector.connect(
                **arguments,
                paramstyle="qmark",
                session_parameters={
                    "TIMEZONE": "UTC",
                    "DATE_OUTPUT_FORMAT": "YYYY-MM-DD",
                    "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_NTZ",
                },
            )
        except self._errors as error:
            raise MisuseError(f"Snowflake refused the profile's connection ({_first_line(error)}).") from None

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Rows:
        """See `Dialect`."""
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(sql, list(parameters))
                return [tuple(row) for row in cursor.fetchall()]
        except self._errors as error:
            raise StoppedError(f"Snowflake said: {_first_line(error)}.") from error

    def expect(self, rows: int) -> None:
        """See `Dialect`. The warehouse sees to its memory itself."""

    def windows(self, staged: str, valued: Callable[[str], str], size: int) -> Iterator[Rows]:
        """See `Dialect`. One query; its Arrow batches are fetched and unpacked one after the other."""
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(f"{valued(staged)} order by 1")
                rows = _unpacked(cursor.get_result_batches() or ())
                while window := list(islice(rows, size)):
                    yield window
        except self._errors as error:
            raise StoppedError(f"Snowflake said: {_first_line(error)}.") from error

    def close(self) -> None:
        """See `Dialect`."""
        self._connection.close()

    def relation(self, given: Relation) -> str:
        """See `Dialect`. dbt leaves names unquoted there, so they are upper case."""
        database = given.database or self._database
        return ".".join(quoted(part.upper()) for part in (database, given.schema, given.name))

    def column(self, name: str) -> str:
        """See `Dialect`."""
        return quoted(name.upper())

    def table_of(self, rows: Sequence[Sequence[Any]], types: Sequence[str]) -> tuple[str, list[Any]]:
        """See `Dialect`."""
        marks = f"({', '.join('?' * len(types))})"
        columns = [f"cast(column{n + 1} as {kind}) as c{n}" for n, kind in enumerate(types)]
        values = ", ".join([marks] * len(rows))
        return f"select {', '.join(columns)} from values {values}", [each for row in rows for each in row]

    def json_text(self, column: str) -> str:
        """See `Dialect`."""
        return f"to_json(to_variant({column}))"

    def timestamp_text(self, column: str) -> str:
        """See `Dialect`."""
        return f"cast(date_part(epoch_microsecond, {column}) as varchar)"

    def record(self, fields: Sequence[tuple[str, str, str]]) -> str:
        """See `Dialect`. Its own JSON would round doubles, so the values come as they are."""
        return ", ".join(column for _, column, _ in fields)

    def record_text(self, names: Sequence[str], selected: Sequence[Any]) -> str:
        """See `Dialect`."""
        return json.dumps(dict(zip(names, map(as_json, selected), strict=True)))

    def not_finite(self, column: str) -> str:
        """See `Dialect`."""
        return f"lower(cast({column} as varchar)) in ('nan', 'inf', '-inf')"

    def doubles_text(self, columns: Sequence[str]) -> str:
        """See `Dialect`."""
        return " || ".join(f"coalesce({double_text(column)}, '~') || ';'" for column in columns)


def connect(target: Target, *, read_only: bool) -> Dialect:
    """Open the profile's warehouse.

    Raises:
        MisuseError: it is not there, or refuses the credentials.
        RefusedError: another process holds it.
    """
    return DuckDb(target, read_only=read_only) if target.kind == "duckdb" else Snowflake(target)


def value_text(dialect: Dialect, column: str, kind: str) -> str:
    """A column as canonical text, the same on every warehouse; null stays null."""
    if kind == "text":
        return column
    if kind == "boolean":
        return f"case {column} when true then 'true' when false then 'false' end"
    if kind == "timestamp":
        return dialect.timestamp_text(column)
    if kind == "decimal":
        return f"cast(cast({column} as decimal(38, 9)) as varchar)"
    return double_text(column) if kind == "double" else f"cast({column} as varchar)"


def double_text(column: str) -> str:
    """A double as text: of usual size compared at nine decimals (as whole billionths, `n`), others as they are."""
    return (
        f"case when abs({column}) < 9e9 and ({column} = 0 or abs({column}) >= 1e-3)"
        f" then cast(cast(round({column} * 1e9) as bigint) as varchar) || 'n'"
        f" when abs({column}) between 9e9 and 1e15"
        f" then cast(cast({column} as decimal(38, 9)) as varchar) else cast({column} as varchar) end"
    )


def _private_key(text: str, passphrase: str | None) -> bytes:
    """A key that stands in the profile itself (PEM, or DER in base64), as the connector takes it."""
    from cryptography.hazmat.primitives import serialization as form

    given = passphrase.encode() if passphrase else None
    try:
        if text.startswith("-"):
            key = form.load_pem_private_key(text.encode(), given)
        else:
            key = form.load_der_private_key(base64.b64decode(text), given)
    except (ValueError, TypeError):
        raise MisuseError("The profile's private_key cannot be read; see also private_key_passphrase.") from None
    return key.private_bytes(form.Encoding.DER, form.PrivateFormat.PKCS8, form.NoEncryption())


def _unpacked(batches: Iterable[Iterable[Any]]) -> Iterator[tuple[Any, ...]]:
    """Rows of result batches; the connector hands over a value it cannot convert as an exception."""
    for row in chain.from_iterable(batches):
        if isinstance(row, Exception):
            raise row
        yield tuple(row)


def _locked(path: Path, error: Exception) -> RefusedError | MisuseError:
    holder = re.search(r"\(PID (\d+)\)", str(error))
    if holder is None:
        return MisuseError(f"{path} cannot be opened ({_first_line(error)}).")
    return RefusedError(
        f"{path} is in use by process {holder[1]} (another publish, or dbt, or an open DuckDB shell)."
        " Nothing was sent; run this again when that one has finished."
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
