"""One project on two warehouses: DuckDB, and a local server that speaks Snowflake's protocol."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import snowflake.connector
import yaml
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt_common.events.base_types import EventMsg

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "project"))
import parsed_project  # noqa: E402
from dbt_bench import QUIET, RAW_VARS, Bench, environment, release_database  # noqa: E402

REPO = HERE.parents[1]
DATABASE, SCHEMA = "CUSTOMER_HEALTH", "MARTS"
DBT = Path(sys.executable).with_name("dbt")
Rows = list[tuple[Any, ...]]
PARSED: dict[Any, dbtRunnerResult] = {}


class LocalSnowflake:
    """The local server, as a process of its own on a free loopback port."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(HERE / "local_snowflake.py")],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        self.connect("RAW").close()

    def stop(self) -> None:
        """End the server."""
        self._process.terminate()
        self._process.wait(10)

    def connect(self, schema: str = SCHEMA) -> snowflake.connector.SnowflakeConnection:
        """A session of Snowflake's own connector; database and schema are made if need be."""
        return snowflake.connector.connect(
            account="local", user="tester", password="unused", host="127.0.0.1", port=self.port,
            protocol="http", database=DATABASE, schema=schema,
        )  # fmt: skip

    def duckdb(self, sql: str) -> Rows:
        """Run SQL on the DuckDB behind the server."""
        return self._post("duckdb", sql)

    def said(self) -> list[str]:
        """Every statement that a client sent."""
        return [sql for (sql,) in self._post("said", "")]

    def _post(self, route: str, text: str) -> Rows:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/{route}", data=text.encode())
        try:
            with urllib.request.urlopen(request) as reply:  # noqa: S310
                return [tuple(row) for row in json.load(reply)["rows"]]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{error.read().decode()}\n{text[:500]}") from None

    def profile(self, schema: str) -> dict[str, Any]:
        """An output of the dbt profile for this server."""
        return {
            "type": "snowflake", "account": "local", "user": "tester", "password": "unused",
            "host": "127.0.0.1", "port": self.port, "protocol": "http", "threads": 4,
            "role": "CUSTOMER_HEALTH_TRANSFORMER", "warehouse": "CUSTOMER_HEALTH",
            "database": DATABASE, "schema": schema,
        }  # fmt: skip


