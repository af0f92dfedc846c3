"""The dashboard's queries give on Snowflake what they give on DuckDB."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from parity import Parity
from snowflake_bench import SCHEMA, same

pytest.importorskip("streamlit", reason="Streamlit is not installed (`make dashboard` installs it)")

from dashboard.app import account_queries, data, queries, reference_queries, usage_queries
from dashboard.app.data import DuckDb, Mart, Rows

ONE, METRIC = "0014M0000000004QAA", "activated_seats"
CHOSEN = queries.Slice(segment=("SMB", None), region=("EMEA", "AMER"))
ASKED: dict[str, Callable[[Mart], Rows]] = {
    "accounts": queries.accounts,
    "accounts of a slice": lambda mart: queries.accounts(mart, CHOSEN),
    "names": queries.names,
    "changes": queries.changes,
    "periods": lambda mart: queries.periods(mart, CHOSEN),
    "adoption": queries.adoption,
    **{f"by {name}": lambda mart, name=name: queries.breakdown(mart, name) for name in queries.DIMENSIONS},
    **{f"by {name} over time": lambda mart, name=name: queries.over_time_by(mart, name) for name in queries.DIMENSIONS},
    "renewals": queries.renewals,
    **{
        f"{ask.__name__} of a slice": lambda mart, ask=ask: ask(mart, CHOSEN)
        for ask in (
            usage_queries.who_reports,
            usage_queries.ended,
            usage_queries.levels,
            usage_queries.seats,
            usage_queries.instances,
        )
    },
    "unscored": usage_queries.unscored,
    "instances of one": lambda mart: usage_queries.instances(mart, account_id=ONE),
    "history": lambda mart: queries.history(mart, ONE),
    "metric history": lambda mart: account_queries.metric_history(mart, ONE, METRIC),
    **{
        f"{ask.__name__} of one": lambda mart, ask=ask: ask(mart, ONE)
        for ask in (
            account_queries.measures,
            account_queries.contributions,
            account_queries.objectives,
            account_queries.family,
        )
    },
    **{
        ask.__name__: ask
        for ask in (
            account_queries.metric_choices,
            reference_queries.value_meanings,
            reference_queries.group_labels,
            reference_queries.metrics,
            reference_queries.bands,
            reference_queries.weights,
            reference_queries.signal_rules,
            reference_queries.use_cases,
            reference_queries.settings,
            reference_queries.checks,
            reference_queries.unmapped,
            reference_queries.unlabelled,
        )
    },
}
NEVER_HERE = ("objectives of one", "family of one")
"""Rows that this account may have none of."""


@pytest.fixture(scope="module")
def marts(parity: Parity) -> tuple[Mart, Mart]:
    """The same mart on DuckDB, and on Snowflake by the dbt profile."""
    both = parity.warehouses
    here = DuckDb(both.database, "main")
    there = data._outside(both.server.profile(SCHEMA), SCHEMA)
    return Mart(here, data.freshness_of(here), "here"), Mart(there, data.freshness_of(there), "there")


@pytest.mark.parametrize("asked", ASKED)
def test_a_query_gives_the_same_rows_on_both(asked: str, marts: tuple[Mart, Mart]) -> None:
    here, there = (ASKED[asked](mart) for mart in marts)
    assert here or asked in NEVER_HERE
    assert len(here) == len(there)
    for ours, theirs in zip(here, there, strict=True):
        assert ours.keys() == theirs.keys()
        assert [name for name in ours if not same(ours[name], theirs[name])] == []


def test_both_say_of_which_day_they_are(marts: tuple[Mart, Mart]) -> None:
    here, there = (mart.freshness for mart in marts)
    assert here.as_of == there.as_of is not None
    assert there.built_at is not None


def test_what_was_never_published_is_a_table_that_is_not_there(marts: tuple[Mart, Mart]) -> None:
    with pytest.raises(data.MissingError):
        marts[1].rows("select * from {publish}.no_such_table")
