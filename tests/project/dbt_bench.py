"""A bench for the dbt project: runs dbt in this process and reads what it made.

Nothing of the user's is touched: DuckDB file, target, logs and profile are under the bench's home.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import duckdb
import parsed_project
import yaml
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.factory import reset_adapters
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt_common.events.base_types import EventMsg

REPO = Path(__file__).parents[2]
SMALL = REPO / "sample" / "small"
PROJECT_PARTS = ("models", "macros", "seeds", "tests/generic", "scripts", "docs")
BUILD = ("build", "--exclude-resource-type", "unit_test", "test")
AGAIN = ("run",)
AGAIN_ON_THE_SAME_PINGS = (*AGAIN, "--exclude", "path:models/staging")
QUIET = ("--log-level", "none", "--log-level-file", "none", "--no-use-colors")
RAW_VARS = ("raw_path", "raw_database", "raw_schema")
Row = dict[str, Any]


@dataclass
class DbtRun:
    """What one invocation of dbt said. `exit_code` is what the command line would return."""

    exit_code: int
    error: str
    messages: list[tuple[str, str]] = field(default_factory=list)
    nodes: dict[str, str] = field(default_factory=dict)

    def of_level(self, level: str) -> list[str]:
        """Messages of one level: debug, info, warn or error."""
        return [text for found, text in self.messages if found == level]

    @property
    def failures(self) -> str:
        """What a failed test should show: the errors, and no word of what went well."""
        return "\n".join([*self.of_level("warn"), *self.of_level("error"), self.error])

    @property
    def said(self) -> str:
        """Everything that a person at a terminal would have read, and the error."""
        shown = [text for level, text in self.messages if level in ("info", "warn", "error")]
        return "\n".join([*shown, self.error])


@contextmanager
def environment(**settings: str) -> Iterator[None]:
    """Sets environment variables for a while."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def release_database() -> None:
    """Closes the DuckDB file that dbt keeps open between invocations."""
    reset_adapters()
    if DuckDBConnectionManager._ENV is not None:
        DuckDBConnectionManager._ENV.close()
        DuckDBConnectionManager._ENV = None


class Mart:
    """A built DuckDB file, read only."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self.connection: duckdb.DuckDBPyConnection | None = None

    def close(self) -> None:
        """Lets go of the file, so that dbt can write it."""
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """The rows of a query, as dicts."""
        if self.connection is None:
            self.connection = duckdb.connect(str(self.database), read_only=True)
        result = self.connection.execute(sql, values)
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def row(self, sql: str, *values: Any) -> Row:
        """The only row of a query."""
        rows = self.rows(sql, *values)
        assert len(rows) == 1, f"{len(rows)} rows of {sql} {values}: {rows[:3]}"
        return rows[0]

    def find(self, relation: str, **keys: Any) -> list[Row]:
        """The rows of a relation with these values."""
        wanted = " and ".join(f"{name} is not distinct from ?" for name in keys) or "true"
        return self.rows(f"select * from {relation} where {wanted}", *keys.values())

    def one(self, relation: str, **keys: Any) -> Row:
        """The only row of a relation with these values."""
        rows = self.find(relation, **keys)
        assert len(rows) == 1, f"{len(rows)} rows of {relation} with {keys}"
        return rows[0]

    def relations(self) -> list[tuple[str, str]]:
        """(schema, name) of every table and view."""
        return [
            (row["table_schema"], row["table_name"])
            for row in self.rows("select table_schema, table_name from information_schema.tables order by all")
        ]

    def contents(self, schema: str = "main") -> dict[str, list[str]]:
        """Every relation of a schema as sorted lines of text, to compare marts row by row; without dbt's run."""
        return {
            name: sorted(repr(without_run(row)) for row in self.rows(f'select * from {schema}."{name}"'))
            for found, name in self.relations()
            if found == schema
        }


def without_run(row: Row) -> Row:
    """A row without the id of dbt's run, with which some publish models stamp it."""
    return {name: value for name, value in row.items() if name != "run_id"}


def differences(one: Mart, other: Mart, schema: str) -> list[str]:
    """Relations of a schema whose rows are not the same in two marts."""
    rows, others = one.contents(schema), other.contents(schema)
    assert rows.keys() == others.keys()
    assert any(rows.values())
    return [
        f"{name}: {len(rows[name])} and {len(others[name])} rows, "
        f"only in one: {sorted(set(rows[name]) ^ set(others[name]))[:2]}"
        for name in rows
        if rows[name] != others[name]
    ]


