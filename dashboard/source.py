"""Where rows come from: a small interface, and its DuckDB form.

Another warehouse needs a class with the same two methods; `queries` sends it plain
SQL without anything that is DuckDB's own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import duckdb

from dashboard.errors import DashboardError

Row = dict[str, Any]


@dataclass(frozen=True)
class Relation:
    """A table or view: its name as SQL must write it, and its columns in lower case."""

    sql_name: str
    columns: tuple[str, ...]


def group_by(rows: Iterable[Row], *keys: str) -> dict[tuple[Any, ...], list[Row]]:
    """Rows by the values of `keys`."""
    grouped: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        grouped[tuple(row[key] for key in keys)].append(row)
    return grouped


class Source(Protocol):
    """A warehouse that holds the mart."""

    def relations(self) -> dict[str, Relation]:
        """The marts and seeds that exist, by lower-case name."""

    def rows(self, sql: str) -> list[Row]:
        """The result of a select, one dict a row, keys in lower case."""


class DuckDbSource:
    """A DuckDB file, opened read-only."""

    def __init__(self, path: Path, schema: str = "main") -> None:
        """Open the file.

        Args:
            path: the DuckDB file that `dbt build` wrote.
            schema: the target schema; seeds are in it or in `<schema>_seeds`.

        Raises:
            DashboardError: there is no such file, or it cannot be opened.
        """
        if not path.is_file():
            raise DashboardError(f"There is no database {path}. Run `make build`, or name it with --database.")
        try:
            self._connection = duckdb.connect(str(path), read_only=True)
        except duckdb.Error as error:
            raise DashboardError(f"Cannot open {path}: {error}") from error
        self._schemas = (schema, f"{schema}_seeds")

    def relations(self) -> dict[str, Relation]:
        """See `Source`. The target schema wins over the seeds' one."""
        found: dict[str, Relation] = {}
        for schema in self._schemas:
            for name, columns in self._tables(schema).items():
                sql_name = f"{_quoted(schema)}.{_quoted(name)}"
                found.setdefault(name.lower(), Relation(sql_name, tuple(columns)))
        return found

    def rows(self, sql: str) -> list[Row]:
        """See `Source`."""
        try:
            cursor = self._connection.execute(sql)
            names = [str(column[0]).lower() for column in cursor.description or []]
            return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
        except duckdb.Error as error:
            raise DashboardError(f"The mart cannot be read: {error}\n{sql}") from error

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _tables(self, schema: str) -> dict[str, list[str]]:
        cursor = self._connection.execute(
            "select table_name, column_name from information_schema.columns "
            "where table_schema = ? order by table_name, ordinal_position",
            [schema],
        )
        tables: dict[str, list[str]] = {}
        for table, column in cursor.fetchall():
            tables.setdefault(str(table), []).append(str(column).lower())
        return tables


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
