"""The real pings of ../shared/cases through the same build: asserted value by value."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from dbt_bench import Bench, Mart, Row, models_only
from domain_reference import CASES, Metric, case, metrics, value_of
from raw_folder import RawFolder, instance_id
from text_search import places_of

from scripts import registry

pytestmark = pytest.mark.skipif(
    not CASES.is_dir(), reason=f"the real pings stand beside the repository, in {CASES}: not there"
)

DOCS, FULL = "gitlab-12.10.0-pre_docs_example.json", "gitlab-13.9.0-pre_EEU_queries_full.json"
QUERIES = "gitlab-13.11.0-pre_api_queries_example.json"
NON_SQL = "gitlab-13.11.0-pre_api_non_sql_metrics_example.json"
FIXTURE = "gitlab-16.8.0_client_test_fixture_badtypes.json"
CUSTOMER = {"installation_type": "omnibus-gitlab"}
# ping id: file, arrival, what is replaced in the payload
PINGS: dict[str, tuple[str, str, dict[str, str]]] = {
    "docs": (DOCS, "2020-04-17T07:50:00Z", {}),
    "full": (FULL, "2021-02-09T13:30:00Z", {}),
    "queries": (QUERIES, "2021-03-23T06:40:00Z", {}),
    "non-sql": (NON_SQL, "2021-03-26T07:10:00Z", {}),
    "fixture": (FIXTURE, "2026-01-15T08:40:00Z", {}),
    "full-customer": (FULL, "2021-02-09T13:31:00Z", CUSTOMER),
    "queries-customer": (QUERIES, "2021-03-23T06:41:00Z", {**CUSTOMER, "uuid": "uuid-queries"}),
    "non-sql-customer": (NON_SQL, "2021-03-26T07:11:00Z", {**CUSTOMER, "uuid": "uuid-non-sql"}),
}
TIERS = {
    "docs": "ultimate",
    "full-customer": "ultimate",
    "queries-customer": "starter",
    "non-sql-customer": "starter",
    "fixture": "premium",
}
SHA256_OF_1311 = "366dd175ef7a4e19cc701acc03844c45366dd175ef7a4e19cc701acc03844c45"
IMPORTED = """version: 2

models:
  - name: metric_projects_imported_total
    description: A metric that version 13.9 marks as deprecated.
    config:
      meta:
        metric:
          label: "Projects imported"
          stage: manage
          use_case: platform
          unit: projects
          time_frame: all
          key_paths: [usage_activity_by_stage.manage.projects_imported.total]
          min_version: "13.9"
          tier: free
"""


def payload_of(ping_id: str) -> dict[str, Any]:
    """The payload that a ping was made of."""
    name, _, replaced = PINGS[ping_id]
    return {**case(name), **replaced}


def real_pings() -> RawFolder:
    """The pings, and accounts and licences that they can be mapped to."""
    raw = RawFolder()
    for ping_id, (_, received_at, _) in PINGS.items():
        raw.line({"ping_id": ping_id, "received_at": received_at, "payload": payload_of(ping_id)})
    for name, tier, start, end, seats in (
        ("docs", "Ultimate", "2020-01-01", "2021-01-01", 1000),
        ("full", "Ultimate", "2020-08-18", "", ""),
        ("1311", "Starter", "2021-01-01", "2022-02-26", ""),
        ("other", "Free", "2025-01-01", "", 7),
    ):
        raw.account(f"A-{name}")
        raw.subscription(f"S-{name}", f"A-{name}", start, product_tier=tier, end_date=end, seats=seats)
    raw.account("A-fixture")
    raw.subscription("subscription-9", "A-fixture", "2025-11-15", seats="")
    raw.add("licenses", license_id="L1", license_sha256="0" * 64, subscription_id="S-docs")
    md5 = "106A4B25-ECA4-8A02-BC6F-30031A7CDE05"
    raw.add("licenses", license_id="L2", license_md5=md5, subscription_id="S-full")
    raw.add(
        "licenses",
        license_id="L3",
        license_sha256=SHA256_OF_1311.upper(),
        subscription_id="S-1311",
        seats=25,
    )
    # The fixture's hash leads to another subscription than its id names.
    raw.add(
        "licenses",
        license_id="L4",
        license_sha256="sha256-of-the-license",
        subscription_id="S-other",
        seats=280,
    )
    for ping_id in TIERS:
        payload = payload_of(ping_id)
        raw.label(payload["uuid"], payload["hostname"])
    return raw


@pytest.fixture(scope="module")
def mart(home: Callable[[str], Path]) -> Mart:
    """The mart of the real pings, in a project with one metric more: one that was -1000."""
    folder = home("real")
    project = models_only(folder / "project")
    model = project / "models/metrics/manage/metric_projects_imported_total.sql"
    model.write_text("{{ ping_metric() }}\n", encoding="utf-8")
    model.with_suffix(".yml").write_text(IMPORTED, encoding="utf-8")
    assert registry.main([], project) == 0
    bench = Bench(folder, real_pings().write(folder / "raw"), project, as_of="2026-01-31")
    bench.build()
    return bench.mart


def ping(mart: Mart, ping_id: str) -> Row:
    """One ping as the marts are made from it."""
    return mart.one("main_intermediate.int_pings", ping_id=ping_id)


def instance_of(ping_id: str) -> str:
    """The instance that sent a ping."""
    payload = payload_of(ping_id)
    return instance_id(payload["uuid"], payload["hostname"])


def period_of(ping_id: str) -> date:
    """First day of the month in which a ping arrived."""
    return date.fromisoformat(PINGS[ping_id][1][:10]).replace(day=1)


def value(mart: Mart, ping_id: str, metric_name: str) -> tuple[Any, Any, Any]:
    """Value, status and reason of one metric of the instance that sent the ping."""
    row = mart.one(
        "fct_metric_values",
        instance_id=instance_of(ping_id),
        period_start=period_of(ping_id),
        metric_name=metric_name,
    )
    return row["metric_value"], row["value_status"], row["value_reason"]


@pytest.mark.parametrize("metric", metrics() if CASES.is_dir() else [], ids=lambda one: one.name)
@pytest.mark.parametrize("ping_id", TIERS)
def test_a_metric_of_a_real_ping_is_what_a_plain_reading_finds(mart: Mart, ping_id: str, metric: Metric) -> None:
    """Every metric of the reference's table, for every real payload."""
    wanted = value_of(payload_of(ping_id), metric, TIERS[ping_id])
    assert value(mart, ping_id, metric.name) == wanted


