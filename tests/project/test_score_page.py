"""docs/score.md: every number on it is derived once more, from the ping, the CRM's file and the seeds, and the mart says the same."""

from __future__ import annotations

import csv
import gzip
import json
import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from dbt_bench import REPO, SMALL, Mart

PAGE = (REPO / "docs" / "score.md").read_text(encoding="utf-8")
DAY = SMALL / "service_pings" / "received_month=2026-06" / "pings_2026-06-30.jsonl.gz"
ACCOUNT, JUNE = "001Alder0000000IAA", date(2026, 6, 1)
SHORT = {
    "activated_seats": "license_billable_users",
    "unique_active_28_days_user": "redis_hll_counters.manage.unique_active_users_monthly",
    "git_operations_28_days_user": "usage_activity_by_stage_monthly.create.action_monthly_active_users_project_repo",
    "ci_builds_28_days_event": "counts.count_total_create_ci_build_monthly",
    "deployments_28_days_user": "usage_activity_by_stage_monthly.release.deployments",
    "deployments_28_days_event": "counts_monthly.deployments",
    "successful_deployments_28_days_event": "counts_monthly.successful_deployments",
}


def table(heading: str) -> list[list[str]]:
    """The rows of a section's table, without backticks."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in line] for line in lines[2:]]


def seed(name: str) -> list[dict[str, str]]:
    """A seed's rows."""
    with (REPO / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def payload() -> dict[str, Any]:
    """The ping that the page names."""
    (name,) = re.findall(r"`([0-9a-f]{20})` of 30 June", PAGE)
    with gzip.open(DAY, "rt", encoding="utf-8") as file:
        (line,) = [line for line in file if f'"{name}"' in line]
    return json.loads(line)["payload"]


def leaf(payload: dict[str, Any], path: str) -> Any:
    """What stands at a key path."""
    value: Any = payload
    for key in path.split("."):
        value = value[key]
    return value


def licensed() -> dict[str, str]:
    """The subscription's row of the CRM."""
    with (SMALL / "subscriptions.csv").open(encoding="utf-8", newline="") as file:
        (row,) = [row for row in csv.DictReader(file) if row["subscription_id"] == "SUB-ALDER-1"]
    return row


def color(value: Fraction, band: dict[str, str]) -> str:
    """What a band makes of a ratio."""
    for shade in ("green", "yellow"):
        limit = Fraction(Decimal(band[f"{shade}_from"]))
        if value > limit or (value == limit and band[f"{shade}_inclusive"] == "true"):
            return shade
    return "red"


def words(band: dict[str, str], shade: str) -> str:
    """A limit as the page says it."""
    return f"{'from' if band[f'{shade}_inclusive'] == 'true' else 'above'} {band[f'{shade}_from']}"


def test_the_ping_is_the_last_of_june_and_holds_what_the_page_says(payload: dict[str, Any], sample_mart: Mart) -> None:
    assert payload["hostname"] == "gitlab.alder.example" and payload["license_subscription_id"] == "SUB-ALDER-1"
    rows = table("2. What it says")
    assert len(rows) == 8
    for _, path, value in rows:
        assert leaf(payload, path) == int(value), path
    assert f"(`subscriptions.csv`): {int(licensed()['seats'])}." in PAGE
    old, now = sample_mart.rows(
        "select hostname, instance_type, last_ping_at from dim_instances where account_id = ? order by last_ping_at",
        ACCOUNT,
    )
    assert (old["hostname"], old["instance_type"], old["last_ping_at"].month) == ("old-git.alder.example", "Unknown", 3)
    assert (now["hostname"], now["instance_type"]) == ("gitlab.alder.example", "Production")
    assert now["last_ping_at"].date() == date(2026, 6, 30)
    june = sample_mart.one("fct_instance_activity", instance_id=instance_of(sample_mart), period_start=JUNE)
    assert june["ping_count"] == 5 and "Five of its pings arrived in June" in PAGE


def instance_of(mart: Mart) -> str:
    """Alder's production installation."""
    return str(mart.row("select instance_id from dim_instances where hostname = 'gitlab.alder.example'")["instance_id"])


def test_ratios_bands_and_points_are_those_of_the_seeds(payload: dict[str, Any], sample_mart: Mart) -> None:
    values = {metric: Fraction(leaf(payload, path)) for metric, path in SHORT.items()}
    values["licensed_seats"] = Fraction(licensed()["seats"])
    values["finished_deployments_28_days_event"] = values["successful_deployments_28_days_event"] + Fraction(
        leaf(payload, "counts_monthly.failed_deployments")
    )
    started = date.fromisoformat(licensed()["start_date"])
    age = (2026 - started.year) * 12 + 6 - started.month - (started.day > 30)
    assert f"began on {started}, {age} completed months" in PAGE
    points = {row["color"]: row["points"] for row in seed("score_points")}
    assert f"Red is worth {points['red']}\npoints, yellow {points['yellow']}, green {points['green']}" in PAGE
    measures = {row["measure"]: row for row in seed("measures")}
    counted = [row["measure"] for row in seed("scored_measures") if row["threshold_set"] == "handbook_2025"]
    shown = table("3. Ratios, bands and points")
    assert {row[0] for row in shown} == {name for name in counted if measures[name]["score_group"] != "devsecops"}
    for name, by_hand, yellow, green, shade, worth in shown:
        numerator, denominator = (values[measures[name][part]] for part in ("numerator", "denominator"))
        ratio = numerator / denominator
        assert by_hand == f"{numerator} / {denominator} = {round(float(ratio), 4):g}"
        (band,) = [
            row
            for row in seed("score_bands")
            if (row["threshold_set"], row["measure"]) == ("handbook_2025", name)
            and int(row["age_from"]) <= age < int(row["age_to"] or 999)
        ]
        assert (yellow, green) == (words(band, "yellow"), words(band, "green"))
        assert (shade, worth) == (color(ratio, band), points[color(ratio, band)])
        row = sample_mart.one("fct_measure_scores", account_id=ACCOUNT, period_start=JUNE, measure=name)
        assert (row["color"], row["points"]) == (shade, int(worth))


def test_groups_and_the_score_follow_from_the_points(sample_mart: Mart) -> None:
    groups = {row["measure"]: row["score_group"] for row in seed("measures")}
    points: dict[str, list[int]] = {}
    for row in table("3. Ratios, bands and points"):
        points.setdefault(groups[row[0]], []).append(int(row[5]))
    weights = {r["score_group"]: r["weight"] for r in seed("measure_weights") if r["threshold_set"] == "handbook_2025"}
    limits = {
        row["setting"]: Fraction(row["setting_value"]) for row in seed("health_settings") if "score_" in row["setting"]
    }
    shown = table("4. Groups")
    assert {row[0]: row[4] for row in shown} == weights
    means = {group: Fraction(sum(each), len(each)) for group, each in points.items()}
    for group, by_hand, score, shade, _ in shown:
        if group not in means:
            assert (by_hand, score, shade) == ("not applicable", "", "")
            continue
        assert f"{round(float(means[group]), 2):g}" == score
        green = means[group] > limits["score_green_above"]
        assert shade == ("green" if green else "yellow" if means[group] > limits["score_yellow_above"] else "red")
    assert "(63 + 25 + 88) / 3" in PAGE and sorted(points["cd"]) == [25, 63, 88]
    present = sum(Fraction(Decimal(weights[group])) for group in means)
    total = sum(Fraction(Decimal(weights[group])) * mean for group, mean in means.items())
    sum_by_hand = " + ".join(f"{weights[row[0]]} × {row[2]}" for row in shown if row[2])
    score = round(float(total / present), 2)
    assert f"{sum_by_hand} = {float(total):g}, over the weights that are there, {float(present):g}" in PAGE
    assert f"{float(total):g} / {float(present):g} = **{score}**" in PAGE
    row = sample_mart.one("fct_account_health", account_id=ACCOUNT, period_start=JUNE)
    assert (row["overall_score"], row["overall_color"], row["weight_present"]) == (score, "green", float(present))
    quoted = " ".join(line.removeprefix("> ") for line in PAGE.splitlines() if line.startswith("> "))
    assert quoted == row["explanation"]
    held = Fraction(15, 85)
    assert f"= {float((88 - 63) * held):.2f}\npoints" in PAGE and f"= {float((88 - 25) * held / 3):.2f}." in PAGE
