"""The diff: what of the mart stands at the destination, and what has to be sent. It is made by the warehouse."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from loader.dbt.artifacts import PublishModel
from loader.engine.destination import Field, Finding, Row
from loader.warehouse.diff import Diff, Options
from loader.warehouse.shape import Shape
from loader.warehouse.sql import Rows, quoted
from loader.warehouse.state import CHUNK, State

TOGETHER = "KEYS_FALL_TOGETHER"
"""Why rows are rejected whose keys differ by what the destination ignores."""
CLEARED, GONE = "cleared", "gone"
"""What the state holds instead of the hash of a row whose record was cleared when it left the mart; what a rejection
holds of a row that left the mart."""
MARKS = ("missing", "drifted")
"""What the state holds instead of a row's hash when a reconcile found that it has to be sent again."""


class Differ:
    """Compares the publish models' relations with one connection's state."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._db = state.dialect

    def shape(self, model: PublishModel) -> Shape:
        """A model's SQL."""
        return Shape(self._db, model, self.state.run_id)

    def make(self, table: str, query: str) -> None:
        """Make a temporary table, and say before and after that this run lives: it may take long."""
        self.state.lock.hold()
        self._db.execute(f"drop table if exists {table}")
        self._db.execute(f"create temporary table {table} as {query}")
        self.state.lock.hold()

    def ours(self, model: PublishModel, table: str = "") -> str:
        """Which rows of a state table are meant. Written out, for Snowflake may bind no values in `create table`."""
        owner = {"destination": self.state.destination, "connection": self.state.connection, "object": model.object}
        return " and ".join(f"{table}{name} = {self._db.literal(value)}" for name, value in owner.items())

    def diff(self, model: PublishModel, options: Options) -> Diff:
        """Compare a model's relation with the state, and stage the rows to send."""
        shape, table = self.shape(model), diff_table(model)
        rows = int(self._db.execute(f"select count(*) from {shape.relation}")[0][0])
        self._db.expect(rows)
        self.make(table, self._diff_query(shape))
        sent = f"{options.fresh} and marked" if options.marked else options.fresh
        leaving = "false" if options.marked else f"({self._leaving(model)}) and {options.fresh}"
        invalid = f"kind = 'invalid' or (kind <> 'gone' or {model.on_gone != 'leave'}) and not ({options.fresh})"
        conditions = (
            ("kind <> 'gone'", "copies"),
            ("kind = 'gone'", "1"),
            (leaving if model.on_gone == "delete" else "false", "1"),
            (leaving if model.on_gone == "clear" else "false", "1"),
            (f"kind = 'new' and {sent}", "1"),
            (f"kind = 'changed' and {sent}", "1"),
            (invalid, "case when kind = 'gone' then 1 else copies end"),
            (f"kind = 'invalid' and {sent}", "copies"),
        )
        sums = ", ".join(
            f"coalesce(sum(case when {when} then {what} end), 0) as n{n}" for n, (when, what) in enumerate(conditions)
        )
        found = self._db.execute(f"select {sums} from {table}")
        odd, gone, deletable, clearable, new, changed, rejected, newly = (int(n) for n in found[0])
        diff = Diff(model, rows, new, changed, rows - odd, gone, deletable, clearable, rejected, newly)
        if options.full:
            diff.changed, diff.unchanged = changed + diff.unchanged, 0
        if diff.to_send:
            self._stage(shape, f"kind in ('new', 'changed') and {sent}", full=options.full)
            self._count_nulls(shape, diff, leaving)
        elif clearable:
            self._count_nulls(shape, diff, leaving)
        return diff

    def _leaving(self, model: PublishModel) -> str:
        """Which records go, or are cleared, with their rows: an id that another row uses never is."""
        ours = "created_by_us" if model.on_gone == "delete" else f"published_hash <> '{CLEARED}'"
        return f"kind = 'gone' and {ours} and destination_id is not null and not in_use"

    def _keyed_query(self, shape: Shape) -> str:
        """A `with` clause that ends in `keyed`, the mart's keys."""
        model = shape.model
        fold, fellows = (shape.fold, "count(*) over (partition by fold)") if model.ignored else ("''", "1")
        together = self._db.literal(f"{TOGETHER} {model.key[0]}")
        return f"""
with mart as (
    select
        {shape.key} as row_key, {shape.hash} as row_hash, {shape.problem} as problem, {fold} as fold,
        {_due(shape)} as due
    from {shape.relation}
), counted as (
    select
        row_key, count(*) as copies, min(row_hash) as row_hash, max(row_hash) as last_hash, min(problem) as problem,
        max(due) as due, min(fold) as fold
    from mart group by row_key
), judged as (
    select *, {fellows} as fellows from counted
), keyed as (
    select
        row_key, copies, row_hash, last_hash, due,
        coalesce(problem, case when copies = 1 and fellows > 1 then {together} end) as problem
    from judged
)"""

    def _diff_query(self, shape: Shape) -> str:
        return f"""
{self._keyed_query(shape)}, stands as (
    select
        row_key, row_hash, destination_id, created_by_us, accepted_at, null_fields,
        count(destination_id) over (partition by destination_id) as users
    from {self.state.table("publish_state")} where {self.ours(shape.model)}
), refused as ({self._refused(shape.model)})
select
    coalesce(k.row_key, s.row_key) as row_key, coalesce(k.copies, 0) as copies, k.problem, k.due,
    s.destination_id, coalesce(s.created_by_us, false) as created_by_us, s.null_fields, s.row_hash as published_hash,
    k.row_hash, coalesce(s.row_hash in {MARKS}, false) as marked, s.users > 1 and k.row_key is null as in_use,
    case
        when k.row_key is null then 'gone'
        when k.problem is not null or k.copies > 1 then 'invalid'
        when s.row_key is null then 'new'
        else 'changed'
    end as kind,
    coalesce(
        case
            when k.row_key is null then r.row_hash = '{GONE}'
            else r.copies = k.copies and r.row_hash = k.row_hash and r.last_hash = k.last_hash
        end and (s.accepted_at is null or r.at > s.accepted_at), false
    ) as standing
from keyed as k
full outer join stands as s on k.row_key = s.row_key
left join refused as r on coalesce(k.row_key, s.row_key) = r.row_key
where k.row_key is null or s.row_key is null or k.row_hash <> s.row_hash or k.copies > 1 or k.problem is not null"""

    def _refused(self, model: PublishModel) -> str:
        """The last rejections of each row key; a key that stands several times has several."""
        return f"""
select row_key, count(*) as copies, min(row_hash) as row_hash, max(row_hash) as last_hash, max(rejected_at) as at
from (
    select row_key, row_hash, rejected_at, max(rejected_at) over (partition by row_key) as last_at
    from {self.state.table("publish_rejections")} where {self.ours(model)}
) as rejections
where rejected_at = last_at group by row_key"""

    def _stage(self, shape: Shape, sent: str, *, full: bool) -> None:
        """Number the rows in the order to send them: changed before new, and as the model says (`order`), else the
        current period before old ones."""
        model, names = shape.model, "destination_id, created_by_us, null_fields, published_hash, kind, due"
        source = f"select row_key, row_hash, {names} from {diff_table(model)} where {sent}"
        if full:
            source += f"""
union all
select s.row_key, s.row_hash, s.destination_id, s.created_by_us, s.null_fields, s.row_hash, 'changed', {_due(shape)}
from {self.state.table("publish_state")} as s
join {shape.relation} on {shape.key} = s.row_key
where {self.ours(model, "s.")}
and not exists (select 1 from {diff_table(model)} as d where d.row_key = s.row_key)"""
        # Where others may write meanwhile, the hash is made again when the values are read.
        row_hash = "row_hash" if self._db.exclusive else "cast(null as varchar) as row_hash"
        query = f"""
with source as ({source})
select
    row_number() over (order by kind, due{"" if model.order else " desc"} nulls last, row_key) as pos,
    row_key, {row_hash}, destination_id, created_by_us, null_fields as former_nulls, published_hash,
    kind = 'changed' as stands, destination_id is not null as found, 1 as turn
from source"""
        self.make(staged_table(model), query)

    def _count_nulls(self, shape: Shape, diff: Diff, leaving: str) -> None:
        """Count, per field, the values that would become null, and those that stand: in rows to send and to clear."""
        marks = {name: self._db.literal(f",{name},") for _, name in shape.targets}
        held = {name: f"not contains(s.{{}}, {mark})" for name, mark in marks.items()}
        if diff.to_send:
            sums = _sums(
                f"{shape.column(c)} is null and {held[name].format('former_nulls')}" for c, name in shape.targets
            )
            _add(
                diff.null_overwrites,
                marks,
                self._db.execute(
                    f"select {sums} from {staged_table(shape.model)} as s"
                    f" join {shape.relation} on {shape.key} = s.row_key where s.former_nulls is not null"
                ),
            )
        if diff.clearable:
            cleared = [name for name in marks if name not in shape.model.key]
            sums = _sums(held[name].format("null_fields") for name in cleared)
            query = f"select {sums} from {diff_table(shape.model)} as s where {leaving}"
            _add(diff.null_overwrites, cleared, self._db.execute(query))
        if diff.null_overwrites:
            sums = _sums(condition.format("null_fields") for condition in held.values())
            query = f"select {sums} from {self.state.table('publish_state')} as s where {self.ours(shape.model)}"
            _add(diff.standing_values, marks, self._db.execute(query))

    def reject_invalid(self, diff: Diff, options: Options) -> None:
        """Record the rows that cannot be sent: null keys, duplicate keys, values that are no numbers. Forget those that
        need not be any more."""
        self._forget_moot(diff.model)
        if not diff.newly_rejected:
            return
        model, shape = diff.model, self.shape(diff.model)
        into = self.state.table("publish_rejections")
        statement = f"""
insert into {into}
    (run_id, destination, connection, object, row_key, field, code, message, rejected_at, row_hash)
select
    ?, ?, ?, ?, d.row_key, coalesce(split_part(d.problem, ' ', 2), {self._db.literal(", ".join(model.key))}),
    coalesce(split_part(d.problem, ' ', 1), 'DUPLICATE_KEY'),
    case split_part(d.problem, ' ', 1)
        when 'NULL_KEY' then 'a part of the key is null'
        when '{TOGETHER}' then 'the destination takes the key for the same as another row''s'
        when 'NOT_FINITE' then 'the value is NaN or infinite, which JSON cannot say'
        else 'the key stands in ' || cast(d.copies as varchar) || ' rows of the model'
    end, ?, {shape.hash}
from {diff_table(model)} as d join {shape.relation} on {shape.key} = d.row_key
where d.kind = 'invalid' and {options.fresh}"""
        state = self.state
        with state.held():
            self._db.execute(statement, [state.run_id, *state.owner, model.object, state.now()])

    def _forget_moot(self, model: PublishModel) -> None:
        """Forget refusals of rows that are not to be sent any more, for the mart has what stands, or has lost them; and
        that such rows were not taken."""
        state, differ = self.state, f"select row_key from {diff_table(model)}"
        for table, at in (("publish_rejections", "rejected_at"), ("publish_later", "last_at")):
            found = self._db.execute(
                f"select distinct r.row_key from {state.table(table)} as r"
                f" left join {state.table('publish_state')} as s on {self.ours(model, 's.')} and s.row_key = r.row_key"
                f" where {self.ours(model, 'r.')} and (s.accepted_at is null or s.accepted_at < r.{at})"
                f" and r.row_key not in ({differ})"
            )
            state.forget(table, model.object, [key for (key,) in found])

    def leaving(self, diff: Diff, options: Options, required: Collection[str] = ()) -> Iterator[list[Row]]:
        """Rows whose records are to be deleted or cleared, a window at a time, with the nulls that clear them.

        An id that a row of this run got meanwhile is left out.

        Args:
            diff: of their model.
            options: of the run.
            required: fields that take no null.
        """
        model, state = diff.model, self.state
        if not (diff.deletable or diff.clearable):
            return
        in_use = (
            f"select destination_id from {state.table('publish_state')} where {self.ours(model)}"
            " and destination_id is not null"
            f" and row_key not in (select row_key from {diff_table(model)} where kind = 'gone')"
        )
        if diff.to_send:
            in_use += f" union all select destination_id from {staged_table(model)} where destination_id is not null"
        found = self._db.execute(
            f"select row_key, destination_id, created_by_us from {diff_table(model)}"
            f" where {self._leaving(model)} and {options.fresh} and destination_id not in ({in_use}) order by row_key"
        )
        for start in range(0, len(found), CHUNK):
            yield [_cleared(model, each, required) for each in found[start : start + CHUNK]]

    def misfits(self, model: PublishModel, fields: Mapping[str, Field]) -> Iterator[Finding]:
        """Values that the destination will not take."""
        relation = self._db.relation(model.relation)
        for column, name in ((c, name) for c, name in model.fields.items() if name in fields):
            field = fields[name]
            choices, parameters = self._db.table_of([(each,) for each in field.choices or ("",)], ["varchar"])
            for condition, problem, fix in _misfits(self._db.column(column), field, model.kinds[column], choices):
                bound = parameters if choices in condition else []
                count = int(self._db.execute(f"select count(*) from {relation} where {condition}", bound)[0][0])
                if count:
                    yield Finding(model.name, model.object, name, f"{count} values {problem}", fix, schema=False)


