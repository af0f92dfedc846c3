"""Each bad input gives one clear message with the way out, a non-zero exit, and nothing half-written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from broken_lines import expected_rows
from dbt_bench import Bench, Mart
from refusals import QUICK, WAY_OUT, good_raw, refused
from sampled import sampled

REQUIRED = ["accounts", "subscriptions", "licenses", "instance_labels", "objectives"]


@pytest.fixture
def bench(spoilt_bench: Bench) -> Bench:
    return spoilt_bench


@pytest.fixture
def raw(bench: Bench) -> Path:
    """A good raw folder, to be spoilt."""
    shutil.rmtree(bench.raw, ignore_errors=True)
    return good_raw().write(bench.raw)


def test_a_good_folder_is_not_refused(bench: Bench, raw: Path) -> None:
    """So that the refusals below are of what each test spoilt."""
    bench.build("seed")
    bench.build("run", "--select", "+dim_accounts")


def test_a_missing_raw_folder_is_named_with_the_way_out(bench: Bench, raw: Path) -> None:
    shutil.rmtree(raw)
    refused(bench, f'the raw folder "{raw}" is missing or empty', WAY_OUT)


def test_an_empty_raw_folder_is_named_with_the_way_out(bench: Bench, raw: Path) -> None:
    shutil.rmtree(raw)
    raw.mkdir()
    refused(bench, f'the raw folder "{raw}" is missing or empty', WAY_OUT)


def test_a_folder_without_pings_is_named(bench: Bench, raw: Path) -> None:
    shutil.rmtree(raw / "service_pings")
    refused(bench, "no usage pings", f"{raw}/service_pings", WAY_OUT)


def test_a_folder_none_of_whose_files_can_be_read_is_named(bench: Bench, raw: Path) -> None:
    """DuckDB cannot list it, so the first model says it."""
    shutil.rmtree(raw / "service_pings")
    (raw / "service_pings").mkdir()
    Path(os.fsdecode(os.fsencode(raw) + b"/service_pings/caf\xe9.jsonl")).write_text("{}")
    run = bench.dbt("run", "--select", "+base_service_ping__inputs")
    assert run.exit_code != 0
    for part in ("no usage pings: none of the 1 files", f"{raw}/service_pings", "caf\\xe9.jsonl", "rename it"):
        assert part in run.failures
    shutil.rmtree(raw)


@pytest.mark.parametrize("table", sampled(REQUIRED, ["objectives"]))
def test_a_missing_file_is_named_with_the_way_out(bench: Bench, raw: Path, table: str) -> None:
    (raw / f"{table}.csv").unlink()
    refused(bench, f'the required file "{raw}/{table}.csv" is missing or empty', WAY_OUT)


def test_an_empty_required_file_is_named(bench: Bench, raw: Path) -> None:
    (raw / "licenses.csv").write_bytes(b"")
    refused(bench, f'the required file "{raw}/licenses.csv" is missing or empty', WAY_OUT)


@pytest.mark.parametrize("content", [None, b"", b"ping_id,reason\n"])
def test_the_optional_file_may_be_absent_or_empty(bench: Bench, raw: Path, content: bytes | None) -> None:
    """excluded_pings.csv: an empty table."""
    path = raw / "excluded_pings.csv"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    bench.build("run", "--select", "base_service_ping__excluded_pings stg_service_ping__excluded_pings")
    assert bench.mart.find("main_staging.stg_service_ping__excluded_pings") == []
    bench.mart.close()


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("subscriptions", "original_subscription_id"),
        ("licenses", "license_sha256"),
        ("excluded_pings", "ping_id"),
    ],
)
def test_a_csv_without_a_column_is_named_with_the_column(bench: Bench, raw: Path, table: str, column: str) -> None:
    path = raw / f"{table}.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(column, f"{column}_renamed", 1), encoding="utf-8")
    refused(bench, f'"{path}" has no column "{column}"', f"{column}_renamed")


CELLS: list[tuple[str, dict[str, str], str]] = [
    ("subscriptions", {"start_date": "2026-02-30"}, 'column "start_date": "2026-02-30" is not a date'),
    ("subscriptions", {"seats": "many"}, 'column "seats": "many" is not an integer'),
    ("subscriptions", {"arr": "1,000 USD"}, 'column "arr": "1,000 USD" is not a double'),
    ("subscriptions", {"is_trial": "perhaps"}, 'column "is_trial": "perhaps" is not a boolean'),
    ("subscriptions", {"start_date": "26-01-31"}, 'column "start_date": "26-01-31" is not a date'),
    ("subscriptions", {"seats": "1,200"}, 'column "seats": "1,200" is not an integer'),
    ("licenses", {"starts_at": "20250115x"}, 'column "starts_at": "20250115x" is not a date'),
    ("licenses", {"expires_at": "never"}, 'column "expires_at": "never" is not a date or later'),
    ("instance_labels", {"labelled_at": "yesterday"}, 'column "labelled_at": "yesterday" is not a timestamp'),
    ("objectives", {"target_value": "NaN?"}, 'column "target_value": "NaN?" is not a double'),
    ("instance_labels", {"labelled_at": "infinity"}, 'column "labelled_at": "infinity" is not a timestamp'),
]
ONE_OF_EACH_TYPE = (CELLS[0], CELLS[1], CELLS[3], CELLS[8])
"""A date, an integer, a boolean, a timestamp; test_odd_cells reads every cell of every column where they are findings."""


@pytest.mark.parametrize(("table", "row", "problem"), sampled(CELLS, ONE_OF_EACH_TYPE))
def test_a_cell_that_cannot_be_read_is_named_with_file_line_and_column(
    bench: Bench, raw: Path, table: str, row: dict[str, str], problem: str
) -> None:
    """The bad row is the last of the file."""
    spoilt = good_raw()
    spoilt.tables[table].append({**spoilt.tables[table][0], **row})
    spoilt.write(raw)
    line = len(spoilt.tables[table]) + 1
    refused(bench, f'"{raw}/{table}.csv", line {line}, {problem}')


def test_the_first_of_several_bad_cells_is_named(bench: Bench, raw: Path) -> None:
    """One message, not a list of everything."""
    spoilt = good_raw()
    spoilt.tables["subscriptions"][0]["seats"] = "few"
    spoilt.tables["subscriptions"][1]["seats"] = "many"
    spoilt.write(raw)
    run = refused(bench, 'subscriptions.csv", line 2, column "seats": "few"')
    assert "many" not in run.said


SPREADSHEETS: dict[str, tuple[Callable[[str], str], list[str]]] = {
    "ragged": (lambda text: text.replace("A2,A2", "A2,A2,too,many,cells,in,this,row"), ["line 3"]),
    "not-utf8": (lambda text: text.replace("A2,A2", "A2,Zo\udce9"), ["line 3"]),
    "crlf": (lambda text: text.replace("\n", "\r\n"), []),
    "byte-order-mark": (lambda text: "\ufeff" + text, []),
    "quoted": (lambda text: text.replace("A1,A1", 'A1,"One, two\nand ""three"""'), []),
    "mixed-line-ends": (
        lambda text: text.replace("\n", "\r\n", 1),
        ["CSV Parser state machine reached an invalid state"],
    ),
    "semicolons": (
        lambda text: text.replace(",", ";"),
        ['has no column "account_id"; it has: account_id;account_name'],
    ),
    "short": (lambda text: text.replace("A2,A2", "A2,A2\nA3"), ["line 3"]),
    "backslash": (
        lambda text: text.replace("A1,A1", 'A1,"The \\"A\\" company"'),
        ["line 2", "unterminated quote"],
    ),
}


