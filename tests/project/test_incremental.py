"""Late files, repeated pings, files that grow, new metrics: the mart is that of a full refresh."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from dbt_bench import SMALL, Mart, differences
from history import GROWS, LANDED, MISSING_AT_FIRST, REPEATED, REPEATS, History
from raw_folder import instance_id

NEW = ("wiki_pages_28_days_user", "snippets_28_days_event")


@pytest.mark.parametrize("schema", ["main", "main_intermediate"])
def test_late_repeated_and_replayed_files_leave_what_a_full_refresh_makes(history: History, schema: str) -> None:
    """After all runs, and after a full refresh of the same files: the same rows in every table."""
    found = differences(history.marts["replayed"], history.marts["full_refresh"], schema)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("relation", ["stg_service_ping__pings", "stg_service_ping__values", "stg_crm__accounts"])
def test_staging_too_is_what_a_full_refresh_makes(history: History, relation: str) -> None:
    """The pings and their values, whatever the order in which they came."""
    held = [
        sorted(map(repr, history.marts[name].find(f"main_staging.{relation}"))) for name in ("replayed", "full_refresh")
    ]
    assert held[0]
    assert held[0] == held[1]


def without_new(value: Any) -> Any:
    """A value; of a list of metrics and their reasons the metrics that were there before."""
    if not isinstance(value, str):
        return value
    return ", ".join(part for part in value.split(", ") if " " not in part or part.split(" ")[0] not in NEW) or None


def without_new_metrics(mart: Mart, relation: str) -> list[str]:
    """The rows of a mart, less the columns and rows of the metrics that were added."""
    rows = []
    for row in mart.find(relation):
        kept = {name: without_new(value) for name, value in row.items() if name not in (*NEW, "run_id")}
        if not any(value in NEW for value in kept.values() if isinstance(value, str)):
            rows.append(repr(kept))
    return sorted(rows)


def test_a_replay_of_the_same_files_changes_nothing(history: History) -> None:
    """Two files came again under other names, and two metrics were added: nothing else changed."""
    before, after = history.marts["late"], history.marts["replayed"]
    relations = [name for schema, name in before.relations() if schema == "main"]
    assert len(relations) > 20
    changed = [name for name in relations if without_new_metrics(before, name) != without_new_metrics(after, name)]
    assert changed == []


def test_late_files_change_the_mart_at_all(history: History) -> None:
    """So that the comparisons above compare something."""
    found = differences(history.marts["first"], history.marts["late"], "main")
    changed = {line.split(":")[0] for line in found}
    assert {"fct_instance_activity", "fct_metric_values", "fct_unmapped_pings"} <= changed


def all_files(history: History) -> set[str]:
    """Every ping file that is there after the last run."""
    return {str(path.relative_to(history.pings)) for path in history.pings.rglob("*") if path.is_file()}


NEWCOMERS = {*MISSING_AT_FIRST, GROWS, LANDED, REPEATS}
REPLAYED = {f"replayed/{Path(name).name}" for name in (REPEATED, REPEATS)}


def test_a_file_that_was_read_is_not_read_again(history: History) -> None:
    """The SQL that reads payloads names new and grown files, and no other."""
    assert history.read_files["first"] == all_files(history) - NEWCOMERS - REPLAYED | {GROWS}
    assert history.read_files["late"] == NEWCOMERS


@pytest.mark.parametrize(
    ("run", "files", "key_paths"),
    [
        ("late", NEWCOMERS, set()),
        (
            "replayed",
            REPLAYED,
            {"counts_monthly.snippets", "redis_hll_counters.source_code.wiki_action_monthly"},
        ),
    ],
)
def test_the_inputs_say_what_is_new_in_a_run(history: History, run: str, files: set[str], key_paths: set[str]) -> None:
    """base_service_ping__inputs against what earlier runs extracted."""
    new = history.marts[run].find("main_staging.base_service_ping__inputs", is_new=True)
    names = {row["entry_name"] for row in new if row["entry_type"] == "file"}
    assert {name.removeprefix("service_pings/") for name in names} == files
    assert {row["entry_name"] for row in new if row["entry_type"] == "key_path"} == key_paths
    assert not [row for row in new if row["entry_type"] == "raw_path"]


@pytest.mark.parametrize("run", ["first", "late", "replayed", "full_refresh"])
def test_what_was_read_stands_with_what_was_read_out(history: History, run: str) -> None:
    """Inputs and leaves agree after each run, so that the next one knows."""
    mart = history.marts[run]
    read = mart.rows(
        "select key_path as entry_type, source_file as entry_name, raw_value as entry_version"
        " from main_staging.base_service_ping__leaves where ping_id is null and key_path != 'unreadable' order by all"
    )
    columns = "select entry_type, entry_name, entry_version from main_staging"
    assert read == mart.rows(f"{columns}.base_service_ping__inputs order by all")


def test_example_29_a_late_ping_rebuilds_its_own_month(history: History) -> None:
    """Received on 28 January, loaded with the files of February: January's row is made from it."""
    for run, activated, day, pings in (("first", 500, 21, 1), ("late", 600, 28, 2)):
        mart = history.marts[run]
        row = mart.one(
            "fct_instance_activity",
            instance_id=instance_id("uuid-29", "git29.example"),
            period_start=date(2026, 1, 1),
        )
        assert (row["activated_seats"], row["ping_count"]) == (activated, pings)
        assert row["last_ping_at"] == datetime(2026, 1, day, 6)
        seats = mart.one("fct_seat_utilization", subscription_id="S29", period_start=date(2026, 1, 1))
        assert seats["license_utilization"] == activated / 1000


