"""The sample data: deterministic, as dirty as it says, and true where it says what is true."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sample.__main__ import main
from sample.clock import at
from sample.customers import bulk_customers
from sample.expected import account_truth
from sample.generate import generate, named_pings
from sample.model import Options
from sample.named import named_customers
from sample.payload import PayloadWriter
from sample.pings import week_ping
from sample.truth import BANDS, completed_months, points, with_points
from sample.truth import Measure as TruthMeasure
from sample.vocabulary import vocabulary

REPO = Path(__file__).parents[2]
SMALL = REPO / "sample" / "small"
AS_OF = date(2026, 6, 30)
GONE = object()


def small_options(out: Path, **changes: Any) -> Options:
    """The options of the committed set; the README names the command."""
    return replace(Options(out, AS_OF, accounts=32, months=6, gzip="all"), **changes)


@dataclass(frozen=True)
class Line:
    """One line of a ping file, parsed when it is JSON."""

    file: str
    text: str
    row: dict[str, Any] | None

    @property
    def payload(self) -> dict[str, Any]:
        return self.row["payload"] if self.row else {}

    def get(self, path: str) -> Any:
        """The value at a key path, or GONE."""
        node: Any = self.payload
        for name in path.split("."):
            if not isinstance(node, dict) or name not in node:
                return GONE
            node = node[name]
        return node


def read_text(path: Path) -> str:
    """A file's text, unpacked when it is compressed."""
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode()


def read_lines(folder: Path) -> Iterator[Line]:
    for path in sorted(folder.glob("service_pings/received_month=*/*.jsonl*")):
        for text in read_text(path).splitlines():
            try:
                row = json.loads(text)
            except ValueError:
                row = None
            yield Line(str(path.relative_to(folder)), text, row)


