"""The sample built on both warehouses: staging and snapshots first, then all of it with new and late pings.

What the second build makes anew each time, which is all but staging and snapshots, is not made twice.
"""

from __future__ import annotations

import gzip
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from raw_tables import land, land_pings
from snowflake_bench import REPO, LocalSnowflake, TwoWarehouses

SMALL = REPO / "sample" / "small"
BUILD = ("build", "--exclude-resource-type", "unit_test")
FIRST = (*BUILD, "test", "--select", "path:models/staging", "resource_type:seed", "resource_type:snapshot")
LATER = "received_month=2026-06"
CORRECTED = "received_month=2026-01/pings_2026-01-20.jsonl.gz"
FORGOTTEN = "counts.ci_runners"
"""A key path that the first run on Snowflake is made not to know, so that the second has to back-fill it."""
LOADER_ROLE = "CUSTOMER_HEALTH_LOADER"
"""As in snowflake/setup.sql; the build grants it the publish models."""


@dataclass
class Parity:
    """The sample on both warehouses.

    Attributes:
        first, second: what dbt printed, by target, of the first build, without data tests, and of the second, which is whole.
        differences: of every relation after the second build.
        corrected: id and activated seats of a ping that was landed again, corrected.
    """

    warehouses: TwoWarehouses
    first: dict[str, str]
    second: dict[str, str]
    differences: dict[str, list[str]]
    corrected: tuple[str, str]


ODD_LINES = [
    {"ping_id": "odd-1", "received_at": "2026-06-11T01:02:03Z", "payload": {}},
    {"ping_id": "odd-2", "received_at": "2026-06-11T01:02:03Z", "payload": []},
    {"ping_id": "odd-3", "received_at": "2026-06-11T01:02:03Z"},
    {"ping_id": " ", "received_at": "2026-06-11T01:02:03Z", "payload": {"uuid": "u"}},
    {"ping_id": "odd-5", "received_at": "yesterday", "payload": {"uuid": "u"}},
]
"""Lines that are JSON and no pings."""
PARTS = {
    # DuckDB reads files and keeps what it knows of them; Snowflake marks rows by their id and when they were landed.
    "base_service_ping__inputs": "entry_type = 'key_path'",
    "base_service_ping__leaves": "ping_id is not null and key_path != ''",
    "base_service_ping__saved_arrivals": "false",
    "base_service_ping__unread_lines": "false",
}


def _is_later(file: Path) -> bool:
    """Files that arrive between the two builds: the last month, and every late one."""
    return file.parent.name == LATER or file.name.startswith("late_")


def differences(warehouses: TwoWarehouses) -> dict[str, list[str]]:
    """What differs in any relation, cell by cell."""
    return warehouses.differences(warehouses.relations(), PARTS)


def forget_key_path(server: LocalSnowflake) -> None:
    """Take one key path out of what Snowflake holds, as if its metric were new."""
    staging = "CUSTOMER_HEALTH.MARTS_STAGING"
    server.duckdb(f"delete from {staging}.BASE_SERVICE_PING__LEAVES where KEY_PATH = '{FORGOTTEN}'")
    server.duckdb(
        f"delete from {staging}.BASE_SERVICE_PING__LEAVES where PING_ID is null and SOURCE_FILE = '{FORGOTTEN}'"
    )


def correct_one(server: LocalSnowflake, raw: Path) -> tuple[str, str]:
    """A ping comes again with another number in it, the same id, arrival and file; its id and activated seats."""
    file = raw / "service_pings" / CORRECTED
    lines = gzip.decompress(file.read_bytes()).decode("utf-8").splitlines()
    number, record = next(
        (number, record)
        for number, record in enumerate(map(json.loads, lines))
        if isinstance(record["payload"].get("license_billable_users"), int)
    )
    record["payload"]["license_billable_users"] += 7
    lines[number] = json.dumps(record)
    file.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode("utf-8")))
    land_pings(server.duckdb, [file], only=f"line_number = {number + 1}")
    return record["ping_id"], str(record["payload"]["license_billable_users"])


def build_twice(server: LocalSnowflake, home: Path) -> Parity:
    """Build the sample on both: its staging, and then all of it with new and late pings."""
    raw = home / "raw"
    shutil.copytree(SMALL, raw, ignore=lambda _, names: {n for n in names if n.startswith(("late_", LATER))})
    truth = json.loads((SMALL / "truth.json").read_text(encoding="utf-8"))
    warehouses = TwoWarehouses(home, raw, server, variables={"as_of": truth["as_of"], "loader_role": LOADER_ROLE})
    land(server.duckdb, raw)
    first = warehouses.dbt(*FIRST)
    assert first["snowflake"].startswith("passed"), first["snowflake"][-6000:]
    forget_key_path(server)
    later = [file for file in sorted((SMALL / "service_pings").rglob("*.jsonl*")) if _is_later(file)]
    landed = [raw / file.relative_to(SMALL) for file in later]
    for file, place in zip(later, landed, strict=True):
        place.parent.mkdir(exist_ok=True)
        shutil.copy(file, place)
    corrected = correct_one(server, raw)
    odd = raw / "service_pings" / LATER / "odd.jsonl"
    odd.write_text("".join(json.dumps(line) + "\n" for line in ODD_LINES), encoding="utf-8")
    land_pings(server.duckdb, [*landed, odd])
    second = warehouses.dbt(*BUILD)
    assert second["snowflake"].startswith("passed"), second["snowflake"][-6000:]
    return Parity(warehouses, first, second, differences(warehouses), corrected)
