"""The publish models' relations: the diff, and the rows that are staged to be sent, read a window at a time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from loader.dbt.artifacts import PublishModel
from loader.engine.destination import Row
from loader.warehouse.differ import Differ, diff_table, staged_table
from loader.warehouse.sql import Rows

WINDOW = 5000
"""Rows that are in memory at a time."""
_STAGED = "pos, row_key, row_hash, destination_id, created_by_us, former_nulls, published_hash, stands, found, turn"


class Mart(Differ):
    """The publish models' relations, seen from one connection's state.

    What has to be sent is staged as keys in a temporary table; values are read a window at a time.
    """

    def keep_first(self, model: PublishModel, rows: int) -> None:
        """Leave all but the first staged rows for a later run."""
        self._db.execute(f"delete from {staged_table(model)} where pos > ?", [rows])

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
        staged = f"select {_STAGED} from {staged_table(model)} where {where}"
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
        record, first = self._db.record_text, 9 + len(lookups)
        valued = (
            (*each[1:9], each[0], record(names, each[first:]), dict(zip(lookups, each[9:first], strict=True)))
            for each in read
        )
        rows = [Row(*values) for values in valued]
        for row in rows:
            if not row.row_hash:
                row.record = model.key_record(row.row_key)
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
        state = self.state
        now = state.now()
        with state.held():
            self._db.execute(
                f"insert into {state.table('publish_intents')}"
                " (destination, connection, object, row_key, run_id, sent_at, created_by_us)"
                f" select ?, ?, ?, row_key, ?, ?, {'created_by_us' if known else 'true'} from {staged_table(model)}"
                f" where turn = {turn} and destination_id is {'not ' if known else ''}null and pos between ? and ?",
                [*state.owner, model.object, state.run_id, now, first, last],
            )
        return now

    def uncertain(self, model: PublishModel) -> int:
        """How many rows an earlier run may have sent."""
        query = f"select count(*) from ({self.state.uncertain()}) as uncertain where {self.ours(model)}"
        return int(self._db.execute(query)[0][0])

    def stage_uncertain(self, model: PublishModel) -> int:
        """Stage the rows that an earlier run may have sent; how many."""
        query = f"""
select
    row_number() over (order by row_key) as pos, row_key, cast(null as varchar) as row_hash,
    cast(null as varchar) as destination_id, created_by_us, cast(null as varchar) as former_nulls,
    cast(null as varchar) as published_hash, stands, false as found, 1 as turn
from ({self.state.uncertain()}) as uncertain where {self.ours(model)}"""
        self.make(staged_table(model), query)
        return sum(self.counts(model))

    def part_alike(self, model: PublishModel) -> None:
        """Of rows to create whose keys are the same but for case and spaces, all but one are looked for once more when
        that one stands: a tenant that ignores these finds its record for them."""
        table, alike = staged_table(model), "lower(replace(row_key, ' ', ''))"
        new = "turn = 1 and destination_id is null"
        several = f"select {alike} from {table} where {new} group by 1 having count(*) > 1"
        if not self._db.execute(f"{several} limit 1"):
            return
        firsts = f"select min(row_key) from {table} where {new} group by {alike}"
        self._db.execute(f"update {table} set turn = 2, found = false where {new} and row_key not in ({firsts})")

    def again(self, model: PublishModel, keys: Sequence[str]) -> None:
        """Rows whose record vanished are looked for once more."""
        self.mark(model, dict.fromkeys(keys), 2, found=False)

    def postpone(self, model: PublishModel, keys: Sequence[str], turn: int) -> None:
        """Rows that were not taken now have their turn later in this run."""
        for start in range(0, len(keys), 1000):
            query, parameters = self._db.table_of([(key,) for key in keys[start : start + 1000]], ["varchar"])
            update = f"update {staged_table(model)} set turn = {turn} where row_key in ({query})"
            self._db.execute(update, parameters)

    def done(self, model: PublishModel, last: int) -> None:
        """The rows of the first turn up to this place have had it."""
        self._db.execute(f"update {staged_table(model)} set turn = 0 where turn = 1 and pos <= {last}")

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
                f"update {staged_table(model)} set destination_id = f.c1, created_by_us = false,"
                f" turn = {turn}, found = {str(found).lower()} from ({query}) as f where row_key = f.c0",
                parameters,
            )

    def sought(self, model: PublishModel, turn: int) -> None:
        """Note that all staged rows of a turn have been looked for."""
        self._db.execute(f"update {staged_table(model)} set found = true where turn = {turn} and not found")

    def has_turn(self, model: PublishModel, turn: int) -> bool:
        """Whether any staged row has this turn."""
        return bool(self._db.execute(f"select 1 from {staged_table(model)} where turn = {turn} limit 1"))

    def counts(self, model: PublishModel) -> tuple[int, int]:
        """Staged rows whose destination id is known, and the others, without those that have no turn."""
        query = f"select count(destination_id), count(*) from {staged_table(model)} where turn > 0"
        known, rows = self._db.execute(query)[0]
        return int(known), int(rows - known)

    def stage_published(self, model: PublishModel) -> None:
        """Stage every row of the state."""
        query = f"""
