"""The loader's tables for people: the last runs, and what is still rejected."""

from __future__ import annotations

import json
from typing import Any

from loader.warehouse.tables import TABLES, Tables


def last_runs(tables: Tables, count: int) -> list[dict[str, Any]]:
    """The last runs to any destination, newest first."""
    names = _names("publish_runs")
    found = tables.dialect.execute(
        f"select {', '.join(names)} from {tables.table('publish_runs')} order by started_at desc limit {count}"
    )
    return [dict(zip(names, row, strict=True)) for row in found]


def standing_rejections(tables: Tables) -> list[dict[str, Any]]:
    """Rejected rows that have not been accepted since, newest first."""
    names = [n for n in _names("publish_rejections") if n != "row_hash"]
    found = tables.dialect.execute(f"""
select {", ".join(f"r.{name}" for name in names)} from (
select *, max(rejected_at) over (partition by destination, connection, object, row_key) as last_at
from {tables.table("publish_rejections")}
) as r
left join {tables.table("publish_state")} as s
on s.destination = r.destination and s.connection is not distinct from r.connection and s.object = r.object
and s.row_key = r.row_key
where r.rejected_at = r.last_at and (s.accepted_at is null or s.accepted_at < r.rejected_at)
order by r.rejected_at desc, r.object, r.row_key""")
    return [dict(zip(names, row, strict=True)) for row in found]


def postponed_rows(tables: Tables) -> list[dict[str, Any]]:
    """Rows that a destination did not take yet, through no fault of theirs; those that wait longest first."""
    names = [n for n in _names("publish_later") if n != "run_id"]
    found = tables.dialect.execute(
        f"select {', '.join(names)} from {tables.table('publish_later')} order by since, object, row_key"
    )
    return [dict(zip(names, row, strict=True)) for row in found]


def decided_calls(tables: Tables) -> list[dict[str, Any]]:
    """Calls to action that were made, or found to be there, newest first."""
    found = tables.dialect.execute(
        f"select connection, row_key, destination_id, created_by_us, accepted_at from {tables.table('publish_state')}"
        " where destination = 'gainsight_cta' order by accepted_at desc, row_key"
    )
    names = ("connection", "reference", "gsid", "made_by_us", "at")
    rows = [dict(zip(names, row, strict=True)) for row in found]
    return [{**row, "reference": json.loads(row["reference"])[0]} for row in rows]


def _names(table: str) -> list[str]:
    return [each.split()[0] for each in TABLES[table].split(", ")]
