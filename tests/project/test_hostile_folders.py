"""Fifty folders of everything that life puts into raw files: nothing stops the build, nothing is lost without a word."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dbt_bench import Bench, Mart
from hostile_folder import Hostile, hostile_folder

AS_OF = "2026-06-30"
BUILD = ("build", "--exclude-resource-type", "unit_test")
FEW = [1]
MANY = range(1, 51)
TABLES = {
    "accounts": ("account_id", "main_staging.stg_crm__accounts"),
    "subscriptions": ("subscription_id", "main_staging.stg_crm__subscriptions"),
    "licenses": ("license_id", "main_staging.stg_crm__licenses"),
    "objectives": ("objective_id", "main_staging.stg_crm__objectives"),
}


@pytest.fixture(scope="module")
def bench(home: Callable[[str], Path]) -> Bench:
    """The project itself, data tests included. Cells that cannot be read are findings, as whoever keeps such a CRM sets it."""
    folder = home("hostile")
    return Bench(folder, folder / "it's {raw} {0} 50%", as_of=AS_OF, unreadable_cells="finding")


def cleaned(value: Any) -> str:
    """An id as the mart holds it."""
    text = str(value if value is not None else "").strip(" \t\n\r\xa0")
    return f"masked-{hashlib.md5(text.encode()).hexdigest()[:12]}" if "@" in text else text  # noqa: S324


def named(file: str) -> str:
    """A file's name as it is listed."""
    return "service_pings/" + os.fsencode(file).decode("utf-8", "backslashreplace")


def lost_pings(made: Hostile, mart: Mart) -> list[Any]:
    """Pings that are neither used nor unmapped nor after as_of, and whose line or file is not listed as unreadable."""
    used = {row["ping_id"] for row in mart.rows("select ping_id from main_intermediate.int_pings_classified")}
    later = {row["row_key"] for row in mart.find("fct_input_findings", source="service_pings", finding="after_as_of")}
    read = {
        row["source_file"]
        for row in mart.rows(
            "select distinct source_file from main_staging.base_service_ping__leaves where ping_id is not null"
        )
    }
    unread = {(row["source_file"], row["line_number"]) for row in mart.find("quarantined_pings")}
    files = {file for file, _ in unread}
    lost = []
    for one in made.delivered:
        file = named(one.file)
        known = cleaned(one.ping_id) in used | later
        listed = (file, one.line) in unread or (file, None) in unread or (one.line is None and file in files)
        if not (known or listed or (one.line is None and one.ping_id is None and file in read)):
            lost.append(one)
    # A link to a folder is its files, or listed; every other file is.
    there = [*made.files, *(name for name in made.others if name != "up")]
    return [*lost, *(name for name in there if named(name) not in read | files)]


def lost_rows(made: Hostile, mart: Mart) -> list[Any]:
    """Rows of the CRM of which fewer are used than the file has, without a finding that keeps one out."""
    lost: list[Any] = []
    for table, (key, relation) in TABLES.items():
        used = Counter(row[key] for row in mart.rows(f"select {key} from {relation}"))
        kept_out = {row["row_key"] for row in mart.find("fct_input_findings", source=table, effect="kept_out")}
        for found, count in Counter(cleaned(row.get(key)) for row in made.raw.tables[table]).items():
            if not found:
                assert used[None] == 0
            listed = found in kept_out if found else any(" " in one or not one for one in kept_out)
            if used[found] < count and not listed:
                lost.append((table, found, count, used[found]))
    return lost


def lost_others(made: Hostile, mart: Mart) -> list[Any]:
    """Rows of labels that are not looked at, and of excluded pings that take no ping out and are not told."""
    looked_at = mart.row("select count(*) as n from main_staging.base_gainsight__instance_labels")["n"]
    lost: list[Any] = [] if looked_at == len(made.raw.tables["instance_labels"]) else ["instance_labels"]
    arrived = {row["ping_id"] for row in mart.rows("select ping_id from main_staging.base_service_ping__leaves")}
    told = {(row["row_key"], row["finding"]) for row in mart.find("fct_input_findings", source="excluded_pings")}
    without_id = [key for key, finding in told if finding == "id_missing"]
    for row in made.raw.tables["excluded_pings"]:
        found = cleaned(row["ping_id"])
        if not (found in arrived or (found, "ping_unknown") in told or (not found and without_id)):
            lost.append(row)
    return lost


def scores_out_of_range(mart: Mart) -> list[Any]:
    """Whatever is called a score or points and is no number from 0 to 100."""
    columns = mart.rows(
        "select table_schema, table_name, column_name from information_schema.columns where data_type = 'DOUBLE' "
        "and table_schema in ('main', 'main_intermediate') "
        "and (column_name like '%\\_score' escape '\\' or column_name in ('score', 'points'))"
    )
    assert len(columns) > 10
    return [
        (one["table_name"], one["column_name"])
        for one in columns
        if mart.rows(
            f"select 1 from {one['table_schema']}.{one['table_name']} "
            f"where not {one['column_name']} between 0 and 100 limit 1"
        )
    ]


def build(bench: Bench, seed: int) -> None:
    """Builds the folder of one seed into an empty database, and looks at what became of it."""
    bench.mart.close()
    bench.database.unlink(missing_ok=True)
    shutil.rmtree(bench.raw, ignore_errors=True)
    made = hostile_folder(seed, bench.raw)
    run = bench.dbt(*BUILD)
    assert run.exit_code == 0, f"seed {seed}\n{run.failures}"
    assert set(run.nodes.values()) <= {"success", "pass", "warn", "no-op"}
    assert lost_pings(made, bench.mart) == [], f"seed {seed}"
    assert lost_rows(made, bench.mart) == [], f"seed {seed}"
    assert lost_others(made, bench.mart) == [], f"seed {seed}"
    assert scores_out_of_range(bench.mart) == [], f"seed {seed}"
    assert bench.mart.find("fct_unmapped_pings")
    assert bench.mart.rows("select 1 from fct_account_health where overall_score is not null limit 1")


@pytest.mark.parametrize("seed", FEW)
def test_no_raw_folder_stops_the_build_or_loses_a_row(home: Callable[[str], Path], models: Path, seed: int) -> None:
    """Without data tests, which test_odd_rows runs over rows that are no less odd."""
    folder = home("hostile")
    build(Bench(folder, folder / "raw", models, as_of=AS_OF, unreadable_cells="finding"), seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", MANY)
def test_none_of_fifty_raw_folders_stops_the_build_or_loses_a_row(bench: Bench, seed: int) -> None:
    build(bench, seed)
