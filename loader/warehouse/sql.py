"""SQL that all warehouses share, and what each must offer beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Any, Protocol

from loader.config import number
from loader.dbt.artifacts import Relation

Rows = list[tuple[Any, ...]]
SILENCE_SECONDS = 120
"""How long a warehouse may not answer at all. A statement may take longer: it answers that it works on it."""


def silence_seconds() -> float:
    """What the user says to that."""
    return number("LOADER_WAREHOUSE_SECONDS", SILENCE_SECONDS)


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


class Dialect(Protocol):
    """One connection to one kind of warehouse. All times are UTC, without a zone."""

    exclusive: bool
    """Whether an open connection keeps every other process out."""
    now: str
    """SQL of the warehouse's own time, in UTC."""
    rows_a_statement: int
    """Rows that one statement adds at the most."""
    identity: str
    """What tells this database from every other one, a copy of it included."""

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

    def let_go(self) -> None:
        """Keep no other process from writing, until `take_again`; temporary tables stay."""

    def take_again(self, pause: Callable[[float], None]) -> None:
        """Hold the warehouse as before.

        Args:
            pause: waits so many seconds.

        Raises:
            StoppedError: another process has it.
        """

    def close(self) -> None:
        """Close the connection."""

    def relation(self, given: Relation) -> str:
        """A relation's full name."""

    def column(self, name: str) -> str:
        """A column's name, in the case dbt gave it."""

    def literal(self, text: str) -> str:
        """Text as SQL writes it, for statements that may bind no values."""

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


def by_ranges(
    db: Dialect, aside: str, staged: str, valued: Callable[[str], str], size: int, most: int
) -> Iterator[Rows]:
    """Windows of a query's rows, by ranges of their position.

    An open result would not outlive the next statement, nor six hours on Snowflake, and a query a window would look
    through the whole relation each time; so one query lays aside what is needed for several windows. The first for one
    only, so that calls begin at once.

    Args:
        db: the warehouse.
        aside: name of the temporary table.
        staged, valued, size: see `Dialect.windows`.
        most: windows laid aside at a time.
    """
    last, ahead = 0, 1
    while ends := _ends(db, staged, last, size * ahead, size):
        ahead = min(2 * ahead, most)
        part = valued(f"{staged} and pos > {last} and pos <= {ends[-1]}")
        db.execute(f"create or replace temporary table {aside} as {part}")
        for end in ends:
            window = db.execute(f"select * from {aside} where pos > {last} and pos <= {end}")
            yield sorted(window, key=itemgetter(0))
            last = end
    db.execute(f"drop table if exists {aside}")


def _ends(db: Dialect, staged: str, last: int, rows: int, size: int) -> list[int]:
    """The last pos of each of the next windows."""
    next_rows = f"select pos from ({staged} and pos > {last}) as staged order by pos limit {rows}"
    numbered = f"select pos, floor((row_number() over (order by pos) - 1) / {size}) as number from ({next_rows}) as n"
    found = db.execute(f"select max(pos) from ({numbered}) as numbered group by number order by number")
    return [int(end) for (end,) in found]


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


def first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
