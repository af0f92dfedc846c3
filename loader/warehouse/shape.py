"""The SQL of one publish model: its rows' keys, hashes and faults, as expressions over its relation."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cached_property
from itertools import groupby

from loader.dbt.artifacts import PublishModel
from loader.warehouse.sql import Dialect, value_text


class Shape:
    """Expressions for one model on one warehouse; the text they give is the same on all."""

    def __init__(self, dialect: Dialect, model: PublishModel, run_id: str) -> None:
        self._db, self.model, self._run_id = dialect, model, run_id
        self.relation = f"{dialect.relation(model.relation)} as m"
        self.targets = [*model.fields.items(), *((each.column, each.field) for each in model.lookups)]

    def column(self, name: str) -> str:
        """A column's name, in a query over `relation`; the run's own is its id."""
        if name == self.model.run:
            return self._db.literal(self._run_id)
        return f"m.{self._db.column(name)}"

    @cached_property
    def key(self) -> str:
        """The key values as a JSON list."""
        parts = [f"coalesce({self._json(column)}, 'null')" for column in self.model.key_columns]
        return "'[' || " + " || ',' || ".join(parts) + " || ']'"

    @cached_property
    def fold(self) -> str:
        """The key without what the destination ignores in texts."""
        parts = []
        for column in self.model.key_columns:
            text = f"coalesce({self._json(column)}, 'null')"
            if self.model.kinds[column] == "text":
                text = f"trim({self.column(column)})" if "space" in self.model.ignored else self.column(column)
                text = self._db.json_text(f"lower({text})" if "case" in self.model.ignored else text)
            parts.append(text)
        return " || ',' || ".join(parts)

    @cached_property
    def hash(self) -> str:
        """A hash over exactly the published columns, without stamps, and the fields they go to; these come as their own
        hash, for their names are longer than most rows."""
        names = [*self.model.fields.values(), *(f"{k.field}={k.object}.{k.match}" for k in self.model.lookups)]
        fields = hashlib.md5(",".join(names).encode(), usedforsecurity=False).hexdigest()
        told = (each for each in self.model.columns if each not in self.model.stamps)
        runs = groupby(told, key=lambda column: self.model.kinds[column])
        parts = [self._run(kind, list(columns)) for kind, columns in runs]
        return f"md5(concat({self._db.literal(fields + ';')}, {', '.join(parts)}))"

    @cached_property
    def nulls(self) -> str:
        """The fields that are null, as `,A,B,`."""
        parts = [
            f"case when {self.column(c)} is null then {self._db.literal(f + ',')} else '' end" for c, f in self.targets
        ]
        return f"concat(',', {', '.join(parts)})"

    @cached_property
    def problem(self) -> str:
        """`CODE field` of the first thing wrong with a row, or null."""
        fields = self.model.fields
        cases = [
            f"when {self.column(c)} is null then {self._db.literal('NULL_KEY ' + fields[c])}"
            for c in self.model.key_columns
        ]
        cases += [
            f"when {self._db.not_finite(self.column(c))} then {self._db.literal('NOT_FINITE ' + field)}"
            for c, field in fields.items()
            if self.model.kinds[c] == "double"
        ]
        return f"case {' '.join(cases)} end"

    @cached_property
    def longest(self) -> str:
        """Characters of a row's longest text."""
        texts = [self.column(c) for c in self.model.fields if self.model.kinds[c] == "text"]
        return f"greatest(0, {', '.join(f'coalesce(length({each}), 0)' for each in texts)})" if texts else "0"

    def record(self, columns: Iterable[str]) -> str:
        """Values of these columns by API field name, see `Dialect.record`."""
        return self._db.record([(self.model.fields[c], self.column(c), self.model.kinds[c]) for c in columns])

    def _run(self, kind: str, columns: list[str]) -> str:
        """Columns of one kind, side by side, as text."""
        if kind == "double":
            return self._db.doubles_text([self.column(each) for each in columns])
        return ", ".join(f"coalesce({self._counted(each)}, '~') || ';'" for each in columns)

    def _counted(self, column: str) -> str:
        """Text comes with its length, so that no other row gives the same whole; the other kinds hold no `;`."""
        text = self._text(column)
        return f"cast(length({text}) as varchar) || ':' || {text}" if self.model.kinds[column] == "text" else text

    def _text(self, column: str) -> str:
        return value_text(self._db, self.column(column), self.model.kinds[column])

    def _json(self, column: str) -> str:
        kind, text = self.model.kinds[column], self._text(column)
        if kind == "integer":
            return text
        return self._db.json_text(text) if kind == "text" else f"'\"' || {text} || '\"'"
