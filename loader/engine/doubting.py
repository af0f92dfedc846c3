"""Values that fit a field and are probably not meant, whatever the destination."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from loader.dbt.artifacts import PublishModel
from loader.engine.destination import Facts, Field

Doubt = tuple[str, str, str]
"""Field, problem, and what to do about it."""


@dataclass(frozen=True)
class Kinds:
    """How a destination calls types of fields.

    Attributes:
        joint: what joins the items of a multi-select.
    """

    percentage: str
    time: str
    multiple: str
    joint: str = ";"


def of_values(model: PublishModel, fields: Mapping[str, Field], facts: Facts, kinds: Kinds) -> Iterator[Doubt]:
    """Shares in percentages, dates in times, commas in multi-selects."""
    for column, name in model.fields.items():
        field, kind = fields.get(name), model.kinds[column]
        if field is None:
            continue
        if field.type == kinds.percentage and facts.shares.get(column):
            yield name, f"is a percentage, and {column} looks like a share from 0 to 1", "multiply it by 100"
        if field.type == kinds.time and kind == "date":
            yield name, f"is a date-time, and {column} is a date: midnight UTC is sent", "make the field a Date"
        if field.type == kinds.multiple and facts.commas.get(column):
            problem = f"is a multi-select, and {facts.commas[column]} values hold a comma, which joins nothing"
            yield name, problem, f"join its items by {kinds.joint}"
