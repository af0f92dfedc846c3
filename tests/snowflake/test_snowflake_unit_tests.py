"""dbt's unit tests, which `make test` runs on DuckDB, on the local server as well."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from parity import Parity
from snowflake_bench import LocalSnowflake, TwoWarehouses


@pytest.mark.long
def test_every_unit_test_passes_on_the_local_server(parity: Parity, server: LocalSnowflake, tmp_path: Path) -> None:
    """Over the parity build's relations, whose columns give dbt the types of the rows that a test makes up."""
    run = TwoWarehouses(tmp_path, parity.warehouses.raw, server, database=parity.warehouses.database)
    printed = run.dbt("test", "--select", "test_type:unit", targets=["snowflake"])["snowflake"]
    target = run.target_path("snowflake")
    wanted = json.loads((target / "manifest.json").read_text(encoding="utf-8"))["unit_tests"]
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    passed = {each["unique_id"] for each in results if each["status"] == "pass"}
    assert len(wanted) > 80
    assert wanted.keys() - passed == set(), printed[-5000:]
