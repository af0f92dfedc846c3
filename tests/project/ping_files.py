"""Files of pings in a raw folder, and what a run of staging reads of them."""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dbt_bench import Bench, DbtRun, release_database
from raw_folder import RawFolder
from refusals import good_raw

STAGING = ("run", "--select", "path:models/staging/service_ping", "quarantined_pings", "int_input_findings_files")
PINGS = "main_staging.stg_service_ping__pings"
LEAVES = "main_staging.base_service_ping__leaves"
RAW_NAME = "it's [raw] {0} {x} 50%"
"""A folder's name that needs care."""


def anew(seeded: Bench) -> Bench:
    """The same database and raw folder, as they were at first."""
    seeded.mart.close()
    release_database()
    seeded.raw = seeded.home / RAW_NAME
    shutil.rmtree(seeded.raw, ignore_errors=True)
    good_raw().write(seeded.raw)
    shutil.copy(seeded.home / "seeded.duckdb", seeded.database)
    seeded.database.with_suffix(".duckdb.wal").unlink(missing_ok=True)
    return seeded


def pings_file(bench: Bench, name: str, *pings: tuple[str, int], received_at: str = "2026-06-10T06:00:00Z") -> Path:
    """Writes a file of pings (id, activated seats)."""
    raw = RawFolder()
    for ping_id, activated in pings:
        raw.ping("uuid-1", "git.example", received_at, ping_id=ping_id, file=name, activated=activated)
    path = bench.raw / "service_pings" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in raw.files[name]), encoding="utf-8")
    return path


def activated(bench: Bench) -> dict[str, str]:
    """Activated seats by ping id, as the marts would read them."""
    rows = bench.mart.rows(
        "select ping_id, raw_value from main_staging.stg_service_ping__values where key_path = 'license_billable_users'"
    )
    bench.mart.close()
    return {row["ping_id"]: row["raw_value"] for row in rows}


def leaves(bench: Bench) -> list[Any]:
    """Everything extracted."""
    rows = bench.mart.rows(f"select * from {LEAVES} order by all")
    bench.mart.close()
    return rows


def staging(bench: Bench, *more: str, **variables: Any) -> DbtRun:
    """One run of the models of this module."""
    before = bench.variables
    bench.variables = {**before, **variables}
    try:
        return bench.build(*STAGING, *more)
    finally:
        bench.variables = before


def saved(bench: Bench, name: str, recorded_at: str | None, saved_at: str, **counts: int) -> Path:
    """A hand-saved payload whose file was last changed at a time."""
    payload = RawFolder().payload(f"uuid-{name}", "git.example", recorded_at or "", **counts)
    if recorded_at is None:
        del payload["recorded_at"]
    path = bench.raw / "service_pings" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(payload, indent=1), encoding="utf-8")
    moment = datetime.fromisoformat(saved_at).replace(tzinfo=UTC).timestamp()
    os.utime(path, (moment, moment))
    return path


def quarantined(bench: Bench) -> dict[str, str]:
    """Reason by file of what is listed as a whole."""
    rows = bench.mart.rows("select source_file, reason from quarantined_pings where line_number is null")
    bench.mart.close()
    assert len({row["source_file"] for row in rows}) == len(rows)
    return {row["source_file"].removeprefix("service_pings/"): row["reason"] for row in rows}