def _due(shape: Shape) -> str:
    """What rows are put in order by."""
    column = shape.model.order or shape.model.period_column
    return shape.column(column) if column else "0"


def staged_table(model: PublishModel) -> str:
    """The temporary table of a model's staged rows."""
    return quoted(f"send_{model.name}")


def _cleared(model: PublishModel, state: tuple[Any, ...], required: Collection[str]) -> Row:
    """A row of the state with nulls in the place of what was sent."""
    row_key, destination_id, created_by_us = state
    fields = [name for name in model.fields.values() if name not in model.key and name not in required]
    linked = [each.field for each in model.lookups]
    record = json.dumps({**model.key_values(row_key), **dict.fromkeys(fields)})
    nulls = f",{','.join([*fields, *linked])},"
    return Row(row_key, CLEARED, destination_id, created_by_us, nulls, record=record, lookups=dict.fromkeys(linked))


def _sums(conditions: Iterable[str]) -> str:
    return ", ".join(
        f"coalesce(sum(case when {each} then 1 else 0 end), 0) as n{n}" for n, each in enumerate(conditions)
    )


def _add(counts: dict[str, int], names: Iterable[str], row: Rows) -> None:
    for name, count in zip(names, row[0], strict=True):
        if count:
            counts[name] = counts.get(name, 0) + int(count)


def diff_table(model: PublishModel) -> str:
    return quoted(f"diff_{model.name}")


def _misfits(name: str, field: Field, kind: str, choices: str) -> Iterator[tuple[str, str, str]]:
    """Condition, problem and fix; `choices` is a query for the values that the field takes."""
    if field.length and kind == "text" and not field.labels:
        fix = "shorten them, or lengthen the field"
        yield f"length({name}) > {field.length}", f"are longer than {field.length}", fix
    if field.choices:
        yield f"{name} not in ({choices})", "are not in the picklist", "add them to it, or correct the model"
    if not field.nillable:
        yield f"{name} is null", "are null, which the field does not take", "fill them, or make the field optional"
