"""The cheap look for lines with a JSON null at a key path misses none, however the line is spaced."""

from __future__ import annotations

import duckdb
import jinja2
import pytest
from dbt_bench import REPO

PATHS = ["counts.projects", "usage.manage.events", "active_user_count"]


def candidates(line: str) -> bool:
    """Whether the extraction looks closer at a line."""
    source = (REPO / "macros/raw/ping_leaves.sql").read_text(encoding="utf-8")
    macro = source[source.index("{% macro ends_in_leaf") :]
    template = jinja2.Environment(extensions=["jinja2.ext.do"]).from_string(macro)  # noqa: S701
    condition = template.module.ends_in_leaf("piece", PATHS)
    found = duckdb.execute(
        f"select bool_or({condition}) from (select unnest(string_split(?, 'null')) as piece)", [line]
    ).fetchall()
    return bool(found[0][0])


@pytest.mark.parametrize("pair", ['"projects":null', '"events": null', '"events" :null', '"events"\t:\tnull'])
@pytest.mark.parametrize("more", ["", '"a":"null", ', '"license_trial_ends_on":null,'])
def test_a_line_with_a_null_at_a_key_path_is_a_candidate(pair: str, more: str) -> None:
    """JSON allows blanks on both sides of the colon."""
    assert candidates(f'{{"ping_id":"p","payload":{{{more}"x":{{{pair}}}}}}}')
    assert candidates(f"{{{more}{pair.replace(':', '  :  ')}}}")


@pytest.mark.parametrize(
    "line", ['{"license_trial_ends_on":null}', '{"a": null, "projects": 0}', "", '{"b":[null,null]}']
)
def test_other_nulls_cost_nothing_more(line: str) -> None:
    """Nearly every ping has a null somewhere."""
    assert not candidates(line)
