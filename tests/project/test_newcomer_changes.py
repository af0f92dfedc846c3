"""The changes of docs/extending.md, made in a copy of the project by the page's own blocks, and built once for all of them."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from dbt_bench import REPO, Bench, Mart, models_only
from raw_folder import RawFolder

from scripts import registry

PAGE = REPO / "docs/extending.md"
BLOCK = re.compile(r"^`((?:models|seeds)/\S+)`[^\n]*\n(?:[^\n`]+\n)*\n```\w+\n(.*?)```", re.DOTALL | re.MULTILINE)
MARCH = date(2026, 3, 1)
KEYS = {"score_bands": 2, "scored_measures": 2, "measure_weights": 2, "seat_sources": 2}
AUTHORS = "redis_hll_counters.code_review.i_code_review_user_create_mr_monthly"
ISSUES, EPICS = (f"usage_activity_by_stage_monthly.plan.{what}" for what in ("issues", "epics"))
CONTEXTS = {
    "ci_builds_per_seat": "{{ metric_per_seat('ci_builds_28_days_event') }}",
    "ci_builds_for_each_project": "{{ metric_per_project('ci_builds_28_days_event') }}",
    "ci_builds_from_ultimate": "{{ metric_from_tier('ci_builds_28_days_event', 'ultimate') }}",
    "ci_builds_of_subscription": "{{ metric_over_subscription('ci_builds_28_days_event') }}",
}


def blocks(heading: str) -> list[tuple[str, str]]:
    """(file, text) of the blocks under a heading of the page."""
    section = PAGE.read_text("utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    return BLOCK.findall(section)


def apply(project: Path, file: str, text: str) -> None:
    """Writes a new file; rows of a seed replace those of the same key, or are added."""
    path = project / file
    if path.suffix != ".csv":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return
    size = KEYS.get(path.stem, 1)
    key = lambda line: tuple(next(csv.reader(StringIO(line)))[:size])  # noqa: E731
    new = {key(line): line for line in text.splitlines()}
    lines = [new.pop(key(line), line) for line in path.read_text("utf-8").splitlines()]
    path.write_text("\n".join([*lines, *new.values()]) + "\n", encoding="utf-8")


def raw_files(folder: Path) -> Path:
    """One customer who pings, one who does not; the licence system counts the users of both."""
    raw = RawFolder()
    for name, seats in (("pings", 1000), ("silent", 500)):
        raw.account(name)
        raw.subscription(f"S-{name}", name, "2024-01-01", seats=seats)
        sha = hashlib.sha256(name.encode()).hexdigest()
        raw.add("licenses", license_id=f"L-{name}", license_sha256=sha, subscription_id=f"S-{name}", seats=seats)
    raw.label("uuid-pings", "git.example")
    for host, builds, activated in (("git.example", 3000, 1000), ("test.example", 500, 20)):
        fields = {"license_subscription_id": "S-pings", AUTHORS: 400, ISSUES: 150, EPICS: -1 if host[0] == "t" else 250}
        raw.ping(
            "uuid-pings",
            host,
            "2026-03-20T06:00:00Z",
            fields,
            activated=activated,
            active=activated * 8 // 10,
            git=100,
            builds=builds,
            projects=50,
        )
    raw.write(folder)
    counts = {"pings": {"2026-03-21": 990}, "silent": {"2026-03-10": 380, "2026-03-30": 420, "2026-02-27": 410}}
    lines = ["license_sha256,reported_on,billable_users", "00ff,2026-03-30,7"]
    for name, days in counts.items():
        lines += [f"{hashlib.sha256(name.encode()).hexdigest()},{day},{users}" for day, users in days.items()]
    (folder / "seat_link.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@dataclass
class Changed:
    """The copy of the project with all changes, and what it built."""

    bench: Bench
    mart: Mart
    touched: dict[str, set[str]]
    warned: str


def contents(project: Path) -> dict[str, bytes]:
    """Every file of the copy that a newcomer might touch."""
    found = (path for part in ("models", "macros", "seeds", "docs") for path in (project / part).rglob("*"))
    return {str(path.relative_to(project)): path.read_bytes() for path in found if path.is_file()}


@pytest.fixture(scope="module")
def changed(home: Callable[[str], Path]) -> Changed:
    """All changes, one build."""
    folder = home("newcomer")
    project = models_only(folder / "project")
    (project / "tests/singular").mkdir(parents=True)
    for name in (
        "test_seeds__names_meet",
        "test_seeds__threshold_sets_are_complete",
        "test_seats__every_report_finds_its_subscription",
    ):
        (project / f"tests/singular/{name}.sql").write_bytes((REPO / f"tests/singular/{name}.sql").read_bytes())
    assert registry.main([], project) == 0
    touched = {}
    for heading in ("A derived metric as a measure", "A fifth use case", "A source of seats"):
        before = contents(project)
        for file, text in blocks(heading):
            apply(project, file, text)
        assert registry.main([], project) == 0
        touched[heading] = {file for file, content in contents(project).items() if before.get(file) != content}
    example = dict(blocks("A derived metric as a measure"))[
        "models/metrics/create/metric_source_code_people_28_days_user.yml"
    ]
    for name, sql in CONTEXTS.items():
        apply(project, f"models/metrics/verify/metric_{name}.sql", sql)
        apply(
            project,
            f"models/metrics/verify/metric_{name}.yml",
            example.replace("source_code_people_28_days_user", name),
        )
    assert registry.main([], project) == 0
    bench = Bench(folder, raw_files(folder / "raw"), project, as_of="2026-03-31")
    run = bench.build("build")
    assert run.nodes["a_licence_s_users_are_its_subscription_s_seats"] == "pass"
    return Changed(bench, bench.mart, touched, "\n".join(run.of_level("warn")))


GENERATED = {"macros/_generated/metric_models.sql", "docs/metrics.md"}


def test_the_page_names_every_file_that_was_touched(changed: Changed) -> None:
    """Two files and a row; metric models and seeds; a staging model and a row. The rest is written by `make registry`."""
    measure, use_case, source = changed.touched.values()
    metric = "models/metrics/create/metric_source_code_people_28_days_user"
    assert measure - GENERATED == {f"{metric}.sql", f"{metric}.yml", "seeds/measures.csv"}
    written = GENERATED | {
        "macros/_generated/score_groups.sql",
        "models/marts/health/fct_account_health.yml",
        "models/marts/health/mart_account_periods.yml",
        "models/marts/health/mart_account_standing.yml",
        "models/marts/publish/gainsight/gainsight__company_health.yml",
        "models/marts/publish/marketo/marketo__account_health.yml",
        "models/marts/publish/salesforce/salesforce__account_health.yml",
    }
    assert all(file.startswith(("seeds/", "models/metrics/")) for file in use_case - written)
    assert use_case >= written
    model = "models/staging/seat_link/stg_seat_link__seats"
    assert source == {f"{model}.sql", f"{model}.yml", "seeds/seat_sources.csv", "macros/_generated/seat_sources.sql"}


def test_a_derived_metric_is_a_measure_and_changes_the_score(changed: Changed) -> None:
    """400 authors of merge requests of 1,000 seats are 0.4 and green; the 100 who used Git were 0.1 and red."""
    row = changed.mart.one(
        "fct_measure_scores", original_subscription_id="S-pings", period_start=MARCH, measure="scm_user_rate"
    )
    assert (row["numerator"], row["denominator"], row["measure_value"], row["color"]) == (400, 1000, 0.4, "green")
    account = changed.mart.one("gainsight__company_health", account_id="pings")
    assert account["scm_score"] == 88


def test_the_fifth_use_case_is_everywhere_that_the_other_four_are(changed: Changed) -> None:
    """250 of 1,000 plan: 0.25 is yellow, 63 points, in progress; after four others it is the next one to help with."""
    mart = changed.mart
    stage = mart.one("fct_stage_adoption", original_subscription_id="S-pings", period_start=MARCH, use_case="plan")
    assert (stage["score"], stage["color"], stage["adoption_status"], stage["stage"]) == (
        63,
        "yellow",
        "in_progress",
        "plan",
    )
    health = mart.one("fct_account_health", account_id="pings", period_start=MARCH)
    assert (health["plan_score"], health["plan_color"]) == (63, "yellow")
    published = ("gainsight__company_health", "salesforce__account_health", "marketo__account_health")
    for relation in ("mart_account_standing", *published):
        assert mart.one(relation, account_id="pings")["plan_score"] == 63, relation
    adoption = mart.one("fct_account_adoption", account_id="pings", period_start=MARCH)
    assert "plan" in adoption["in_progress_use_cases"].split(",")
    contribution = mart.one("fct_score_contributions", account_id="pings", period_start=MARCH, score_group="plan")
    assert contribution["label"] == "planning"
    assert mart.one("dim_metrics", metric_name="planning_people_28_days_user")["use_case"] == "plan"


def test_seats_of_another_source_fill_in_where_no_ping_knows_them(changed: Changed) -> None:
    """Of three reports the last one of the period counts: 420 of 500; the ping's own 1,000 comes before the 990."""
    silent, february, pings = (
        changed.mart.one("fct_seat_utilization", original_subscription_id=f"S-{name}", period_start=period)
        for name, period in (("silent", MARCH), ("silent", date(2026, 2, 1)), ("pings", MARCH))
    )
    assert (silent["activated_seats"], silent["activated_seats_source"]) == (420, "seat_link")
    assert (february["activated_seats"], february["activated_seats_source"]) == (410, "seat_link")
    assert (pings["activated_seats"], pings["activated_seats_source"]) == (1000, "ping")
    assert (silent["license_utilization"], silent["license_utilization_score"]) == (0.84, None)
    assert silent["missing_reason"] == "no_ping"
    assert changed.mart.one("fct_account_seats", account_id="silent", period_start=MARCH)["activated_seats"] == 420


