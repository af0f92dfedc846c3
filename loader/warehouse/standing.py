"""What an object's rows were sent as: under which key, of which day and grain."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from loader.dbt.artifacts import PublishModel
from loader.warehouse.mart import Mart
from loader.warehouse.state import State

log = logging.getLogger("loader")


@dataclass(frozen=True)
class Standing:
    """What stands at an object by our hand.

    Attributes:
        key: API names of the key's fields, in their order.
        as_of, grain: of the mart that was published last; None when they are not known.
    """

    key: tuple[str, ...]
    as_of: str | None
    grain: str | None


def standing(state: State, model: PublishModel) -> Standing | None:
    """What is known of a model's object; None before its first publish."""
    found = state.dialect.execute(
        f"select key_fields, as_of, grain from {state.table('publish_objects')} where {state.mine} and object = ?",
        [*state.owner, model.object],
    )
    return Standing(tuple(json.loads(found[0][0])), found[0][1], found[0][2]) if found else None


def note_standing(state: State, models: Sequence[PublishModel], as_of: str | None, grain: str | None) -> None:
    """Note what is about to be sent."""
    with state.held():
        for model in models:
            state.dialect.execute(
                f"delete from {state.table('publish_objects')} where {state.mine} and object = ?",
                [*state.owner, model.object],
            )
            state.insert("publish_objects", [(json.dumps(model.key), as_of, grain)], object=model.object)


def follow_key(mart: Mart, model: PublishModel) -> None:
    """After a change of a model's key, give the rows of the state their new keys, where the mart says which.

    Others can be told no more: they are not followed any longer, so that no record is changed or deleted by a key that
    means something else now.
    """
    state = mart.state
    before = standing(state, model)
    if before is None or before.key == model.key:
        return
    table, where = state.table("publish_state"), f"{state.mine} and object = ?"
    owner = [*state.owner, model.object]
    with state.held():
        if set(before.key) <= set(model.fields.values()):
            old, new = mart.shape(model.with_key(before.key)), mart.shape(model)
            state.dialect.execute(
                f"update {table} set row_key = k.new_key, run_id = ? from (select {old.key} as old_key,"
                f" max({new.key}) as new_key from {new.relation} group by 1 having count(*) = 1) as k"
                f" where {where} and row_key = k.old_key",
                [state.run_id, *owner],
            )
        lost = state.dialect.execute(f"delete from {table} where {where} and run_id <> ?", [*owner, state.run_id])
        for name in ("publish_rejections", "publish_later"):
            state.dialect.execute(f"delete from {state.table(name)} where {where}", owner)
    log.warning(
        "%s: the key changed from %s to %s; rows sent under the old one that are not in the mart are not followed any"
        " more (%d)", model.object, ", ".join(before.key), ", ".join(model.key), lost[0][0],
    )  # fmt: skip
