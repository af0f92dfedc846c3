"""Which functions a statement calls, and which are on the list of documented ones (functions.csv)."""

from __future__ import annotations

import csv
import re

from snowflake_bench import HERE
from sqlglot import exp
from sqlglot.dialects.snowflake import Snowflake
from sqlglot.tokens import TokenType

NOT_FUNCTIONS = frozenset(
    """all and any as between by case cluster distinct else end exists explode filter following from group having in
    join limit list lateral not numeric number decimal varchar char timestamp_ntz on or order over partition
    preceding qualify rows select set table then union using values when where with within""".split()  # noqa: SIM905
)


def called(sql: str) -> set[str]:
    """Names before an opening bracket that are no keywords and no names of tables."""
    tokens = Snowflake().tokenize(sql)
    names = {
        one.text.lower()
        for before, one, other in zip([None, *tokens], tokens, tokens[1:], strict=False)
        if other.token_type == TokenType.L_PAREN
        and one.token_type != TokenType.IDENTIFIER
        and not (before and before.token_type == TokenType.DOT)
        and re.fullmatch(r"[A-Za-z_]\w*", one.text)
    }
    return names - NOT_FUNCTIONS


def documented() -> set[str]:
    """The functions on the list."""
    with (HERE / "functions.csv").open(encoding="utf-8") as file:
        return {row["function"] for row in csv.DictReader(file)}


def cte_names(tree: exp.Expression) -> set[str]:
    """Names of subqueries, which stand before a bracket in `x (` nowhere but in `with x as (`."""
    return {each.alias.lower() for each in tree.find_all(exp.CTE)}
