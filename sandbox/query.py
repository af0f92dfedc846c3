"""The read endpoint: select, where, orderBy, limit and offset (contract section 3.5)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.keeping import collated, compared, reader
from sandbox.replies import RefusedError
from sandbox.schema import DELETE_LOGS, PICKLISTS, Field, ObjectType
from sandbox.settings import Switches
from sandbox.store import Store, quoted, table
from sandbox.values import InvalidValueError

MAX_ROWS = 5000
_MANY = 8
_TOKEN = re.compile(r"\s*(?:(\()|(\))|([A-Za-z0-9_]+))")
_COMPARISONS = {"EQ": "=", "GT": ">", "LT": "<", "GTE": ">=", "LTE": "<="}
_TEXT_SEARCHES = ("CONTAINS", "DOES_NOT_CONTAINS", "STARTS_WITH", "ENDS_WITH")
_LISTS = ("IN", "NOT_IN", "INCLUDES", "EXCLUDES")
OPERATORS = frozenset({*_COMPARISONS, *_TEXT_SEARCHES, *_LISTS, "NE", "BTW", "IS_NULL", "IS_NOT_NULL"})


@dataclass(frozen=True)
class Term:
    """A piece of SQL and its parameters.

    Attributes:
        equals: columns and values, when it says no more than that they are equal.
    """

    sql: str
    parameters: tuple[Any, ...] = ()
    equals: tuple[tuple[str, Any], ...] = ()


@dataclass
class Query:
    """One read, from the request's JSON to rows.

    Attributes:
        paths: what to select, as the request names it.
    """

    store: Store
    obj: ObjectType
    body: Mapping[str, Any]
    switches: Switches
    arbitrary: int = 0
    paths: list[str] = field(default_factory=list)
    _joins: dict[tuple[str, ...], tuple[str, ObjectType]] = field(default_factory=dict)
    _join_sql: list[str] = field(default_factory=list)
    _indexable: list[str] = field(default_factory=list)

    def run(self) -> list[dict[str, Any]]:
        """The rows, converted for the reply.

        Raises:
            RefusedError: when the request asks for something the API does not have.
        """
        self._joins[()] = ("t0", self.obj)
        columns = [self._column(path) for path in self._select()]
        where = self._where()
        order = self._order()
        limit, offset = self._page()
        sql = (
            f"select {', '.join(sql for sql, _ in columns)} from {table(self.obj)} t0 "
            f"{' '.join(self._join_sql)} where {where.sql} order by {order} limit ? offset ?"
        )
        for name in self._indexable:
            self.store.index(self.obj, (name,))
        found = self.store.execute(sql, (*where.parameters, limit, offset))
        readers = [reader(each, self.switches) for _, each in columns]
        if self.switches.null_in_query == "omitted":
            return [_without_nulls(self.paths, readers, row) for row in found]
        return [_reply_row(self.paths, readers, row) for row in found]

    def _select(self) -> list[str]:
        select = self.body.get("select")
        if not isinstance(select, list) or not select:
            raise RefusedError("GSOBJ_EMU_SELECT", "Please add fields in the select clause")
        self.paths = select
        return self.paths

    def _column(self, path: Any) -> tuple[str, Field]:
        """SQL and field of a path such as `Name` or `Company_Id__gr.Name`."""
        if not isinstance(path, str):
            raise _unknown_field(path)
        *steps, name = path.split(".")
        alias, obj = self._join(tuple(steps), path)
        found = obj.fields.get(name)
        if found is None:
            raise _unknown_field(path)
        return f"{alias}.{quoted(name)}", found

    def _join(self, steps: tuple[str, ...], path: str) -> tuple[str, ObjectType]:
        if steps in self._joins:
            return self._joins[steps]
        alias, obj = self._join(steps[:-1], path)
        lookup = obj.lookups.get(steps[-1])
        target = self.store.get(lookup.lookup or "") if lookup else None
        if lookup is None or target is None:
            raise _unknown_field(path)
        joined = f"t{len(self._joins)}"
        self._join_sql.append(f"left join {table(target)} {joined} on {joined}.Gsid = {alias}.{quoted(lookup.name)}")
        self._joins[steps] = (joined, target)
        return self._joins[steps]

    def _where(self) -> Term:
        where = self.body.get("where")
        kept = self._kept_in_log()
        if not where:
            return kept
        conditions = where.get("conditions") if isinstance(where, Mapping) else None
        if not isinstance(conditions, list):
            raise _bad_where("where needs a list of conditions")
        terms: dict[str, Term] = {}
        for each in conditions:
            if not isinstance(each, Mapping) or not isinstance(each.get("alias"), str):
                raise _bad_where("a condition needs name, alias, value and operator")
            if each["alias"] in terms:
                raise _bad_where(f"alias {each['alias']} twice")
            terms[each["alias"]] = self._condition(each)
        if not terms:
            return kept
        expression = where.get("expression")
        if not isinstance(expression, str):
            raise _bad_where("where needs an expression over the aliases")
        parsed = _Expression(expression, terms, self.switches.expression_parentheses).parse()
        return _balanced("and", [kept, parsed])

    def _kept_in_log(self) -> Term:
        """Section 3.6: the delete log goes back 15 days."""
        if self.obj.key not in DELETE_LOGS:
            return Term("1")
        return Term("DeletedOn >= strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-15 days')")

    def _condition(self, given: Mapping[str, Any]) -> Term:
        column, found = self._column(given.get("name"))
        operator, values = given.get("operator"), given.get("value", [])
        if not isinstance(operator, str) or operator not in OPERATORS:
            raise _bad_where(f"operator {operator}")
        if operator == "IS_NULL" or operator == "IS_NOT_NULL":
            return Term(f"{column} is {'not ' if operator == 'IS_NOT_NULL' else ''}null")
        if not isinstance(values, list):
            raise _bad_where(f"value of {given['name']} must be a list")
        wanted = 2 if operator == "BTW" else 1
        if not values or (operator not in _LISTS and len(values) != wanted):
            raise _bad_where(f"{operator} on {given['name']} with {len(values)} values")
        try:
            stored = [compared(found, value, self.switches) for value in values]
        except InvalidValueError as error:
            raise RefusedError(error.code, error.desc) from error
        if column.startswith("t0.") and operator in ("EQ", "IN"):
            self._indexable.append(found.name)
        return _comparison(collated(column, found, self.switches), found, operator, stored)

    def _order(self) -> str:
        given = self.body.get("orderBy") or {}
        if not isinstance(given, Mapping):
            raise _bad_where("orderBy must be an object of field: asc or desc")
        terms = []
        for path, direction in given.items():
            if str(direction).lower() not in ("asc", "desc"):
                raise _bad_where(f"orderBy {path}: {direction}")
            terms.append(f"{self._column(path)[0]} {str(direction).lower()}")
        if not terms and self.switches.unsorted_order == "arbitrary":
            terms.append(f"(t0._row * 2654435761 + {self.arbitrary} * 40503) % 65521")
        return ", ".join((*terms, "t0._row"))

    def _page(self) -> tuple[int, int]:
        limit, offset = self.body.get("limit", MAX_ROWS), self.body.get("offset", 0)
        if type(limit) is not int or not 0 < limit <= MAX_ROWS:
            raise RefusedError("GSOBJ_EMU_LIMIT", f"limit must be between 1 and {MAX_ROWS}")
        if type(offset) is not int or offset < 0:
            raise RefusedError("GSOBJ_EMU_OFFSET", "offset must be 0 or more")
        return min(limit, self.switches.longest_page), offset


@dataclass
class _Expression:
    """`A AND B OR C`: AND binds tighter; parentheses only by switch."""

    text: str
    terms: Mapping[str, Term]
    parentheses: bool
    tokens: list[str] = field(default_factory=list)
    position: int = 0

    def parse(self) -> Term:
        """The whole expression as SQL."""
        self.tokens = self._split()
        parsed = self._any()
        if self.position != len(self.tokens):
            raise _bad_where(f"expression {self.text!r}")
        return parsed

    def _split(self) -> list[str]:
        tokens, at, text = [], 0, self.text.strip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None or ((found[1] or found[2]) and not self.parentheses):
                raise _bad_where(f"expression {self.text!r}")
            tokens.append(found[1] or found[2] or found[3])
            at = found.end()
        return tokens

    def _any(self) -> Term:
        return self._chain("OR", lambda: self._chain("AND", self._one))

    def _chain(self, word: str, part: Callable[[], Term]) -> Term:
        parts = [part()]
        while self._next().upper() == word:
            self.position += 1
            parts.append(part())
        if word == "OR" and len(parts) >= _MANY:
            return _one_of(parts) or _balanced("or", parts)
        return _balanced(word.lower(), parts)

    def _one(self) -> Term:
        word = self._next()
        self.position += 1
        if word == "(":
            inner = self._any()
            if self._next() != ")":
                raise _bad_where(f"expression {self.text!r}")
            self.position += 1
            return inner
        if word not in self.terms:
            raise _bad_where(f"expression {self.text!r} has no condition {word!r}")
        return self.terms[word]

    def _next(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""


def _comparison(column: str, found: Field, operator: str, values: Sequence[Any]) -> Term:
    first = values[0]
    if operator == "EQ":
        return Term(f"{column} = ?", (first,), ((column, first),))
    if operator in _COMPARISONS:
        return Term(f"{column} {_COMPARISONS[operator]} ?", (first,))
    if operator == "NE":
        return Term(f"{column} is not ?", (first,))
    if operator == "BTW":
        return Term(f"{column} between ? and ?", tuple(values))
    if operator in _LISTS:
        return _list_search(column, found, operator, values)
    text = str(first)
    if operator == "STARTS_WITH":
        return Term(f"substr({column}, 1, ?) = ?", (len(text), text))
    if operator == "ENDS_WITH":
        return Term(f"substr({column}, -max(1, ?)) = ?", (len(text), text))
    if operator == "CONTAINS":
        return Term(f"instr({column}, ?) > 0", (text,))
    return Term(f"({column} is null or instr({column}, ?) = 0)", (text,))


def _list_search(column: str, found: Field, operator: str, values: Sequence[Any]) -> Term:
    negative = operator in ("NOT_IN", "EXCLUDES")
    if found.type in PICKLISTS and operator in ("INCLUDES", "EXCLUDES"):
        holds = [Term(f"instr(';' || {column} || ';', ?) > 0", (f";{each};",)) for each in values]
        any_of = _balanced("or", holds)
        if negative:
            return Term(f"({column} is null or not {any_of.sql})", any_of.parameters)
        return any_of
    listed = (json.dumps(list(values)),)
    inside = f"{column} in (select value from json_each(?))"
    return Term(f"({column} is null or not {inside})" if negative else inside, listed)


def _one_of(parts: Sequence[Term]) -> Term | None:
    """`A AND B OR C AND D ...` over the same columns as one search, which an index serves."""
    columns = tuple(column for column, _ in parts[0].equals)
    if not columns or any(tuple(c for c, _ in each.equals) != columns for each in parts):
        return None
    values = [[value for _, value in each.equals] for each in parts]
    picked = ", ".join(f"json_extract(value, '$[{at}]')" for at in range(len(columns)))
    sql = f"({', '.join(columns)}) in (select {picked} from json_each(?))"
    return Term(sql, (json.dumps(values),))


def _balanced(word: str, parts: Sequence[Term]) -> Term:
    """Join terms as a shallow tree: SQLite limits the depth of an expression."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    left, right = _balanced(word, parts[:middle]), _balanced(word, parts[middle:])
    equals = left.equals + right.equals if word == "and" and left.equals and right.equals else ()
    sql = f"({left.sql} {word} {right.sql})"
    return Term(sql, left.parameters + right.parameters, equals)


def _reply_row(paths: Sequence[str], readers: Sequence[Any], row: Sequence[Any]) -> dict[str, Any]:
    return {
        path: value if value is None or convert is None else convert(value)
        for path, convert, value in zip(paths, readers, row, strict=True)
    }


def _without_nulls(paths: Sequence[str], readers: Sequence[Any], row: Sequence[Any]) -> dict[str, Any]:
    return {path: v for path, v in _reply_row(paths, readers, row).items() if v is not None}


def _unknown_field(path: Any) -> RefusedError:
    return RefusedError("GSOBJ_EMU_UNKNOWN_FIELD", f"Invalid field {path}")


def _bad_where(what: str) -> RefusedError:
    return RefusedError("GSOBJ_EMU_WHERE", f"Invalid where clause: {what}")
