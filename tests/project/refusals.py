"""Good raw data to be spoilt, and what it means that a run is refused."""

from __future__ import annotations

from dbt_bench import Bench, DbtRun
from raw_folder import RawFolder

WAY_OUT = "Set RAW_PATH (or var raw_path) to the folder of raw files, or run `make sample`"
QUICK = ("run", "--select", "dim_accounts")


def good_raw() -> RawFolder:
    """One customer with one ping, and a row in every table."""
    raw = RawFolder()
    raw.account("A1", csm_email="csm@us.example")
    raw.account("A2")
    raw.subscription("S1", "A1", "2025-01-15", seats=100)
    raw.subscription("S2", "A2", "2025-01-15", seats=100)
    raw.add(
        "licenses", license_id="L1", subscription_id="S1", seats=100, starts_at="2025-01-15", expires_at="9999-01-01"
    )
    raw.label("uuid-1", "git.example")
    raw.add("objectives", objective_id="O1", account_id="A1", metric_name="activated_seats", target_value=1,
            starts_on="2025-01-01", due_on="2026-12-31")  # fmt: skip
    raw.ping("uuid-1", "git.example", "2026-06-20T06:00:00Z", {"license_subscription_id": "S1"}, activated=50)
    return raw


def relations(bench: Bench) -> list[tuple[str, str]]:
    """What is in the database."""
    if not bench.database.exists():
        return []
    found = bench.mart.relations()
    bench.mart.close()
    return found


def refused(bench: Bench, *parts: str, command: tuple[str, ...] = QUICK) -> DbtRun:
    """Runs dbt; it must fail with a message that has all the parts, and must write nothing."""
    before = relations(bench)
    run = bench.dbt(*command)
    assert run.exit_code != 0
    for part in parts:
        assert part in run.failures
    assert "Traceback" not in run.said
    assert relations(bench) == before
    return run