def read_csv(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def leaves(node: Any) -> int:
    """How many values a payload holds."""
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return sum(map(leaves, children)) or 1


def version_of(line: Line) -> tuple[int, int]:
    major, minor = line.payload["version"].split(".")[:2]
    return int(major), int(minor)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small set, generated now."""
    out = tmp_path_factory.mktemp("sample") / "small"
    generate(small_options(out))
    return out


@pytest.fixture(scope="module")
def lines(folder: Path) -> list[Line]:
    return list(read_lines(folder))


@pytest.fixture(scope="module")
def pings(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line.row]


@pytest.fixture(scope="module")
def truth(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "truth.json").read_text(encoding="utf-8"))


def account(truth: dict[str, Any], name: str) -> dict[str, Any]:
    return next(a for a in truth["accounts"] if a["account_name"].split()[0].strip(",") == name)


# --- the same options, the same files


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_equal_options_give_identical_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        generate(small_options(tmp_path / name, accounts=25, months=3, gzip="older"))
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_another_seed_gives_other_customers_and_the_same_named_accounts(tmp_path: Path, truth: dict[str, Any]) -> None:
    generate(small_options(tmp_path / "other", seed=8))
    other = json.loads((tmp_path / "other" / "truth.json").read_text(encoding="utf-8"))
    assert other["accounts"] == truth["accounts"]
    assert other["counts"] != truth["counts"]


def test_the_committed_set_is_what_the_generator_writes(folder: Path) -> None:
    names = sorted(contents(SMALL))
    assert names == sorted(contents(folder))
    differing = [n for n in names if read_text(SMALL / n) != read_text(folder / n)]
    assert not differing, "run the command of sample/README.md and commit sample/small"


def test_the_committed_set_stays_under_4_megabytes() -> None:
    assert sum(len(data) for data in contents(SMALL).values()) < 4_000_000


# --- sizes


def test_a_default_ping_has_hundreds_of_keys_in_at_most_9_kilobytes(pings: list[Line]) -> None:
    counts = [leaves(line.payload) for line in pings]
    assert sum(counts) / len(counts) > 300
    assert sum(len(line.text) for line in pings) / len(pings) < 9_000


def test_a_ping_of_real_size_has_about_1300_keys_and_50_kilobytes() -> None:
    options = small_options(Path("unused"))
    ping = week_ping(named_customers(options)[0].instances[0], 0, options)
    assert ping is not None
    text = PayloadWriter(7, at(AS_OF, 0), 1300).render(ping)
    assert 1200 < leaves(json.loads(text)) < 1400
    assert 45_000 < len(text) < 60_000


def test_no_key_path_of_the_vocabulary_stands_twice_or_inside_another() -> None:
    paths = [filler.path for filler in vocabulary()]
    assert len(paths) == len(set(paths))
    parents = {p.rpartition(".")[0] for p in paths}
    assert not parents & set(paths)


# --- what occurs


def fields_of(path: str, wanted: Callable[[Any], bool]) -> Callable[[Line], bool]:
    return lambda line: wanted(line.get(path))


MONTHLY = "usage_activity_by_stage_monthly"
HLL = "redis_hll_counters"
ACTIVE = f"{HLL}.manage.unique_active_users_monthly"
REPO_USERS = f"{MONTHLY}.create.action_monthly_active_users_project_repo"

DIRTY: dict[str, Callable[[Line], bool]] = {
    "sentinel -1": fields_of(ACTIVE, lambda v: v == -1),
    "sentinel -2": fields_of(REPO_USERS, lambda v: v == -2),
    "sentinel -3": fields_of("active_user_count", lambda v: v == -3),
    "sentinel -1000": fields_of("counts.ci_external_pipelines", lambda v: v == -1000),
    "deprecated key -1000": fields_of(
        "usage_activity_by_stage.manage.projects_imported.total", lambda v: v == -1000
    ),
    "another negative": fields_of("counts_monthly.deployments", lambda v: v == -7),
    "null": fields_of("counts.ci_runners", lambda v: v is None),
    "absent key": fields_of(f"{MONTHLY}.release.deployments", lambda v: v is GONE),
    "number as text": fields_of("license_billable_users", lambda v: isinstance(v, str)),
    "decimal": fields_of("counts_monthly.packages", lambda v: v == 12.5),
    "text in a number": fields_of(f"{MONTHLY}.manage.events", lambda v: v == "abc"),
    "SQL in a number": fields_of("counts.projects", lambda v: str(v).startswith("SELECT")),
    "boolean in a number": fields_of(f"{MONTHLY}.release.releases", lambda v: v is True),
    "NaN in a number": fields_of(f"{MONTHLY}.plan.epics", lambda v: v == "NaN"),
    "failed histogram": fields_of(f"{MONTHLY}.plan.issues", lambda v: v == {"-1": -1}),
    "list for an object": fields_of(f"{MONTHLY}.plan", lambda v: v == []),
    "-1 in a boolean": fields_of("container_registry_enabled", lambda v: v == -1),
    "unknown key": fields_of("brand_new", lambda v: v is not GONE),
    "clock ahead": lambda x: year(x.get("recorded_at")) > year(x.row["received_at"]) + 2,
    "clock behind": lambda x: 0 < year(x.get("recorded_at")) < year(x.row["received_at"]) - 1,
    "clock unreadable": fields_of("recorded_at", lambda v: v == "yesterday evening"),
    "hostname in capitals": fields_of("hostname", lambda v: str(v).endswith("EXAMPLE ")),
    "no hostname": fields_of("hostname", lambda v: v is None),
    "padded subscription id": fields_of(
        "license_subscription_id", lambda v: str(v).endswith("  ")
    ),
    "subscription id 0000": fields_of("license_subscription_id", lambda v: v == "0000"),
    "empty subscription id": fields_of("license_subscription_id", lambda v: v == ""),
    "md5 with dashes": fields_of("license_md5", lambda v: "-" in str(v)),
    "licence from 1970": fields_of("license_starts_at", lambda v: v == "1970-01-01"),
    "licence beyond 9999": fields_of("license_expires_at", lambda v: str(v)[:5] == "19999"),
    "trial as text": fields_of("license_trial", lambda v: v == "false"),
    "Ultimate trial": fields_of("license_trial", lambda v: v is True),
    "licensee in lower case": fields_of("licensee.email", lambda v: v is not GONE),
    "personal data": fields_of("licensee.Name", lambda v: "PII-CANARY" in str(v)),
    "licence id as text": fields_of("license_id", lambda v: isinstance(v, str)),
    "bigint over 2^53": fields_of("database.pg_system_id", lambda v: v > 2**53),
    "git version as object": fields_of("git.version", lambda v: isinstance(v, dict)),
    "git version as text": fields_of("git.version", lambda v: isinstance(v, str)),
    "text in a setting": fields_of("reply_by_email_enabled", lambda v: isinstance(v, str)),
    "topology arrays": fields_of("topology.nodes", lambda v: isinstance(v, list)),
    "no uuid": fields_of("uuid", lambda v: v is None),
    "empty uuid": fields_of("uuid", lambda v: v == ""),
    "version VERSION": fields_of("version", lambda v: "VERSION" in v),
    "community edition": lambda x: x.get("edition") == "CE" and x.get("license_id") is GONE,
    "gitlab.com": fields_of("hostname", lambda v: v == "gitlab.com"),
    "*.gitlab.com": fields_of("hostname", lambda v: str(v).lower().endswith(".gitlab.com")),
    "development kit": fields_of(
        "installation_type", lambda v: v == "gitlab-development-kit"
    ),
    "SaaS uuid": fields_of("uuid", lambda v: str(v).startswith("ea8bf810-1d6f")),
    "staging host": fields_of("hostname", lambda v: str(v).startswith("staging.")),
    "starter": fields_of("license_plan", lambda v: v == "starter"),
    "received after as_of": lambda x: x.row["received_at"][:10] > AS_OF.isoformat(),
    "late file": lambda x: "/late_" in x.file
    and x.row["received_at"][:10] < re.search(r"late_([\d-]+)", x.file)[1],
}  # fmt: skip


def year(text: Any) -> int:
    found = re.match(r"\d{4}", str(text))
    return int(found[0]) if found else 0


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


def test_labels_have_every_type_an_alias_mixed_case_an_unknown_and_a_change(folder: Path) -> None:
    labels = read_csv(folder, "instance_labels.csv")
    texts = {row["label"] for row in labels}
    plain = {text.strip().lower() for text in texts}
    known = {"production", "non-production", "staging", "obsolete", "geo secondary node"}
    assert known <= plain
    assert plain - known
    assert {"Production", "production"} <= texts
    given = Counter((row["uuid"], row["hostname"]) for row in labels)
    assert max(given.values()) > 1


def test_accounts_have_owners_and_parents_or_not(folder: Path) -> None:
    rows = read_csv(folder, "accounts.csv")
    ids = {row["account_id"] for row in rows}
    assert len(ids) == 32
    assert {bool(row["csm_email"]) for row in rows} == {True, False}
    parents = {row["parent_account_id"] for row in rows} - {""}
    assert parents and parents <= ids


def test_subscriptions_are_renewed_expired_cancelled_tried_and_without_seats(folder: Path) -> None:
    rows = read_csv(folder, "subscriptions.csv")
    assert any(r["subscription_id"] != r["original_subscription_id"] for r in rows)
    assert {r["status"] for r in rows} == {"Active", "Expired", "Cancelled"}
    assert {"true", "false"} == {r["is_trial"] for r in rows}
    assert {"", "0"} <= {r["seats"] for r in rows}
    assert {"Starter", "Premium", "Ultimate"} <= {r["product_tier"] for r in rows}


def test_a_licence_hash_leads_to_two_subscriptions_and_one_md5_is_untidy(folder: Path) -> None:
    rows = read_csv(folder, "licenses.csv")
    assert max(Counter(r["license_sha256"] for r in rows).values()) == 2
    assert any("-" in r["license_md5"] and r["license_md5"].endswith(" ") for r in rows)
    assert any(r["subscription_id"].endswith(" ") for r in rows)


def test_manual_files_hold_a_bare_payload(folder: Path) -> None:
    files = sorted((folder / "service_pings" / "manual").glob("*.json"))
    assert len(files) >= 6
    assert {"recorded_at", "uuid", "hostname"} <= json.loads(files[0].read_text()).keys()


def test_personal_data_stands_in_the_payloads_only(folder: Path) -> None:
    for path in [*folder.glob("*.csv"), folder / "truth.json"]:
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


# --- the bulk of the customers, at the default size


@pytest.fixture(scope="module")
def bulk() -> list[tuple[Any, dict[str, Any]]]:
    options = Options(out=Path("unused"), as_of=date(2026, 3, 1), months=3)
    return [
        (customer, account_truth(customer, named_pings(customer, options), options.as_of))
        for customer in bulk_customers(options, 100)
    ]


def test_most_customers_are_scored_even_on_the_first_of_a_month(bulk: Any) -> None:
    reasons = Counter(truth["current"]["unscored_reason"] for _, truth in bulk)
    assert 60 <= reasons[None] <= 72
    assert {"no_ping", "no_active_subscription", "instance_type", "onboarding"} <= reasons.keys()


def test_customers_have_every_color_and_one_to_ten_instances(bulk: Any) -> None:
    assert {"red", "yellow", "green"} <= {t["current"]["overall_color"] for _, t in bulk}
    sizes = {
        sum(i.lineage == lineage for i in customer.instances)
        for customer, _ in bulk
        for lineage in {i.lineage for i in customer.instances}
    }
    assert {1, 2, 3, 4, 5, 10} <= sizes and max(sizes) == 10


# --- truth.json


def test_counts_are_those_of_the_files(
    folder: Path, lines: list[Line], pings: list[Line], truth: dict[str, Any]
) -> None:
    counts = truth["counts"]
    assert counts["ping_lines"] == len(pings)
    assert counts["lines_not_json"] == len(lines) - len(pings)
    assert counts["distinct_ping_ids"] == len({x.row["ping_id"] for x in pings})
    for name in ("accounts", "subscriptions", "licenses", "instance_labels", "objectives"):
        assert counts[name] == len(read_csv(folder, f"{name}.csv"))
    unmapped = counts["unmapped_pings"]
    assert unmapped["excluded"] == len(read_csv(folder, "excluded_pings.csv")) == 2
    invalid = {x.row["ping_id"] for x in pings if not x.get("uuid") or "V" in x.get("version")}
    assert unmapped["invalid"] == len(invalid)
    internal = {x.row["ping_id"] for x in pings if is_internal(x)} - invalid
    assert unmapped["internal"] == len(internal)
    free = {x.row["ping_id"] for x in pings if x.get("license_plan") is GONE}
    assert unmapped["no_license"] == len(free - invalid - internal)


def is_internal(line: Line) -> bool:
    host = str(line.get("hostname")).lower()
    return any(DIRTY[case](line) for case in ("development kit", "SaaS uuid")) or (
        host == "gitlab.com" or host.endswith(".gitlab.com")
    )


def test_the_seats_of_named_accounts_are_those_of_their_last_ping(pings: list[Line], truth: dict[str, Any]) -> None:
    last: dict[tuple[str, str], Line] = {}
    inside = [x for x in pings if "2026-06-01" <= x.row["received_at"][:10] <= "2026-06-30"]
    for line in sorted(inside, key=lambda x: x.row["received_at"]):
        last[line.get("uuid"), str(line.get("hostname")).strip().lower()] = line
    checked = 0
    for named in truth["accounts"]:
        for instance in named["current"]["instances"]:
            line = last.get((instance["uuid"], instance["hostname"]))
            if line:
                seats = line.get("license_billable_users")
                assert instance["activated_seats"] == (None if seats is GONE else seats)
                checked += 1
    assert checked > 20


def test_alder_is_worked_example_22(truth: dict[str, Any]) -> None:
    now = account(truth, "Alder")["current"]
    seats = now["subscriptions"][0]
    # 1,000 of 1,200 seats; 700 of 1,000 log in; (88 * .30 + 63 * .10 + 88 * .15 + 63 * .15
    # + (63 + 25 + 88) / 3 * .15) / .85
    assert seats["license_utilization"] == 0.8333
    assert seats["user_engagement"] == 0.7
    assert seats["inactive_activated_seats"] == 300
    assert (now["scm_score"], now["ci_score"], now["cd_score"]) == (88, 63, 58.67)
    assert (now["overall_score"], now["overall_color"]) == (75.47, "green")
    assert now["weight_present"] == 0.85
    assert now["next_use_case"] == "ci"


def test_birch_is_worked_example_23(truth: dict[str, Any]) -> None:
    now = account(truth, "Birch")["current"]
    assert (now["overall_score"], now["overall_color"]) == (74.85, "yellow")
    assert (now["devsecops_score"], now["weight_present"]) == (71.33, 1.0)


def test_dogwood_is_weighted_by_arr(truth: dict[str, Any]) -> None:
    now = account(truth, "Dogwood")["current"]
    # (90,000 * 88 + 30,000 * 25) / 120,000
    assert now["scm_score"] == 72.25
    # one group each at 72.25; CI (90 * 63 + 30 * 25) / 120 = 53.5; CD 25 and 25;
    # (72.25 * .30 + 72.25 * .10 + 72.25 * .15 + 53.5 * .15 + 25 * .15) / .85
    assert now["overall_score"] == 60.6
    assert account(truth, "Dogwood")["previous"]["scm_score"] != 72.25


def test_elm_counts_one_licence_once(truth: dict[str, Any]) -> None:
    now = account(truth, "Elm")["current"]
    seats = now["subscriptions"][0]
    assert (seats["licensed_seats"], seats["activated_seats"]) == (500, 400)
    assert seats["license_utilization"] == 0.8
    types = [instance["instance_type"] for instance in now["instances"]]
    assert types == ["Production", "Non-Production", "Geo Secondary Node"]


def test_hazel_is_worked_example_13(truth: dict[str, Any]) -> None:
    now = account(truth, "Hazel")["current"]
    seats = now["subscriptions"][0]
    assert (now["overall_score"], now["weight_present"]) == (88.0, 0.45)
    assert (seats["umau"], seats["umau_source"]) == (500, "events")
    assert (seats["user_engagement"], seats["missing_reason"]) == (None, "version_below_minimum")
    statuses = {case: row["adoption_status"] for case, row in seats["use_cases"].items()}
    assert statuses == {
        "scm": "adopted",
        "ci": "not_measured",
        "cd": "not_measured",
        "devsecops": "not_applicable",
    }


def test_nutmeg_stands_under_its_renewal(truth: dict[str, Any]) -> None:
    seats = account(truth, "Nutmeg")["current"]["subscriptions"][0]
    assert seats["subscription_id"] == "SUB-NUTMEG-2"
    assert seats["months_since_start"] == 13
    # 500 of the 550 seats of the renewal, not of the 400 that the old licence shows
    assert seats["license_utilization"] == 0.9091


@pytest.mark.parametrize(
    ("name", "reason", "reporting"),
    [
        ("Ironwood", "onboarding", "reporting"),
        ("Juniper", "no_ping", "never_reported"),
        ("Katsura", "no_ping", "stopped_reporting"),
        ("Oak", "no_active_subscription", "no_active_subscription"),
        ("Quince", "instance_type", "reporting"),
        ("Sorrel", "tier", "reporting"),
    ],
)
def test_an_unscored_account_says_why(name: str, reason: str, reporting: str, truth: dict[str, Any]) -> None:
    now = account(truth, name)["current"]
    assert (now["overall_score"], now["overall_color"]) == (None, None)
    assert now["unscored_reason"] == reason
    assert now["subscriptions"][0]["reporting_reason"] == reporting


def test_alders_objectives_have_every_status(truth: dict[str, Any]) -> None:
    statuses = [o["status"] for o in account(truth, "Alder")["objectives"]]
    assert statuses == ["achieved", "on_track", "behind", "no_data"]


@pytest.mark.parametrize("as_of", [date(2026, 3, 1), date(2026, 12, 31), date(2028, 2, 29)])
def test_named_accounts_score_the_same_on_any_day_of_a_month(as_of: date, truth: dict[str, Any]) -> None:
    options = Options(out=Path("unused"), as_of=as_of, months=6)
    for customer in named_customers(options):
        now = account_truth(customer, named_pings(customer, options), as_of)["current"]
        expected = account(truth, customer.account.account_name.split()[0].strip(","))["current"]
        for key in ("overall_score", "unscored_reason", "adopted_use_cases", "weight_present"):
            assert now[key] == expected[key], (customer.account.account_name, key)


@pytest.mark.parametrize(
    ("measure", "values", "expected"),
    [
        ("user_engagement", (0.499, 0.5, 0.799, 0.8, 1.05), (25, 63, 63, 88, 88)),
        ("scm_user_rate", (0.1, 0.101, 0.33, 0.331), (25, 63, 63, 88)),
        ("ci_builds_per_user", (2, 2.001, 40, 40.001), (25, 63, 63, 88)),
        ("cd_user_rate", (0.049, 0.05, 0.12, 0.13), (25, 63, 63, 88)),
        ("cd_success_rate", (0.249, 0.25, 0.8, 0.81), (25, 63, 63, 88)),
        ("secure_scanner_types", (1, 2, 3), (25, 63, 88)),
    ],
)
def test_band_edges_are_those_of_the_worked_examples(
    measure: str, values: tuple[float, ...], expected: tuple[float, ...]
) -> None:
    assert tuple(points(value, BANDS[measure]) for value in values) == expected


@pytest.mark.parametrize(("age", "earned"), [(1, None), (5, 88), (6, 63), (7, 63), (9, 25)])
def test_half_the_seats_are_judged_by_age(age: int, earned: float | None) -> None:
    graded = with_points({"license_utilization": TruthMeasure(0.505)}, age)
    assert graded["license_utilization"].points == earned


def test_age_counts_completed_months() -> None:
    assert completed_months(date(2026, 1, 15), date(2026, 7, 14)) == 5
    assert completed_months(date(2026, 1, 15), date(2026, 7, 31)) == 6


# --- the command


def test_a_folder_of_somebody_else_is_never_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    for options in ([], ["--force"]):
        assert main(["--out", str(tmp_path / "mine"), *options]) == 2
        assert str(tmp_path / "mine") in capsys.readouterr().err
    assert [path.name for path in tmp_path.rglob("*")] == ["mine", "notes.txt"]


def test_force_replaces_a_folder_of_its_own_and_leaves_nothing_behind(tmp_path: Path) -> None:
    out = tmp_path / "raw"
    command = ["--out", str(out), "--accounts", "24", "--months", "3", "--as-of", "2026-06-30"]
    assert main(command) == 0
    (out / "stale.csv").write_text("old")
    assert main([*command, "--force"]) == 0
    assert not (out / "stale.csv").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]


@pytest.mark.parametrize(
    ("option", "value"),
    [("--accounts", "5"), ("--months", "1"), ("--as-of", "June"), ("--payload-keys", "9999")],
)
def test_a_wrong_option_is_named(option: str, value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--out", str(tmp_path / "raw"), option, value])
    assert stop.value.code == 2
    assert option in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
