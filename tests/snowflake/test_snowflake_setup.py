"""snowflake/setup.sql makes what the project needs, grants no more, and agrees with the code it serves."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest
import sqlglot
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from raw_tables import LINES, PINGS, land_manual, land_pings, stage_name, upper
from snowflake_bench import DATABASE, DBT, REPO, LocalSnowflake
from sqlglot import exp

from loader.dbt.profile import read_target
from loader.warehouse import TABLES
from loader.warehouse.dialects import connect

SETUP = (REPO / "snowflake" / "setup.sql").read_text(encoding="utf-8")


LABELS = "grant select, insert on table customer_health.raw.instance_labels to role customer_health"
"""What `pull-labels` may write besides."""


@cache
def statements() -> list[str]:
    """The statements, one by one; the procedure's body counts as one."""
    text = re.sub(r"^\s*--.*$", "", SETUP, flags=re.MULTILINE)
    found, inside, current = [], False, []
    for line in text.splitlines():
        inside ^= line.strip() in ("$$", "$$;")
        current.append(line)
        if not inside and line.rstrip().endswith(";"):
            found.append("\n".join(current).strip().rstrip(";"))
            current = []
    return [each for each in found if each]


def tables(schema: str) -> dict[str, dict[str, str]]:
    """Types by column by table that the setup creates in a schema."""
    found = {}
    for sql in statements():
        if sql.startswith(f"create table if not exists customer_health.{schema}."):
            tree = sqlglot.parse_one(sql.partition("cluster by")[0].partition("comment = ")[0], read="snowflake")
            columns = {c.name: c.args["kind"].this.value.lower() for c in tree.find_all(exp.ColumnDef)}
            found[sql.split("(")[0].split(".")[2].strip()] = columns
    return found


def test_it_can_run_again() -> None:
    for sql in statements():
        if sql.startswith("create"):
            assert "if not exists" in sql.splitlines()[0] or sql.startswith("create or replace procedure"), sql
        assert not sql.startswith(("drop", "truncate")), sql


def test_raw_tables_have_the_columns_of_the_contract() -> None:
    made = tables("raw")
    for file in (REPO / "models" / "staging").rglob("*__sources.yml"):
        for source in yaml.safe_load(file.read_text(encoding="utf-8"))["sources"]:
            for table in source["tables"]:
                wanted = [column["name"] for column in table["columns"]]
                assert list(made[table["name"]])[: len(wanted)] == wanted, table["name"]


def test_state_tables_are_those_of_the_loader() -> None:
    same = {"timestamp": "timestampntz", "integer": "decimal", "bigint": "decimal"}
    wanted = {
        name: {c.split()[0]: same.get(c.split()[1], c.split()[1]) for c in columns.split(", ")}
        for name, columns in TABLES.items()
    }
    assert tables("marts_publish") == wanted, "the loader's state tables have changed: change snowflake/setup.sql, too"


def test_every_schema_of_the_project_is_made_and_granted() -> None:
    project = yaml.safe_load((REPO / "dbt_project.yml").read_text(encoding="utf-8"))
    others = [project[kind]["customer_health"] for kind in ("seeds", "snapshots")]
    parts = [*project["models"]["customer_health"].values(), *others]
    folders = {part["+schema"] for part in parts if "+schema" in part}
    for schema in ["marts", "marts_publish", *(f"marts_{folder}" for folder in folders)]:
        assert f"create schema if not exists customer_health.{schema}" in SETUP
        grant = f"grant usage, create table.* on schema customer_health.{schema} to role customer_health_transformer"
        assert re.search(grant, SETUP)


@pytest.mark.parametrize(
    ("role", "schemas"),
    [
        ("loader", {"marts", "marts_publish", "raw"}),
        ("reporter", {"marts", "marts_seeds", "marts_publish"}),
        ("ingester", {"raw"}),
    ],
)
def test_a_role_sees_the_schemas_of_its_job_only(role: str, schemas: set[str]) -> None:
    grants = [sql for sql in statements() if sql.startswith("grant") and f"to role customer_health_{role}" in sql]
    found = {name for sql in grants for name in re.findall(r"customer_health\.(\w+)", sql)}
    assert found == schemas
    if role != "ingester":
        writes = [sql for sql in grants if re.search(r"\b(insert|update|delete|create table)\b", sql)]
        assert all("customer_health.marts_publish" in sql or sql.endswith(f"{LABELS}_{role}") for sql in writes)


def test_the_reporter_writes_nothing_and_the_loader_reads_no_mart_by_schema() -> None:
    assert not re.search(r"grant (?!usage|select).*to role customer_health_reporter;", SETUP)
    assert not re.search(r"grant select on .*schema customer_health.marts to role customer_health_loader", SETUP)


def test_no_password_and_no_key_is_in_it() -> None:
    assert "password" not in re.sub(r"--.*", "", SETUP).lower()
    assert re.sub(r"--.*", "", SETUP).count("rsa_public_key") == 0