def test_a_report_that_fits_no_subscription_is_a_warning(changed: Changed) -> None:
    """The hash 00ff is no licence's."""
    assert "test_seats__every_report_finds_its_subscription" in changed.warned


def test_a_metric_in_another_context_is_one_line(changed: Changed) -> None:
    """3,000 builds for 1,000 seats and 50 projects, 3,500 over both instances; Premium has none of Ultimate's."""
    rows = changed.mart.rows(
        "select metric_name, metric_value, value_status, value_reason from fct_metric_values "
        "inner join dim_instances using (instance_id) where hostname = 'git.example' and period_start = ?",
        MARCH,
    )
    found = {row.pop("metric_name"): tuple(row.values()) for row in rows}
    assert found["ci_builds_per_seat"] == (3, "reported", None)
    assert found["ci_builds_for_each_project"] == (60, "reported", None)
    assert found["ci_builds_of_subscription"] == (3500, "reported", None)
    assert found["ci_builds_from_ultimate"] == (None, "not_applicable", "tier")


def test_the_dictionary_says_of_what_a_metric_is_made(changed: Changed) -> None:
    """In the table and on the page."""
    metric = changed.mart.one("dim_metrics", metric_name="ci_builds_per_seat")
    assert metric["derived_from"] == "activated_seats, ci_builds_28_days_event"
    page = (changed.bench.project / "docs/metrics.md").read_text("utf-8")
    row = next(line for line in page.splitlines() if line.startswith("| `ci_builds_per_seat`"))
    assert "of `activated_seats`, `ci_builds_28_days_event`" in row


