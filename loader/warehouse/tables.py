"""The loader's own tables, beside the mart, and how they are made and written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from loader.dbt.artifacts import Relation
from loader.dbt.profile import Target
from loader.warehouse.dialects import connect
from loader.warehouse.sql import Dialect

TABLES = {
    "publish_state": (
        "destination varchar, object varchar, row_key varchar, row_hash varchar, destination_id varchar,"
        " created_by_us boolean, accepted_at timestamp, run_id varchar, null_fields varchar, connection varchar"
    ),
    "publish_runs": (
        "run_id varchar, destination varchar, started_at timestamp, finished_at timestamp, outcome varchar,"
        " exit_code integer, rows_new bigint, rows_changed bigint, rows_unchanged bigint, rows_gone bigint,"
        " rows_accepted bigint, rows_rejected bigint, api_calls bigint, gate varchar, message varchar,"
        " connection varchar, rows_later bigint, as_of varchar, grain varchar"
    ),
    "publish_rejections": (
        "run_id varchar, destination varchar, object varchar, row_key varchar, field varchar, code varchar,"
        " message varchar, rejected_at timestamp, row_hash varchar, connection varchar"
    ),
    "publish_later": (
        "destination varchar, object varchar, row_key varchar, code varchar, message varchar, since timestamp,"
        " last_at timestamp, runs bigint, run_id varchar, connection varchar"
    ),
    "publish_intents": (
        "destination varchar, object varchar, row_key varchar, run_id varchar, sent_at timestamp,"
        " created_by_us boolean, connection varchar"
    ),
    "publish_uploads": (
        "destination varchar, object varchar, status_id varchar, run_id varchar, sent_at timestamp, ended_at timestamp,"
        " connection varchar"
    ),
    "publish_calls": (
        "destination varchar, day date, calls bigint, recent bigint, last_call_at timestamp, recents varchar,"
        " connection varchar"
    ),
    "publish_locks": (
        "destination varchar, run_id varchar, holder varchar, heartbeat_at timestamp, ends_at timestamp,"
        " connection varchar"
    ),
    "publish_links": (
        "destination varchar, object varchar, field varchar, value varchar, target varchar, connection varchar"
    ),
    "publish_objects": (
        "destination varchar, object varchar, key_fields varchar, as_of varchar, grain varchar, connection varchar"
    ),
    "publish_connections": "destination varchar, connection varchar, warehouse varchar, since timestamp",
}
"""Columns by table. docs/loader.md describes them."""


def utc_now() -> datetime:
    """Now, in UTC, without a zone, as the tables hold it."""
    return datetime.now(UTC).replace(tzinfo=None)


class Tables:
    """One connection to the warehouse, and the state tables in it.

    Args:
        write: False opens a DuckDB file for reading; then tables that are not there are empty.
    """

    def __init__(self, target: Target, *, write: bool) -> None:
        self.dialect: Dialect = connect(target, read_only=not write)
        self.warehouse = f"{self.dialect.identity}/{target.schema}"
        self._schema = Relation(str(target.options.get("database", "")), target.state_schema, "")
        self._temporary: set[str] = set()
        self._make_tables(write or not self.dialect.exclusive)

    def close(self) -> None:
        """Close the connection."""
        self.dialect.close()

    def table(self, name: str) -> str:
        """Full name of a state table."""
        if name in self._temporary:
            return f"temp.{name}"
        return self.dialect.relation(Relation(self._schema.database, self._schema.schema, name))

    def _make_tables(self, write: bool) -> None:
        found = self.dialect.execute(
            "select lower(table_name), lower(column_name) from information_schema.columns"
            " where lower(table_schema) = lower(?)",
            [self._schema.schema],
        )
        self._there = {name for name, _ in found}
        missing = {name: TABLES[name] for name in TABLES if name not in self._there}
        if missing and write:
            schema = self.table("").rpartition(".")[0]
            self.dialect.execute(f"create schema if not exists {schema}")
        for name, columns in missing.items():
            if not write:
                self._temporary.add(name)
            kind = "table if not exists" if write else "temp table"
            self.dialect.execute(f"create {kind} {self.table(name)} ({columns})")
        for name in TABLES.keys() & self._there if write else ():
            self._add_columns(name, {column for table, column in found if table == name})

    def _add_columns(self, name: str, held: set[str]) -> None:
        """A table that an earlier version made gets the columns that came later."""
        for column in TABLES[name].split(", "):
            if column.split()[0] not in held:
                self.dialect.execute(f"alter table {self.table(name)} add column {column}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements inside take effect together, or none does."""
        self.dialect.execute("begin")
        try:
            yield
        except BaseException:
            self.dialect.execute("rollback")
            raise
        self.dialect.execute("commit")

    def has(self, name: str) -> bool:
        """Whether a table of this name stood in the loader's schema when it was opened."""
        return name in self._there

    def columns(self, relation: Relation) -> dict[str, str]:
        """Type by lower-case name of a relation's columns; empty when there is none."""
        found = self.dialect.execute(
            "select lower(column_name), data_type from information_schema.columns"
            " where lower(table_schema) = lower(?) and lower(table_name) = lower(?)",
            [relation.schema, relation.name],
        )
        return {str(name): str(kind) for name, kind in found}

    def replaced_at(self, relation: Relation) -> datetime | None:
        """When a relation was made or changed last, where the warehouse says so."""
        if self.dialect.exclusive:
            return None
        found = self.dialect.execute(
            "select max(last_altered) from information_schema.tables"
            " where lower(table_schema) = lower(?) and lower(table_name) = lower(?)",
            [relation.schema, relation.name],
        )
        return found[0][0] if found else None
