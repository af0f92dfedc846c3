"""Where rows come from: DuckDB by the dbt profile, Snowflake by the same profile, or Snowflake's own session.

Rows are kept by what dbt last did to the warehouse, so nothing is asked twice until it changes. A DuckDB file is opened
read-only, anew for each query, so that nobody holds it when a build begins.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

import streamlit as st

Row = dict[str, Any]
Rows = list[Row]

PROJECT = Path(__file__).parents[2]
SNOWFLAKE_SECONDS = 30
"""For so long Snowflake is not asked again whether dbt did anything."""
BAD = ("error", "fail", "skipped", "runtime error", "partial success")


class DataError(Exception):
    """There is nothing to show; the message says why, to a person."""


class BusyError(DataError):
    """A build holds the DuckDB file."""


class MissingError(DataError):
    """A table or a column is not there."""


class Warehouse(Protocol):
    """What holds the mart."""

    name: str
    marts: str
    seeds: str
    publish: str

    def stamp(self) -> str:
        """A text that is another one when it is worth asking what dbt did."""

    def is_free(self) -> bool:
        """Whether nobody keeps it from being read."""

    def query(self, sql: str, values: Sequence[Any]) -> Rows:
        """The rows of a select, keys in lower case."""


class DuckDb:
    """A DuckDB file."""

    def __init__(self, path: Path, schema: str) -> None:
        """Name the file; it is opened by `query` alone."""
        self.path, self.name = path, f"DuckDB {path.name}"
        self.marts, self.seeds, self.publish = schema, f"{schema}_seeds", f"{schema}_publish"

    def stamp(self) -> str:
        """See `Warehouse`: the file's own time and size, and those of what is not yet written into it."""
        parts = [self.path, self.path.with_name(self.path.name + ".wal")]
        return " ".join(f"{part.stat().st_mtime_ns}-{part.stat().st_size}" for part in parts if part.is_file())

    def is_free(self) -> bool:
        """See `Warehouse`: a build holds the file from its first moment, before it has changed anything."""
        try:
            self.query("select 1", ())
        except BusyError:
            return False
        return True

    def query(self, sql: str, values: Sequence[Any]) -> Rows:
        """See `Warehouse`.

        Raises:
            BusyError: another process writes the file.
            MissingError: a relation or a column is not there.
            DataError: there is no such file, or it is none of DuckDB's.
        """
        import duckdb

        if not self.path.is_file():
            raise DataError(f"There is no DuckDB file {self.path}. Run `make build`, or set DUCKDB_PATH.")
        try:
            with duckdb.connect(str(self.path), read_only=True) as connection:
                cursor = connection.execute(sql, list(values))
                names = [str(column[0]).lower() for column in cursor.description or []]
                return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            raise MissingError(str(error).splitlines()[0]) from error
        except (duckdb.IOException, duckdb.ConnectionException) as error:
            if "lock" in str(error).lower() or isinstance(error, duckdb.ConnectionException):
                raise BusyError("A build is writing the database.") from error
            raise DataError(f"{self.path} cannot be read: {str(error).splitlines()[0]}") from error


