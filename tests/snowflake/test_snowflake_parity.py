"""The same project gives the same cells on DuckDB and through dbt-snowflake, from empty and incrementally.

Staging is built first, and the whole project over it with new and late pings. That a build of the whole on an empty
Snowflake gives the same cells besides is long: "nothing" of test_snowflake_breaks.py.
"""

from __future__ import annotations

import re

from parity import FORGOTTEN, LOADER_ROLE, Parity
from snowflake_bench import REPO, LocalSnowflake


def test_the_first_build_of_staging_passes_on_both(parity: Parity) -> None:
    failed = {target: text[-4000:] for target, text in parity.first.items() if not text.startswith("passed")}
    assert failed == {}


def test_the_build_of_all_passes_on_both(parity: Parity) -> None:
    failed = {target: text[-4000:] for target, text in parity.second.items() if not text.startswith("passed")}
    assert failed == {}


def test_after_new_and_late_pings_every_relation_is_the_same_cell_by_cell(parity: Parity) -> None:
    assert len(parity.warehouses.relations()) > 110
    assert parity.differences == {}


def test_no_user_decides_what_a_session_is(parity: Parity, server: LocalSnowflake) -> None:
    """Each of dbt's threads has a session of its own, so it is said before each model."""
    said = [each.lower() for each in server.said() if "alter session set" in each.lower()]
    assert len(said) > 110 + 20
    settings = ("timezone = 'utc'", "timestamp_type_mapping = 'timestamp_ntz'", "week_start = 1")
    assert all(setting in each for each in said for setting in settings)
    assert "timezone =" not in (REPO / "snowflake" / "setup.sql").read_text(encoding="utf-8").lower()


def test_descriptions_of_marts_become_comments_of_tables_and_columns(parity: Parity, server: LocalSnowflake) -> None:
    said = [" ".join(each.split()) for each in server.said()]
    tables = [
        each for each in said if each.lower().startswith("comment on table customer_health.marts.dim_accounts is")
    ]
    assert any("Customer accounts." in each and "**How to join.**" in each for each in tables)
    columns = [each for each in said if each.lower().startswith("alter table customer_health.marts.dim_accounts alter")]
    assert any('"SEGMENT" COMMENT $$Market segment$$' in each for each in columns)
    views = [each for each in said if "customer_health.marts.dim_days" in each.lower() and "view" in each.lower()]
    assert any('"DATE_DAY" COMMENT $$The day$$' in each for each in views)


def test_the_incremental_build_reads_payloads_of_new_days_only(parity: Parity) -> None:
    path = "compiled/customer_health/models/staging/service_ping/base_service_ping__leaves.sql"
    sql = (parity.warehouses.target_path("snowflake") / path).read_text(encoding="utf-8")
    new_pings, _, back_fill = sql.partition("back_filled as (")
    days = re.findall(r"received_at >= '([0-9-]+)'::timestamp_ntz and \S+ < '([0-9-]+)'", new_pings)
    assert days[-1] == ("2026-06-01", "2026-07-01")
    assert len(days) > 5, "the late pings' days, one by one"
    assert all(int(after[-2:]) - int(start[-2:]) in (1, 1 - 28, 1 - 30, 1 - 31) for start, after in days[:-1])
    assert FORGOTTEN in back_fill
    assert "counts.projects" not in back_fill


def test_a_key_path_that_is_new_is_read_from_the_pings_already_there(parity: Parity, server: LocalSnowflake) -> None:
    rows = server.duckdb(
        "select count(*), min(RECEIVED_AT) < timestamp '2026-02-01' from"
        f" CUSTOMER_HEALTH.MARTS_STAGING.BASE_SERVICE_PING__LEAVES where KEY_PATH = '{FORGOTTEN}'"
    )
    assert rows[0][0] > 1000
    assert rows[0][1]


def test_a_ping_that_is_landed_again_replaces_what_it_said(parity: Parity, server: LocalSnowflake) -> None:
    ping_id, seats = parity.corrected
    rows = server.duckdb(
        "select RAW_VALUE from CUSTOMER_HEALTH.MARTS_STAGING.BASE_SERVICE_PING__LEAVES"
        f" where PING_ID = '{ping_id}' and KEY_PATH = 'license_billable_users'"
    )
    assert rows == [(seats,)]


def test_lines_that_are_no_pings_are_listed_with_the_same_reasons(parity: Parity, server: LocalSnowflake) -> None:
    rows = server.duckdb("select REASON, count(*) from CUSTOMER_HEALTH.MARTS.QUARANTINED_PINGS group by all")
    assert dict(rows) == {
        "no ping_id": 1,
        "not JSON": 3,
        "payload is missing, empty or not an object": 3,
        "received_at is missing or not a timestamp": 1,
    }


def test_a_build_grants_the_loader_what_it_reads_and_no_more(parity: Parity, server: LocalSnowflake) -> None:
    grants = [" ".join(sql.lower().split()) for sql in server.said() if sql.lstrip().lower().startswith("grant")]
    found = {re.match(r"grant select on table (\S+) to role (\S+)", sql).groups() for sql in grants}
    read = ("dim_instances", "gainsight__company_health", "gainsight__instance_usage", "gainsight__instances")
    read += ("salesforce__account_health", "salesforce__license_usage", "salesforce__product_usage")
    read += ("marketo__account_health", "marketo__smart_list_flags", "gainsight__unlabelled_instances")
    read += ("gainsight_cta__call_to_action",)
    assert {(f"customer_health.marts.{name}", LOADER_ROLE.lower()) for name in read} <= found
    assert {relation.rpartition(".")[2] for relation, _ in found} == set(read)
    assert "loader_role" in str(parity.warehouses.variables)