REPORTED = "reported"
BY_HAND = [
    ("docs", "instance_users", (999, REPORTED, None)),
    ("docs", "historical_max_users", (999, REPORTED, None)),
    ("docs", "umau_28_days_user", (999, REPORTED, None)),
    ("docs", "deployments_28_days_user", (999, REPORTED, None)),
    # the newer path is absent, the older one is there
    ("docs", "merge_request_authors_28_days_user", (999, REPORTED, None)),
    ("docs", "container_registry_enabled", (1, REPORTED, None)),
    ("docs", "prometheus_enabled", (0, REPORTED, None)),
    ("docs", "activated_seats", (None, "not_supported", "version_below_minimum")),
    ("docs", "git_operations_28_days_user", (None, "not_supported", "version_below_minimum")),
    ("docs", "ci_runners_all_time_event", (None, "not_reported", "key_absent")),
    ("docs", "epics_28_days_user", (None, "not_reported", "key_absent")),
    # SQL text where a number belongs
    ("full-customer", "instance_users", (None, "failed", "bad_type")),
    ("full-customer", "umau_28_days_user", (None, "failed", "bad_type")),
    ("full-customer", "sast_scans_28_days_event", (None, "failed", "bad_type")),
    # a Redis block on the newer path, a 0 on the older one
    ("full-customer", "git_operations_28_days_user", (0, REPORTED, None)),
    ("full-customer", "merge_request_authors_28_days_user", (0, REPORTED, None)),
    ("full-customer", "projects_imported_total", (None, "failed", "sentinel_1000")),
    ("full-customer", "licensed_seats_ping", (30, REPORTED, None)),
    ("full-customer", "historical_max_users", (66, REPORTED, None)),
    ("full-customer", "group_saml_enabled", (0, REPORTED, None)),
    ("full-customer", "auto_devops_enabled", (1, REPORTED, None)),
    ("full-customer", "shared_runners_enabled", (1, REPORTED, None)),
    ("full-customer", "activated_seats", (None, "not_supported", "version_below_minimum")),
    ("queries-customer", "instance_users", (None, "failed", "bad_type")),
    ("queries-customer", "ci_runners_all_time_event", (None, "failed", "bad_type")),
    ("queries-customer", "licensed_seats_ping", (None, "not_reported", "key_null")),
    ("queries-customer", "historical_max_users", (0, REPORTED, None)),
    ("non-sql-customer", "instance_users", (None, "failed", "sentinel_3")),
    ("non-sql-customer", "licensed_seats_ping", (None, "not_reported", "key_null")),
    ("non-sql-customer", "ci_runners_all_time_event", (None, "not_reported", "key_absent")),
    ("non-sql-customer", "activated_seats", (None, "not_applicable", "tier")),
    ("non-sql-customer", "epics_28_days_user", (None, "not_applicable", "tier")),
    ("fixture", "instance_users", (150, REPORTED, None)),
    ("fixture", "historical_max_users", (200, REPORTED, None)),
    ("fixture", "licensed_seats_ping", (300, REPORTED, None)),
    ("fixture", "sast_scans_28_days_event", (None, "not_applicable", "tier")),
    ("fixture", "activated_seats", (None, "not_reported", "key_absent")),
    ("fixture", "unique_active_28_days_user", (None, "not_reported", "key_absent")),
]