@dataclass
class TwoWarehouses:
    """A project's runs on both.

    Attributes:
        home: folder for database, profiles, targets and logs.
        raw: the folder of raw files that DuckDB reads.
        project: the dbt project's folder.
        schema: the target schema on Snowflake.
        database: the DuckDB file; by default one in `home`.
    """

    home: Path
    raw: Path
    server: LocalSnowflake
    project: Path = REPO
    variables: dict[str, Any] = field(default_factory=dict)
    schema: str = SCHEMA
    database: Path = Path()

    def __post_init__(self) -> None:
        if self.database == Path():
            self.database = self.home / "mart.duckdb"
        outputs = {
            "duckdb": {"type": "duckdb", "path": str(self.database), "schema": "main", "threads": 2,
                       "settings": {"TimeZone": "UTC"}},
            "snowflake": self.server.profile(self.schema),
        }  # fmt: skip
        profiles = {"customer_health": {"target": "duckdb", "outputs": outputs}}
        (self.home / "profiles.yml").write_text(yaml.safe_dump(profiles), encoding="utf-8")

    def target_path(self, target: str) -> Path:
        """Where dbt leaves its artifacts."""
        return self.home / f"target_{target}"

    def environment(self, target: str) -> dict[str, str]:
        """For dbt and for the loader."""
        return {
            "DBT_PROFILES_DIR": str(self.home), "RAW_PATH": str(self.raw),
            "DBT_TARGET_PATH": str(self.target_path(target)), "DBT_LOG_PATH": str(self.home / "logs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }  # fmt: skip

    def dbt(self, *arguments: str, targets: Sequence[str] = ("snowflake", "duckdb")) -> dict[str, str]:
        """Run dbt on both; what it said by target, with `passed` or `failed` before it."""
        return {target: self._dbt(target, *arguments) for target in targets}

    def _dbt(self, target: str, *arguments: str) -> str:
        said: list[str] = []

        def hear(event: EventMsg) -> None:
            if event.info.level != "debug":
                said.append(event.info.msg)

        release_database()
        with environment(**self.environment(target)):
            result = self._parsed(target, hear)
            if result.success:
                parsed_project.forget_compiled(result.result)
                runner = dbtRunner(result.result, callbacks=[hear])
                result = runner.invoke([*arguments, *self._options(target, self.variables)])
        release_database()
        how = "passed" if result.success else "failed"
        return "\n".join([how, *said, str(result.exception or "")])

    def _options(self, target: str, variables: dict[str, Any]) -> list[str]:
        where = ("--project-dir", str(self.project), "--target", target)
        return [*where, "--vars", json.dumps(variables), *QUIET]

    def _parsed(self, target: str, hear: Callable[[EventMsg], None]) -> dbtRunnerResult:
        """The project as dbt parses it, once for each warehouse; of the vars only where raw data are matters to that."""
        if target == "duckdb":
            return Bench(self.home / "parse", self.raw, self.project).manifest(hear)
        raw = {name: value for name, value in self.variables.items() if name in RAW_VARS}
        key = (self.project, self.schema, repr(raw))
        if key not in PARSED:
            PARSED[key] = dbtRunner(callbacks=[hear]).invoke(["parse", *self._options(target, raw)])
        return PARSED[key]

    def relations(self) -> list[tuple[str, str]]:
        """(schema suffix, name) of every relation that dbt made on DuckDB.

        Left out are the loader's schema, and the list of files, which only DuckDB reads (`enabled` in dbt_project.yml).
        """
        with duckdb.connect(str(self.database), read_only=True) as connection:
            found = connection.execute(
                "select replace(table_schema, 'main', ''), table_name from information_schema.tables"
                " where table_schema != 'main_publish' and table_name != 'base_service_ping__files' order by all"
            ).fetchall()
        return [(str(suffix), str(name)) for suffix, name in found]

    def differences(self, relations: Iterable[tuple[str, str]], where: dict[str, str]) -> dict[str, list[str]]:
        """What differs, cell by cell: a few findings by relation; empty when nothing does.

        Args:
            relations: (schema suffix, name).
            where: by name, a condition for relations of which only a part must agree.
        """
        found: dict[str, list[str]] = {}
        with duckdb.connect(str(self.database), read_only=True) as ours, self.server.connect() as theirs:
            for suffix, name in relations:
                condition = where.get(name, "true")
                columns = [
                    row[0]
                    for row in ours.execute(f"describe main{suffix}.{name}").fetchall()
                    if (name, row[0]) not in NOT_COMPARED
                    and row[0] != "run_id"
                    and not (name.startswith("base_") and row[0].endswith("_text"))
                ]
                listed = ", ".join(columns)
                query = f"select {listed} from {{}}{suffix}.{name} where {condition}"
                with theirs.cursor() as cursor:
                    other = cursor.execute(query.format(self.schema)).fetchall()
                here = ours.execute(query.format("main")).fetchall()
                if findings := compared(columns, here, [tuple(row) for row in other]):
                    found[name] = findings
        return found


NOT_COMPARED = {("base_service_ping__inputs", "is_new")}
"""(relation, column) whose values differ on purpose: one key path is made new on Snowflake alone. Nor are compared: the id of
dbt's run, with which publish models stamp their rows, and `*_text` of the base models, for what a cell says depends on the type
that the raw table gives it (1000 in a file, 1000.0 in a FLOAT)."""


def kind(value: Any) -> str:
    """What sort of value this is, whatever number type the warehouse reports."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float | Decimal):
        return "number"
    return "timestamp" if isinstance(value, datetime) else type(value).__name__


def same(one: Any, other: Any) -> bool:
    """Whether two cells mean the same; numbers to 12 digits, since sums have no order."""
    if kind(one) == kind(other) == "number":
        return math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-9)
    return kind(one) == kind(other) and bool(one == other)


def compared(columns: Sequence[str], here: Rows, there: Rows) -> list[str]:
    """The first differences between two relations, as text."""
    if len(here) != len(there):
        return [f"{len(here)} rows on DuckDB, {len(there)} on Snowflake"]
    findings = []
    for ours, theirs in zip(_sorted(here), _sorted(there), strict=True):
        for column, one, other in zip(columns, ours, theirs, strict=True):
            if not same(one, other):
                findings.append(f"{column}: {one!r} on DuckDB, {other!r} on Snowflake, in {ours}")
                if len(findings) == 3:
                    return findings
    return findings


def _sorted(rows: Rows) -> Rows:
    def key(row: tuple[Any, ...]) -> tuple[list[str], list[str]]:
        names = [str(v) for v in row if isinstance(v, str | date)]
        return names, [f"{v:.6g}" if isinstance(v, int | float | Decimal) else str(v) for v in row]

    return sorted(rows, key=key)
