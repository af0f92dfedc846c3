"""The app's access to data: it holds no file, asks nothing twice, and says how fresh what it shows is."""

from __future__ import annotations

import subprocess
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt_bench import Mart, environment

pytest.importorskip("streamlit", reason="Streamlit is not installed (`make dashboard` installs it)")

from app_bench import copied, settings

from dashboard.app import data, queries, reference_queries
from dashboard.app.data import BusyError, DataError, DuckDb, MissingError, Snowflake, open_mart

WRITER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("writing", flush=True)
sys.stdin.readline()
"""


@contextmanager
def writing(database: Path) -> Iterator[None]:
    """Another process holds the file, as a build does."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout and writer.stdin
        assert writer.stdout.readline() == "writing\n"
        yield
        writer.stdin.close()


@pytest.fixture
def database(sample_mart: Mart, tmp_path: Path) -> Iterator[Path]:
    """A copy of the sample's mart that the environment names."""
    file = copied(sample_mart.database, tmp_path)
    with environment(**settings(file, tmp_path)):
        yield file


def test_between_two_queries_nobody_holds_the_file(database: Path) -> None:
    assert queries.accounts(open_mart())
    with duckdb.connect(str(database)) as connection:  # as a build opens it: refused while a reader is there
        connection.execute("create table main.written as select 1 as one")


def test_while_a_build_runs_what_was_read_is_shown_and_it_is_said(database: Path) -> None:
    before = queries.accounts(open_mart())
    with writing(database):
        mart = open_mart()
        assert mart.freshness.is_building
        assert queries.accounts(mart) == before != []
        with pytest.raises(BusyError):
            reference_queries.findings(mart)
    assert not open_mart().freshness.is_building


def test_a_build_before_anything_was_read_is_said(database: Path) -> None:
    with writing(database), pytest.raises(BusyError):
        open_mart()


def test_what_a_build_changed_is_read_anew(database: Path) -> None:
    assert len(queries.names(open_mart())) == 32
    with duckdb.connect(str(database)) as connection:
        connection.execute("delete from mart_account_periods where account_id like '0014M%'")
    left = [row["account_id"] for row in queries.names(open_mart())]
    assert left
    assert not [each for each in left if each.startswith("0014M")]


def test_the_day_and_the_build_are_those_that_dbt_wrote(database: Path, sample_mart: Mart) -> None:
    written = sample_mart.row("select * from main_publish.dbt_results order by completed_at desc limit 1")
    fresh = open_mart().freshness
    assert fresh.as_of == date(2026, 6, 30)
    assert fresh.grain == "month"
    assert (fresh.invocation, fresh.built_at) == (written["invocation_id"], written["completed_at"])
    assert (fresh.began_at, fresh.is_building, fresh.failed) == (None, False, ())


def test_a_run_that_never_ended_and_a_build_that_failed_are_told(database: Path) -> None:
    later = datetime.now(UTC).replace(tzinfo=None, year=2099)
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "update main_publish.dbt_results set statuses ="
            """ '{"model.customer_health.fct_account_health": "error", "model.customer_health.dim_accounts": "success"}'"""
        )
        connection.execute(
            "insert into main_publish.dbt_results (invocation_id, command, began_at, as_of) values ('x', 'build', ?, '2026-06-30')",
            [later],
        )
    fresh = open_mart().freshness
    assert fresh.failed == ("fct_account_health",)
    assert fresh.began_at == later


def test_a_file_that_is_not_there_and_a_table_that_is_not_there_are_told_apart(database: Path, tmp_path: Path) -> None:
    with environment(DUCKDB_PATH=str(tmp_path / "none.duckdb")), pytest.raises(DataError, match="make build"):
        open_mart()
    with duckdb.connect(str(database)) as connection:
        connection.execute("drop table mart_account_changes")
    with pytest.raises(MissingError, match="mart_account_changes"):
        queries.accounts(open_mart())


class Session:
    """What of Snowpark's session the app uses."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[Any]]] = []

    def sql(self, sql: str, params: list[Any]) -> Session:
        self.asked.append((sql, params))
        return self

    def collect(self) -> list[Any]:
        rows = [{"ACCOUNT_ID": "A1"}] if "account_id in" in self.asked[-1][0] else []
        return [types.SimpleNamespace(as_dict=lambda row=row: row) for row in rows]

    def get_current_database(self) -> str:
        return '"CUSTOMER_HEALTH"'

    def get_current_schema(self) -> str:
        return '"MARTS"'


def test_inside_snowflake_its_own_session_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session()
    context = types.ModuleType("snowflake.snowpark.context")
    context.get_active_session = lambda: session  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "snowflake.snowpark", types.ModuleType("snowflake.snowpark"))
    monkeypatch.setitem(sys.modules, "snowflake.snowpark.context", context)
    with environment(SNOWFLAKE_DATABASE="inside"):  # another key of what is kept between runs
        mart = open_mart()
        assert queries.with_ids(mart, ["A1", "A2"]) == [{"account_id": "A1"}]
    assert "CUSTOMER_HEALTH.MARTS.dim_accounts where account_id in (?, ?)" in session.asked[-1][0]
    assert session.asked[-1][1] == ["A1", "A2"]
    assert "CUSTOMER_HEALTH.MARTS_publish.dbt_results" in session.asked[0][0]


def test_a_table_that_snowflake_does_not_know_is_told_as_missing() -> None:
    def run(sql: str, values: list[Any]) -> list[Any]:
        raise RuntimeError("002003 (42S02): Object 'X' does not exist or not authorized.")

    with pytest.raises(MissingError):
        Snowflake(run, "D", "S").query("select 1", [])
    assert data.freshness_of(Snowflake(run, "D", "S")).built_at is None


def test_a_duckdb_file_of_anything_else_is_told(tmp_path: Path) -> None:
    (tmp_path / "odd.duckdb").write_text("no database", encoding="utf-8")
    with pytest.raises(DataError):
        DuckDb(tmp_path / "odd.duckdb", "main").query("select 1", [])