@pytest.mark.parametrize(("ping_id", "metric_name", "wanted"), BY_HAND)
def test_a_metric_of_a_real_ping_is_what_the_file_says(
    mart: Mart, ping_id: str, metric_name: str, wanted: tuple[Any, Any, Any]
) -> None:
    """Read from the JSON by eye."""
    assert value(mart, ping_id, metric_name) == wanted


ENVELOPES: dict[str, Row] = {
    "docs": {
        "uuid": "0000000-0000-0000-0000-000000000000",
        "hostname": "example.com",
        "version": "12.10.0",
        "version_major": 12,
        "version_minor": 10,
        "is_prerelease": True,
        "edition": "EEU",
        "installation_type": "omnibus-gitlab",
        "recorded_at": datetime(2020, 4, 17, 7, 43, 54, 162000),
        "recorded_at_suspect": False,
        "license_md5": "0" * 32,
        "license_sha256": "0" * 64,
        "license_starts_at": date(2020, 1, 1),
        "license_expires_at": date(2021, 1, 1),
        "license_trial": False,
        "license_trial_ends_on": None,
        "license_subscription_id": None,
        "license_match": "sha256",
        "subscription_id": "S-docs",
        "subscription_seats": 1000,
        "tier": "ultimate",
        "unmapped_reason": None,
    },
    "full": {
        "uuid": "b4002b0e-666a-43ba-9422-6cc2cab3baff",
        "hostname": "127.0.0.1",
        "version": "13.9.0",
        "is_prerelease": True,
        "installation_type": "gitlab-development-kit",
        "recorded_at": datetime(2021, 2, 9, 13, 25, 42),
        "license_md5": "106a4b25eca48a02bc6f30031a7cde05",
        "license_sha256": None,
        "license_starts_at": date(2020, 8, 18),
        "license_expires_at": None,
        "license_subscription_id": None,
        "unmapped_reason": "internal",
    },
    "full-customer": {
        "installation_type": "omnibus-gitlab",
        "hostname": "127.0.0.1",
        "license_match": "md5",
        "subscription_id": "S-full",
        "tier": "ultimate",
        "unmapped_reason": None,
    },
    "queries": {
        "uuid": None,
        "hostname": "localhost",
        "version": "13.11.0",
        "version_minor": 11,
        "recorded_at": datetime(2021, 3, 23, 6, 31, 21, 267000),
        "license_starts_at": None,
        "license_expires_at": date(2022, 2, 23),
        "license_trial": None,
        "license_subscription_id": "0000",
        "unmapped_reason": "invalid",
    },
    "queries-customer": {
        "license_md5": "c701acc03844c45366dd175ef7a4e19c",
        "license_match": "sha256",
        "subscription_id": "S-1311",
        "license_seats": 25,
        "tier": "starter",
        "unmapped_reason": None,
    },
    "non-sql": {
        "uuid": None,
        "license_expires_at": date(2022, 2, 26),
        "recorded_at": datetime(2021, 3, 26, 7, 4, 3, 724000),
        "unmapped_reason": "invalid",
    },
    "non-sql-customer": {
        "license_md5": "bb8cd0d8a6d9569ff3f70b8927a1f949",
        "license_match": "sha256",
        "subscription_id": "S-1311",
        "tier": "starter",
        "unmapped_reason": None,
    },
    "fixture": {
        "uuid": "uuid-abc-123",
        "hostname": "gitlab.example.com",
        "version": "16.8.0",
        "is_prerelease": False,
        "edition": "EE",
        "recorded_at": datetime(2026, 1, 15, 8, 30),
        # what the fixture holds in their place are words, no hashes
        "license_md5": None,
        "license_sha256": None,
        "license_trial": False,
        "license_starts_at": date(2026, 2, 1),
        "license_expires_at": date(2027, 3, 2),
        "license_subscription_id": "subscription-9",
        "license_match": "subscription_id",
        "subscription_id": "subscription-9",
        "account_id": "A-fixture",
        # of the licence that its hash names, whichever way the subscription was found (3.9)
        "license_seats": None,
        "tier": "premium",
        "unmapped_reason": None,
    },
}


