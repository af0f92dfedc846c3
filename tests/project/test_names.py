"""Names in SQL: whatever stands in the registry or a seed as well is looked up there; and the seeds as they are shipped."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from dbt_bench import REPO

from scripts import registry

PLACES = {
    "measure": ("measures", "measure"),
    "score_group": ("score_groups", "score_group"),
    "use_case": ("use_cases", "use_case"),
    "signal": ("signal_rules", "signal"),
    "setting": ("health_settings", "setting"),
    "data_quality_check": ("data_quality_checks", "check_name"),
}
# Looked up, or a model's name (dbt misses it itself), or a column and a key of a dict.
CHECKED = re.compile(
    r"known\([^)]*\)|(?:metric_\w+|counter_increase|ratio)\([^)]*\)|'\w+':|\{#.*?#\}|--[^\n]*", re.DOTALL
)
# Words of a vocabulary that mean something else in these files.
OTHER_MEANING = {("stopped_reporting", "reporting_reason"), ("activated_seats", "suggestion_reason")}
# Here metrics, measures and a signal give their names to columns, which the database itself misses.
COLUMNS = {
    "int_instance_seats.sql",
    "int_rollup_seats.sql",
    "int_signals_subscription.sql",
    "int_subscription_seats.sql",
}


def rows(seed: str) -> list[dict[str, str]]:
    """The rows of a seed."""
    with (REPO / "seeds" / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def names() -> set[str]:
    """Every name of the registry and of the seeds that name things."""
    metrics = {metric["name"] for metric in registry.read_metrics(REPO)}
    return metrics.union(*({row[column] for row in rows(seed)} for seed, column in PLACES.values()))


def sql_files() -> Iterator[tuple[Path, str]]:
    """Models and singular tests."""
    for folder in ("models", "tests/singular"):
        for path in sorted((REPO / folder).rglob("*.sql")):
            yield path.relative_to(REPO), path.read_text("utf-8")


def test_every_name_in_sql_is_looked_up() -> None:
    """As known('signal', 'no_runners'); a literal alone would outlive what it names."""
    known = names()
    unchecked = [
        (str(path), name)
        for path, text in sql_files()
        if path.name not in COLUMNS
        for name in re.findall(r"'(\w+)'", CHECKED.sub("", text))
        if name in known and not any(name == word and column in text for word, column in OTHER_MEANING)
    ]
    assert unchecked == []


def test_words_of_the_models_are_those_of_the_glossary() -> None:
    """What the glossary calls a value, an input, eligible or not applicable has no second name; a gate is the loader's."""
    retired = re.compile(
        r"\b(readings?|operands?|finders?|gates?|gate_reason|is_ruled_out|ruled out|standing pings?)\b"
    )
    found = {
        (path.name, match.group())
        for path in (REPO / "models").rglob("*")
        if path.suffix in (".sql", ".yml")
        for match in retired.finditer(path.read_text("utf-8"))
    }
    assert found == set()


def test_the_vocabularies_of_the_macro_are_those_tested_here() -> None:
    """So that a vocabulary added there is looked for here."""
    macro = (REPO / "macros/metrics/known_names.sql").read_text("utf-8")
    found = re.findall(r"'(\w+)': \['(\w+)', '(\w+)'\]", macro)
    assert {name: (seed, column) for name, seed, column in found} == PLACES


def test_every_signal_rule_is_raised_by_some_model() -> None:
    """A rule of the seed that no SQL names would never be raised."""
    used = {name for _, text in sql_files() for name in re.findall(r"known\('signal', '(\w+)'\)", text)}
    assert {row["signal"] for row in rows("signal_rules")} == used


def stated(model: str, test: str, seed: str) -> list[dict[str, str]]:
    """The rows of a seed that a unit test states as what it is worked out for."""
    (path,) = (REPO / "models").rglob(f"{model}__unit_tests.yml")
    (found,) = (one for one in yaml.safe_load(path.read_text("utf-8"))["unit_tests"] if one["name"] == test)
    (given,) = (one for one in found["given"] if one["input"] == f"ref('{seed}')")
    return list(csv.DictReader(given["rows"].splitlines()))


@pytest.mark.parametrize("threshold_set", ["handbook_2025", "sql_2023"])
def test_the_shipped_bands_are_those_whose_edges_are_unit_tested(threshold_set: str) -> None:
    """Every number of them; what is worked out there is then true of the shipped seed."""
    found = stated("int_subscription_points", f"every_band_edge_of_{threshold_set}_gives_its_points", "score_bands")
    for one in (found, shipped := rows("score_bands")):
        one[:] = [row for row in one if row["threshold_set"] == threshold_set]
    shown = {row["measure"] for row in found}
    assert [row for row in shipped if row["measure"] in shown] == found
    assert {row["measure"] for row in rows("scored_measures") if row["threshold_set"] == threshold_set} <= shown


def test_the_shipped_measures_are_those_that_are_unit_tested() -> None:
    """Which two numbers each divides, and its group."""
    found = stated("int_measure_ratios", "a_measure_divides_the_two_inputs_it_names", "measures")
    assert rows("measures") == found
    assert len(found) == 11


def test_the_shipped_weights_and_limits_are_those_of_the_handbook() -> None:
    """Utilization 30 %, engagement 10 %, each use case 15 %; 20 %, 60 and 30 days, 50 and 75 points."""
    use_cases = {"scm": 0.15, "ci": 0.15, "devsecops": 0.15, "cd": 0.15}
    for threshold_set in ("handbook_2025", "sql_2023"):
        weights = {
            row["score_group"]: float(row["weight"])
            for row in rows("measure_weights")
            if row["threshold_set"] == threshold_set
        }
        assert weights == {"license_utilization": 0.30, "user_engagement": 0.10, **use_cases}
    settings = {row["setting"]: float(row["setting_value"]) for row in rows("health_settings")}
    for setting, value in {
        "suggestion_min_share": 0.2,
        "stale_after_days": 60,
        "onboarding_days": 30,
        "activity_tolerance": 0.2,
        "activity_baseline_periods": 3,
        "clock_late_hours": 24,
        "clock_early_days": 35,
        "score_yellow_above": 50,
        "score_green_above": 75,
        "platform_adoption_success": 3,
    }.items():
        assert settings[setting] == value, setting
    assert {row["color"]: row["points"] for row in rows("score_points")} == {"red": "25", "yellow": "63", "green": "88"}
