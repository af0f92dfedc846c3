"""The sample data is as dirty as it says: every oddity that life has stands in it."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import pairwise

import pytest
from sample_lines import ACTIVE, DIRTY, GONE, HLL, MONTHLY, SMALL, Line, committed_lines, read_csv, version_of


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    return committed_lines()


@pytest.fixture(scope="module")
def pings(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line.row]


@pytest.mark.parametrize("case", DIRTY)
def test_the_dirty_case_occurs(case: str, pings: list[Line]) -> None:
    assert any(DIRTY[case](line) for line in pings)


FORMATS = (
    r"\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}\+00:00",
    r"\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z",
    r"\d{4}-\d\d-\d\d [\d:]{8} UTC",
)


@pytest.mark.parametrize("layout", FORMATS)
def test_a_timestamp_format_occurs(layout: str, pings: list[Line]) -> None:
    assert any(re.fullmatch(layout, str(line.get("recorded_at"))) for line in pings)


def test_three_lines_are_not_json_and_one_of_them_is_cut_off(lines: list[Line]) -> None:
    broken = [line.text for line in lines if line.row is None]
    assert len(broken) == 3
    assert sum(text.startswith('{"ping_id"') for text in broken) == 1


def test_pings_arrive_twice_and_under_a_second_id(pings: list[Line]) -> None:
    whole = Counter(line.text for line in pings)
    ids = Counter(line.row["ping_id"] for line in pings)
    moments = {}
    for line in pings:
        key = (line.get("uuid"), line.get("hostname"), line.get("recorded_at"))
        moments.setdefault(key, set()).add(line.row["ping_id"])
    assert max(whole.values()) > 1
    assert any(count > 1 and text_count(whole, i) == 1 for i, count in ids.items())
    assert any(len(found) > 1 for found in moments.values())


def text_count(whole: Counter[str], ping_id: str) -> int:
    return max(count for text, count in whole.items() if f'"{ping_id}"' in text)


def test_some_uuids_are_cloned_under_another_hostname(pings: list[Line]) -> None:
    hosts: dict[str, set[str]] = {}
    for line in pings:
        if line.get("uuid"):
            hosts.setdefault(line.get("uuid"), set()).add(str(line.get("hostname")).strip().lower())
    assert sum(len(found) > 1 for found in hosts.values()) >= 2


def test_labels_have_every_type_an_alias_mixed_case_an_unknown_and_a_change() -> None:
    labels = read_csv(SMALL, "instance_labels.csv")
    texts = {row["label"] for row in labels}
    plain = {text.strip().lower() for text in texts}
    known = {"production", "non-production", "staging", "obsolete", "geo secondary node"}
    assert known <= plain
    assert plain - known
    assert {"Production", "production"} <= texts
    given = Counter((row["uuid"], row["hostname"]) for row in labels)
    assert max(given.values()) > 1


def test_accounts_have_owners_and_parents_or_not() -> None:
    rows = read_csv(SMALL, "accounts.csv")
    ids = {row["account_id"] for row in rows}
    assert len(ids) == 32
    assert {bool(row["csm_email"]) for row in rows} == {True, False}
    parents = {row["parent_account_id"] for row in rows} - {""}
    assert parents and parents <= ids


def test_subscriptions_are_renewed_expired_cancelled_tried_and_without_seats() -> None:
    rows = read_csv(SMALL, "subscriptions.csv")
    assert any(r["subscription_id"] != r["original_subscription_id"] for r in rows)
    assert {r["status"] for r in rows} == {"Active", "Expired", "Cancelled"}
    assert {"true", "false"} == {r["is_trial"] for r in rows}
    assert {"", "0"} <= {r["seats"] for r in rows}
    assert {"Starter", "Premium", "Ultimate"} <= {r["product_tier"] for r in rows}


def test_a_licence_hash_leads_to_two_subscriptions_and_one_md5_is_untidy() -> None:
    rows = read_csv(SMALL, "licenses.csv")
    assert max(Counter(r["license_sha256"] for r in rows).values()) == 2
    assert any("-" in r["license_md5"] and r["license_md5"].endswith(" ") for r in rows)
    assert any(r["subscription_id"].endswith(" ") for r in rows)


def test_manual_files_hold_a_bare_payload() -> None:
    files = sorted((SMALL / "service_pings" / "manual").glob("*.json"))
    assert len(files) >= 6
    assert {"recorded_at", "uuid", "hostname"} <= json.loads(files[0].read_text()).keys()


def test_personal_data_stands_in_the_payloads_only() -> None:
    for path in [*SMALL.glob("*.csv"), SMALL / "truth.json"]:
        assert "pii-canary" not in path.read_text(encoding="utf-8").lower()


def test_all_time_counters_rise_but_for_the_restored_instance(pings: list[Line]) -> None:
    history: dict[str, list[tuple[str, int]]] = {}
    for line in pings:
        total = line.get("counts.merge_requests")
        if total is not GONE:
            name = str(line.get("hostname")).strip().lower()
            history.setdefault(name, []).append((line.row["received_at"], total))
    falling = {
        name for name, seen in history.items() for (_, before), (_, after) in pairwise(sorted(seen)) if after < before
    }
    assert 1 <= len(falling) <= 8 < len(history)


RANGES = {
    "license_md5": ((0, 0), (16, 2)),
    "license_sha256": ((15, 2), (99, 0)),
    "license_billable_users": ((14, 0), (99, 0)),
    "counts_monthly.unique_active_users": ((15, 1), (16, 4)),
    ACTIVE: ((15, 2), (99, 0)),
    "counts_monthly.ci_builds": ((16, 1), (99, 0)),
    "counts.count_total_create_ci_build_monthly": ((16, 9), (99, 0)),
    "counts_monthly.ci_internal_pipelines": ((15, 10), (99, 0)),
    f"{HLL}.source_code.project_action_monthly": ((13, 9), (17, 0)),
    f"{MONTHLY}.create.merge_requests": ((0, 0), (14, 10)),
    "counts.ci_builds": ((0, 0), (17, 5)),
}


@pytest.mark.parametrize("path", RANGES)
def test_a_key_is_sent_by_exactly_the_versions_that_have_it(path: str, pings: list[Line]) -> None:
    since, until = RANGES[path]
    licensed = [x for x in pings if x.get("license_plan") in ("premium", "ultimate")]
    versions = {True: set(), False: set()}
    for line in licensed:
        inside = since <= version_of(line) < until
        versions[inside].add(line.get(path) is not GONE)
    assert True in versions[True]
    assert versions[False] <= {False}


def test_upgrades_lead_from_13_to_17(pings: list[Line]) -> None:
    seen = {x.payload["version"].split(".")[0] for x in pings}
    assert {"13", "14", "15", "16", "17"} <= seen
