"""The raw table of labels, and the instances they are given to."""

from __future__ import annotations

from collections.abc import Sequence

from loader.dbt.artifacts import Relation
from loader.warehouse.tables import Tables


def instance_names(tables: Tables, instances: Relation, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """uuid and hostname by instance_id."""
    if not ids:
        return {}
    query, parameters = tables.dialect.table_of([(each,) for each in ids], ["varchar"])
    found = tables.dialect.execute(
        f"select instance_id, uuid, hostname from {tables.dialect.relation(instances)} where instance_id in ({query})",
        parameters,
    )
    return {str(each): (str(uuid), str(hostname or "")) for each, uuid, hostname in found}


def raw_rows(tables: Tables, relation: tuple[str, str, str], columns: Sequence[str]) -> list[list[str]]:
    """A raw table's rows, as text."""
    selected = ", ".join(f"cast({tables.dialect.column(name)} as varchar)" for name in columns)
    table = tables.dialect.relation(Relation(*relation))
    return [[each or "" for each in row] for row in tables.dialect.execute(f"select {selected} from {table}")]


def add_raw_rows(
    tables: Tables, relation: tuple[str, str, str], columns: Sequence[str], rows: Sequence[Sequence[str]]
) -> None:
    """Add rows of text to a raw table; the last column is a timestamp."""
    query, parameters = tables.dialect.table_of(rows, ["varchar"] * (len(columns) - 1) + ["timestamp"])
    names = ", ".join(tables.dialect.column(name) for name in columns)
    table = tables.dialect.relation(Relation(*relation))
    tables.dialect.execute(f"insert into {table} ({names}) {query}", parameters)