def test_of_several_arrivals_of_a_ping_the_latest_until_as_of_counts(history: History) -> None:
    """Arriving later it replaces, arriving earlier or after as_of it does not."""
    lines = (history.pings / REPEATS).read_text(encoding="utf-8").splitlines()
    later, earlier, after_as_of = (json.loads(line)["ping_id"] for line in lines[5:])
    for run in ("late", "replayed", "full_refresh"):
        mart = history.marts[run]
        assert mart.one("main_staging.stg_service_ping__pings", ping_id=later)["received_at"] == datetime(2026, 6, 25)
        held = {
            ping_id: mart.one(
                "main_staging.stg_service_ping__values",
                ping_id=ping_id,
                key_path="active_user_count",
            )["raw_value"]
            for ping_id in (later, earlier, after_as_of)
        }
        assert held[later] == "31005"
        assert held[earlier] != "31006"
        assert held[after_as_of] != "31007"


def test_hand_saved_payloads_are_pings_like_any_other(history: History) -> None:
    """Air-gapped: the id is the hash of the content, the arrival the payload's recorded_at."""
    for path in sorted((SMALL / "service_pings" / "manual").glob("*.json")):
        content = path.read_bytes()
        row = history.marts["late"].one(
            "main_staging.stg_service_ping__pings",
            ping_id=hashlib.md5(content).hexdigest(),  # noqa: S324
        )
        payload = json.loads(content)
        recorded_at = payload["recorded_at"].replace(" UTC", "").replace("Z", "")
        wanted = datetime.fromisoformat(recorded_at).replace(tzinfo=None)
        assert row["received_at"] == row["recorded_at"] == wanted
        assert (row["uuid"], row["hostname"]) == (payload["uuid"], payload["hostname"])


def test_a_hand_saved_payload_that_comes_late_is_its_month(history: History) -> None:
    """Rowan's file of April was carried in later."""
    path = SMALL / "service_pings" / MISSING_AT_FIRST[-1]
    payload = json.loads(path.read_text(encoding="utf-8"))
    row = {
        run: history.marts[run].one(
            "fct_instance_activity",
            instance_id=instance_id(payload["uuid"], payload["hostname"]),
            period_start=date(2026, 4, 1),
        )
        for run in ("first", "late")
    }
    assert row["first"]["activity_status"] == "not_reporting"
    assert row["first"]["ping_count"] == 0
    assert row["late"]["ping_count"] == 1
    assert row["late"]["activated_seats"] == payload["license_billable_users"]
