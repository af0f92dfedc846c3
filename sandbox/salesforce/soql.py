"""SOQL, as far as a loader asks: fields, one step along a reference, conditions, order, LIMIT, OFFSET, COUNT()."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from sandbox.salesforce import ids
from sandbox.salesforce.replies import RefusedError
from sandbox.salesforce.schema import NUMBERS, Field, ObjectType, visible, visible_fields
from sandbox.salesforce.settings import Switches
from sandbox.salesforce.store import Store
from sandbox.salesforce.values import UnreadableError, read_literal, shown
from sandbox.tables import Row, quoted, table

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<moment>\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:?\d{2}))?)"
    r"|(?P<number>[+-]?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][\w.]*)|(?P<sign><=|>=|!=|<>|[=<>(),]))"
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_SIGNS = {"=", "!=", "<>", "<", ">", "<=", ">="}


@dataclass
class Found:
    """What a query found: the fields asked for, as paths, and the rows of them."""

    obj: ObjectType
    paths: list[str]
    rows: list[tuple[Any, ...]]
    count_only: bool = False


@dataclass
class _Column:
    sql: str
    field: Field
    path: str


@dataclass
class Soql:
    """One query, read and run."""

    store: Store
    switches: Switches
    text: str
    _tokens: list[tuple[str, str]] = field(default_factory=list)
    _at: int = 0
    _parameters: list[Any] = field(default_factory=list)

    def run(self) -> Found:
        """What it finds.

        Raises:
            RefusedError: it is not understood, or names what is not there.
        """
        self._tokens = self._read_tokens()
        names = self._select()
        obj = self._from()
        count_only = names is None
        columns = [self._column(obj, name) for name in names or ("Id",)]
        where = f" where {self._conditions(obj)}" if self._take("where") else ""
        tail = self._order(obj) + self._cut()
        if self._at < len(self._tokens):
            raise self._malformed()
        chosen = ", ".join(each.sql for each in columns)
        rows = self.store.execute(f"select {chosen} from {table(obj)} t{where}{tail}", self._parameters)
        fields = [each.field for each in columns]
        out = [tuple(shown(f, v, self.switches) for f, v in zip(fields, row, strict=True)) for row in rows]
        return Found(obj, [each.path for each in columns], out, count_only)

    def _read_tokens(self) -> list[tuple[str, str]]:
        tokens, at, text = [], 0, self.text.rstrip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise RefusedError("MALFORMED_QUERY", f"unexpected token: '{text[at : at + 20]}'")
            tokens.append((str(found.lastgroup), found[str(found.lastgroup)]))
            at = found.end()
        return tokens

    def _select(self) -> list[str] | None:
        """The fields, or None for COUNT()."""
        self._need("select")
        if self._peek() == "count":
            self._at += 1
            self._need("(")
            self._need(")")
            return None
        names = [self._word()]
        while self._take(","):
            names.append(self._word())
        return names

    def _from(self) -> ObjectType:
        self._need("from")
        name = self._word()
        obj = self.store.get(name)
        if obj is None or not visible(obj, self.switches):
            raise RefusedError("INVALID_TYPE", f"sObject type '{name}' is not supported.")
        return obj

    def _column(self, obj: ObjectType, path: str) -> _Column:
        first, _, rest = path.partition(".")
        if not rest:
            each = self._field(obj, first)
            return _Column(f"t.{quoted(each.name)}", each, each.name)
        relation = obj.relations.get(first.lower())
        target = self.store.get(relation.reference_to or "") if relation else None
        if relation is None or target is None or "." in rest:
            raise RefusedError("INVALID_FIELD", f"Didn't understand relationship '{first}' in field path.")
        each = self._field(target, rest)
        key = f"r.{quoted('Id')} = t.{quoted(relation.name)}"
        sql = f"(select r.{quoted(each.name)} from {table(target)} r where {key})"
        return _Column(sql, each, f"{relation.relationship}.{each.name}")

    def _field(self, obj: ObjectType, name: str) -> Field:
        each = visible_fields(obj, self.switches).get(name.lower())
        if each is None:
            raise RefusedError("INVALID_FIELD", f"No such column '{name}' on entity '{obj.name}'.")
        return each

    def _conditions(self, obj: ObjectType) -> str:
        terms = [self._term(obj)]
        joins = []
        while (join := self._peek()) in ("and", "or"):
            self._at += 1
            joins.append(join)
            terms.append(self._term(obj))
        if len(set(joins)) > 1:
            raise self._malformed()
        return f" {joins[0] if joins else 'and'} ".join(f"({term})" for term in terms)

    def _term(self, obj: ObjectType) -> str:
        if self._take("not"):
            return f"not ({self._term(obj)})"
        if self._take("("):
            inside = self._conditions(obj)
            self._need(")")
            return inside
        column = self._column(obj, self._word())
        if column.field.type == "textarea":
            raise RefusedError("INVALID_FIELD", f"field '{column.path}' can not be filtered in a query call")
        kind, sign = self._next()
        sign = sign.lower()
        compared = column.sql
        if column.field.type not in NUMBERS and not column.field.exact(self.switches):
            compared += " collate nocase"
        if sign == "not" and self._take("in"):
            return f"{compared} not in {self._list(column)}"
        if sign == "in":
            return f"{compared} in {self._list(column)}"
        if sign == "like":
            self._parameters.append(self._literal(column))
            return f"{column.sql} like ? escape '\\'"
        if kind != "sign" or sign not in _SIGNS:
            raise self._malformed()
        value = self._literal(column)
        self._parameters.append(value)
        if sign in ("=", "!=", "<>"):
            return f"{compared} is{'' if sign == '=' else ' not'} ?"
        return f"{compared} {sign} ?"

    def _list(self, column: _Column) -> str:
        self._need("(")
        values = [self._literal(column)]
        while self._take(","):
            values.append(self._literal(column))
        self._need(")")
        self._parameters.append(json.dumps(values))
        return "(select value from json_each(?))"

    def _literal(self, column: _Column) -> Any:
        kind, text = self._next()
        if kind == "word" and text.lower() == "null":
            return None
        value: Any = text
        if kind == "text":
            value = re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text[1:-1])
        wanted = _literal_kind(column.field)
        if kind != wanted:
            quotes = "should" if wanted == "text" else "should not"
            what = f"must be of type {column.field.type} and {quotes} be enclosed in quotes"
            raise RefusedError("INVALID_FIELD", f"value of filter criterion for field '{column.path}' {what}")
        if column.field.type in ("id", "reference"):
            found = ids.full(value)
            if found is None:
                raise RefusedError("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {value}")
            return found
        try:
            return read_literal(column.field, value)
        except UnreadableError as error:
            raise self._malformed() from error

    def _order(self, obj: ObjectType) -> str:
        if not self._take("order"):
            return " order by t._row"
        self._need("by")
        terms = []
        while True:
            column = self._column(obj, self._word())
            down = self._take("desc") or (self._take("asc") and False)
            nulls = "last" if self._take("nulls") and not self._take("first") and self._take("last") else "first"
            terms.append(f"{column.sql} {'desc' if down else 'asc'} nulls {nulls}")
            if not self._take(","):
                return " order by " + ", ".join(terms) + ", t._row"

    def _cut(self) -> str:
        limit = self._number() if self._take("limit") else -1
        offset = self._number() if self._take("offset") else 0
        if offset > 2000:
            raise RefusedError("NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
        return f" limit {limit} offset {offset}"

    def _number(self) -> int:
        kind, text = self._next()
        if kind != "number" or not text.isdigit():
            raise self._malformed()
        return int(text)

    def _peek(self) -> str:
        return self._tokens[self._at][1].lower() if self._at < len(self._tokens) else ""

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise self._malformed()
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self, word: str) -> bool:
        taken = self._peek() == word
        self._at += taken
        return taken

    def _need(self, word: str) -> None:
        if not self._take(word):
            raise self._malformed()

    def _word(self) -> str:
        kind, text = self._next()
        if kind != "word":
            raise self._malformed()
        return text

    def _malformed(self) -> RefusedError:
        token = self._tokens[self._at][1] if self._at < len(self._tokens) else "<EOF>"
        return RefusedError("MALFORMED_QUERY", f"unexpected token: '{token}'")


def _literal_kind(each: Field) -> str:
    if each.type in NUMBERS:
        return "number"
    return {"date": "moment", "datetime": "moment", "boolean": "word"}.get(each.type, "text")


def as_records(found: Found, root: str) -> list[Row]:
    """Rows as a reply has them; a record that is pointed to stands in its own object."""
    id_place = next((place for place, path in enumerate(found.paths) if path == "Id"), None)
    records = []
    for row in found.rows:
        attributes = {"type": found.obj.name}
        if id_place is not None:
            attributes["url"] = f"{root}/sobjects/{found.obj.name}/{row[id_place]}"
        record: dict[str, Any] = {"attributes": attributes}
        for path, value in zip(found.paths, row, strict=True):
            relation, _, name = path.rpartition(".")
            if not relation:
                record[name] = value
            elif value is not None or isinstance(record.get(relation), dict):
                inner = record.get(relation) or {"attributes": {"type": _target(found.obj, relation)}}
                record[relation] = {**inner, name: value}
            else:
                record.setdefault(relation, None)
        records.append(record)
    return records


def _target(obj: ObjectType, relation: str) -> str | None:
    return obj.relations[relation.lower()].reference_to
