"""dbt's snapshots, dated by as_of, hold the same on DuckDB and through dbt-snowflake, edit after edit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from raw_folder import RawFolder
from raw_tables import land
from snowflake_bench import LocalSnowflake, TwoWarehouses

MODELS = [f"int_{name}_known" for name in ("accounts", "subscriptions", "licenses", "instance_labels")]
SNAPSHOTS = ["snap_crm__accounts", "snap_crm__subscriptions", "snap_crm__licenses", "snap_gainsight__instance_labels"]
RELATIONS = [*(("_intermediate", name) for name in MODELS), *(("_snapshots", name) for name in SNAPSHOTS)]


@dataclass
class Edited:
    """The two warehouses after four builds.

    Attributes:
        differences: between the two after each build.
        accounts: the rows of the accounts' snapshot after each build.
    """

    differences: list[dict[str, list[str]]]
    accounts: list[list[tuple[Any, ...]]]


def a_few() -> RawFolder:
    """Three customers."""
    raw = RawFolder()
    for name in "ABC":
        raw.account(name)
        raw.subscription(f"S{name}", name, "2025-01-15", seats=100)
        raw.add("licenses", license_id=f"L{name}", license_md5="ab" * 16, subscription_id=f"S{name}")
        raw.label(f"uuid-{name}", f"{name}.example")
        raw.ping(f"uuid-{name}", f"{name}.example", "2026-06-01T00:00:00Z")
    return raw


def edit(raw: RawFolder) -> None:
    """One row of each table is changed, the last one deleted, and an account comes."""
    changes = {"accounts": "segment", "subscriptions": "seats", "licenses": "seats", "instance_labels": "label"}
    for table, column in changes.items():
        raw.tables[table][0][column] = 7
        raw.tables[table].pop()
    raw.account("NEW")


@pytest.fixture(scope="module")
def edited(
    small: Callable[[Path], TwoWarehouses], server: LocalSnowflake, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Edited]:
    """As of 30 June; edited, as of 10 July; the account's edit taken back, on the same day; as of 30 June again."""
    home = tmp_path_factory.mktemp("snapshots")
    raw, found = a_few(), Edited([], [])
    warehouses = small(home)
    for as_of, change in (
        ("2026-06-30", lambda: None),
        ("2026-07-10", lambda: edit(raw)),
        ("2026-07-10", lambda: raw.tables["accounts"][0].update(segment="")),
        ("2026-06-30", lambda: None),
    ):
        change()
        land(server.duckdb, raw.write(home / "raw"), "CUSTOMER_HEALTH.SMALL_RAW")
        warehouses.variables["as_of"] = as_of
        # what they are made from are seeds, and views: once
        select = (*SNAPSHOTS, *MODELS) if found.accounts else tuple(f"+{name}" for name in MODELS)
        said = warehouses.dbt("build", "--select", *select, "--exclude-resource-type", "unit_test", "test")
        assert all(text.startswith("passed") for text in said.values()), said
        found.differences.append(warehouses.differences(RELATIONS, {}))
        found.accounts.append(
            server.duckdb(
                "select ACCOUNT_ID, SEGMENT, DBT_VALID_FROM::varchar, DBT_VALID_TO::varchar"
                " from CUSTOMER_HEALTH.SMALL_SNAPSHOTS.SNAP_CRM__ACCOUNTS order by all"
            )
        )
    yield found


def test_after_every_build_both_hold_the_same(edited: Edited) -> None:
    """Snapshots, and the states read from them."""
    assert edited.differences == [{}, {}, {}, {}]


def test_an_edit_is_dated_by_as_of_and_an_edit_of_the_same_day_replaces_it(edited: Edited) -> None:
    """A's segment came and went on 10 July: nothing is left of it; C was gone and NEW there since that day."""
    first, changed, taken_back, _ = edited.accounts
    assert first == [(name, None, "2026-06-30", None) for name in "ABC"]
    gone, new = ("C", None, "2026-06-30", "2026-07-10"), ("NEW", None, "2026-07-10", None)
    assert changed == [
        ("A", "7", "2026-07-10", None),
        ("A", None, "2026-06-30", "2026-07-10"),
        first[1],
        gone,
        new,
    ]
    assert taken_back == [*first[:2], gone, new]


def test_a_build_as_of_an_older_day_writes_nothing(edited: Edited) -> None:
    """The fourth build."""
    assert edited.accounts[3] == edited.accounts[2]