select
    row_number() over (order by row_key) as pos, row_key, cast(null as varchar) as row_hash, destination_id,
    created_by_us, null_fields as former_nulls, row_hash as published_hash, true as stands, false as found, 1 as turn
from {self.state.table("publish_state")} where {self.ours(model)}"""
        self.make(staged_table(model), query)

    def published(self, model: PublishModel, keys: Iterable[str]) -> dict[str, Row]:
        """Those of the staged rows that have one of these keys, and were not seen before; now they are."""
        rows = [(key,) for key in keys]
        if not rows:
            return {}
        query, parameters = self._db.table_of(rows, ["varchar"])
        where = f"not found and row_key in ({query})"
        staged = f"select {_STAGED} from {staged_table(model)} where {where}"
        read = self._db.execute(self._valued(model, staged), parameters)
        found = {row.row_key: row for row in self._rows(model, read)}
        self._db.execute(f"update {staged_table(model)} set found = true where {where}", parameters)
        return found

    def holders(self, model: PublishModel, ids: Sequence[str]) -> dict[str, str]:
        """Row key by destination id, of the rows of the state that have one of these ids and are in the mart still."""
        query, parameters = self._db.table_of([(each,) for each in ids], ["varchar"])
        gone = f"select row_key from {diff_table(model)} where kind = 'gone'"
        rows = f"select destination_id, row_key from {self.state.table('publish_state')} where {self.ours(model)}"
        found = self._db.execute(f"{rows} and destination_id in ({query}) and row_key not in ({gone})", parameters)
        return {str(each): str(key) for each, key in found}

    def known_ids(self, model: PublishModel, ids: Sequence[str]) -> dict[str, str]:
        """Row key by destination id, of those of the staged rows that have one of these ids."""
        query, parameters = self._db.table_of([(each,) for each in ids], ["varchar"])
        staged = f"select destination_id, row_key from {staged_table(model)} where destination_id in ({query})"
        return {str(each): str(key) for each, key in self._db.execute(staged, parameters)}

    def unseen(self, model: PublishModel) -> list[tuple[str, str | None]]:
        """Row key and destination id of the staged rows that were not seen."""
        query = f"select row_key, destination_id from {staged_table(model)} where not found order by pos"
        return [(str(key), each) for key, each in self._db.execute(query)]

    def lookup_values(self, models: Sequence[PublishModel], *, staged: bool = True) -> dict[tuple[str, str], list[Any]]:
        """Distinct values to look up, by object and matching field: in the staged rows, or in all rows."""
        queries: dict[tuple[str, str], list[str]] = {}
        for model in models:
            shape = self.shape(model)
            source = f"{staged_table(model)} as s join {shape.relation} on {shape.key} = s.row_key"
            for each in model.lookups:
                value = shape.column(each.column)
                queries.setdefault((each.object, each.match), []).append(
                    f"select distinct {value} as value from {source if staged else shape.relation}"
                    f" where {value} is not null"
                )
        return {
            target: [value for (value,) in self._db.execute(f"{' union '.join(parts)} order by value")]
            for target, parts in queries.items()
        }