@pytest.mark.parametrize("ping_id", ENVELOPES)
def test_the_envelope_of_a_real_ping_is_typed_cleaned_and_mapped(mart: Mart, ping_id: str) -> None:
    """Identity, version, clock, licence and mapping, read from the JSON by eye."""
    row = ping(mart, ping_id)
    received_at = datetime.fromisoformat(PINGS[ping_id][1]).replace(tzinfo=None)
    assert row["received_at"] == received_at
    assert row["period_start"] == period_of(ping_id)
    wanted = ENVELOPES[ping_id]
    assert {name: row[name] for name in wanted} == wanted


def test_internal_and_invalid_pings_are_listed_and_reach_no_other_mart(mart: Mart) -> None:
    """The three as they are: no instance of theirs exists, and none is lost."""
    listed = mart.rows("select ping_id, uuid, hostname, unmapped_reason from fct_unmapped_pings order by 1")
    assert [tuple(row.values()) for row in listed] == [
        ("full", "b4002b0e-666a-43ba-9422-6cc2cab3baff", "127.0.0.1", "internal"),
        ("non-sql", None, "localhost", "invalid"),
        ("queries", None, "localhost", "invalid"),
    ]
    instances = {row["instance_id"] for row in mart.find("dim_instances")}
    assert instances == {instance_of(ping_id) for ping_id in TIERS}
    assert mart.find("quarantined_pings") == []
    pings = mart.row("select sum(ping_count) as pings from fct_instance_activity")["pings"]
    assert pings + len(listed) == len(PINGS)


@pytest.mark.parametrize(
    ("subscription", "ping_id", "licensed", "source", "mismatch", "umau", "age"),
    [
        ("S-docs", "docs", 1000, "subscription", True, 999, 3),
        ("S-full", "full-customer", 30, "ping", False, None, 6),
        # both 13.11 pings share a licence and have no billable users: the later one stands
        ("S-1311", "non-sql-customer", 25, "license", False, None, 2),
        # its hashes are none, so no licence record is found by them, and the ping's own number is taken
        ("subscription-9", "fixture", 300, "ping", False, None, 2),
    ],
)
def test_seats_of_a_real_ping(
    mart: Mart,
    subscription: str,
    ping_id: str,
    licensed: int,
    source: str,
    mismatch: bool,
    umau: int | None,
    age: int,
) -> None:
    """Licensed seats by their three sources, and active users, in the month of the ping."""
    row = mart.one("fct_seat_utilization", subscription_id=subscription, period_start=period_of(ping_id))
    assert row["primary_instance_id"] == instance_of(ping_id)
    assert (row["licensed_seats"], row["licensed_seats_source"]) == (licensed, source)
    assert row["seats_mismatch"] is mismatch
    assert (row["umau"], row["umau_source"]) == (umau, "events" if umau else None)
    assert row["activated_seats"] is None
    assert row["months_since_start"] == age


@pytest.mark.parametrize(
    ("subscription", "ping_id", "reason"),
    [
        ("S-docs", "docs", "version_below_minimum"),
        ("S-full", "full-customer", "version_below_minimum"),
        ("S-1311", "non-sql-customer", "tier"),
        ("subscription-9", "fixture", "key_absent"),
    ],
)
def test_no_score_is_made_up_for_a_real_ping(mart: Mart, subscription: str, ping_id: str, reason: str) -> None:
    """None has billable users, so nothing per seat can be scored; each blank has its reason."""
    keys = {"subscription_id": subscription, "period_start": period_of(ping_id)}
    row = mart.one("fct_seat_utilization", **keys)
    assert (row["license_utilization"], row["license_utilization_color"]) == (None, None)
    assert row["missing_reason"] == reason
    adoption = {one["use_case"]: one for one in mart.find("fct_stage_adoption", **keys)}
    assert {one["score"] for one in adoption.values()} == {None}
    applies = ping_id in ("docs", "full-customer")
    assert adoption["devsecops"]["adoption_status"] == ("not_measured" if applies else "not_applicable")


def test_no_licensee_of_a_real_ping_is_in_a_mart(mart: Mart) -> None:
    """Names, e-mail addresses and companies of the real payloads; and a path in a Proc dump."""
    people = ["John Doe1", "ABC, Inc.", "email@example.com", "tasdfasdfasdfasdf", "ACME"]
    assert places_of(mart, *people, "REDACTED") == []
