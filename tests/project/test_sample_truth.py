"""What the sample says is true of itself (truth.json) is what its files say, and what the reference works out."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sample_lines import GONE, SMALL, Line, account, committed_lines, is_internal, read_csv

from sample.customers import bulk_customers
from sample.expected import account_truth
from sample.generate import named_pings
from sample.model import Options
from sample.named import named_customers
from sample.truth import BANDS, completed_months, points, with_points
from sample.truth import Measure as TruthMeasure


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    return committed_lines()


@pytest.fixture(scope="module")
def pings(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line.row]


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


def test_counts_are_those_of_the_files(lines: list[Line], pings: list[Line], truth: dict[str, Any]) -> None:
    counts = truth["counts"]
    assert counts["ping_lines"] == len(pings)
    assert counts["lines_not_json"] == len(lines) - len(pings)
    assert counts["distinct_ping_ids"] == len({x.row["ping_id"] for x in pings})
    for name in ("accounts", "subscriptions", "licenses", "instance_labels", "objectives"):
        assert counts[name] == len(read_csv(SMALL, f"{name}.csv"))
    unmapped = counts["unmapped_pings"]
    assert unmapped["excluded"] == len(read_csv(SMALL, "excluded_pings.csv")) == 2
    invalid = {x.row["ping_id"] for x in pings if not x.get("uuid") or "V" in x.get("version")}
    assert unmapped["invalid"] == len(invalid)
    internal = {x.row["ping_id"] for x in pings if is_internal(x)} - invalid
    assert unmapped["internal"] == len(internal)
    free = {x.row["ping_id"] for x in pings if x.get("license_plan") is GONE}
    assert unmapped["no_license"] == len(free - invalid - internal)


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
