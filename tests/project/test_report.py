"""The customer report: the customer's own figures with every blank explained, nobody else's anything, no word of ours."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from dbt_bench import REPO, SMALL, Bench, Mart

pytest.importorskip("streamlit", reason="Streamlit is not installed (`make dashboard` installs it)")
pytest.importorskip("vl_convert", reason="vl-convert is not installed (`make dashboard` installs it)")

from app_bench import FORMULA, HARM, copied, hostile
from report_bench import JUDGEMENT, Page, folder_text, marks_of, read_text, records, strangers, written

from dashboard.report.files import folder_name

BUSY = "0014M0000000004QAA"
"""Copper Semiconductors: 37 seats, 21 activated, 9 people active, one goal, one instance."""
OUT_OF_IT = "0014M0000000005QAA"
"""Coral Biotech does not take part in the comparison (in_benchmarks is false)."""


@pytest.fixture(scope="module")
def reports(sample_mart: Mart, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reports of all accounts of the small sample."""
    home = tmp_path_factory.mktemp("reports")
    sample_mart.close()
    assert written(sample_mart.database, home, "--all", "--out", str(home / "out"), "--sender", "Vendor & Sons") == 0
    return home / "out"


def test_every_account_of_the_crm_has_a_page_and_the_command_says_how_many(
    reports: Path, sample_mart: Mart, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = {row["account_id"] for row in sample_mart.rows("select account_id from dim_accounts where is_in_crm")}
    assert {path.name for path in reports.iterdir()} == wanted
    assert all((reports / account / "report.html").is_file() for account in wanted)
    chosen = sorted(wanted)[:2]
    sample_mart.close()
    arguments = [part for account in chosen for part in ("--account", account)]
    assert written(sample_mart.database, tmp_path, *arguments, "--out", str(tmp_path / "two")) == 0
    assert "2 reports in" in capsys.readouterr().out
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == chosen


def test_no_other_account_s_name_id_host_uuid_or_subscription_stands_in_any_report(
    reports: Path, sample_mart: Mart
) -> None:
    assert list(strangers(reports, sample_mart)) == []
    own = marks_of(sample_mart)[BUSY]
    assert {"Copper Semiconductors", "gitlab.copper-semiconductors.example"} <= own
    assert all(mark in folder_text(reports / BUSY) for mark in ("Copper Semiconductors", "gitlab.copper-semi"))


def test_the_search_for_others_finds_one_that_is_there(reports: Path, sample_mart: Mart, tmp_path: Path) -> None:
    (tmp_path / BUSY).mkdir()
    (tmp_path / BUSY / "report.html").write_text("like <b>Birch Bank</b>", encoding="utf-8")
    assert list(strangers(tmp_path, sample_mart)) == [(BUSY, "Birch Bank")]


def test_no_word_of_our_own_judgement_stands_in_any_report(reports: Path, sample_mart: Mart) -> None:
    marks = marks_of(sample_mart)
    for folder in reports.iterdir():
        text = read_text(folder)
        for mark in sorted(marks[folder.name], key=len, reverse=True):
            text = text.replace(mark, "")
        assert JUDGEMENT.findall(text) == [], folder.name
        assert "@" not in text, folder.name


def test_no_text_that_a_report_may_take_from_a_seed_judges(sample_mart: Mart) -> None:
    for column, seed in (
        ("told", "customer_reasons"),
        ("remedy", "customer_reasons"),
        ("text", "report_texts"),
        ("label", "benchmark_measures"),
        ("advice", "use_cases"),
        ("label", "use_cases"),
        ("label", "measure_texts"),
        ("finding", "measure_texts"),
    ):
        for row in sample_mart.rows(f"select {column} as text from main_seeds.{seed}"):
            assert not JUDGEMENT.search(row["text"]), (seed, row["text"])


def test_a_page_has_no_script_and_asks_nobody_anything(reports: Path) -> None:
    for folder in reports.iterdir():
        page = Page(folder / "report.html")
        assert not {"script", "img", "iframe", "link", "object", "embed", "form", "base"} & {
            tag for tag, _ in page.tags
        }
        assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on") or name == "src"]
        links = [attrs["href"] for tag, attrs in page.tags if "href" in attrs]
        assert {*links, "report.html"} == {path.name for path in folder.iterdir()}
        assert not [attrs for _, attrs in page.tags if "xlink:href" in attrs]
        assert "@import" not in page.source
        assert set(re.findall(r"url\(([^)]*)\)", page.source)) <= {f"#{found}" for found in _ids(page)}
        assert "default-src 'none'" in page.source


def _ids(page: Page) -> set[str]:
    ids = [attrs["id"] or "" for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    return set(ids)


def test_a_page_says_the_account_s_own_figures(reports: Path) -> None:
    page = Page(reports / BUSY / "report.html")
    for label, value in (("Licensed seats", "37"), ("Activated seats", "21"), ("Active people", "9")):
        assert page.texts[page.texts.index(label) + 1] == value
    assert "As of 30 Jun 2026, prepared by" in page.text
    assert "Vendor & Sons" in page.text
    # 2 of 21 activated seats use Git: 9.5 %; adopted is above 33 %, which 7 of 21 (33.3 %) are: 5 more
    assert "10% of 21 activated seats use Git." in page.text
    assert "Adopted above 33%: 5 more Git users." in page.text
    assert "1 major release behind 17" in page.text
    assert "rounded, 3 months late, of at least 10 companies" in page.text  # numbers of health_settings
    assert list(records(reports / BUSY / "goals.csv")) == [
        {
            "goal": "Move the build farm", "measured_by": "CI builds, events in 28 days", "starts_on": "2025-12-30",
            "due_on": "2026-08-30", "baseline_value": "", "current_value": "88.0", "target_value": "740.0",
            "progress": "0.1189", "status": "behind schedule", "why_not_measured": "", "why_no_schedule": "",
        }
    ]  # fmt: skip


def test_seats_by_period_are_those_of_the_mart(reports: Path, sample_mart: Mart) -> None:
    wanted = sample_mart.rows(
        "select period_start, sold_seats, activated_seats, active_users from mart_account_periods"
        " where account_id = ? order by period_start",
        BUSY,
    )
    shown = [
        {name: row[name] for name in ("period_start", "sold_seats", "activated_seats", "active_users")}
        for row in records(reports / BUSY / "seats.csv")
    ]
    assert (
        shown
        == [{name: "" if value is None else str(value) for name, value in row.items()} for row in wanted[-13:]]
        != []
    )


def test_every_blank_of_the_data_has_its_reason_beside_it(reports: Path) -> None:
    pairs = {
        "seats.csv": (("activated_seats", "why_no_activated_seats"), ("active_users", "why_no_active_users")),
        "counters.csv": (("value", "why_missing"),),
        "peers.csv": (("own", "why_no_own"), ("median", "why_no_peers")),
        "goals.csv": (("progress", "why_not_measured"),),
        "not_measured.csv": (("nothing", "why"), ("nothing", "what_to_do")),
    }
    blanks = 0
    for folder in reports.iterdir():
        for name, columns in pairs.items():
            for row in records(folder / name) if (folder / name).exists() else []:
                for value, why in columns:
                    if not row.get(value):
                        assert row[why] and row[why] != "the reason is not known", (folder.name, name, row)
                        blanks += 1
    assert blanks > 100


def test_what_is_missing_is_listed_with_what_to_do(reports: Path, sample_mart: Mart) -> None:
    """Hazel Health runs 14.5: what needs a newer version is one row of the table, with the way out."""
    account = sample_mart.one("dim_accounts", account_name="Hazel Health")["account_id"]
    rows = [row for row in records(reports / account / "not_measured.csv") if "too old" in row["why"]]
    assert {"Continuous integration", "CI builds, events in 28 days"} <= {row["not_measured"] for row in rows}
    assert {row["what_to_do"] for row in rows} == {"Upgrade the instance."}
    assert "the version in use is too old to report it" in Page(reports / account / "report.html").text


def test_a_silent_account_has_a_page_that_says_so(reports: Path, sample_mart: Mart) -> None:
    account = sample_mart.row(
        "select account_id from mart_account_standing where unscored_reason = 'no_ping' and account_id not in"
        " (select account_id from dim_instances where account_id is not null) order by 1 limit 1"
    )["account_id"]
    text = Page(reports / account / "report.html").text
    assert "No instance of yours has reported." in text
    assert "No counter has reached us." in text


def test_the_keys_that_are_known_are_those_that_were_reported(reports: Path, sample_mart: Mart) -> None:
    wanted = sample_mart.rows(
        "select distinct label, key_paths from fct_metric_values join dim_metrics using (metric_name)"
        " join dim_instances using (instance_id) where account_id = ? and period_start = '2026-06-01'"
        " and value_status = 'reported' and key_paths != ''",
        BUSY,
    )
    text = Page(reports / BUSY / "report.html").text
    assert len(wanted) > 20
    for row in wanted:
        assert row["label"] in text
        assert all(path.strip() in text for path in row["key_paths"].split(","))
    assert "switches it off" in text


def test_who_does_not_take_part_is_shown_no_peers_and_told_how_to(reports: Path, sample_mart: Mart) -> None:
    assert not sample_mart.one("mart_peer_benchmarks", account_id=OUT_OF_IT, benchmark="scm_user_rate")["is_member"]
    text = Page(reports / OUT_OF_IT / "report.html").text
    assert "You do not take part" in text
    assert "Lower quartile" not in text
    assert {row["median"] for row in records(reports / OUT_OF_IT / "peers.csv")} == {""}
    assert "Lower quartile" in Page(reports / BUSY / "report.html").text


def test_hostile_names_are_text_and_no_formula(sample_mart: Mart, tmp_path: Path) -> None:
    sample_mart.close()
    database, harm, formula = hostile(sample_mart.database, tmp_path)
    more = tmp_path / "more"
    more.mkdir()
    database = copied(
        database,
        more,
        f"update fct_objective_progress set objective_name = '{HARM}'",
        f"update dim_subscriptions set product_tier = '{HARM}'",
        f"update dim_instances set version = '{FORMULA}', hostname = '{HARM}' where account_id = '{harm}'",
        f"update dim_metrics set label = '{HARM}' where metric_name = 'activated_seats'",
    )
    out = tmp_path / "out"
    assert (
        written(database, tmp_path, "--account", harm, "--account", formula, "--out", str(out), "--sender", HARM) == 0
    )
    page = Page(out / harm / "report.html")
    assert not {"img", "a"} & {tag for tag, attrs in page.tags if attrs.get("href", "").startswith("http")}  # type: ignore[union-attr]
    assert "img" not in {tag for tag, _ in page.tags}
    assert page.text.count(HARM) >= 4
    assert FORMULA in Page(out / formula / "report.html").text
    cells = [
        cell
        for path in out.rglob("*.csv")
        for row in csv.reader(path.open(encoding="utf-8-sig", newline=""))
        for cell in row
    ]
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@")]
    assert f"'{FORMULA}" in cells


def test_an_account_that_fails_is_named_and_stops_nobody_else(
    sample_mart: Mart, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / BUSY).write_text("in the way", encoding="utf-8")
    sample_mart.close()
    assert written(sample_mart.database, tmp_path, "--all", "--out", str(out)) == 1
    said = capsys.readouterr()
    assert f"{BUSY}: FileExistsError" in said.err
    assert "1 account failed" in said.err
    assert "31 reports" in said.out
    assert len(list(out.glob("*/report.html"))) == 31


def test_what_cannot_be_done_is_said_and_nothing_is_written(
    sample_mart: Mart, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample_mart.close()
    out = tmp_path / "out"
    for arguments, message in (
        (("--account", "nobody", "--out", str(out)), "There is no account nobody in the mart."),
        (("--out", str(out)), "--account ID, or --all"),
        (("--all", "--account", BUSY, "--out", str(out)), "--account ID, or --all"),
        (("--all",), "--out DIR"),
    ):
        assert written(sample_mart.database, tmp_path, *arguments) == 2
        assert message in capsys.readouterr().err
    assert written(tmp_path / "none.duckdb", tmp_path, "--all", "--out", str(out)) == 2
    assert "There is no DuckDB file" in capsys.readouterr().err
    assert not out.exists()


def test_a_build_that_failed_or_was_stopped_is_not_sent_to_customers(
    sample_mart: Mart, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample_mart.close()
    failed = json.dumps({"test.customer_health.a_test": "fail"})
    for name, change, message in (
        ("failed", f"update main_publish.dbt_results set statuses = '{failed}'", "The last build did not pass"),
        ("stopped", "update main_publish.dbt_results set completed_at = null", "A build is running, or was stopped"),
    ):
        home = tmp_path / name
        home.mkdir()
        database = copied(sample_mart.database, home, change)
        assert written(database, home, "--all", "--out", str(home / "out")) == 2
        assert message in capsys.readouterr().err
        assert not (home / "out").exists()


def test_an_id_becomes_a_folder_within_the_folder() -> None:
    assert folder_name("0014M0000000004QAA") == "0014M0000000004QAA"
    assert folder_name("../../etc/passwd") == "%2E.%2F..%2Fetc%2Fpasswd"
    assert folder_name("..") == "%2E."
    assert folder_name("ab", {"ab"}) == "ab~2"
    assert folder_name("AB", {"ab", "ab~2"}) == "AB~3"


@pytest.mark.long
def test_no_other_account_stands_in_any_report_of_the_generated_sample(
    home: Callable[[str], Path], models: Path
) -> None:
    from sample.__main__ import main as generate

    folder = home("generated")
    options = ["--out", str(folder / "raw"), "--as-of", "2026-06-30", "--months", "6", "--payload-keys", "60"]
    assert generate(options) == 0
    bench = Bench(folder, folder / "raw", models, as_of="2026-06-30")
    bench.build(
        "build", "--exclude-resource-type", "unit_test", "test",
        "--select", "+exposure:customer_report", "resource_type:seed",
    )  # fmt: skip
    bench.mart.close()
    assert written(bench.database, folder, "--all", "--out", str(folder / "out")) == 0
    assert len(list((folder / "out").iterdir())) == 120
    assert list(strangers(folder / "out", bench.mart)) == []


def test_the_sample_says_who_takes_part() -> None:
    rows = records(SMALL / "accounts.csv")
    assert {row["account_id"] for row in rows if row["in_benchmarks"] == "false"} == {OUT_OF_IT, "0014M0000000010QAA"}
    assert (REPO / "docs" / "customer-report.md").is_file()
