"""docs/bands.md: its commands, in a copy of the project over the small sample, do what the page says."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import yaml
from dbt_bench import REPO, Bench, DbtRun, models_only
from doc_walk import steps

PAGE = REPO / "docs" / "bands.md"


@pytest.fixture(scope="module")
def followed(home: Callable[[str], Path], sample_bench: tuple[Bench, DbtRun]) -> tuple[Bench, list[dict[str, object]]]:
    """The page's blocks, one after the other: the shell's as they stand, dbt's in this process; what the query found."""
    built, run = sample_bench
    assert run.exit_code == 0, run.failures
    folder = home("bands")
    bench = Bench(folder, built.raw, models_only(folder / "project"))
    built.mart.close()
    shutil.copy(built.database, bench.database)
    found: list[dict[str, object]] = []
    for step in steps(PAGE):
        if step.body.startswith(".venv/bin/dbt "):
            command = shlex.split(step.body)[1:]
            bench.variables = yaml.safe_load(command.pop())
            assert command.pop() == "--vars"
            result = bench.dbt(*command)
            assert result.exit_code == 0, result.failures
        elif step.language == "sql":
            bench.mart.rows("select 1")
            assert bench.mart.connection is not None
            statements = step.body.replace("'before.duckdb'", f"'{bench.project / 'before.duckdb'}'").split(";\n")
            bench.mart.connection.execute(statements[0])
            found = bench.mart.rows(statements[1])
        else:
            settings = {**os.environ, "DUCKDB_PATH": str(bench.database)}
            subprocess.run(["bash", "-ec", step.body], cwd=bench.project, env=settings, check=True)
    return bench, found


def test_the_set_of_ours_has_every_row_of_the_one_it_was_copied_from_and_one_other_number(
    followed: tuple[Bench, list[dict[str, object]]],
) -> None:
    bench, _ = followed
    changed = []
    for name in ("score_bands", "scored_measures", "measure_weights"):
        rows = (bench.project / "seeds" / f"{name}.csv").read_text(encoding="utf-8").splitlines()
        assert rows[: -sum(row.startswith("ours_2026,") for row in rows)] == (
            (REPO / "seeds" / f"{name}.csv").read_text(encoding="utf-8").splitlines()
        )
        theirs, ours = (
            [row.partition(",")[2] for row in rows if row.startswith(f"{which},")]
            for which in ("handbook_2025", "ours_2026")
        )
        changed += [pair for pair in zip(theirs, ours, strict=True) if pair[0] != pair[1]]
    assert changed == [("ci_builds_per_user,0,,2,false,40,false", "ci_builds_per_user,0,,2,false,20,false")]


def test_accounts_between_the_old_limit_and_the_new_rise_and_no_other_moves(
    followed: tuple[Bench, list[dict[str, object]]],
) -> None:
    bench, found = followed
    june = {"period_start": date(2026, 6, 1), "measure": "ci_builds_per_user"}
    between = {
        row["account_id"]
        for row in bench.mart.find("fct_measure_scores", **june)
        if row["measure_value"] is not None and 20 < row["measure_value"] <= 40 and row["points"] is not None
    }
    names = {row["account_name"] for row in bench.mart.find("dim_accounts") if row["account_id"] in between}
    assert {row["account_name"] for row in found} == names
    assert all(row["after"] > row["before"] for row in found)  # type: ignore[operator]
    (alder,) = [row for row in found if row["account_name"] == "Alder Avionics"]
    # (64.15 + 0.15 x 25) / 0.85
    assert (alder["before"], alder["after"]) == (75.47, 79.88)