class Snowflake:
    """A Snowflake account: inside it by its own session, from outside by the dbt profile."""

    def __init__(self, run: Any, database: str, schema: str) -> None:
        """Take what runs a select: `run(sql, values)` gives rows as dicts."""
        self._run, self.name = run, f"Snowflake {database}"
        at = f"{database}." if database else ""
        self.marts, self.seeds, self.publish = f"{at}{schema}", f"{at}{schema}_seeds", f"{at}{schema}_publish"
        self._lock = threading.Lock()

    def stamp(self) -> str:
        """See `Warehouse`."""
        return str(int(time.time() // SNOWFLAKE_SECONDS))

    def is_free(self) -> bool:
        """See `Warehouse`: readers and writers do not meet."""
        return True

    def query(self, sql: str, values: Sequence[Any]) -> Rows:
        """See `Warehouse`.

        Raises:
            MissingError: a relation or a column is not there, or may not be read.
            DataError: Snowflake said something else.
        """
        try:
            with self._lock:
                rows = self._run(sql, list(values))
        except Exception as error:  # the connector's and Snowpark's have no base class of their own in common
            text = str(error).splitlines()[0] if str(error) else type(error).__name__
            unknown = "does not exist" in str(error) or "invalid identifier" in str(error)
            raise (MissingError if unknown else DataError)(text) from error
        return [{str(name).lower(): value for name, value in row.items()} for row in rows]


@dataclass(frozen=True)
class Freshness:
    """What dbt says of the marts.

    Attributes:
        invocation: the run that ended last.
        as_of, grain: of the marts.
        built_at: when the last build ended, UTC; None when nothing says so.
        began_at: when a run began that has not ended: it goes on, or was stopped.
        is_building: whether one goes on for certain.
        failed: models and tests of that last build that did not pass.
    """

    invocation: str = ""
    as_of: date | None = None
    grain: str = "month"
    built_at: datetime | None = None
    began_at: datetime | None = None
    is_building: bool = False
    failed: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Mart:
    """The mart as it is now: what to ask, and how fresh the answer is."""

    warehouse: Warehouse
    freshness: Freshness
    stamp: str

    def rows(self, sql: str, *values: Any, live: bool = False) -> Rows:
        """The rows of a select.

        Args:
            sql: with `{marts}`, `{seeds}` and `{publish}` for the schemas and `?` for values.
            values: the values.
            live: of tables that change without dbt, such as the loader's.
        """
        where = self.warehouse
        text = sql.format(marts=where.marts, seeds=where.seeds, publish=where.publish)
        is_file = isinstance(where, DuckDb)
        key = (where.name, str(getattr(where, "path", "")), self.freshness.invocation, str(self.freshness.began_at))
        return _cached((*key, self.stamp if live or is_file else ""), text, values, where)


@st.cache_resource(show_spinner=False, max_entries=3000)
def _cached(key: tuple[str, ...], sql: str, values: tuple[Any, ...], _warehouse: Warehouse) -> Rows:
    """Rows that all sessions share, uncopied: nobody changes one."""
    return _warehouse.query(sql, values)


@st.cache_resource(show_spinner=False)
def _known() -> dict[str, tuple[str, Freshness]]:
    """What was read last of each warehouse, so that a running build hides nothing that was seen before."""
    return {}


def open_mart() -> Mart:
    """The mart that the dbt profile names.

    Raises:
        DataError: there is none, or a build holds it and nothing was read before.
    """
    warehouse = _warehouse(tuple((name, os.environ.get(name, "")) for name in _settings()))
    known, stamp = _known(), warehouse.stamp()
    key = f"{warehouse.name} {getattr(warehouse, 'path', '')}"
    held = known.get(key)
    if held is not None and held[0] == stamp:
        return Mart(warehouse, replace(held[1], is_building=not warehouse.is_free()), stamp)
    try:
        known[key] = (stamp, freshness_of(warehouse))
    except BusyError:
        if held is None:
            raise
        return Mart(warehouse, replace(held[1], is_building=True), held[0])
    return Mart(warehouse, known[key][1], stamp)


def freshness_of(warehouse: Warehouse) -> Freshness:
    """What dbt wrote of its last runs (macros/raw/record_invocation.sql); unknown where it wrote nothing."""
    try:
        runs = warehouse.query(
            "select invocation_id, command, began_at, completed_at, as_of, grain, statuses"
            f" from {warehouse.publish}.dbt_results order by coalesce(completed_at, began_at) desc limit 20",
            (),
        )
    except MissingError:
        return Freshness()
    ended = [run for run in runs if run["completed_at"] is not None]
    built = next((run for run in ended if run["command"] in ("build", "run", "retry")), None)
    last = max((run["completed_at"] for run in ended), default=None)
    open_ = [run["began_at"] for run in runs if run["completed_at"] is None]
    began = max((each for each in open_ if last is None or each > last), default=None)
    if built is None:
        return Freshness(began_at=began)
    statuses = json.loads(built["statuses"] or "{}")
    failed = tuple(sorted(name.split(".")[-1] for name, status in statuses.items() if status in BAD))
    return Freshness(
        ended[0]["invocation_id"],
        date.fromisoformat(str(built["as_of"])[:10]),
        built["grain"],
        built["completed_at"],
        began,
        failed=failed,
    )


def _settings() -> tuple[str, ...]:
    return ("DBT_PROFILES_DIR", "DBT_TARGET", "DUCKDB_PATH", "SNOWFLAKE_DATABASE", "SNOWFLAKE_SCHEMA")


@st.cache_resource(show_spinner=False)
def _warehouse(settings: tuple[tuple[str, str], ...]) -> Warehouse:
    """The warehouse under these settings of the environment."""
    session = _session()
    if session is not None:
        return _inside(session)
    from loader.dbt.profile import read_target
    from loader.errors import LoaderError

    try:
        target = read_target(PROJECT, None, None)
    except LoaderError as error:
        raise DataError(str(error)) from error
    if target.kind == "duckdb":
        return DuckDb(Path(target.options["path"]), target.schema)
    return _outside(target.options, target.schema)


def _session() -> Any:
    """Snowflake's own session, where this runs inside Snowflake."""
    try:
        from snowflake.snowpark.context import get_active_session
    except ImportError:
        return None
    try:
        return get_active_session()
    except Exception:  # Snowpark is installed, and this is no Snowflake
        return None


def _inside(session: Any) -> Snowflake:
    def run(sql: str, values: list[Any]) -> Rows:
        return [row.as_dict() for row in session.sql(sql, params=values).collect()]

    names = [str(name or "").strip('"') for name in (session.get_current_database(), session.get_current_schema())]
    return Snowflake(run, *names)


def _outside(options: dict[str, Any], schema: str) -> Snowflake:
    import snowflake.connector
    from dbt.adapters.snowflake.connections import SnowflakeCredentials

    given = {name: value for name, value in options.items() if value not in ("", None)}
    credentials = SnowflakeCredentials.from_dict(given)
    names = ("account", "database", "schema", "warehouse", "role")
    connection = snowflake.connector.connect(
        **{name: given[name] for name in names if name in given},
        **credentials.auth_args(),  # the user, too
        paramstyle="qmark",
        client_session_keep_alive=True,
        session_parameters={"QUERY_TAG": "customer-health dashboard", "TIMEZONE": "UTC"},
    )

    def run(sql: str, values: list[Any]) -> Rows:
        with connection.cursor(snowflake.connector.DictCursor) as cursor:
            return list(cursor.execute(sql, values).fetchall())

    return Snowflake(run, str(given.get("database", "")), schema)
