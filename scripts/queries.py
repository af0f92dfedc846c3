"""docs/queries.md: each query followed by what it finds in the small sample; `--check` compares, else it is written."""

from __future__ import annotations

import argparse
import os
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

PAGE = Path(__file__).parents[1] / "docs" / "queries.md"
QUERY = re.compile(r"```sql\n(?P<sql>.*?)```\n(?:\n(?:\|[^\n]*\n)+)?", re.DOTALL)


def cell(value: Any) -> str:
    """A value as the page shows it; what is missing is seen to be."""
    if value is None:
        return "*null*"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes")
    return str(value).replace("|", "\\|").replace("\n", " ")


def table(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    """What a query finds, as a table of the page."""
    found = connection.execute(sql)
    names = [column[0] for column in found.description]
    rows = [names, ["---"] * len(names), *([cell(value) for value in row] for row in found.fetchall())]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def written(text: str, connection: duckdb.DuckDBPyConnection) -> str:
    """The page with what each query finds now."""
    return QUERY.sub(lambda each: f"```sql\n{each['sql']}```\n\n{table(connection, each['sql'])}\n", text)


def main(arguments: list[str] | None = None) -> int:
    """Writes or checks the page; 1 when it is out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--database", default=os.environ.get("DUCKDB_PATH", "customer_health.duckdb"))
    options = parser.parse_args(arguments)
    before = PAGE.read_text(encoding="utf-8")
    with duckdb.connect(options.database, read_only=True) as connection:
        after = written(before, connection)
    if options.check:
        return int(before != after)
    PAGE.write_text(after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
