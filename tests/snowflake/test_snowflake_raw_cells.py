"""Raw tables whose columns are text are read by the same readers as the CSV files, before a build, and with the same words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from raw_tables import COLUMNS, PINGS, upper
from snowflake_bench import LocalSnowflake, TwoWarehouses

RAW = "CUSTOMER_HEALTH.SMALL_RAW"
GOOD = {
    "subscription_id": "S1",
    "account_id": "A1",
    "product_tier": "Premium",
    "is_trial": "false",
    "seats": "100",
    "start_date": "2025-01-15",
    "end_date": "2027-12-31",
    "status": "Active",
    "arr": "1000",
}


def insert(server: LocalSnowflake, table: str, **cells: str) -> None:
    """One row of text."""
    values = ", ".join(f"'{value}'" for value in cells.values())
    server.duckdb(f"insert into {RAW}.{table} ({', '.join(cells)}) values ({values})")


@pytest.fixture
def warehouses(small: Callable[[Path], TwoWarehouses], server: LocalSnowflake, tmp_path: Path) -> TwoWarehouses:
    """Raw tables of one account and one subscription, every column of them text."""
    made = small(tmp_path)
    made.variables["as_of"] = "2026-06-30"
    for table, columns in COLUMNS.items():
        names = ", ".join(f"{each.split()[0].upper()} varchar" for each in columns.split(", "))
        server.duckdb(f"create or replace table {RAW}.{table.upper()} ({names})")
    server.duckdb(f"create or replace table {RAW}.SERVICE_PINGS ({upper(PINGS)})")
    insert(server, "ACCOUNTS", account_id="A1")
    insert(server, "SUBSCRIPTIONS", **GOOD)
    return made


def test_a_cell_that_cannot_be_read_stops_with_table_id_and_column(warehouses: TwoWarehouses) -> None:
    insert(warehouses.server, "SUBSCRIPTIONS", **{**GOOD, "subscription_id": "S2", "seats": "1,200"})
    printed = warehouses.dbt("run", "--select", "base_crm__subscriptions", targets=["snowflake"])["snowflake"]
    assert printed.startswith("failed"), printed
    wanted = f'the raw table {RAW}.subscriptions, subscription_id "S2", column "seats": "1,200" is not an integer'
    assert wanted in " ".join(printed.split())


def test_odd_cells_and_empty_ids_are_findings_there_too(warehouses: TwoWarehouses) -> None:
    """An optional column (cancelled_on) may be absent, as in these tables."""
    server = warehouses.server
    insert(server, "SUBSCRIPTIONS", **{**GOOD, "subscription_id": "S2", "seats": "1200.5", "arr": "-1"})
    insert(server, "SUBSCRIPTIONS", **{**GOOD, "subscription_id": "S3", "account_id": "GONE", "status": "canceled"})
    insert(server, "SUBSCRIPTIONS", **{**GOOD, "subscription_id": "S4", "start_date": ""})
    insert(server, "SUBSCRIPTIONS", **{**GOOD, "subscription_id": ""})
    insert(server, "OBJECTIVES", objective_id="O1", account_id="A1", metric_name="activated_seat")
    select = ("--select", "+int_input_findings_crm")
    printed = warehouses.dbt("build", *select, targets=["snowflake"])["snowflake"]
    assert printed.startswith("passed"), printed[-4000:]
    with server.connect() as connection, connection.cursor() as cursor:
        rows = cursor.execute(
            "select row_key, column_name, finding, effect from SMALL_intermediate.int_input_findings_crm"
        ).fetchall()
    assert {tuple(row) for row in rows} == {
        ("S2", "seats", "fractional", "value_ignored"),
        ("S2", "arr", "negative", "value_ignored"),
        ("S3", "account_id", "account_unknown", "kept_out"),
        ("S4", "start_date", "start_missing", "kept_out"),
        ("account_id A1", "subscription_id", "id_missing", "kept_out"),
        ("O1", "metric_name", "metric_unknown", "kept_out"),
        ("O1", "due_on", "due_missing", "kept"),
    }
