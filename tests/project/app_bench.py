"""A bench for the app: its pages without a browser, its server for one, and a mart with names that somebody made up to harm."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from dbt_bench import REPO, environment
from streamlit.testing.v1 import AppTest

PROFILE = """
customer_health:
  target: duckdb
  outputs:
    duckdb: {type: duckdb, path: "{{ env_var('DUCKDB_PATH') }}", schema: main}
"""
HARM = '<img src=x onerror="document.title=1"> **bold** $x$ :red[r] [a](http://evil.example) _u_'
FORMULA = '=HYPERLINK("http://evil.example";"click")'


def settings(database: Path, home: Path) -> dict[str, str]:
    """The environment under which the app reads this database."""
    (home / "profiles.yml").write_text(PROFILE, encoding="utf-8")
    return {"DUCKDB_PATH": str(database), "DBT_PROFILES_DIR": str(home), "DBT_TARGET": "duckdb"}


def show(view: str, database: Path, home: Path, **address: str) -> AppTest:
    """A page, shown once, without a browser."""
    page = AppTest.from_string(f"from dashboard.app.views import {view}\n{view}.show()\n", default_timeout=120)
    for name, value in address.items():
        page.query_params[name] = value
    page.app_home = home  # type: ignore[attr-defined]
    page.app_settings = settings(database, home)  # type: ignore[attr-defined]
    return again(page)


def again(page: AppTest) -> AppTest:
    """The page, run once more, as after a click."""
    with environment(**page.app_settings):  # type: ignore[attr-defined]
        page.run()
    assert not page.exception, [each.value for each in page.exception]
    return page


def html(page: AppTest) -> list[str]:
    """The texts that a page writes as HTML."""
    return [each.proto.body for each in page.get("html")]


def frame(page: AppTest, *labels: str) -> Any:
    """The only table of a page that has these columns."""
    found = [each.value for each in page.dataframe if set(labels) <= set(each.value.columns)]
    assert len(found) == 1, [list(each.value.columns) for each in page.dataframe]
    return found[0]


def records(page: AppTest, *labels: str) -> list[dict[str, Any]]:
    """The rows of that table; what is missing is None."""
    table = frame(page, *labels)
    return [
        {name: None if value != value or value is None else value for name, value in row.items()}
        for row in table.to_dict("records")
    ]


def copied(database: Path, home: Path, *statements: str) -> Path:
    """A copy of a mart that some statements changed."""
    copy = Path(shutil.copy(database, home / "copy.duckdb"))
    with duckdb.connect(str(copy)) as connection:
        for statement in statements:
            connection.execute(statement)
    return copy


def hostile(database: Path, home: Path) -> tuple[Path, str, str]:
    """A copy with two harmful accounts; their ids."""
    copy = copied(database, home)
    return copy, *harm(copy)


def harm(database: Path) -> tuple[str, str]:
    """Makes two accounts harmful; their ids."""
    with duckdb.connect(str(database), read_only=True) as connection:
        ids = connection.execute(
            "select account_id from mart_account_periods where is_current and overall_score is not null order by 1 limit 2"
        ).fetchall()
    (harmful,), (formula,) = ids
    changes = [
        f"update {table} set {column} = '{name}' where account_id = '{account}'"
        for account, name in ((harmful, HARM), (formula, FORMULA))
        for table, column in (
            ("mart_account_periods", "account_name"),
            ("mart_account_periods", "explanation"),
            ("mart_account_periods", "segment"),
            ("mart_account_changes", "message"),
            ("dim_instances", "hostname"),
            ("dim_accounts", "account_name"),
        )
    ]
    with duckdb.connect(str(database)) as connection:
        for change in changes:
            connection.execute(change)
    return harmful, formula


OLDEST = REPO / "build" / "streamlit-oldest"
"""The oldest Streamlit that is supported, with what it needs; the Makefile puts it there."""


@contextmanager
def served(database: Path, home: Path, packages: Path | None = None) -> Iterator[str]:
    """The app's own server, with these packages before those of the environment; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(REPO / "dashboard/app/main.py")]
    options = {
        "global.developmentMode": "false",  # it is on where Streamlit is not in site-packages
        "client.toolbarMode": "viewer",
        "server.port": port,
        "server.address": "127.0.0.1",
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    with (home / "server.log").open("w", encoding="utf-8") as log:
        server = subprocess.Popen(
            [*command, *arguments], cwd=REPO, env=_environment(database, home, packages), stdout=log, stderr=log
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(address, server)
            yield address
        finally:
            server.terminate()
            server.wait(60)


def _environment(database: Path, home: Path, packages: Path | None) -> dict[str, str]:
    first = {"PYTHONPATH": str(packages)} if packages else {}
    return {**os.environ, **settings(database, home), **first}


def _wait(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5) as reply:  # noqa: S310 - our own
                if reply.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the app's server did not come up")
