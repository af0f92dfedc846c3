"""What dbt wrote about itself into the warehouse (macros/raw/record_invocation.sql)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from loader.dbt.artifacts import PublishModel
from loader.warehouse.tables import Tables

RECENT = 300
"""So many invocations are looked at."""


@dataclass(frozen=True)
class Invocation:
    """One run of dbt that changed or judged relations, as far as it is known.

    Attributes:
        completed: whether it came to its end; else it was killed, or goes on.
        as_of, grain: of the marts it built.
        newest_ping_at: when the newest ping that it had arrived.
        statuses: how each node ended, by unique id.
    """

    id: str
    command: str
    at: datetime
    completed: bool
    as_of: str | None = None
    grain: str | None = None
    newest_ping_at: datetime | None = None
    statuses: Mapping[str, str] = field(default_factory=dict)


def latest_invocation(tables: Tables) -> str | None:
    """The dbt invocation that wrote to the warehouse last, or None when nothing says so."""
    if not tables.has("dbt_invocations"):
        return None
    found = tables.dialect.execute(
        f"select invocation_id from {tables.table('dbt_invocations')} order by completed_at desc limit 1"
    )
    return str(found[0][0]) if found else None


def invocations(tables: Tables) -> list[Invocation]:
    """What is known of the last invocations, newest first."""
    if not tables.has("dbt_results"):
        return []
    found = tables.dialect.execute(
        "select invocation_id, command, coalesce(completed_at, began_at) as at, completed_at is not null, as_of, grain,"
        f" newest_ping_at, statuses from {tables.table('dbt_results')} order by 3 desc limit {RECENT}"
    )
    return [Invocation(*each[:7], statuses=json.loads(each[7] or "{}")) for each in found]  # type: ignore[misc]


def build_mark(tables: Tables, models: Sequence[PublishModel]) -> str:
    """A text that is another one once dbt began or ended a run, or a relation was replaced."""
    parts = [str(latest_invocation(tables))]
    if tables.has("dbt_results"):
        query = f"select max(began_at), max(completed_at), count(*) from {tables.table('dbt_results')}"
        parts.append(str(tables.dialect.execute(query)))
    return " ".join([*parts, *(str(tables.replaced_at(model.relation)) for model in models)])
