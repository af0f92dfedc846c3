"""A dispatched macro that goes wrong is noticed: each is broken in a copy of the project, and the marts must differ."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from parity import Parity, differences
from snowflake_bench import REPO, LocalSnowflake, TwoWarehouses

PARTS = ("models", "macros", "seeds", "tests/generic", "tests/singular", "dbt_project.yml")
BREAKS = {
    "nothing": ("macros/cross_db/text_values.sql", "", "", ""),
    "to_utc_timestamp": ("macros/cross_db/text_values.sql", "'( UTC|Z)$'", "'(Z)$'", "int_pings_classified"),
    "ping_leaves": ("macros/raw/snowflake/ping_leaves.sql", "if path in envelope else leaf", "", "fct_metric_values"),
    "full_match": (
        "macros/cross_db/text_values.sql",
        "coalesce(regexp_like({{ expression }}, '{{ pattern }}'), false)",
        "coalesce(regexp_like({{ expression }}, '.*{{ pattern }}.*'), false)",
        "dim_instances",
    ),
    "quarantined_lines": (
        "macros/raw/snowflake/quarantined_lines.sql",
        "or unreadable.raw_value is not null)",
        "or false)",
        "quarantined_pings",
    ),
}
"""By name: file, what stands there, what is put in its place, a relation that must show it."""


@pytest.mark.long
@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_macro_is_noticed_and_a_whole_one_is_not(
    name: str, parity: Parity, server: LocalSnowflake, tmp_path: Path
) -> None:
    file, whole, broken, shown_by = BREAKS[name]
    project = tmp_path / "project"
    for part in PARTS:
        source = REPO / part
        (shutil.copytree if source.is_dir() else shutil.copy)(source, _made(project / part))
    if whole:
        text = (project / file).read_text(encoding="utf-8")
        assert text.count(whole) == 1, f"{file} has changed: {whole}"
        (project / file).write_text(text.replace(whole, broken), encoding="utf-8")
    built = parity.warehouses
    copy = TwoWarehouses(
        tmp_path, built.raw, server, project, built.variables, f"BROKEN_{name.upper()}", built.database
    )
    without_tests = ["--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"]
    printed = copy.dbt("build", *without_tests, targets=["snowflake"])["snowflake"]
    assert printed.startswith("passed"), printed[-3000:]
    found = differences(copy)
    assert shown_by in found if shown_by else found == {}, list(found)


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
