"""What look-ups pointed to when rows were sent, so that a record made again, merged or gone is noticed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loader.dbt.artifacts import Lookup, PublishModel
from loader.warehouse.mart import Mart
from loader.warehouse.state import CHUNK

RELINKED = "relinked"
"""What the state holds instead of the hash of a row whose look-up points elsewhere now."""
UNRESOLVED = ("NO_LOOKUP_MATCH", "MULTIPLE_LOOKUP_MATCHES")


def relink(mart: Mart, model: PublishModel, lookup: Lookup, targets: Mapping[str, str]) -> int:
    """Compare where values point with where they pointed, and mark the rows to send again.

    Rows that stand with another target are marked as changed, rejected ones as not looked at, in the transaction that
    notes the new targets.

    Args:
        mart: of this connection.
        model: whose look-up it is.
        lookup: one of its look-ups.
        targets: ids of the records, joined by commas, by our value as text; "" for none.

    Returns:
        Values that point elsewhere now.
    """
    state, owner = mart.state, [*mart.state.owner, model.object, lookup.field]
    table = state.table("publish_links")
    query = f"select value, target from {table} where {state.mine} and object = ? and field = ?"
    known = {str(value): str(target) for value, target in state.dialect.execute(query, owner)}
    moved = [value for value, target in targets.items() if known.get(value, target) != target]
    found = [value for value, target in targets.items() if target and known.get(value, "") != target]
    fresh = [(value, target) for value, target in targets.items() if known.get(value) != target]
    if not fresh:
        return 0
    with state.held():
        _mark(mart, model, lookup, "publish_state", moved)
        _mark(mart, model, lookup, "publish_rejections", found)
        for start in range(0, len(fresh), CHUNK):
            part = fresh[start : start + CHUNK]
            query, parameters = state.dialect.table_of([(value,) for value, _ in part], ["varchar"])
            where = f"{state.mine} and object = ? and field = ? and value in ({query})"
            state.dialect.execute(f"delete from {table} where {where}", [*owner, *parameters])
            state.insert("publish_links", part, object=model.object, field=lookup.field)
    return len(moved)


def _mark(mart: Mart, model: PublishModel, lookup: Lookup, name: str, values: Sequence[str]) -> None:
    """Mark a table's rows with one of these values."""
    state, shape = mart.state, mart.shape(model)
    more = f" and code in {UNRESOLVED}" if name == "publish_rejections" else ""
    for start in range(0, len(values), CHUNK):
        query, parameters = state.dialect.table_of([(each,) for each in values[start : start + CHUNK]], ["varchar"])
        value = f"cast({shape.column(lookup.column)} as varchar)"
        keys = f"select {shape.key} from {shape.relation} where {value} in ({query})"
        state.dialect.execute(
            f"update {state.table(name)} set row_hash = '{RELINKED}' where {state.mine} and object = ?{more}"
            f" and row_key in ({keys})",
            [*state.owner, model.object, *parameters],
        )
