"""A mart, a Gainsight and the loader between them, for tests: a real DuckDB file, real HTTP."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from loader.cli import main
from loader.engine import http, sender
from loader.gainsight import destination as gainsight
from sandbox import Fault, Limits, Sandbox, Switches

HERE = Path(__file__).parent
# Pauses of a test's run in this process are short; those of a process of its own are the real ones.
sender.LATER_PAUSES = (0.05, 0.1, 0.2)
gainsight.SETTLE_SECONDS = 0.4
http.BACKOFF_SECONDS, http.LONGEST_BACKOFF = 0.02, 0.2
MODELS = {
    "gainsight__company_health": ("Company", ("account_id",), ("SfdcAccountId",)),
    "gainsight__instances": ("Instance_Data__gc", ("instance_id",), ("Instance_Id__gc",)),
    "gainsight__instance_usage": (
        "Instance_Usage__gc",
        ("instance_id", "period_start"),
        ("Instance_Id__gc", "Period_Start__gc"),
    ),
}
FIELDS = {
    "Company": {
        "SfdcAccountId": "account_id",
        "Health_Color__gc": "overall_color",
        "Health_Score__gc": "overall_score",
        "Health_Measured_On__gc": "measured_on",
    },
    "Instance_Data__gc": {
        "Instance_Id__gc": "instance_id",
        "Hostname__gc": "hostname",
        "Version__gc": "version",
        "Suggested_Type__gc": "instance_type",
        "Licensed_Seats__gc": "licensed_seats",
        "Is_Production__gc": "is_production",
        "Last_Ping_At__gc": "last_ping_at",
        "Company_Id__gc": "account_id",
    },
    "Instance_Usage__gc": {
        "Instance_Id__gc": "instance_id",
        "Period_Start__gc": "period_start",
        "Active_Users__gc": "active_users",
        "Utilization__gc": "utilization",
        "Activity_Status__gc": "activity_status",
        "Company_Id__gc": "account_id",
    },
}
PATIENT = "5"
"""Seconds that a test waits for a reply: no machine is so slow; where silence is the point, a test says less."""
KEY = "planted-key-4c1f7e"
LABELS = ["Production", "Non-Production", "Unknown"]
REFUSED_BY_REPLY = {
    "Instance_Data__gc": [{"name": "Suggested_Type__gc", "type": "MULTISELECTDROPDOWNLIST", "options": LABELS}]
}
"""A value off a picklist is refused without a call; one off a list of which several may be chosen goes to the API, whose
reply refuses it with the same codes."""


@dataclass
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The document on stdout."""
        return json.loads(self.out)

    @property
    def result(self) -> Any:
        """The one result of `publish --output json`."""
        return self.json["results"][0]


