"""Lands a folder of raw files in RAW tables, as the COPY INTO statements of snowflake/setup.sql would."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

COLUMNS = {
    "accounts": "account_id varchar, account_name varchar, parent_account_id varchar, segment varchar, region varchar,"
    " csm_email varchar, in_benchmarks boolean",
    "subscriptions": "subscription_id varchar, original_subscription_id varchar, account_id varchar,"
    " product_tier varchar, is_trial boolean, seats bigint, start_date date, end_date date, status varchar, arr double",
    "licenses": "license_id varchar, license_md5 varchar, license_sha256 varchar, subscription_id varchar,"
    " seats bigint, starts_at date, expires_at varchar",
    "instance_labels": "uuid varchar, hostname varchar, label varchar, labelled_by varchar, labelled_at timestamp",
    "objectives": "objective_id varchar, account_id varchar, objective_name varchar, metric_name varchar,"
    " target_value double, starts_on date, due_on date",
    "excluded_pings": "ping_id varchar, reason varchar",
}
PINGS = (
    "ping_id varchar, received_at timestamp, payload json, source_file varchar, line_number bigint, landed_at timestamp"
)
RAW = "CUSTOMER_HEALTH.RAW"
LINES = "line varchar, source_file varchar, line_number bigint, file_time timestamp"
Run = Callable[[str], object]


def land(run: Run, folder: Path, raw: str = RAW) -> None:
    """Make and fill every raw table.

    Args:
        run: runs a statement on the DuckDB behind the local server.
        folder: in the layout of the raw contract.
        raw: database and schema that are filled.
    """
    for table, columns in COLUMNS.items():
        run(f"create or replace table {raw}.{table.upper()} ({upper(columns)})")
        file = folder / f"{table}.csv"
        names = ", ".join(each.split()[0] for each in columns.split(", "))
        if file.is_file() and file.stat().st_size:
            run(
                f"insert into {raw}.{table.upper()} select {names} from (select * from {empty(columns)}"
                f" union all by name select * from read_csv('{file}', header = true, all_varchar = true))"
            )
    run(f"create or replace table {raw}.SERVICE_PINGS ({upper(PINGS)})")
    pings = folder / "service_pings"
    land_pings(run, sorted([*pings.rglob("*.jsonl"), *pings.rglob("*.jsonl.gz")]), raw)
    land_manual(run, sorted((pings / "manual").glob("*.json")), raw)


def empty(columns: str) -> str:
    """No row of these columns, as text: beside a file's rows it gives a column that the file may lack."""
    return (
        "(select " + ", ".join(f"null::varchar as {each.split()[0]}" for each in columns.split(", ")) + " where false)"
    )


def stage_name(file: Path) -> str:
    """The name that a file has in the stage, as DuckDB has it: as seen from the raw folder."""
    return "service_pings/" + file.as_posix().split("/service_pings/")[1]


def land_pings(run: Run, files: Iterable[Path], raw: str = RAW, only: str = "true") -> None:
    """Append files of JSON lines, or some of their lines; a line that is not JSON becomes a payload of text."""
    for file in files:
        run(f"""
insert into {raw}.SERVICE_PINGS
select
    case when json_valid(line) then line ->> '$.ping_id' end,
    case when json_valid(line) then try_cast(line ->> '$.received_at' as timestamptz) at time zone 'UTC' end,
    case when json_valid(line) then line::json -> '$.payload' else to_json(line) end,
    '{stage_name(file)}', line_number, now() at time zone 'UTC'
from (
    select row_number() over () as line_number, line
    from read_csv('{file}', columns = {{line: 'VARCHAR'}}, header = false, delim = '\\x01', quote = '', escape = '',
        auto_detect = false, parallel = false, max_line_size = 16777216)
)
where trim(line) != '' and {only}""")


def land_manual(run: Run, files: Iterable[Path], raw: str = RAW) -> None:
    """Append bare payloads: the id is the hash of the content, the arrival is recorded_at."""
    for file in files:
        run(f"""
insert into {raw}.SERVICE_PINGS
select md5(content), try_cast(replace(content ->> '$.recorded_at', ' UTC', 'Z') as timestamptz) at time zone 'UTC',
    content::json, '{stage_name(file)}', 1, now() at time zone 'UTC'
from read_text('{file}')""")


def upper(columns: str) -> str:
    """Columns with their names in capitals."""
    return ", ".join(f"{name.upper()} {kind}" for name, kind in (each.split() for each in columns.split(", ")))
