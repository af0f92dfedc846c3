"""Fixtures of the Snowflake tests: one local server, and the sample built on both warehouses, twice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from parity import Parity, build_twice
from snowflake_bench import LocalSnowflake


@pytest.fixture(scope="session")
def server() -> Iterator[LocalSnowflake]:
    """The local server."""
    started = LocalSnowflake()
    yield started
    started.stop()


@pytest.fixture(scope="session")
def parity(server: LocalSnowflake, tmp_path_factory: pytest.TempPathFactory) -> Parity:
    """`dbt build` of the sample on both: once in full, once more with new and late pings."""
    return build_twice(server, tmp_path_factory.mktemp("parity"))