class Bench:
    """One DuckDB file and its folders, with the project, raw folder and variables to run.

    dbt has one thread, which costs the least processor time, and leaves no JSON behind unless `writes_json`.
    """

    writes_json = False

    def __init__(self, home: Path, raw: Path, project: Path = REPO, **variables: Any) -> None:
        self.home = home
        self.raw = raw
        self.project = project
        self.variables = variables
        self.database = home / "mart.duckdb"
        self.mart = Mart(self.database)
        self.profiles = home / "profiles"
        self.profiles.mkdir(parents=True, exist_ok=True)
        profile = (REPO / "profiles.example.yml").read_text(encoding="utf-8")
        assert "threads: 4" in profile
        one_thread = profile.replace("threads: 4", "threads: 1")
        (self.profiles / "profiles.yml").write_text(one_thread, encoding="utf-8")

    @property
    def parsed(self) -> Path:
        """What dbt remembers of the parsed project, beside the first bench that builds in it."""
        return parsed_project.TARGETS.setdefault(self.project, self.home / "parsed")

    @property
    def settings(self) -> dict[str, str]:
        """The environment that dbt runs in."""
        return {
            "DUCKDB_PATH": str(self.database),
            "RAW_PATH": str(self.raw),
            "DBT_TARGET": "duckdb",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }

    def arguments(self, *command: str) -> list[str]:
        """The command line, with the bench's own folders."""
        return [
            *command,
            *("--project-dir", str(self.project)),
            *("--profiles-dir", str(self.profiles)),
            *("--target-path", str(self.home / "target")),
            *("--log-path", str(self.home / "logs")),
            *("--vars", yaml.safe_dump(self.variables)),
        ]

    def manifest(self, listen: Callable[[EventMsg], None], *more: str) -> dbtRunnerResult:
        """The project as dbt parses it, which it does once for all benches that build in it.

        No database matters to that, and no var but where the raw data are; what changed in the files is parsed again.
        """
        raw = {name: value for name, value in self.variables.items() if name in RAW_VARS}
        arguments = ("--target-path", str(self.parsed), "--vars", yaml.safe_dump(raw), "--no-write-json", *more)

        def parse(files: Path) -> dbtRunnerResult:
            database = parsed_project.SAVED / self.database.name  # the same for all, and never made
            with (
                environment(**{**self.settings, "DUCKDB_PATH": str(database), "RAW_PATH": str(files)}),
                parsed_project.from_the_last(self.project, self.parsed, listen) as heard,
            ):
                return dbtRunner(callbacks=[heard]).invoke([*self.arguments("parse", *QUIET), *arguments])

        return parsed_project.parsed(self.project, self.raw, repr(raw), parse, anew=bool(more))

    def manifest_file(self) -> Path:
        """The manifest.json that dbt would have left."""
        assert self.manifest(lambda _: None, "--write-json").success
        return self.parsed / "manifest.json"

    def dbt(self, *command: str, hear: Callable[[str], Any] = lambda _: None) -> DbtRun:
        """Runs dbt in this process, and lets the caller hear it. Never raises: what went wrong is in the answer."""
        messages: list[tuple[str, str]] = []

        def listen(event: EventMsg) -> None:
            messages.append((event.info.level, event.info.msg))
            hear(event.info.msg)

        self.mart.close()
        release_database()
        result = self.manifest(listen)
        if result.success:
            parsed_project.forget_compiled(result.result)
            no_json = () if self.writes_json else ("--no-write-json",)
            with environment(**self.settings):
                runner = dbtRunner(result.result, callbacks=[listen])
                result = runner.invoke([*self.arguments(*command), *no_json, *QUIET])
        release_database()
        nodes = {
            one.node.name: str(one.status) for one in getattr(result.result, "results", []) if hasattr(one, "node")
        }
        failed = 0 if result.success else 2 if result.exception else 1
        return DbtRun(failed, str(result.exception or ""), messages, nodes)

    def killed(self, reached: Callable[[str], bool], *command: str) -> list[str]:
        """Runs dbt in a fork of this process, which knows the project, and kills it when it has said what is waited for.

        Returns what it had said.
        """
        self.mart.close()
        release_database()
        assert self.manifest(lambda _: None).success
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            self._run_and_exit(writing, *command)
        os.close(writing)
        said = []
        with os.fdopen(reading, encoding="utf-8") as lines:
            for line in lines:
                said.append(line)
                if reached(line):
                    os.kill(child, signal.SIGKILL)
                    break
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), f"never reached:\n{''.join(said[-20:])}"
        return said

    def _run_and_exit(self, writing: int, *command: str) -> NoReturn:
        try:
            with os.fdopen(writing, "w", buffering=1, encoding="utf-8") as said:
                self.dbt(*command, hear=lambda text: said.write(f"{text}\n"))
        finally:
            os._exit(1)

    def build(self, *command: str) -> DbtRun:
        """Seeds and models, or the given command; fails the test when dbt fails."""
        run = self.dbt(*(command or BUILD))
        assert run.exit_code == 0, run.failures
        return run

    def snapshot(self, name: str) -> Mart:
        """A copy of the database as it is now."""
        copy = self.home / f"{name}.duckdb"
        shutil.copy(self.database, copy)
        return Mart(copy)


def copy_project(home: Path) -> Path:
    """A copy of the dbt project's sources without unit tests and singular tests, to be changed freely."""
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(REPO / "dbt_project.yml", home)
    left_out = shutil.ignore_patterns("__pycache__", "*__unit_tests.yml")
    for part in PROJECT_PARTS:
        shutil.copytree(REPO / part, home / part, ignore=left_out, dirs_exist_ok=True)
    return home


def models_only(home: Path) -> Path:
    """A copy that has no data tests either: dbt parses it in half the time. What `make registry` writes to is whole."""
    project = copy_project(home)
    for path in (project / "models").rglob("*.yml"):
        text = path.read_text(encoding="utf-8")
        content = yaml.safe_load(text)
        if "written by `make registry`" in text:
            continue
        for model in content.get("models") or []:
            for described in (model, *model.get("columns", [])):
                described.pop("data_tests", None)
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    parsed_project.KINDS[project] = "models"
    return project
