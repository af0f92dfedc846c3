"""Every query of docs/queries.md runs on the sample as it stands, and finds something."""

from __future__ import annotations

import re

import pytest
from dbt_bench import REPO, Mart

PAGE = (REPO / "docs" / "queries.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"^## (.+?)\n+```sql\n(.+?)```", PAGE, re.MULTILINE | re.DOTALL)


def test_every_question_has_its_query() -> None:
    assert len(QUERIES) == PAGE.count("\n## ")


@pytest.mark.parametrize(("question", "query"), QUERIES, ids=[question for question, _ in QUERIES])
def test_the_query_finds_rows(sample_mart: Mart, question: str, query: str) -> None:
    assert sample_mart.rows(query), question