def test_what_the_local_server_knows_of_it_runs_twice(server: LocalSnowflake) -> None:
    kinds = ("create schema", "create table", "create stage")
    known = [sql for sql in statements() if sql.startswith(kinds)]
    assert len(known) > 20
    with server.connect("SETUP_TEST") as connection, connection.cursor() as cursor:
        cursor.execute("create database if not exists setup_check")
        for _ in range(2):
            for sql in known:
                plain = re.sub(r"data_retention_time_in_days = \d+|with managed access|cluster by \(.*?\)\)", "", sql)
                cursor.execute(plain.replace("customer_health.", "setup_check."))
    found = server.duckdb("select count(*) from information_schema.tables where table_catalog = 'SETUP_CHECK'")
    assert found[0][0] >= len(tables("raw")) + len(tables("marts_publish"))
    assert DATABASE == "CUSTOMER_HEALTH"


def test_every_edition_takes_it_and_a_second_run_has_a_warehouse() -> None:
    days = [int(each) for each in re.findall(r"data_retention_time_in_days = (\d+)", SETUP)]
    assert max(days) <= 1, "more than a day of time travel is an error on Standard edition"
    order = statements()
    first_load = next(n for n, sql in enumerate(order) if sql.startswith(("copy into", "call")))
    assert "use warehouse customer_health" in order[:first_load]


def test_the_procedure_lands_what_the_parity_test_starts_from(server: LocalSnowflake) -> None:
    """Its insert runs on the local server over the sample's lines, as COPY INTO would have loaded them."""
    pings = REPO / "sample" / "small" / "service_pings"
    lines, manual = sorted(pings.rglob("*.jsonl*")), sorted((pings / "manual").glob("*.json"))
    raw = "LANDING.RAW"
    with server.connect("RAW") as connection, connection.cursor() as cursor:
        cursor.execute("create database if not exists landing")
        cursor.execute("create schema if not exists landing.raw")
        server.duckdb(f"create table {raw}.SERVICE_PINGS ({upper(PINGS)})")
        land_pings(server.duckdb, lines, raw)
        land_manual(server.duckdb, manual, raw)
        server.duckdb(f"create table {raw}.WANTED as from {raw}.SERVICE_PINGS")
        server.duckdb(f"delete from {raw}.SERVICE_PINGS")
        server.duckdb(f"create table {raw}.PING_LINES ({upper(LINES)})")
        for file in lines:
            server.duckdb(
                f"insert into {raw}.PING_LINES select line, '{stage_name(file)}', row_number() over (), null from read_csv('{file}',"
                " columns = {line: 'VARCHAR'}, header = false, delim = '\\x01', quote = '', escape = '',"
                " auto_detect = false, parallel = false, max_line_size = 16777216)"
            )
        for file in manual:
            server.duckdb(
                f"insert into {raw}.PING_LINES select content, '{stage_name(file)}', 1, timestamp '2026-12-01' from read_text('{file}')"
            )
        procedure = next(sql for sql in statements() if sql.startswith("create or replace procedure"))
        insert = procedure[procedure.index("insert into") : procedure.index(";\n    return")]
        cursor.execute(insert.replace("ping_lines_new", "ping_lines").replace("customer_health.", "landing."))
    columns = "select * exclude (LANDED_AT)"
    missing = f"select count(*) from ({columns} from {raw}.{{}} except all {columns} from {raw}.{{}})"
    assert server.duckdb(missing.format("WANTED", "SERVICE_PINGS")) == [(0,)]
    assert server.duckdb(missing.format("SERVICE_PINGS", "WANTED")) == [(0,)]
    not_json = f"select count(*) from {raw}.SERVICE_PINGS where PING_ID is null and json_type(PAYLOAD) = 'VARCHAR'"
    assert server.duckdb(not_json) == [(3,)]


def test_the_example_profile_connects_dbt_and_the_loader_by_key_pair(
    server: LocalSnowflake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an encrypted key from the environment and no password; only the address is the local server's."""
    key = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"open sesame"),
    )
    (tmp_path / "key.p8").write_bytes(key)
    profile = yaml.safe_load((REPO / "profiles.example.yml").read_text(encoding="utf-8"))
    address = {"host": "127.0.0.1", "port": server.port, "protocol": "http"}
    profile["customer_health"]["outputs"]["snowflake"].update(address)
    (tmp_path / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")
    for name, value in {
        "DBT_TARGET": "snowflake", "SNOWFLAKE_ACCOUNT": "ORG-ACCOUNT", "SNOWFLAKE_USER": "CUSTOMER_HEALTH_DBT",
        "SNOWFLAKE_PRIVATE_KEY_PATH": str(tmp_path / "key.p8"), "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE": "open sesame",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    command = [str(DBT), "--log-path", str(tmp_path), "debug", "--profiles-dir", str(tmp_path)]
    debug = subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=False)
    assert debug.returncode == 0, debug.stdout[-3000:]
    assert "connection ok" in debug.stdout.lower()
    loader = connect(read_target(REPO, tmp_path, None), read_only=True)
    assert loader.execute("select 2") == [(2,)]
    loader.close()
