"""Fixtures of the Snowflake tests: one local server, and the sample built on both warehouses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from parity import Parity, build_twice
from snowflake_bench import DATABASE, LocalSnowflake, TwoWarehouses

SMALL, SMALL_RAW = "SMALL", "SMALL_RAW"


@pytest.fixture(scope="session")
def server() -> Iterator[LocalSnowflake]:
    """The local server."""
    started = LocalSnowflake()
    yield started
    started.stop()


@pytest.fixture(scope="session")
def parity(server: LocalSnowflake, tmp_path_factory: pytest.TempPathFactory) -> Parity:
    """`dbt build` of the sample on both: its staging, and then all of it with new and late pings."""
    return build_twice(server, tmp_path_factory.mktemp("parity"))


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project without its tests."""
    import parsed_project
    from dbt_bench import models_only

    project = models_only(tmp_path_factory.mktemp("models") / "project")
    parsed_project.AS_IT_STANDS.add(project)
    return project


@pytest.fixture(scope="session")
def small(server: LocalSnowflake, models: Path) -> Callable[[Path], TwoWarehouses]:
    """Warehouses of nothing, with raw tables in a schema of their own; one after the other, so that dbt parses once for all."""

    def emptied(home: Path) -> TwoWarehouses:
        found = server.duckdb(
            f"select schema_name from information_schema.schemata where catalog_name = '{DATABASE}'"
            f" and schema_name like '{SMALL}%'"
        )
        for (schema,) in found:
            server.duckdb(f"drop schema {DATABASE}.{schema} cascade")
        server.connect(SMALL_RAW).close()
        return TwoWarehouses(home, home / "raw", server, models, {"raw_schema": SMALL_RAW}, SMALL)

    return emptied