class Bench:
    """One test's project, database and sandbox.

    Args:
        folder: a copy of the built mini project.
        switches, limits: the sandbox's; without limits by default.
    """

    def __init__(
        self,
        folder: Path,
        switches: Switches | None = None,
        limits: Limits | None = None,
        objects: dict[str, Any] | None = None,
        provision: bool = True,
        **box: Any,
    ) -> None:
        picklist = {"name": "Suggested_Type__gc", "type": "PICKLIST", "options": LABELS}
        self._objects = {"Instance_Data__gc": [picklist]} if objects is None else objects
        self._provision = provision
        self.folder, self.database = folder, folder / "mini.duckdb"
        self.box = Sandbox(
            folder / "gainsight.sqlite",
            switches=switches,
            limits=limits or Limits.off(),
            access_key=KEY,
            **box,
        )
        self.env = {
            "DUCKDB_PATH": str(self.database),
            "GAINSIGHT_ACCESS_KEY": KEY,
            "GAINSIGHT_CALLS_PER_MINUTE": "1000000",
            "GAINSIGHT_CALLS_PER_DAY": "1000000",
            "GAINSIGHT_TIMEOUT_SECONDS": PATIENT,
            "GAINSIGHT_GIVE_UP_SECONDS": "20",
        }

    def __enter__(self) -> Bench:
        self.box.start()
        self.env["GAINSIGHT_BASE_URL"] = self.box.url
        for name, fields in self._objects.items():
            self.box.create_object(name, fields)
        if self._provision:
            self.box.provision(self.folder / "target" / "manifest.json")
        return self

    def __exit__(self, *_: object) -> None:
        self.box.stop()

    # The mart

    def sql(self, statement: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """Run SQL on the mart's file."""
        with duckdb.connect(str(self.database)) as connection:
            return connection.execute(statement, parameters or []).fetchall()

    def mart(self, model: str) -> list[dict[str, Any]]:
        """A model's rows."""
        with duckdb.connect(str(self.database)) as connection:
            cursor = connection.execute(f"select * from {model}")
            names = [each[0] for each in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def fill(self, instances: int = 30, periods: int = 2, companies: int = 10) -> None:
        """Rows for all three models, and the companies at the destination."""
        self.sql(f"""
insert into gainsight__company_health
select 'A' || i, 'green', i * 1.1, date '2026-01-01' from range({companies}) as r(i);
insert into gainsight__instances
select 'i' || i, 'A' || (i % {companies}), 'host' || i, '17.1', 'Production', i, i % 2 = 0,
    timestamp '2026-01-02 03:04:05.123456' from range({instances}) as r(i);
insert into gainsight__instance_usage
select 'i' || i, date '2025-01-01' + cast(31 * p as integer), 'A' || (i % {companies}), i + p, i / 7.0, null
from range({instances}) as r(i), range({periods}) as s(p)""")
        self.companies(companies)

    def companies(self, count: int, start: int = 0) -> None:
        """Companies at the destination, as the CRM makes them."""
        rows = [{"Name": f"C{n}", "SfdcAccountId": f"A{n}"} for n in range(start, start + count)]
        for first in range(0, count, 500):
            self.box.insert("Company", rows[first : first + 500])

    # The loader

    def run(self, *arguments: str, env: dict[str, str] | None = None) -> Ended:
        """Run a command in this process."""
        out, err, before = io.StringIO(), io.StringIO(), dict(os.environ)
        os.environ.update({**self.env, **(env or {})})
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                main(self._with_project(arguments))
            code: Any = 0
        except SystemExit as end:
            code = end.code
        finally:
            os.environ.clear()
            os.environ.update(before)
        return Ended(int(code or 0), out.getvalue(), err.getvalue())

    def publish(self, *arguments: str, env: dict[str, str] | None = None) -> Ended:
        """Publish with `--output json`."""
        return self.run("publish", "--output", "json", *arguments, env=env)

    def start(self, *arguments: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
        """Run a command as a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "loader", *self._with_project(arguments)],
            env={**os.environ, **self.env, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=HERE.parent.parent,
        )

    def held(
        self, *arguments: str, operation: str | tuple[str, ...] = "write", nth: int = 1, committed: bool = True
    ) -> subprocess.Popen[str]:
        """Run a command as a process of its own up to a call whose reply the sandbox holds back (`clear_faults` lets
        it go), so that what happens next happens in the middle of that call on any machine.

        Args:
            operation, nth: which call, counted from now.
            committed: whether it takes effect.
        """
        self.box.schedule(Fault("hang", operation=operation, nth=nth, seconds=600, after_commit=committed))
        seen = len(self.box.calls)
        process = self.start(*arguments, env={"GAINSIGHT_TIMEOUT_SECONDS": "120"})
        while process.poll() is None and not any(call.fault == "hang" for call in self.box.calls[seen:]):
            time.sleep(0.01)
        return process

    def _with_project(self, arguments: tuple[str, ...]) -> list[str]:
        return ["--project-dir", str(self.folder), "--profiles-dir", str(self.folder), *arguments]

    # What must hold

    def state(self) -> dict[tuple[str, str], tuple[str, bool]]:
        """Destination id and created_by_us by object and row key."""
        rows = self.sql("select object, row_key, destination_id, created_by_us from main_publish.publish_state")
        assert len({row[:2] for row in rows}) == len(rows), "a row stands in the state twice"
        return {(row[0], row[1]): (row[2], row[3]) for row in rows}

    def rejections(self) -> dict[tuple[str, str], tuple[str, str]]:
        """Field and code of the standing rejections, by object and row key."""
        found = self.sql("""
            select object, row_key, field, code from main_publish.publish_rejections as r
            where rejected_at = (
                select max(rejected_at) from main_publish.publish_rejections as l
                where l.object = r.object and l.row_key = r.row_key
            ) and not exists (
                select 1 from main_publish.publish_state as s
                where s.object = r.object and s.row_key = r.row_key and s.accepted_at > r.rejected_at
            )""")
        return {(row[0], row[1]): (row[2], row[3]) for row in found}

    def assert_settled(self, models: dict[str, Any] | None = None, extra: int = 0) -> None:
        """Destination rows = mart rows minus recorded rejections; no key twice; state = destination."""
        state, rejected = self.state(), self.rejections()
        by_gsid = {row["Gsid"]: row.get("SfdcAccountId") for row in self.box.rows("Company")}
        for model, (name, columns, keys) in (models or MODELS).items():
            there = self.box.rows(name)
            if name == "Company":
                there = [row for row in there if row["Health_Color__gc"] is not None]
            found = {row_key(row[key] for key in keys): row for row in there}
            assert len(found) == len(there), f"{name}: {twice(there, keys)} are there twice"
            wanted = {row_key(row[c] for c in columns): row for row in self.mart(model)}
            due = {key for key in wanted if (name, key) not in rejected}
            assert {k for k in due if k not in found} == set(), f"{name}: lost"
            more = sorted(set(found) - set(wanted))
            assert len(more) <= extra, f"{name}: {len(more)} rows are extra: {more[:5]}"
            for key in due:
                for field, column in FIELDS[name].items():
                    theirs, ours = found[key][field], plain(wanted[key][column])
                    theirs = by_gsid[theirs] if field == "Company_Id__gc" and theirs else theirs
                    assert theirs == ours, f"{name} {key} {field}: {theirs!r} is not {ours!r}"
                assert state[name, key][0] == found[key]["Gsid"], f"{name} {key}: the state has another id"
            # A row whose record somebody deleted, and whose next version is refused, is not known to be gone.
            ghosts = {k for n, k in state if n == name and (n, k) not in rejected} - set(found)
            assert not ghosts, f"{name}: the state has {ghosts}, which are not there"


def row_key(parts: Any) -> str:
    """A key as the state has it."""
    return json.dumps([plain(each) for each in parts], separators=(",", ":"), ensure_ascii=False)


def plain(value: Any) -> Any:
    """A mart value as the sandbox stores it."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    return value.isoformat() if isinstance(value, date) else value


def twice(rows: list[dict[str, Any]], keys: tuple[str, ...]) -> list[Any]:
    """Keys that stand more than once."""
    counted = Counter(tuple(row[key] for key in keys) for row in rows)
    return [key for key, count in counted.items() if count > 1][:5]


def calls_of(box: Sandbox) -> Counter[tuple[str, str | None]]:
    """How many calls of each operation reached each object."""
    return Counter((call.operation, call.object) for call in box.calls)


def copy_project(built: Path, folder: Path) -> Path:
    """A copy of the built mini project."""
    shutil.copytree(built, folder)
    return folder


def run_dbt(folder: Path, *arguments: str) -> None:
    """Run real dbt on a copy of the mini project, in this process; it lets go of the file afterwards."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import reset_adapters
    from dbt.cli.main import dbtRunner

    before = dict(os.environ)
    os.environ["DUCKDB_PATH"] = str(folder / "mini.duckdb")
    try:
        where = ("--project-dir", str(folder), "--profiles-dir", str(folder))
        dbtRunner().invoke(["--quiet", *arguments, *where])
    finally:
        os.environ.clear()
        os.environ.update(before)
        reset_adapters()
        if DuckDBConnectionManager._ENV is not None:
            DuckDBConnectionManager._ENV.close()
            DuckDBConnectionManager._ENV = None
