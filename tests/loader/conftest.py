"""Fixtures of the loader's tests: dbt runs once a session, on the mini project."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # the sandbox is not installed

from harness import HERE, Bench, copy_project, run_dbt

_TABLES = """
create schema plain;
create table plain.companies
    (account_id varchar, overall_color varchar, overall_score double, measured_on date);
create table plain.instances
    (instance_id varchar, account_id varchar, hostname varchar, version varchar,
    instance_type varchar, licensed_seats bigint, is_production boolean, last_ping_at timestamp);
create table plain.usage
    (instance_id varchar, period_start date, account_id varchar, active_users bigint,
    utilization double, activity_status varchar);
create table plain.names (instance_id varchar, uuid varchar, hostname varchar);
"""
_PROFILE = """
customer_health:
  target: duckdb
  outputs:
    duckdb: {type: duckdb, path: "{{ env_var('DUCKDB_PATH') }}", schema: main, threads: 2}
"""


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The mini project after `dbt build`, with empty models; dbt's own macros, which the loader has no use for and would
    read in every run, are left out of the manifest."""
    folder = tmp_path_factory.mktemp("mini") / "project"
    shutil.copytree(HERE / "mini_project", folder)
    (folder / "macros").mkdir(exist_ok=True)
    shutil.copy(HERE.parents[1] / "macros" / "raw" / "record_invocation.sql", folder / "macros")
    (folder / "seeds").mkdir(exist_ok=True)
    shutil.copy(HERE.parents[1] / "seeds" / "instance_type_aliases.csv", folder / "seeds")
    (folder / "profiles.yml").write_text(_PROFILE)
    with duckdb.connect(str(folder / "mini.duckdb")) as connection:
        connection.execute(_TABLES)
    run_dbt(folder, "build")
    manifest = folder / "target" / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "macros": {}}))
    return folder


@pytest.fixture
def make_bench(built: Path, tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    """Makes benches, each with its own database and sandbox; all end with the test."""
    benches: list[Bench] = []

    def make(**options: Any) -> Bench:
        folder = copy_project(built, tmp_path / f"project{len(benches)}")
        benches.append(Bench(folder, **options).__enter__())
        return benches[-1]

    yield make
    for each in benches:
        each.__exit__()


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    """A bench with 10 companies, 30 instances and 60 rows of usage, nothing published yet."""
    made = make_bench()
    made.fill()
    return made
