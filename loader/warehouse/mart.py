"""The diff: what of the mart stands at the destination, and what has to be sent. It is made by the warehouse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from loader.artifacts import PublishModel
from loader.destination import Bounds, Finding, Row
from loader.warehouse.dialects import literal, quoted, value_text
from loader.warehouse.state import State, utc_now

WINDOW = 5000
"""Rows that are in memory at a time."""
MARKS = ("missing", "drifted")
"""What the state holds instead of a row's hash when a reconcile found that it has to be sent again."""
_DELETABLE = "kind = 'gone' and created_by_us and destination_id is not null"


@dataclass
class Diff:
    """How one model's rows stand to the destination's.

    Attributes:
        rows: rows in the mart.
        rejected: rows that cannot be sent, or were rejected and have not changed since.
        newly_rejected: those of them that no earlier run has recorded.
        null_overwrites: per field, values known to be non-null at the destination that would become null.
        deletable: records that mirror mode deletes.
    """

    model: PublishModel
    rows: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    deletable: int = 0
    rejected: int = 0
    newly_rejected: int = 0
    null_overwrites: dict[str, int] = field(default_factory=dict)

    @property
    def to_send(self) -> int:
        """Rows that have to be sent."""
        return self.new + self.changed


@dataclass(frozen=True)
class Options:
    """What a diff takes for changed.

    Attributes:
        full: rows that have not changed, too.
        retry_rejected: rows that were rejected and have not changed since, too.
        marked: only rows that a reconcile marked.
    """

    full: bool = False
    retry_rejected: bool = False
    marked: bool = False


