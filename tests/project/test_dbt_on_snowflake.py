"""examples/dbt_on_snowflake: the project with a profile that is written out, and without environment variables."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from dbt.cli.main import dbtRunner
from dbt_bench import QUIET, REPO, release_database

EXAMPLE = REPO / "examples" / "dbt_on_snowflake"
SQL = (EXAMPLE / "project.sql").read_text(encoding="utf-8")
DUCKDB_ONLY = {"macros/raw/raw_path.sql"}
"""Where the place of raw files is made absolute: asked for on DuckDB alone, past the first `or`."""


def variables() -> dict[str, Any]:
    """The vars of `execute dbt project`, which stands there twice."""
    first, second = re.findall(r"--vars ''(.+?)''", SQL)
    assert first == second
    return dict(yaml.safe_load(first))


def test_the_profile_has_all_that_snowflake_asks_for_and_nothing_to_be_rendered() -> None:
    text = (EXAMPLE / "profiles.yml").read_text(encoding="utf-8")
    assert "{{" not in text
    profile = yaml.safe_load(text)["customer_health"]
    output = profile["outputs"][profile["target"]]
    assert output["type"] == "snowflake"
    assert all(output[name] for name in ("role", "warehouse", "database", "schema"))
    setup = (REPO / "snowflake" / "setup.sql").read_text(encoding="utf-8").lower()
    assert f"create schema if not exists {output['database']}.{output['schema']};".lower() in setup
    assert f"create role if not exists {output['role']}".lower() in setup


def test_no_environment_variable_is_asked_for_where_var_raw_path_is_given() -> None:
    assert variables()["raw_path"]
    files = [REPO / "dbt_project.yml"]
    files += [path for part in ("models", "macros", "seeds") for path in (REPO / part).rglob("*") if path.is_file()]
    asked = []
    for path in files:
        text = path.read_text(encoding="utf-8").replace(
            "var('raw_path', none) or env_var('RAW_PATH', 'sample/raw')", ""
        )
        if "env_var(" in text and path.relative_to(REPO).as_posix() not in DUCKDB_ONLY:
            asked.append(path)
    assert asked == []


@pytest.mark.long
def test_the_project_parses_with_the_profile_and_reads_no_environment_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAW_PATH", "/never/asked/for")
    release_database()
    arguments = ["parse", "--project-dir", str(REPO), "--profiles-dir", str(EXAMPLE), "--target-path", str(tmp_path)]
    parsed = dbtRunner().invoke([*QUIET, *arguments, "--vars", yaml.safe_dump(variables())])
    release_database()
    assert parsed.success, parsed.exception
    assert parsed.result.env_vars == {}
    assert "model.customer_health.base_service_ping__files" in parsed.result.disabled
