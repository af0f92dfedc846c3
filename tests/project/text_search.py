"""Looks for texts in every column of every relation that is not staging."""

from __future__ import annotations

from dbt_bench import Mart


def places_of(mart: Mart, *texts: str) -> list[str]:
    """`schema.relation: text` of every place outside staging that holds a text, in any case."""
    relations = [place for place in mart.relations() if not place[0].endswith("staging")]
    assert any(schema == "main" for schema, _ in relations)
    found = []
    for schema, name in relations:
        held = mart.rows(
            f'select looked_for from "{schema}"."{name}" as whole_row, unnest(?) as texts(looked_for) '
            "where contains(lower(cast(whole_row as varchar)), lower(looked_for)) group by looked_for",
            list(texts),
        )
        found += [f"{schema}.{name}: {row['looked_for']}" for row in held]
    return sorted(found)
