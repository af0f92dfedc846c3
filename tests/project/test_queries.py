"""docs/queries.md has a query for every mart, and what it says that the query finds in the small sample is found."""

from __future__ import annotations

import re

import pytest
from dbt_bench import REPO, Mart

from scripts.queries import PAGE, QUERY, main, table

TEXT = PAGE.read_text(encoding="utf-8")
MARTS = sorted(path.stem for path in (REPO / "models" / "marts").rglob("*.sql"))
ENTRIES = dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL))


def test_every_mart_has_its_entry() -> None:
    assert sorted(ENTRIES) == MARTS


@pytest.mark.parametrize("mart", MARTS)
def test_its_query_reads_it_and_finds_what_the_page_says(sample_mart: Mart, mart: str) -> None:
    (query,) = QUERY.finditer(ENTRIES[mart])
    assert re.search(rf"\b{mart}\b", query["sql"])
    sample_mart.rows("select 1")
    assert sample_mart.connection is not None
    found = table(sample_mart.connection, query["sql"])
    assert found.count("\n") >= 2, "the query finds nothing"
    assert f"```\n\n{found}\n" in ENTRIES[mart], found


def test_the_command_that_writes_the_page_leaves_it_as_it_is(sample_mart: Mart) -> None:
    sample_mart.close()
    assert main(["--check", "--database", str(sample_mart.database)]) == 0