class Mart:
    """The publish models' relations, seen from one destination's state."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._db = state.dialect
        self._staged: dict[str, str] = {}

    def row_key(self, model: PublishModel) -> str:
        """SQL of the row key: the key values as a JSON list."""
        parts = [f"coalesce({self._json(model, column)}, 'null')" for column in model.key_columns]
        return "'[' || " + " || ',' || ".join(parts) + " || ']'"

    def row_hash(self, model: PublishModel) -> str:
        """SQL of the row's hash, over exactly the published columns and the fields they go to."""
        fields = ",".join([*model.fields.values(), *(f"{k.field}={k.object}.{k.match}" for k in model.lookups)])
        parts = []
        for column in model.columns:
            text = self._text(model, column)
            parts.append(f"coalesce(cast(length({text}) as varchar) || ':' || {text}, '-')")
        return f"md5({literal(fields + ';')} || {' || '.join(parts)})"

    def _text(self, model: PublishModel, column: str) -> str:
        return value_text(self._db, self._db.column(column), model.kinds[column])

    def _json(self, model: PublishModel, column: str) -> str:
        kind, text = model.kinds[column], self._text(model, column)
        if kind in ("integer", "decimal", "boolean"):
            return text
        return self._db.json_text(text) if kind == "text" else f"'\"' || {text} || '\"'"

    def _problem(self, model: PublishModel) -> str:
        """SQL of `CODE field` of the first thing wrong with a row, or null."""
        cases = [
            f"when {self._db.column(c)} is null then {literal('NULL_KEY ' + model.fields[c])}"
            for c in model.key_columns
        ]
        cases += [
            f"when {self._db.not_finite(self._db.column(c))} then {literal('NOT_FINITE ' + field)}"
            for c, field in model.fields.items()
            if model.kinds[c] == "double"
        ]
        return f"case {' '.join(cases)} end"

    def diff(self, model: PublishModel, options: Options) -> Diff:
        """Compare a model's relation with the state, and stage the rows to send."""
        table, scope = quoted(f"diff_{model.name}"), [self.state.destination, model.object]
        self._db.execute(f"drop table if exists {table}")
        self._db.execute(f"create temporary table {table} as {self._diff_query(model)}", scope * 2)
        fresh = "true" if options.retry_rejected else "not standing"
        sent = f"{fresh} and marked" if options.marked else fresh
        sums = ", ".join(
            f"coalesce(sum(case when {condition} then {what} end), 0)"
            for condition, what in (
                ("true", "copies"),
                ("kind = 'gone'", "1"),
                (_DELETABLE if model.mode == "mirror" and not options.marked else "false", "1"),
                (f"kind = 'new' and {sent}", "1"),
                (f"kind = 'changed' and {sent}", "1"),
                (f"kind = 'invalid' or kind <> 'gone' and not ({fresh})", "copies"),
                (f"kind = 'invalid' and {sent}", "copies"),
            )
        )
        relation = self._db.relation(model.relation)
        counts = self._db.execute(f"select (select count(*) from {relation}), {sums} from {table}")
        rows, odd, *others = (int(n) for n in counts[0])
        gone, deletable, new, changed, rejected, newly = others
        diff = Diff(model, rows, new, changed, rows - odd, gone, deletable, rejected, newly)
        if options.full:
            diff.changed, diff.unchanged = changed + diff.unchanged, 0
        self._stage(model, f"kind in ('new', 'changed') and {sent}", diff, full=options.full)
        return diff

    def _diff_query(self, model: PublishModel) -> str:
        return f"""
with mart as (
    select {self.row_key(model)} as row_key, {self.row_hash(model)} as row_hash, {self._problem(model)} as problem
    from {self._db.relation(model.relation)}
), keyed as (
    select
        row_key, count(*) as copies, min(row_hash) as row_hash, max(row_hash) as last_hash, min(problem) as problem
    from mart group by row_key
), stands as (
    select row_key, row_hash, destination_id, created_by_us, accepted_at, null_fields
    from {self.state.table("publish_state")} where destination = ? and object = ?
), refused as (
    select row_key, count(*) as copies, min(row_hash) as row_hash, max(row_hash) as last_hash, max(rejected_at) as at
    from (
        select row_key, row_hash, rejected_at, max(rejected_at) over (partition by row_key) as last_at
        from {self.state.table("publish_rejections")} where destination = ? and object = ?
    ) as rejections
    where rejected_at = last_at group by row_key
)
select
    coalesce(k.row_key, s.row_key) as row_key, coalesce(k.copies, 0) as copies, k.problem,
    s.destination_id, coalesce(s.created_by_us, false) as created_by_us, s.null_fields,
    coalesce(s.row_hash in {MARKS}, false) as marked,
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
where k.row_key is null or s.row_key is null or k.row_hash <> s.row_hash or k.copies > 1 or k.problem is not null
"""

    def _stage(self, model: PublishModel, sent: str, diff: Diff, *, full: bool) -> None:
        diff_table = quoted(f"diff_{model.name}")
        table = self._staged[model.name] = quoted(f"send_{model.name}")
        self._db.execute(f"drop table if exists {table}")
        if not diff.to_send:
            return
        targets = [*model.fields.items(), *((each.column, each.field) for each in model.lookups)]
        nulls = " || ".join(
            f"case when {self._db.column(c)} is null then {literal(field + ',')} else '' end" for c, field in targets
        )
        source = f"select row_key, destination_id, created_by_us, null_fields, kind from {diff_table} where {sent}"
        if full:
            source += f"""
                union all
                select s.row_key, s.destination_id, s.created_by_us, s.null_fields, 'changed'
                from {self.state.table("publish_state")} as s
                where s.destination = {literal(self.state.destination)} and s.object = {literal(model.object)}
                and not exists (select 1 from {diff_table} as d where d.row_key = s.row_key)"""
        period = f"m.{self._db.column(model.date_column)} desc," if model.date_column else ""
        columns = ", ".join(f"m.{self._db.column(c)} as v{n}" for n, c in enumerate(model.columns))
        self._db.execute(f"""
create temporary table {table} as
with source as ({source}), mart as (
    select *, {self.row_key(model)} as loader_key, {self.row_hash(model)} as loader_hash,
        ',' || {nulls} as loader_nulls
    from {self._db.relation(model.relation)}
)
select
    row_number() over (order by d.kind, {period} d.row_key) as pos, d.kind, d.row_key, m.loader_hash as row_hash,
    d.destination_id, d.created_by_us, m.loader_nulls as null_fields, d.null_fields as former_nulls,
    d.kind = 'changed' as stands, d.destination_id is not null as found, 1 as turn, {columns}
from source as d join mart as m on m.loader_key = d.row_key order by pos""")
        sums = ", ".join(
            f"sum(case when former_nulls is not null and contains(null_fields, {literal(f',{field},')})"
            f" and not contains(former_nulls, {literal(f',{field},')}) then 1 else 0 end)"
            for _, field in targets
        )
        counted = self._db.execute(f"select {sums} from {table}")[0]
        diff.null_overwrites = {field: int(n) for (_, field), n in zip(targets, counted, strict=True) if n}

    def keep_first(self, model: PublishModel, rows: int) -> None:
        """Leave all but the first staged rows for a later run."""
        self._db.execute(f"delete from {self._staged[model.name]} where pos > ?", [rows])

    def reject_invalid(self, diff: Diff, options: Options) -> None:
        """Record the rows that cannot be sent: null keys, duplicate keys, values that are no numbers."""
        if not diff.newly_rejected:
            return
        model, table = diff.model, quoted(f"diff_{diff.model.name}")
        self._db.execute(
            f"""
insert into {self.state.table("publish_rejections")}
    (run_id, destination, object, row_key, field, code, message, rejected_at, row_hash)
select ?, ?, ?, d.row_key, coalesce(split_part(d.problem, ' ', 2), {literal(", ".join(model.key))}),
    coalesce(split_part(d.problem, ' ', 1), 'DUPLICATE_KEY'),
    case split_part(d.problem, ' ', 1)
        when 'NULL_KEY' then 'a part of the key is null'
        when 'NOT_FINITE' then 'the value is NaN or infinite, which JSON cannot say'
        else 'the key stands in ' || cast(d.copies as varchar) || ' rows of the model'
    end, ?, m.row_hash
from {table} as d
join (
    select {self.row_key(model)} as row_key, {self.row_hash(model)} as row_hash
    from {self._db.relation(model.relation)}
) as m on m.row_key = d.row_key
where d.kind = 'invalid' and {"true" if options.retry_rejected else "not standing"}""",
            [self.state.run_id, self.state.destination, model.object, utc_now()],
        )

    def rows(
        self, model: PublishModel, *, turn: int = 1, known: bool | None = None, found: bool | None = None
    ) -> Iterator[list[Row]]:
        """Staged rows in the order to send them, a window at a time.

        Args:
            model: the publish model.
            turn: 1 for the first try, 2 for rows whose record vanished.
            known: only rows whose destination id is known, or unknown.
            found: only rows that have been looked for, or have not.
        """
        terms = [f"pos > ? and turn = {turn}"]
        if known is not None:
            terms.append(f"destination_id is {'not ' if known else ''}null")
        if found is not None:
            terms.append("found" if found else "not found")
        last = 0
        while True:
            window = self._db.execute(
                f"select {self._selected(model)}"
                f" from {self._staged[model.name]} where {' and '.join(terms)} order by pos limit {WINDOW}",
                [last],
            )
            if window:
                last = window[-1][0]
                yield [self._row(model, each) for each in window]
            if len(window) < WINDOW:
                return

    def _selected(self, model: PublishModel) -> str:
        values = ", ".join(f"v{n}" for n in range(len(model.columns)))
        return f"pos, row_key, row_hash, destination_id, created_by_us, null_fields, stands, {values}"

    def _row(self, model: PublishModel, given: Sequence[Any]) -> Row:
        _, row_key, row_hash, destination_id, created, nulls, stands, *values = given
        by_column = dict(zip(model.columns, values, strict=True))
        return Row(
            row_key,
            row_hash,
            destination_id,
            bool(created),
            nulls,
            bool(stands),
            {field: by_column[column] for column, field in model.fields.items()},
            {each.field: by_column[each.column] for each in model.lookups},
        )

    def mark(self, model: PublishModel, ids: dict[str, str | None], turn: int, *, found: bool = True) -> None:
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
                f"update {self._staged[model.name]} set destination_id = f.c1, created_by_us = false,"
                f" turn = {turn}, found = {str(found).lower()} from ({query}) as f where row_key = f.c0",
                parameters,
            )

    def has_turn(self, model: PublishModel, turn: int) -> bool:
        """Whether any staged row has this turn."""
        return bool(self._db.execute(f"select 1 from {self._staged[model.name]} where turn = {turn} limit 1"))

    def counts(self, model: PublishModel) -> tuple[int, int]:
        """Staged rows whose destination id is known, and the others, without those that have no turn."""
        found = self._db.execute(
            f"select count(destination_id), count(*) from {self._staged[model.name]} where turn > 0"
        )
        return int(found[0][0]), int(found[0][1] - found[0][0])

    def gone(self, diff: Diff) -> list[tuple[str, str]]:
        """Row key and destination id of the records to delete."""
        if not diff.deletable:
            return []
        found = self._db.execute(
            f"select row_key, destination_id from {quoted(f'diff_{diff.model.name}')}"
            f" where {_DELETABLE} order by row_key"
        )
        return [(str(key), str(each)) for key, each in found]

    # What was published

    def stage_published(self, model: PublishModel) -> None:
        """Stage every row of the state, with the mart's values; without a hash where they differ."""
        table = self._staged[model.name] = quoted(f"published_{model.name}")
        self._db.execute(f"drop table if exists {table}")
        columns = ", ".join(f"m.{self._db.column(c)} as v{n}" for n, c in enumerate(model.columns))
        self._db.execute(
            f"""
create temporary table {table} as
with mart as (
    select *, {self.row_key(model)} as loader_key, {self.row_hash(model)} as loader_hash
    from {self._db.relation(model.relation)}
)
select
    row_number() over (order by s.row_key) as pos, s.row_key, s.destination_id, s.created_by_us,
    case when m.loader_hash = s.row_hash then s.row_hash else '' end as row_hash,
    s.null_fields, true as stands, false as found, 1 as turn, {columns}
from {self.state.table("publish_state")} as s
left join mart as m on m.loader_key = s.row_key
where s.destination = ? and s.object = ?""",
            [self.state.destination, model.object],
        )

    def published(self, model: PublishModel, keys: Sequence[str]) -> dict[str, Row]:
        """Those of the staged rows that have one of these keys and were not seen before."""
        if not keys:
            return {}
        query, parameters = self._db.table_of([(key,) for key in keys], ["varchar"])
        found = self._db.execute(
            f"select {self._selected(model)} from {self._staged[model.name]} where not found and row_key in ({query})",
            parameters,
        )
        rows = [self._row(model, each) for each in found]
        return {row.row_key: row for row in rows}

    def mark_seen(self, model: PublishModel, keys: Sequence[str]) -> None:
        """Note that these rows were found at the destination."""
        if keys:
            query, parameters = self._db.table_of([(key,) for key in keys], ["varchar"])
            self._db.execute(
                f"update {self._staged[model.name]} set found = true where row_key in ({query})", parameters
            )

    def unseen(self, model: PublishModel) -> list[tuple[str, str | None]]:
        """Row key and destination id of the rows that were not found."""
        found = self._db.execute(
            f"select row_key, destination_id from {self._staged[model.name]} where not found order by pos"
        )
        return [(str(key), each) for key, each in found]

    def misfits(self, model: PublishModel, bounds: Mapping[str, Bounds]) -> Iterator[Finding]:
        """Values that the destination will not take."""
        for column, bound in bounds.items():
            name = self._db.column(column)
            options = ", ".join(map(literal, bound.values))
            for condition, problem, fix in (
                (
                    f"length({name}) > {bound.length}" if bound.length else "",
                    f"are longer than {bound.length}",
                    "shorten them, or lengthen the field",
                ),
                (
                    f"{name} not in ({options})" if options else "",
                    "are not in the picklist",
                    "add them to the picklist, or correct the model",
                ),
                (
                    f"{name} is null" if bound.required else "",
                    "are null, which the field does not take",
                    "fill them, or make the field optional",
                ),
            ):
                count = condition and self._count(model, condition)
                if count:
                    yield Finding(
                        model.name, model.object, model.fields[column], f"{count} values {problem}", fix, schema=False
                    )

    def _count(self, model: PublishModel, condition: str) -> int:
        relation = self._db.relation(model.relation)
        return int(self._db.execute(f"select count(*) from {relation} where {condition}")[0][0])

    def lookup_values(self, models: Sequence[PublishModel]) -> dict[tuple[str, str], list[str]]:
        """Distinct values to look up in the staged rows, by object and matching field."""
        queries: dict[tuple[str, str], list[str]] = {}
        for model in models:
            for each in model.lookups:
                column = f"v{model.columns.index(each.column)}"
                queries.setdefault((each.object, each.match), []).append(
                    f"select distinct {column} as value from {self._staged[model.name]} where {column} is not null"
                )
        return {
            target: [value for (value,) in self._db.execute(f"{' union '.join(parts)} order by value")]
            for target, parts in queries.items()
        }