def test_a_changed_metric_model_changes_what_customers_are_judged_by(changed: Changed) -> None:
    """The metric says 5: so do seats, measures, activity and Gainsight."""
    model = changed.bench.project / "models/metrics/license/metric_activated_seats.sql"
    model.write_text(
        "select instance_id, period_start, cast(5 as double) as metric_value, 'reported' as value_status,\n"
        "    cast(null as varchar) as value_reason\nfrom {{ ref('int_instance_periods') }}\n"
    )
    changed.bench.build("run", "--select", "metric_activated_seats+")
    mart = changed.mart
    assert (
        mart.one("fct_seat_utilization", original_subscription_id="S-pings", period_start=MARCH)["activated_seats"] == 5
    )
    scm = mart.one(
        "fct_measure_scores", original_subscription_id="S-pings", period_start=MARCH, measure="scm_user_rate"
    )
    assert (scm["numerator"], scm["denominator"]) == (400, 5)
    assert {row["activated_seats"] for row in mart.find("fct_instance_activity", period_start=MARCH)} == {5}
    assert mart.one("gainsight__company_health", account_id="pings")["activated_seats"] == 5


def test_what_is_forgotten_is_named_with_the_command(changed: Changed) -> None:
    """A group without `make registry`; a contract without a group's column; a source without precedence."""
    project = changed.bench.project
    contract = project / "models/marts/publish/gainsight/gainsight__company_health.yml"
    groups, sources = project / "seeds/score_groups.csv", project / "seeds/seat_sources.csv"
    kept = {path: path.read_text("utf-8") for path in (contract, groups, sources)}
    for path, text, command, wanted in (
        (contract, kept[contract].replace("plan_score", "planning_score"), ("run", "--select", "int_settings"),
         ["gainsight__company_health.yml lacks plan_score", "make registry"]),
        (groups, kept[groups] + "sixth,a sixth,Sixth\n", ("seed", "--select", "score_groups"), ["sixth", "make registry"]),
        (sources, kept[sources].replace("activated_seats,seat_link,2,\n", ""), ("seed", "--select", "seat_sources"),
         ['no row for the source "seat_link"']),
    ):  # fmt: skip
        path.write_text(text, encoding="utf-8")
        run = changed.bench.dbt(*command)
        path.write_text(kept[path], encoding="utf-8")
        assert run.exit_code != 0
        assert all(word in run.failures for word in wanted), run.failures
