"""What the values of a publish model's columns are like."""

from __future__ import annotations

from loader.dbt.artifacts import PublishModel
from loader.engine.destination import Facts
from loader.warehouse.tables import Tables

SAMPLE = 5000


def facts(tables: Tables, model: PublishModel) -> Facts:
    """Read the facts of a model's relation."""
    db, relation = tables.dialect, tables.dialect.relation(model.relation)
    numbers = [c for c in model.fields if model.kinds[c] in ("decimal", "double")]
    texts = [c for c in model.fields if model.kinds[c] == "text"]
    asked = [
        f"coalesce(min({db.column(c)}) >= 0 and max({db.column(c)}) <= 1"
        f" and sum(case when {db.column(c)} > 0 and {db.column(c)} < 1 then 1 else 0 end) > 0, false)"
        for c in numbers
    ]
    asked += [f"coalesce(sum(case when contains({db.column(c)}, ',') then 1 else 0 end), 0)" for c in texts]
    row = db.execute(f"select {', '.join([*asked, '1'])} from {relation}")[0]
    sampled = dict.fromkeys([*(each.column for each in model.lookups), *model.key_columns])
    samples = {
        column: [
            str(value)
            for (value,) in db.execute(
                f"select distinct {db.column(column)} as value from {relation}"
                f" where {db.column(column)} is not null order by value limit {SAMPLE}"
            )
        ]
        for column in sampled
        if model.kinds.get(column, "text") == "text"
    }
    shares = {column: bool(value) for column, value in zip(numbers, row, strict=False)}
    commas = {column: int(value) for column, value in zip(texts, row[len(numbers) :], strict=False)}
    return Facts(shares, commas, samples)