@pytest.mark.parametrize(
    "kind", sampled(SPREADSHEETS, ["ragged", "not-utf8", "byte-order-mark", "quoted", "semicolons"])
)
def test_a_csv_is_read_or_its_line_is_named(bench: Bench, raw: Path, kind: str) -> None:
    """What spreadsheets write is read; what is no CSV is named with the line."""
    spoil, parts = SPREADSHEETS[kind]
    path = raw / "accounts.csv"
    text = spoil(path.read_text(encoding="utf-8"))
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    if parts:
        refused(bench, str(path), *parts)
    else:
        bench.build("run", "--select", "+stg_crm__accounts")
        assert {row["account_id"] for row in bench.mart.find("main_staging.stg_crm__accounts")} == {"A1", "A2"}
        bench.mart.close()


@pytest.mark.parametrize(
    ("variables", "command", "parts"),
    [
        ({"grain": "quarter"}, QUICK, ["grain", "quarter", "month, two_weeks or week"]),
        ({"cancelled_subscriptions": "always"}, QUICK, ['"always"', "until_term_end or never"]),
        ({"as_of": "2026-02-30"}, QUICK, ['as_of is "2026-02-30"', "YYYY-MM-DD"]),
        (
            {"threshold_set": "handbook_2026"},
            ("run", "--select", "int_subscription_points"),
            ['threshold_set is "handbook_2026"', "handbook_2025, sql_2023"],
        ),
    ],
)
def test_a_wrong_variable_is_named_with_what_it_may_be(
    bench: Bench, raw: Path, variables: dict[str, Any], command: tuple[str, ...], parts: list[str]
) -> None:
    before = bench.variables
    bench.variables = {**before, **variables}
    try:
        refused(bench, *parts, command=command)
    finally:
        bench.variables = before


