"""Which raw files count: corrected, archived, moved, forgotten; and what a run that is refused leaves alone."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2
import pytest
import yaml
from dbt_bench import REPO, SMALL, Bench
from ping_files import (
    LEAVES,
    STAGING,
    activated,
    anew,
    leaves,
    pings_file,
    staging,
)


@pytest.fixture
def bench(seeded: Bench) -> Bench:
    return anew(seeded)


def refused(bench: Bench, *parts: str, command: tuple[str, ...] = STAGING) -> None:
    """The run stops with a message that has all the parts, and changes nothing."""
    before = leaves(bench)
    run = bench.dbt(*command)
    assert run.exit_code != 0
    for part in parts:
        assert part in run.failures, run.failures
    assert leaves(bench) == before


def test_a_corrected_file_replaces_what_it_said_and_the_last_name_counts(bench: Bench) -> None:
    """The same ids and arrivals: 80 became 60 in the file, of two files b counts, incrementally and in full."""
    pings_file(bench, "a.jsonl", ("x", 80), ("y", 1), ("gone", 5))
    pings_file(bench, "b.jsonl", ("y", 2))
    staging(bench)
    assert activated(bench) == {"ping-0001": "50", "x": "80", "y": "2", "gone": "5"}
    pings_file(bench, "a.jsonl", ("x", 60), ("y", 1))
    staging(bench)
    wanted = {"ping-0001": "50", "x": "60", "y": "2"}
    assert activated(bench) == wanted
    incremental = leaves(bench)
    staging(bench, "--full-refresh")
    assert activated(bench) == wanted
    assert leaves(bench) == incremental


def test_a_file_that_is_touched_or_copied_back_is_not_read_again(bench: Bench) -> None:
    """Its content says whether it changed."""
    path = pings_file(bench, "a.jsonl", ("x", 80))
    staging(bench)
    os.utime(path, (1, 1))
    staging(bench)
    inputs = "main_staging.base_service_ping__inputs"
    assert bench.mart.rows(f"select entry_name from {inputs} where is_new") == []
    bench.mart.close()


def test_a_file_that_nobody_wrote_to_is_not_opened_again(bench: Bench) -> None:
    """Its size, times and inode say so; another file in its place is looked into."""
    old = next(path for path in sorted((SMALL / "service_pings").rglob("*")) if path.is_file())
    link = bench.raw / "service_pings" / old.name
    link.symlink_to(old)
    staging(bench)
    inputs = "main_staging.base_service_ping__inputs"
    found = f"select entry_version, file_state, is_new from {inputs} where entry_name = ?"
    first = bench.mart.row(found, f"service_pings/{old.name}")
    staging(bench)
    sql = bench.home / "target/compiled/customer_health/models/staging/service_ping/base_service_ping__inputs.sql"
    opened = [line for line in sql.read_text(encoding="utf-8").splitlines() if "read_blob" in line]
    assert not [line for line in opened if old.name in line]
    assert bench.mart.row(found, f"service_pings/{old.name}") == {**first, "is_new": False}
    link.unlink()
    link.write_bytes(old.read_bytes()[:-1] + b"x")
    staging(bench)
    again = bench.mart.row(found, f"service_pings/{old.name}")
    assert again["entry_version"] != first["entry_version"]
    assert again["file_state"] != first["file_state"]
    assert again["is_new"]
    bench.mart.close()


def test_archived_files_keep_their_pings_until_somebody_says_so(bench: Bench) -> None:
    """Deleted files: kept by a run, refused by --full-refresh without the word, forgotten by forget_raw."""
    path = pings_file(bench, "2026-05/b.jsonl", ("y", 70))
    staging(bench)
    path.unlink()
    staging(bench)
    assert activated(bench) == {"ping-0001": "50", "y": "70"}
    refresh = (*STAGING, "--full-refresh")
    refused(bench, "from 1 files", 'the first "service_pings/2026-05/b.jsonl"', "forget_missing_files", command=refresh)
    bench.build("run-operation", "forget_raw", "--args", yaml.safe_dump({"path": f"{bench.raw}/service_pings/2026-05"}))
    staging(bench)
    assert activated(bench) == {"ping-0001": "50"}
    path = pings_file(bench, "c.jsonl", ("z", 1))
    staging(bench)
    path.unlink()
    staging(bench, "--full-refresh", forget_missing_files=True)
    assert activated(bench) == {"ping-0001": "50"}


@pytest.mark.parametrize(
    "spelling",
    [
        "/p/raw",
        "/p/raw/",
        "//p///raw//",
        "/p/./raw/.",
        "/p/x/../raw",
        "/../p/raw",
        "raw",
        "./raw",
        "x/../raw/",
        "~/raw",
    ],
)
@pytest.mark.parametrize("project_dir", ["/p", ".", "../p"])
def test_one_folder_however_it_is_spelt(spelling: str, project_dir: str) -> None:
    """Absolute and without detours, from the environment or the var; a relative one counts from the project."""
    source = (REPO / "macros" / "raw" / "raw_path.sql").read_text(encoding="utf-8")
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])  # noqa: S701
    variables = {"RAW_PATH": spelling, "PWD": "/p", "HOME": "/p"}
    ours = SimpleNamespace()
    known = {
        "var": lambda name, default=None: default, "env_var": lambda name, default="": variables.get(name, default),
        "flags": SimpleNamespace(PROJECT_DIR=project_dir), "execute": True, "customer_health": ours, "return": str,
    }  # fmt: skip
    macros: Any = environment.from_string(source, globals=known).module
    ours.plain_path = macros.plain_path
    assert str(macros.raw_path()).strip() == "/p/raw"


def test_other_raw_data_are_refused_with_both_ways_out(bench: Bench, tmp_path: Path) -> None:
    """RAW_PATH changed or forgotten: an error; a moved folder goes on when told so, and reads nothing again."""
    pings_file(bench, "a.jsonl", ("x", 80))
    staging(bench)
    first = bench.raw
    bench.raw = SMALL
    refused(bench, str(first), str(SMALL), "another DUCKDB_PATH", "raw_path_moved: true", "forget_raw")
    refused(bench, "raw_path_moved: true", command=("run", "--select", "dim_accounts"))
    bench.raw = tmp_path / "moved"
    shutil.move(first, bench.raw)
    (bench.raw / "service_pings" / "a.jsonl").unlink()
    staging(bench, raw_path_moved=True)
    new = bench.mart.rows("select entry_type from main_staging.base_service_ping__inputs where is_new")
    assert new == [{"entry_type": "raw_path"}]
    assert activated(bench) == {"ping-0001": "50", "x": "80"}
    staging(bench)
    bench.build("run-operation", "forget_raw", "--args", yaml.safe_dump({"path": str(bench.raw)}))
    bench.raw = SMALL
    staging(bench)
    assert "ping-0001" not in activated(bench)


def test_a_metric_that_was_taken_out_and_put_back_doubles_nothing(bench: Bench) -> None:
    """What is there stays, what came meanwhile is filled in, a file that changed meanwhile says what it says now."""
    pings_file(bench, "a.jsonl", ("x", 80))
    pings_file(bench, "b.jsonl", ("y", 70))
    staging(bench)
    path = "license_billable_users"
    bench.mart.close()
    with duckdb.connect(str(bench.database)) as connection:  # as a run without the metric leaves it
        connection.execute(f"delete from {LEAVES} where ping_id is null and source_file = '{path}'")
        connection.execute(f"delete from {LEAVES} where ping_id = 'y' and key_path = '{path}'")
    pings_file(bench, "a.jsonl", ("x", 60))
    pings_file(bench, "c.jsonl", ("z", 50))
    staging(bench)
    assert activated(bench) == {"ping-0001": "50", "x": "60", "y": "70", "z": "50"}
    incremental = leaves(bench)
    staging(bench, "--full-refresh")
    assert leaves(bench) == incremental
