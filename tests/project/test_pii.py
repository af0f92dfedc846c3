"""No licensee's name, e-mail or company and no IP address is in any relation outside staging."""

from __future__ import annotations

import re

import pytest
from canaries import CANARIES, HOST_IPS
from dbt_bench import Mart
from text_search import places_of


def test_planted_personal_data_stops_in_staging(worked_mart: Mart) -> None:
    """Every column of every relation of every other schema, in any letter case."""
    assert places_of(worked_mart, *CANARIES) == []


def test_the_search_finds_what_is_there(worked_mart: Mart) -> None:
    """So that an empty answer means something: an account's own name, and a host's."""
    assert "main.dim_accounts: a-CANARY" in places_of(worked_mart, "a-CANARY")
    assert "main.fct_unmapped_pings: uuid-22" not in places_of(worked_mart, "uuid-22")
    assert "main.dim_instances: uuid-22" in places_of(worked_mart, "uuid-22")


def test_the_planted_pings_are_in_the_marts(worked_mart: Mart) -> None:
    """They count like any other; only the address of the host is replaced, by a stable name."""
    rows = worked_mart.find("dim_instances", account_id="A-canary")
    assert {row["uuid"] for row in rows} == {f"uuid-canary-{kind}" for kind in HOST_IPS}
    assert all(re.fullmatch("ip-[0-9a-f]{12}", row["hostname"]) for row in rows)
    assert len({row["hostname"] for row in rows}) == len(rows)
    # labels name the host by its address and still find it
    assert {(row["instance_type"], row["instance_type_source"]) for row in rows} == {("Production", "label")}
    invalid = worked_mart.one("fct_unmapped_pings", ping_id="canary-invalid")
    assert invalid["unmapped_reason"] == "invalid"


@pytest.mark.parametrize("metric", ["projects_all_time_event", "instance_users", "prometheus_enabled"])
def test_text_where_a_number_belongs_is_a_reason_and_not_shown(worked_mart: Mart, metric: str) -> None:
    """An e-mail address as a count is bad_type."""
    rows = worked_mart.rows(
        "select distinct metric_value, value_reason from fct_metric_values inner join dim_instances "
        "using (instance_id) where account_id = 'A-canary' and metric_name = ? and last_ping_at >= period_start "
        "and period_start = '2026-06-01'",
        metric,
    )
    assert rows == [{"metric_value": None, "value_reason": "bad_type"}]


def test_the_samples_licensees_stop_in_staging(sample_mart: Mart) -> None:
    """The generator writes PII-CANARY into every licensee, in some letter case."""
    assert places_of(sample_mart, "pii-canary") == []
