"""Seeds are the analysts': what is added to one breaks no unit test; nor does a var."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from dbt_bench import REPO, Bench, DbtRun, copy_project, release_database

from scripts import registry

OTHER_ENVELOPE = {"uuid": "installation.id", "hostname": "installation.host", "version": "installation.release"}
OTHER_SETTINGS = {
    "grain": "week",
    "threshold_set": "sql_2023",
    "relabel_history": True,
    "as_of": "2026-06-20",
    "cancelled_subscriptions": "never",
}
# A new measure with its bands, a use case that it makes up with its group and weight, and one row more everywhere else.
ADDED = {
    "measures": "release_user_rate,releases,releases_28_days_user,activated_seats",
    "scored_measures": "handbook_2025,release_user_rate\nsql_2023,release_user_rate",
    "score_bands": "handbook_2025,release_user_rate,0,,0.1,true,0.2,true\n"
    "sql_2023,release_user_rate,0,,0.1,true,0.2,true\n"
    "ours_2026,release_user_rate,0,,0.1,true,0.2,true",
    "score_groups": "releases,releases,Releases",
    "measure_weights": "handbook_2025,releases,0.0,7\nsql_2023,releases,0.0,7",
    "use_cases": "releases,release,,Releases,5,,,Publish a release.",
    "instance_type_aliases": "prod,Production\nlive,Production",
    "editions": "EE TRIAL,ultimate",
    "product_tiers": "platinum,4",
    "product_tier_words": "gold,premium",
    "subscription_status_aliases": "running,active",
    "input_limits": "a_new_limit,1,of somebody",
    "finding_kinds": "a_new_finding,kept,of somebody",
    "sentinels": "-4,sentinel_other",
    "staging_hosts": "%.staging.%",
    "internal_instances": "hostname,%.vendor.example",
    "health_settings": "a_new_setting,1,of somebody",
    "signal_rules": 'releases_low,low,releases,0,1,,1,,period,low,number,"Only {current} releases."',
    "student_t": "21,1.323",
    "measure_texts": 'release_user_rate,releasing users,percent,"{value} of {denominator} seats release"',
    "score_points": "purple,95",
    "value_statuses": "failed,sentinel_4,5,24,the instance failed to count it (-4)",
    "customer_reasons": "sentinel_4,the instance could not count it,Ask us.",
    "benchmark_measures": "release_user_rate,8,Activated seats that release,percent,10",
    "benchmark_cells": "everybody,false,false,5",
    "report_texts": "a_new_text,of somebody",
    "data_quality_checks": "a_new_check,of somebody,select 1",
}


class Seeds:
    """The seeds of a copy of the project, which tests change and put back."""

    def __init__(self, project: Path) -> None:
        self.folder = project / "seeds"

    def text(self, name: str) -> str:
        """The committed text."""
        return (REPO / "seeds" / f"{name}.csv").read_text(encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        """The text of the copy."""
        (self.folder / f"{name}.csv").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def bench(home: Callable[[str], Path], sample_bench: tuple[Bench, DbtRun]) -> Bench:
    """A copy of the project, unit tests included, over a copy of the sample's database."""
    folder = home("seeds")
    project = copy_project(folder / "project")
    for path in (REPO / "models").rglob("*__unit_tests.yml"):
        shutil.copy(path, project / path.relative_to(REPO))
    built, run = sample_bench
    assert run.exit_code == 0, run.failures
    envelope = {**dict.fromkeys(OTHER_ENVELOPE, ""), **OTHER_ENVELOPE}
    bench = Bench(folder, built.raw, project, **OTHER_SETTINGS, ping_envelope=envelope)
    built.mart.close()
    shutil.copy(built.database, bench.database)
    return bench


@pytest.fixture
def seeds(bench: Bench) -> Seeds:
    """The seeds as they are committed."""
    seeds = Seeds(bench.project)
    for path in (REPO / "seeds").glob("*.csv"):
        shutil.copy(path, seeds.folder)
    return seeds


@pytest.mark.long
def test_no_unit_test_depends_on_a_seed_s_rows_or_on_a_var(bench: Bench, seeds: Seeds) -> None:
    """What test_unit_tests reads in the files, tried. All seeds with rows added, another grain, threshold set, clock, envelope, and labels that count for all history."""
    for name, rows in ADDED.items():
        seeds.write(name, f"{seeds.text(name)}{rows}\n")
    assert registry.main([], bench.project) == 0
    bench.build("seed")
    release_database()
    with duckdb.connect(str(bench.database)) as connection:
        # A model that reads the columns of a mart's score groups is tested after that mart was made with the new group.
        connection.execute("alter table mart_account_standing add column releases_score double")
    run = bench.build("test", "--select", "test_type:unit")
    assert list(run.nodes.values()).count("pass") > 80
