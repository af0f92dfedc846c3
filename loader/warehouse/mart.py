"""The diff: what of the mart stands at the destination, and what has to be sent. It is made by the warehouse."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from loader.dbt.artifacts import PublishModel
from loader.engine.destination import Field, Finding, Row
from loader.warehouse.dialects import Rows, literal, quoted
from loader.warehouse.diff import Diff, Options
from loader.warehouse.shape import Shape
from loader.warehouse.state import State
from loader.warehouse.tables import utc_now

WINDOW = 5000
"""Rows that are in memory at a time."""
MARKS = ("missing", "drifted")
"""What the state holds instead of a row's hash when a reconcile found that it has to be sent again."""
_DELETABLE = "kind = 'gone' and created_by_us and destination_id is not null"
_STAGED = "pos, row_key, row_hash, destination_id, created_by_us, former_nulls, published_hash, stands, found, turn"


class Mart:
    """The publish models' relations, seen from one destination's state.

    What has to be sent is staged as keys in a temporary table; values are read a window at a time.
    """

    def __init__(self, state: State) -> None:
        self.state = state
        self._db = state.dialect

    def shape(self, model: PublishModel) -> Shape:
        """A model's SQL."""
        return Shape(self._db, model)

    def diff(self, model: PublishModel, options: Options) -> Diff:
        """Compare a model's relation with the state, and stage the rows to send."""
        shape, table = self.shape(model), _diff(model)
        rows = int(self._db.execute(f"select count(*) from {shape.relation}")[0][0])
        self._db.expect(rows)
        self._make(table, self._diff_query(shape))
        sent = f"{options.fresh} and marked" if options.marked else options.fresh
        conditions = (
            ("true", "copies"),
            ("kind = 'gone'", "1"),
            (_DELETABLE if model.mode == "mirror" and not options.marked else "false", "1"),
            (f"kind = 'new' and {sent}", "1"),
            (f"kind = 'changed' and {sent}", "1"),
            (f"kind = 'invalid' or kind <> 'gone' and not ({options.fresh})", "copies"),
            (f"kind = 'invalid' and {sent}", "copies"),
        )
        sums = ", ".join(f"coalesce(sum(case when {when} then {what} end), 0)" for when, what in conditions)
        found = self._db.execute(f"select {sums} from {table}")
        odd, gone, deletable, new, changed, rejected, newly = (int(n) for n in found[0])
        diff = Diff(model, rows, new, changed, rows - odd, gone, deletable, rejected, newly)
        if options.full:
            diff.changed, diff.unchanged = changed + diff.unchanged, 0
        if diff.to_send:
            self._stage(shape, f"kind in ('new', 'changed') and {sent}", full=options.full)
            diff.null_overwrites = self._null_overwrites(shape)
        return diff

    def _make(self, table: str, query: str) -> None:
        self._db.execute(f"drop table if exists {table}")
        self._db.execute(f"create temporary table {table} as {query}")

    def _ours(self, model: PublishModel, table: str = "") -> str:
        """Which rows of a state table are meant. Written out, for Snowflake may bind no values in `create table`."""
        name, target = literal(self.state.destination), literal(model.object)
        return f"{table}destination = {name} and {table}object = {target}"

    def _diff_query(self, shape: Shape) -> str:
        date = shape.model.date_column
        return f"""
with mart as (
    select
        {shape.key} as row_key, {shape.hash} as row_hash, {shape.problem} as problem,
        {shape.column(date) if date else "0"} as period
    from {shape.relation}
), keyed as (
    select
        row_key, count(*) as copies, min(row_hash) as row_hash, max(row_hash) as last_hash, min(problem) as problem,
        max(period) as period
    from mart group by row_key
), stands as (
    select row_key, row_hash, destination_id, created_by_us, accepted_at, null_fields
    from {self.state.table("publish_state")} where {self._ours(shape.model)}
), refused as ({self._refused(shape.model)})
select
    coalesce(k.row_key, s.row_key) as row_key, coalesce(k.copies, 0) as copies, k.problem, k.period,
    s.destination_id, coalesce(s.created_by_us, false) as created_by_us, s.null_fields, s.row_hash as published_hash,
    k.row_hash, coalesce(s.row_hash in {MARKS}, false) as marked,
    case
        when k.row_key is null then 'gone'
        when k.problem is not null or k.copies > 1 then 'invalid'
        when s.row_key is null then 'new'
        else 'changed'
    end as kind,
    coalesce(
        r.copies = k.copies and r.row_hash = k.row_hash and r.last_hash = k.last_hash
        and (s.accepted_at is null or r.at > s.accepted_at), false
    ) as standing
from keyed as k
full outer join stands as s on k.row_key = s.row_key
left join refused as r on k.row_key = r.row_key
where k.row_key is null or s.row_key is null or k.row_hash <> s.row_hash or k.copies > 1 or k.problem is not null"""

    def _refused(self, model: PublishModel) -> str:
        """The last rejections of each row key; a key that stands several times has several."""
        return f"""
select row_key, count(*) as copies, min(row_hash) as row_hash, max(row_hash) as last_hash, max(rejected_at) as at
from (
    select row_key, row_hash, rejected_at, max(rejected_at) over (partition by row_key) as last_at
    from {self.state.table("publish_rejections")} where {self._ours(model)}
) as rejections
where rejected_at = last_at group by row_key"""

    def _stage(self, shape: Shape, sent: str, *, full: bool) -> None:
        """Number the rows in the order to send them: changed before new, the current period before old ones."""
        model, names = shape.model, "destination_id, created_by_us, null_fields, published_hash, kind, period"
        source = f"select row_key, row_hash, {names} from {_diff(model)} where {sent}"
        if full:
            period = shape.column(model.date_column) if model.date_column else "0"
            source += f"""
union all
select s.row_key, s.row_hash, s.destination_id, s.created_by_us, s.null_fields, s.row_hash, 'changed', {period}
from {self.state.table("publish_state")} as s
join {shape.relation} on {shape.key} = s.row_key
where {self._ours(model, "s.")}
and not exists (select 1 from {_diff(model)} as d where d.row_key = s.row_key)"""
        # Where others may write meanwhile, the hash is made again when the values are read.
        row_hash = "row_hash" if self._db.exclusive else "cast(null as varchar) as row_hash"
        query = f"""
with source as ({source})
select
    row_number() over (order by kind, period desc, row_key) as pos, row_key, {row_hash}, destination_id, created_by_us,
    null_fields as former_nulls, published_hash, kind = 'changed' as stands, destination_id is not null as found,
    1 as turn
from source"""
        self._make(_staged(model), query)

    def _null_overwrites(self, shape: Shape) -> dict[str, int]:
        sums = ", ".join(
            f"sum(case when {shape.column(column)} is null and not contains(s.former_nulls, {literal(f',{name},')})"
            " then 1 else 0 end)"
            for column, name in shape.targets
        )
        counted = self._db.execute(
            f"select {sums} from {_staged(shape.model)} as s"
            f" join {shape.relation} on {shape.key} = s.row_key where s.former_nulls is not null"
        )
        return {name: int(n) for (_, name), n in zip(shape.targets, counted[0], strict=True) if n}

    def keep_first(self, model: PublishModel, rows: int) -> None:
        """Leave all but the first staged rows for a later run."""
        self._db.execute(f"delete from {_staged(model)} where pos > ?", [rows])

    def reject_invalid(self, diff: Diff, options: Options) -> None:
        """Record the rows that cannot be sent: null keys, duplicate keys, values that are no numbers."""
        if not diff.newly_rejected:
            return
        model, shape = diff.model, self.shape(diff.model)
        self._db.execute(
            f"""
insert into {self.state.table("publish_rejections")}
    (run_id, destination, object, row_key, field, code, message, rejected_at, row_hash)
select
    ?, ?, ?, d.row_key, coalesce(split_part(d.problem, ' ', 2), {literal(", ".join(model.key))}),
    coalesce(split_part(d.problem, ' ', 1), 'DUPLICATE_KEY'),
    case split_part(d.problem, ' ', 1)
        when 'NULL_KEY' then 'a part of the key is null'
        when 'NOT_FINITE' then 'the value is NaN or infinite, which JSON cannot say'
        else 'the key stands in ' || cast(d.copies as varchar) || ' rows of the model'
    end, ?, {shape.hash}
from {_diff(model)} as d join {shape.relation} on {shape.key} = d.row_key
where d.kind = 'invalid' and {options.fresh}""",
            [self.state.run_id, self.state.destination, model.object, utc_now()],
        )

    def rows(self, model: PublishModel, *, turn: int = 1, known: bool | None = None) -> Iterator[list[Row]]:
        """Staged rows in the order to send them, a window at a time.

        Args:
            model: the publish model.
            turn: 1 for the first try, 2 for rows whose record vanished.
            known: only rows whose destination id is known, or unknown.
        """
        which = "" if known is None else f" and destination_id is {'not ' if known else ''}null"
        for window in self._windows(model, f"turn = {turn}{which}", self._valued):
            yield self._rows(model, window)

    def unsought(self, model: PublishModel, turn: int) -> Iterator[list[Row]]:
        """Staged rows that have not been looked for, a window at a time: key and hash, and which fields are null."""
        where, text = f"turn = {turn} and not found", self._db.record_text
        for window in self._windows(model, where, self._keyed):
            yield [
                Row(key, row_hash, None, False, nulls, record=text(model.key, selected))
                for _, key, row_hash, nulls, *selected in window
            ]

    def _windows(self, model: PublishModel, where: str, query: Callable[[PublishModel, str], str]) -> Iterator[Rows]:
        staged = f"select {_STAGED} from {_staged(model)} where {where}"
        yield from self._db.windows(staged, partial(query, model), WINDOW)

    def _keyed(self, model: PublishModel, staged: str) -> str:
        """A query for keys, hashes and null fields of those staged rows that the mart still has."""
        shape = self.shape(model)
        return (
            f"select s.pos, s.row_key, coalesce(s.row_hash, {shape.hash}), {shape.nulls},"
            f" {shape.record(model.key_columns)} from ({staged}) as s join {shape.relation} on {shape.key} = s.row_key"
        )

    def _valued(self, model: PublishModel, staged: str) -> str:
        """A query for staged rows with their values; those that the mart has no more, or with a value that cannot be
        sent, come without a hash."""
        shape = self.shape(model)
        values = [*(shape.column(each.column) for each in model.lookups), shape.record(model.fields)]
        return (
            "select s.pos, s.row_key,"
            f" case when ({shape.problem}) is null then coalesce(s.row_hash, {shape.hash}) else '' end,"
            f" s.destination_id, s.created_by_us, {shape.nulls}, s.stands, s.published_hash, {shape.longest},"
            f" {', '.join(values)} from ({staged}) as s left join {shape.relation} on {shape.key} = s.row_key"
        )

    def _rows(self, model: PublishModel, read: Rows) -> list[Row]:
        """What a query of `_valued` gave; rows that the mart has no more have the values of their key."""
        names, lookups = list(model.fields.values()), [each.field for each in model.lookups]
        rows, record, first = [], self._db.record_text, 9 + len(lookups)
        for each in read:
            looked_up = dict(zip(lookups, each[9:first], strict=True))
            values = (*each[1:9], each[0], record(names, each[first:]), looked_up)
            row = Row(*values)
            if not row.row_hash:
                row.record = json.dumps(model.key_values(row.row_key))
            rows.append(row)
        return rows

    def intend(
        self, model: PublishModel, turn: int = 1, first: int = 0, last: int = sys.maxsize, *, known: bool = False
    ) -> datetime:
        """Note staged rows that are about to be sent, so that a later run knows which are uncertain.

        Args:
            model: the publish model.
            turn: of the rows.
            first, last: places of the first and the last of them.
            known: whether their records are there, to be changed, or not, to be created.

        Returns:
            When they were noted.
        """
        now, state = utc_now(), self.state
        self._db.execute(
            f"insert into {state.table('publish_intents')}"
            " (destination, object, row_key, run_id, sent_at, created_by_us)"
            f" select ?, ?, row_key, ?, ?, {'created_by_us' if known else 'true'} from {_staged(model)}"
            f" where turn = {turn} and destination_id is {'not ' if known else ''}null and pos between ? and ?",
            [state.destination, model.object, state.run_id, now, first, last],
        )
        return now

    def stage_uncertain(self, model: PublishModel) -> int:
        """Stage the rows that an earlier run may have sent; how many."""
        query = f"""
select
    row_number() over (order by row_key) as pos, row_key, cast(null as varchar) as row_hash,
    cast(null as varchar) as destination_id, created_by_us, cast(null as varchar) as former_nulls,
    cast(null as varchar) as published_hash, stands, false as found, 1 as turn
from ({self.state.uncertain()}) as uncertain where {self._ours(model)}"""
        self._make(_staged(model), query)
        return sum(self.counts(model))

    def again(self, model: PublishModel, keys: Sequence[str]) -> None:
        """Rows whose record vanished are looked for once more."""
        self.mark(model, dict.fromkeys(keys), 2, found=False)

    def mark(self, model: PublishModel, ids: Mapping[str, str | None], turn: int, *, found: bool = True) -> None:
        """Note which destination id staged rows have, or that there is none.

        Args:
            model: the publish model.
            ids: destination id by row key.
            turn: when the rows' turn is; 0 for never.
            found: whether they have been looked for.
        """
        pairs = list(ids.items())
        for start in range(0, len(pairs), 1000):
            query, parameters = self._db.table_of(pairs[start : start + 1000], ["varchar", "varchar"])
            self._db.execute(
                f"update {_staged(model)} set destination_id = f.c1, created_by_us = false,"
                f" turn = {turn}, found = {str(found).lower()} from ({query}) as f where row_key = f.c0",
                parameters,
            )

    def sought(self, model: PublishModel, turn: int) -> None:
        """Note that all staged rows of a turn have been looked for."""
        self._db.execute(f"update {_staged(model)} set found = true where turn = {turn} and not found")

    def has_turn(self, model: PublishModel, turn: int) -> bool:
        """Whether any staged row has this turn."""
        return bool(self._db.execute(f"select 1 from {_staged(model)} where turn = {turn} limit 1"))

    def counts(self, model: PublishModel) -> tuple[int, int]:
        """Staged rows whose destination id is known, and the others, without those that have no turn."""
        query = f"select count(destination_id), count(*) from {_staged(model)} where turn > 0"
        known, rows = self._db.execute(query)[0]
        return int(known), int(rows - known)

    def gone(self, diff: Diff) -> list[tuple[str, str]]:
        """Row key and destination id of the records to delete."""
        if not diff.deletable:
            return []
        query = f"select row_key, destination_id from {_diff(diff.model)} where {_DELETABLE} order by row_key"
        return [(str(key), str(each)) for key, each in self._db.execute(query)]

    def stage_published(self, model: PublishModel) -> None:
        """Stage every row of the state."""
        query = f"""
select
    row_number() over (order by row_key) as pos, row_key, cast(null as varchar) as row_hash, destination_id,
    created_by_us, null_fields as former_nulls, row_hash as published_hash, true as stands, false as found, 1 as turn
from {self.state.table("publish_state")} where {self._ours(model)}"""
        self._make(_staged(model), query)

    def published(self, model: PublishModel, keys: Iterable[str]) -> dict[str, Row]:
        """Those of the staged rows that have one of these keys, and were not seen before; now they are."""
        rows = [(key,) for key in keys]
        if not rows:
            return {}
        query, parameters = self._db.table_of(rows, ["varchar"])
        where = f"not found and row_key in ({query})"
        staged = f"select {_STAGED} from {_staged(model)} where {where}"
        read = self._db.execute(self._valued(model, staged), parameters)
        found = {row.row_key: row for row in self._rows(model, read)}
        self._db.execute(f"update {_staged(model)} set found = true where {where}", parameters)
        return found

    def known_ids(self, model: PublishModel, ids: Sequence[str]) -> dict[str, str]:
        """Row key by destination id, of those of the staged rows that have one of these ids."""
        query, parameters = self._db.table_of([(each,) for each in ids], ["varchar"])
        staged = f"select destination_id, row_key from {_staged(model)} where destination_id in ({query})"
        return {str(each): str(key) for each, key in self._db.execute(staged, parameters)}

    def unseen(self, model: PublishModel) -> list[tuple[str, str | None]]:
        """Row key and destination id of the staged rows that were not seen."""
        query = f"select row_key, destination_id from {_staged(model)} where not found order by pos"
        return [(str(key), each) for key, each in self._db.execute(query)]

    def misfits(self, model: PublishModel, fields: Mapping[str, Field]) -> Iterator[Finding]:
        """Values that the destination will not take."""
        relation = self._db.relation(model.relation)
        for column, name in ((c, name) for c, name in model.fields.items() if name in fields):
            for condition, problem, fix in _misfits(self._db.column(column), fields[name], model.kinds[column]):
                count = int(self._db.execute(f"select count(*) from {relation} where {condition}")[0][0])
                if count:
                    yield Finding(model.name, model.object, name, f"{count} values {problem}", fix, schema=False)

    def lookup_values(self, models: Sequence[PublishModel]) -> dict[tuple[str, str], list[Any]]:
        """Distinct values to look up in the staged rows, by object and matching field."""
        queries: dict[tuple[str, str], list[str]] = {}
        for model in models:
            shape = self.shape(model)
            for each in model.lookups:
                value = shape.column(each.column)
                queries.setdefault((each.object, each.match), []).append(
                    f"select distinct {value} as value from {_staged(model)} as s"
                    f" join {shape.relation} on {shape.key} = s.row_key where {value} is not null"
                )
        return {
            target: [value for (value,) in self._db.execute(f"{' union '.join(parts)} order by value")]
            for target, parts in queries.items()
        }


def _diff(model: PublishModel) -> str:
    return quoted(f"diff_{model.name}")


def _staged(model: PublishModel) -> str:
    return quoted(f"send_{model.name}")


def _misfits(name: str, field: Field, kind: str) -> Iterator[tuple[str, str, str]]:
    """Condition, problem and fix."""
    if field.length and kind == "text" and not field.labels:
        fix = "shorten them, or lengthen the field"
        yield f"length({name}) > {field.length}", f"are longer than {field.length}", fix
    if field.choices:
        options = ", ".join(map(literal, field.choices))
        yield f"{name} not in ({options})", "are not in the picklist", "add them to it, or correct the model"
    if not field.nillable:
        yield f"{name} is null", "are null, which the field does not take", "fill them, or make the field optional"
