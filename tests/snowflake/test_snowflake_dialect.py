"""All SQL for Snowflake is Snowflake's: it parses, its functions are documented ones, its names are safe in
upper case."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest
import sqlglot
from functions import called, cte_names, documented
from parity import Parity
from snowflake_bench import REPO
from sqlfluff.core import FluffConfig, Linter
from sqlglot import exp

RESERVED = frozenset(
    """account all alter and any as between by case cast check column connect connection constraint create cross
    current current_date current_time current_timestamp current_user database delete distinct drop else exists
    false following for from full grant group gscluster having ilike in increment inner insert intersect into
    is issue join lateral left like localtime localtimestamp minus natural not null of on or order
    organization qualify regexp revoke right rlike row rows sample schema select set some start table
    tablesample then to trigger true try_cast union unique update using values view when whenever where with""".split()  # noqa: SIM905
)
"""Words that Snowflake reserves in any place; its documentation, "Reserved & limited keywords"."""
NO_SNOWFLAKE_FUNCTIONS = ("unnest", "strftime", "list_transform", "read_json", "epoch_us", "arg_max", "quantile_cont")


@pytest.fixture(scope="module")
def compiled(parity: Parity) -> dict[str, str]:
    """SQL by file, as dbt compiled it for Snowflake: models and tests."""
    root = parity.warehouses.target_path("snowflake") / "compiled"
    found = {str(file.relative_to(root)): file.read_text(encoding="utf-8") for file in sorted(root.rglob("*.sql"))}
    assert len(found) > 200
    return found


@pytest.fixture(scope="module")
def trees(compiled: dict[str, str]) -> dict[str, exp.Expression]:
    """What each file says, parsed."""
    found = {}
    for name, sql in compiled.items():
        statements = [statement for statement in sqlglot.parse(sql, read="snowflake") if statement]
        assert len(statements) == 1, name
        found[name] = statements[0]
    return found


def distinct(compiled: dict[str, str]) -> dict[str, str]:
    """One of each shape: the plain counters differ in a literal only."""
    shapes = {re.sub(r"'[^']*'|\d+", "?", sql): name for name, sql in compiled.items() if "/models/" in name}
    return {name: compiled[name] for name in shapes.values()}


def test_every_compiled_statement_parses_under_sqlglots_snowflake_dialect(trees: dict[str, exp.Expression]) -> None:
    for name, tree in trees.items():
        assert not isinstance(tree, exp.Command), f"{name}: not understood, only passed through"


def unparsable(statements: dict[str, str]) -> dict[str, list[str]]:
    """What sqlfluff says, by file."""
    config = FluffConfig(overrides={"dialect": "snowflake", "templater": "raw", "large_file_skip_byte_limit": 0})
    linter = Linter(config=config)
    found = {name: [str(v) for v in linter.parse_string(sql).violations] for name, sql in statements.items()}
    return {name: violations[:3] for name, violations in found.items() if violations}


def test_every_shape_of_staging_parses_under_sqlfluffs_snowflake_dialect(compiled: dict[str, str]) -> None:
    """There most of the SQL is another than DuckDB's; what sqlglot reads above is all of it."""
    staging = {
        name: sql for name, sql in distinct(compiled).items() if "/models/staging/" in name and ".yml/" not in name
    }
    assert len(staging) > 10
    assert unparsable(staging) == {}


@pytest.mark.long
def test_every_shape_of_model_parses_under_sqlfluffs_snowflake_dialect(compiled: dict[str, str]) -> None:
    assert unparsable(distinct(compiled)) == {}


def test_setup_parses_under_both() -> None:
    for file in sorted((REPO / "snowflake").glob("*.sql")):
        # Snowflake reserves CONNECTION in SHOW only (its page "Reserved & limited keywords"); sqlfluff does everywhere.
        sql = re.sub(r"\bconnection (varchar)", r'"CONNECTION" \1', file.read_text(encoding="utf-8"))
        config = FluffConfig(overrides={"dialect": "snowflake", "templater": "raw"})
        assert [str(v) for v in Linter(config=config).parse_string(sql).violations] == [], file
        sqlglot.parse(sql, read="snowflake")


def test_every_function_is_on_the_list_of_documented_ones(
    compiled: dict[str, str], trees: dict[str, exp.Expression]
) -> None:
    unknown = defaultdict(set)
    known = documented()
    for name, sql in compiled.items():
        for function in called(sql) - known - cte_names(trees[name]):
            unknown[function].add(Path(name).name)
    assert dict(unknown) == {}
    assert not known & set(NO_SNOWFLAKE_FUNCTIONS)


def test_no_name_is_a_word_that_snowflake_reserves(trees: dict[str, exp.Expression]) -> None:
    found = defaultdict(set)
    for name, tree in trees.items():
        for alias in tree.find_all(exp.Alias, exp.TableAlias):
            if alias.alias.lower() in RESERVED:
                found[alias.alias.lower()].add(Path(name).name)
    assert dict(found) == {}


def test_names_are_the_same_in_upper_case(trees: dict[str, exp.Expression]) -> None:
    """Unquoted, so that Snowflake folds them all alike; quoted are only the payload's keys, and names in capitals."""
    for name, tree in trees.items():
        for identifier in tree.find_all(exp.Identifier):
            inside_path = identifier.find_ancestor(exp.JSONExtract, exp.JSONPath)
            folded = not identifier.quoted or identifier.name == identifier.name.upper()
            assert folded or inside_path, f"{name}: {identifier}"
            assert identifier.quoted or re.fullmatch(r"[A-Za-z_]\w*", identifier.name), f"{name}: {identifier}"


def test_nothing_is_divided_by_what_may_be_0(trees: dict[str, exp.Expression]) -> None:
    """By nullif, whatever else a row is filtered by: a condition beside it is evaluated before or after, as Snowflake likes."""
    found = defaultdict(set)
    for name, tree in trees.items():
        for division in tree.find_all(exp.Div, exp.IntDiv, exp.Mod):
            divisor = division.expression
            while isinstance(divisor, exp.Paren | exp.Cast | exp.TryCast):
                divisor = divisor.this
            if not isinstance(divisor, exp.Nullif | exp.Literal):
                found[Path(name).name].add(str(division))
    assert dict(found) == {}


def test_no_model_asks_which_warehouse_it_runs_on() -> None:
    """A model in Python cannot be dispatched: the project's file turns the one there is off where there are no files."""
    singular = (REPO / "tests" / "singular").glob("*.sql")
    for file in [*(REPO / "models").rglob("*.*"), *singular]:
        assert "target.type" not in file.read_text(encoding="utf-8"), file
    lines = (REPO / "dbt_project.yml").read_text(encoding="utf-8").splitlines()
    asking = [line.strip() for line in lines if "target.type" in line]
    assert asking == ["""base_service_ping__files: {+enabled: "{{ target.type == 'duckdb' }}"}"""]
    assert [file.stem for file in (REPO / "models").rglob("*.py")] == ["base_service_ping__files"]


def test_text_patterns_hold_no_backslash(compiled: dict[str, str]) -> None:
    """Snowflake reads one as an escape in a literal, DuckDB does not."""
    assert [name for name, sql in compiled.items() if "\\" in sql] == []