def test_lines_that_cannot_be_read_are_listed_with_file_line_and_reason(worked_mart: Mart) -> None:
    """Every one of them, no good one, and the build went through."""
    rows = worked_mart.rows(
        "select source_file, line_number, reason from quarantined_pings where source_file not like '%canaries%'"
    )
    found = {(row["source_file"].removeprefix("service_pings/"), row["line_number"], row["reason"]) for row in rows}
    assert found == expected_rows()
    assert len(rows) == len(found)


def test_good_lines_among_damaged_ones_are_read(worked_mart: Mart) -> None:
    """In a plain and in a compressed file, beside a line that is too long, in an array."""
    rows = worked_mart.rows("select ping_id from fct_unmapped_pings where ping_id like 'among-broken-%' order by 1")
    assert [row["ping_id"] for row in rows] == [f"among-broken-{number}" for number in range(1, 6)]


@pytest.mark.parametrize("ping_id", ["uuid-null", "uuid-empty", "uuid-blank", "unbuilt"])
def test_a_ping_that_names_no_installation_is_listed_as_invalid(worked_mart: Mart, ping_id: str) -> None:
    assert worked_mart.one("fct_unmapped_pings", ping_id=ping_id)["unmapped_reason"] == "invalid"


def test_unreadable_cells_are_findings_where_the_var_says_so(bench: Bench, raw: Path) -> None:
    """A row without a start is kept out; another cell counts as empty."""
    spoilt = good_raw()
    first, second = spoilt.tables["subscriptions"]
    first.update(seats="1,200", end_date="31/12/2027")
    second.update(start_date="26-01-31")
    spoilt.write(raw)
    before = bench.variables
    bench.variables = {**before, "unreadable_cells": "finding"}
    try:
        bench.build("seed")
        bench.build("run", "--select", "+fct_input_findings")
    finally:
        bench.variables = before
    found = bench.mart.find("fct_input_findings", source="subscriptions")
    bench.mart.close()
    assert {(row["row_key"], row["column_name"], row["effect"], row["message"]) for row in found} == {
        ("S1", "seats", "value_ignored", "1,200 cannot be read as seats"),
        ("S1", "end_date", "value_ignored", "31/12/2027 cannot be read as end_date"),
        ("S2", "start_date", "kept_out", "26-01-31 is no date (YYYY-MM-DD), so nobody knows when it counts"),
    }


def command_line(bench: Bench, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """dbt as a person starts it."""
    program = str(Path(sys.executable).parent / "dbt")
    database = str(bench.parsed / bench.database.name)
    environment = {
        **bench.settings,
        "DUCKDB_PATH": database,
        "PATH": "/usr/bin:/bin",
        "HOME": str(cwd),
        "NO_COLOR": "1",
    }
    return subprocess.run(
        [program, *arguments], capture_output=True, text=True, cwd=cwd, env=environment, timeout=120, check=False
    )


def test_the_command_line_ends_with_the_message_and_status_2(bench: Bench, raw: Path, tmp_path: Path) -> None:
    """The same as in this process: exit status, one message, no traceback."""
    assert bench.manifest(lambda _: None).success
    shutil.rmtree(raw)
    known = (
        "--target-path",
        str(bench.parsed),
        "--vars",
        "{}",
    )  # what was parsed just now, so that dbt need not do it again
    result = command_line(bench, *bench.arguments(*QUICK), *known, cwd=tmp_path)
    assert result.returncode == 2
    said = result.stdout + result.stderr
    assert said.count(f'the raw folder "{raw}" is missing or empty') == 1
    assert "Traceback" not in said


def test_a_missing_profile_is_named(bench: Bench, raw: Path, tmp_path: Path) -> None:
    """No profiles.yml where dbt looks for it."""
    arguments = bench.arguments(*QUICK)
    arguments[arguments.index("--profiles-dir") + 1] = str(tmp_path)
    result = command_line(bench, *arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert "Could not find profile named 'customer_health'" in result.stdout + result.stderr
    assert not list(tmp_path.glob("*.duckdb"))
