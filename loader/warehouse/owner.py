"""Whose the state is: the connection it was made with, and the warehouse it was made in."""

from __future__ import annotations

from dataclasses import dataclass

from loader.dbt.artifacts import PublishModel
from loader.engine.destination import Row
from loader.errors import RefusedError
from loader.warehouse.state import State

_MOVED = {
    "publish_state": "object || ' ' || row_key",
    "publish_later": "object || ' ' || row_key",
    "publish_links": "object || ' ' || field",
    "publish_objects": "object",
    "publish_rejections": "",
    "publish_intents": "",
    "publish_uploads": "",
}
"""Tables whose rows go with the records they speak of, and the key of those that have one row a key."""
SAMPLE = 200
"""Rows of an object that are compared before a state is adopted."""


@dataclass(frozen=True)
class Claim:
    """A state that is not this connection's, or not in this warehouse, yet.

    Attributes:
        kind: `earlier` (of a version that did not note connections), `copy` (of another warehouse) or `named` (of
            another connection, which the user named).
        where: condition on the state tables' rows.
        parameters: of it.
        what: in words.
        rows: rows that stand at a destination by it.
    """

    kind: str
    where: str
    parameters: tuple[str, ...]
    what: str
    rows: int


def claim(state: State, source: str | None = None) -> Claim | None:
    """What would have to be adopted before this connection may use the state of this warehouse.

    Args:
        state: of this connection.
        source: a connection whose state is to be taken over.
    """
    if source is not None:
        parameters = (state.destination, source)
        return _claim(state, "named", state.mine, parameters, f"of the connection {source}")
    if (here := _warehouses(state)) and state.warehouse in here:
        return None
    if here and _in_use(state, state.mine, tuple(state.owner)):
        return _claim(state, "copy", state.mine, tuple(state.owner), f"made in another warehouse ({', '.join(here)})")
    where = "destination = ? and connection is null"
    if _in_use(state, where, (state.destination,)):
        return _claim(state, "earlier", where, (state.destination,), "of an earlier version, without a connection")
    return None


def take_possession(state: State) -> None:
    """Use the state of this connection, or begin one; called with the lock held.

    Raises:
        RefusedError: there is a state that has to be adopted first.
    """
    if found := claim(state):
        raise RefusedError(refusal(state, found))
    if state.warehouse not in _warehouses(state):
        register(state)


def refusal(state: State, found: Claim) -> str:
    """Why nothing is sent before the state is adopted, in words."""
    copy = " A copy would write to the same records as the original." if found.kind == "copy" else ""
    return (
        f"The warehouse holds a state of {found.rows} rows {found.what}, and {state.name} has not adopted it.{copy}"
        f" Nothing was sent. `python -m loader adopt --destination {state.destination}` compares a sample with the"
        " destination and takes it over; with another address, or another name in"
        f" {state.destination.upper()}_CONNECTION, a state of its own begins."
    )


def register(state: State) -> None:
    """Note that this connection's state is in this warehouse."""
    state.dialect.execute(
        f"insert into {state.table('publish_connections')} (destination, connection, warehouse, since)"
        " values (?, ?, ?, ?)",
        [*state.owner, state.warehouse, state.now()],
    )


def sample(state: State, found: Claim, model: PublishModel) -> list[Row]:
    """Some of the rows that a state says stand in a model's object: keys and destination ids."""
    rows = state.dialect.execute(
        f"select row_key, destination_id from {state.table('publish_state')} where {found.where} and object = ?"
        f" and destination_id is not null order by row_hash, row_key limit {SAMPLE}",
        [*found.parameters, model.object],
    )
    shape = len(model.key)
    keys = [(str(key), str(each)) for key, each in rows if len(model.parts(str(key))) == shape]
    return [Row(key, "", each, False, record=model.key_record(key)) for key, each in keys]


def take_over(state: State, found: Claim) -> None:
    """Make a claimed state this connection's, in one transaction. What this connection knows already stays."""
    with state.held():
        for name, key in _MOVED.items() if found.kind != "copy" else ():
            table = state.table(name)
            known = f" and {key} not in (select {key} from {table} where {state.mine})" if key else ""
            state.dialect.execute(
                f"update {table} set connection = ? where {found.where}{known}",
                [state.connection, *found.parameters, *(state.owner if key else [])],
            )
        if state.warehouse not in _warehouses(state):
            register(state)


def _claim(state: State, kind: str, where: str, parameters: tuple[str, ...], what: str) -> Claim:
    query = f"select count(*) from {state.table('publish_state')} where {where}"
    return Claim(kind, where, parameters, what, int(state.dialect.execute(query, parameters)[0][0]))


def _in_use(state: State, where: str, parameters: tuple[str, ...]) -> bool:
    tables = ("publish_state", "publish_intents", "publish_uploads")
    return any(
        state.dialect.execute(f"select 1 from {state.table(t)} where {where} limit 1", parameters) for t in tables
    )


def _warehouses(state: State) -> list[str]:
    query = f"select warehouse from {state.table('publish_connections')} where {state.mine}"
    return [str(name) for (name,) in state.dialect.execute(query, state.owner)]
