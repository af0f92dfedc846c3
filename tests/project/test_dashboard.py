"""The dashboard: figures, reasons and escaping of a page made from a few hand-written mart rows."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import unescape
from pathlib import Path

import duckdb
import pytest

from dashboard import formats
from dashboard.__main__ import main
from dashboard.charts import nice_ticks
from dashboard.clock import make_clock
from dashboard.svg import path

JAN, FEB, MAR = "2026-01-01", "2026-02-01", "2026-03-01"
EVIL = 'Evil <script>alert(1)</script> & "Sons"'

# Only the columns that the tests fill; the dashboard reads the others as null.
TABLES = {
    "dim_accounts": "account_id text, account_name text, segment text, region text, csm_email text",
    "dim_subscriptions": """subscription_id text, original_subscription_id text, account_id text,
        product_tier text, is_trial boolean, end_date date, is_active boolean, arr double""",
    "dim_instances": """instance_id text, uuid text, hostname text, account_id text,
        instance_type text, instance_type_source text, suggested_instance_type text, version text,
        last_ping_at timestamp, days_since_last_ping bigint""",
    "fct_instance_activity": """instance_id text, period_start date, account_id text,
        instance_type text, last_ping_at timestamp, active_users double, active_users_source text,
        activity_status text""",
    "fct_reporting_coverage": """subscription_id text, original_subscription_id text,
        account_id text, period_start date, is_reporting boolean, has_production_ping boolean,
        reporting_reason text""",
    "fct_seat_utilization": """subscription_id text, original_subscription_id text,
        account_id text, period_start date, licensed_seats double, activated_seats double,
        umau double, umau_source text, inactive_activated_seats double,
        seats_over_license double, missing_reason text""",
    "mart_account_standing": """account_id text, period_start date, standing_period_start date,
        overall_score double, overall_color text, scm_score double, scm_color text,
        ci_score double, ci_color text, score_change double, main_driver text,
        unscored_reason text, adopted_use_cases text, in_progress_use_cases text,
        adopted_count bigint, adoption_level text, next_use_case text,
        next_use_case_advice text, subscriptions bigint, subscriptions_with_seats bigint,
        sold_seats double, licensed_seats double, activated_seats double, active_users double,
        active_users_source text, license_utilization double, user_engagement double,
        inactive_activated_seats double, seats_over_license double""",
    "mart_subscription_standing": "original_subscription_id text, standing_period_start date",
    "fct_account_health": """account_id text, period_start date, overall_score double,
        overall_color text, scm_score double, scm_color text, ci_score double, ci_color text,
        score_change double, main_driver text, unscored_reason text""",
    "fct_account_adoption": """account_id text, period_start date, adopted_use_cases text,
        in_progress_use_cases text, adopted_count bigint, adoption_level text,
        next_use_case text, next_use_case_advice text""",
    "fct_stage_adoption": """original_subscription_id text, account_id text, period_start date,
        use_case text, adoption_status text""",
    "fct_measure_scores": """subscription_id text, original_subscription_id text,
        account_id text, period_start date, measure text, score_group text, is_counted boolean,
        numerator double, denominator double, measure_value double, points integer, color text,
        value_status text, value_reason text""",
    "dim_metrics": """metric_name text, label text, stage text, use_case text, unit text,
        time_frame text, tier text, min_version text, description text""",
    "fct_metric_values": """instance_id text, period_start date, metric_name text,
        metric_value double, value_status text, value_reason text""",
    "fct_unmapped_pings": """ping_id text, received_at timestamp, uuid text, hostname text,
        unmapped_reason text""",
    "quarantined_pings": "source_file text, line_number bigint, reason text",
    "value_statuses": "value_status text, value_reason text, meaning text",
    "use_cases": "use_case text, label text, step integer, advice text",
    "score_groups": "score_group text, field_name text",
    "health_settings": "setting text, setting_value double",
}  # fmt: skip

SEEDS = ("value_statuses", "use_cases", "score_groups", "health_settings")

ROWS: Mapping[str, Sequence[tuple[object, ...]]] = {
    "dim_accounts": [
        ("A1", "Acme", "Enterprise", "EMEA", "jo@vendor.example"),
        ("A2", EVIL, "SMB", "AMER", None),
        ("A3", "Stale Works", "SMB", "AMER", "jo@vendor.example"),
        ("A4", "Last Month", "SMB", "APAC", "jo@vendor.example"),
        ("A5", "Nobody", "SMB", "APAC", None),
    ],
    "dim_subscriptions": [
        ("S1", "S1", "A1", "Premium", False, "2027-06-30", True, 120000.0),
        ("S2", "S2", "A2", "Ultimate", False, "2026-12-31", True, 90000.0),
        ("S3", "S3", "A3", "Premium", False, "2026-12-31", True, None),
        ("S4", "S4", "A4", "Premium", False, "2026-12-31", True, 5000.0),
        ("S9", "S9", "A4", "Premium", False, "2026-01-31", False, 4000.0),
    ],
    "dim_instances": [
        ("I1", "u1", "git.acme.example", "A1", "Production", "label", "Production", "17.9.0",
         "2026-03-18 10:00:00", 2),
        ("I2", "u2", "new.acme.example", "A1", "Unknown", "default", "Production", "17.9.0",
         "2026-03-18 10:00:00", 2),
        ("I3", "u3", "old.stale.example", "A3", "Production", "label", "Production", "15.1.0",
         "2026-01-10 10:00:00", 69),
    ],
    "fct_instance_activity": [
        ("I1", JAN, "A1", "Production", "2026-01-28 10:00:00", 690, "unique_active", "no_baseline"),
        ("I1", MAR, "A1", "Production", "2026-03-18 10:00:00", 700, "unique_active", "as_expected"),
        ("I2", MAR, "A1", "Unknown", "2026-03-18 10:00:00", 5, "events", "no_baseline"),
        ("I3", MAR, "A3", "Production", None, None, None, "not_reporting"),
    ],
    "fct_reporting_coverage": [
        ("S1", "S1", "A1", FEB, True, True, "reporting"),
        ("S1", "S1", "A1", MAR, True, True, "reporting"),
        ("S2", "S2", "A2", MAR, False, False, "never_reported"),
        ("S3", "S3", "A3", MAR, False, False, "stopped_reporting"),
        ("S4", "S4", "A4", MAR, True, False, "reporting"),
        ("S9", "S9", "A4", MAR, True, True, "no_active_subscription"),
    ],
    "fct_seat_utilization": [
        ("S1", "S1", "A1", MAR, 1200, 1000, 700, "unique_active", 300, 0, None),
        ("S2", "S2", "A2", MAR, 369, None, None, None, None, None, "no_ping"),
        ("S4", "S4", "A4", FEB, 50, 40, 41, "events", None, 0, "version_below_minimum"),
    ],
    "mart_account_standing": [
        ("A1", MAR, MAR, 75.47, "green", 88, "green", 63, "yellow", -2.94, "user_engagement", None,
         "scm", "ci", 1, "basic_adoption", "ci", "Add a CI template.",
         1, 1, 1200, 1200, 1000, 700, "unique_active", 0.8333, 0.7, 300, 0),
        ("A2", MAR, MAR, None, None, None, None, None, None, None, None, "no_ping",
         "", "", None, None, None, None,
         1, 0, 369, None, None, None, None, None, None, None, None),
        ("A3", MAR, MAR, None, None, None, None, None, None, None, None, "stale",
         "", "", None, None, None, None,
         1, 0, None, None, None, None, None, None, None, None, None),
        ("A4", MAR, FEB, 25.0, "red", 25, "red", None, None, None, None, None,
         "", "", 0, "none", "scm", "Import a repository.",
         1, 1, 50, 50, 40, 41, "events", 0.8, None, None, 0),
    ],
    "mart_subscription_standing": [("S1", MAR), ("S2", MAR), ("S3", MAR), ("S4", FEB), ("S9", MAR)],
    "fct_account_health": [
        ("A1", JAN, None, None, None, None, None, None, None, None, "no_ping"),
        ("A1", FEB, 78.41, "green", 88, "green", 63, "yellow", None, None, None),
        ("A1", MAR, 75.47, "green", 88, "green", 63, "yellow", -2.94, "user_engagement", None),
        ("A2", MAR, None, None, None, None, None, None, None, None, "no_ping"),
        ("A3", MAR, None, None, None, None, None, None, None, None, "no_ping"),
        ("A4", FEB, 25.0, "red", 25, "red", None, None, None, None, None),
        ("A4", MAR, None, None, None, None, None, None, None, None, "no_ping"),
    ],
    "fct_account_adoption": [
        ("A1", MAR, "scm", "ci", 1, "basic_adoption", "ci", "Add a CI template."),
        ("A2", MAR, "", "", None, "none", None, None),
        ("A4", FEB, "", "", 0, "none", "scm", "Import a repository."),
    ],
    "fct_stage_adoption": [
        ("S1", "A1", MAR, "devsecops", "not_applicable"),
        ("S1", "A1", MAR, "cd", "not_measured"),
    ],
    "fct_measure_scores": [
        ("S1", "S1", "A1", MAR, "user_engagement", "user_engagement", True, 700, 1000, 0.7, 63,
         "yellow", "reported", None),
        ("S1", "S1", "A1", MAR, "cd_user_rate", "cd", True, None, 1000, None, None, None,
         "failed", "sentinel_1"),
    ],
    "dim_metrics": [
        ("projects", "Projects", "manage", "platform", "projects", "all", "free", "10.0",
         "Count of projects."),
    ],
    "fct_metric_values": [
        ("I1", MAR, "projects", 1234, "reported", None),
        ("I2", MAR, "projects", 99, "reported", None),
        ("I3", MAR, "projects", None, "not_reported", "no_ping"),
    ],
    "fct_unmapped_pings": [
        ("P1", "2026-03-02 10:00:00", "x", "h", "license_unknown"),
        ("P2", "2026-02-02 10:00:00", "x", "h", "license_unknown"),
        ("P3", "2026-02-02 10:00:00", None, None, "invalid"),
    ],
    "quarantined_pings": [("march.jsonl", 7, "not JSON")],
    "value_statuses": [
        ("not_reported", "no_ping", "no usage ping arrived in the period"),
        ("not_reported", "stale", "the last usage ping is too old to count"),
        ("not_applicable", "no_active_subscription", "no subscription is in force"),
        ("failed", "sentinel_1", "the instance failed to count it (-1)"),
        ("not_supported", "version_below_minimum", "the version is too old to report it"),
    ],
    "use_cases": [
        ("ci", "Continuous integration", 2, "Add a CI template."),
        ("scm", "Source code management", 1, "Import a repository."),
        ("devsecops", "DevSecOps", 3, "Switch on SAST."),
        ("cd", "Continuous delivery", 4, "Add an environment."),
    ],
    "score_groups": [
        ("license_utilization", "License_Utilization"),
        ("user_engagement", "User_Engagement"),
        ("scm", "SCM"),
        ("ci", "CI"),
        ("cd", "CD"),
        ("devsecops", "DevSecOps"),
    ],
    "health_settings": [("stale_after_days", 60), ("score_yellow_above", 50)],
}  # fmt: skip


@dataclass
class Page:
    """The written page, and pieces of it as text."""

    html: str

    def view(self, name: str) -> str:
        """The text of one view."""
        found = re.search(rf'<section id="view-{name}".*?</section>', self.html, re.DOTALL)
        assert found, name
        return as_text(found.group())

    def account(self, account_id: str) -> str:
        """The markup of one account: its row and its detail."""
        found = re.search(rf'<tbody class="account" data-id="{account_id}".*?</template>', self.html, re.DOTALL)
        assert found, account_id
        return found.group()

    def cell(self, account_id: str, label: str) -> tuple[str | None, str]:
        """What a cell of the accounts table is sorted by, and its text."""
        row = self.account(account_id).split("<template>")[0]
        found = re.search(rf'<td data-label="{label}"(.*?)>(.*?)</td>', row, re.DOTALL)
        assert found, label
        value = re.search(r'data-v="(.*?)"', found.group(1))
        return value.group(1) if value else None, as_text(found.group(2))

    def detail(self, account_id: str) -> str:
        """The text of an account's detail."""
        return as_text(self.account(account_id).split("<template>")[1])


def as_text(markup: str) -> str:
    """Markup without tags, blanks folded."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", markup)).split())


def build_database(file: Path) -> None:
    """A mart of hand-written rows, marts and seeds where dbt puts them."""
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema main_seeds")
        for table, columns in TABLES.items():
            name = f"main_seeds.{table}" if table in SEEDS else f"main.{table}"
            connection.execute(f"create table {name} ({columns})")
            for row in ROWS[table]:
                marks = ", ".join("?" for _ in row)
                connection.execute(f"insert into {name} values ({marks})", list(row))


@pytest.fixture(scope="module")
def mart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The DuckDB file, made once; tests that change it take a copy."""
    file = tmp_path_factory.mktemp("mart") / "mart.duckdb"
    build_database(file)
    return file


def write_page(file: Path, out: Path) -> Page:
    """The page as the command line writes it."""
    assert main(["--database", str(file), "--out", str(out)]) == 0
    return Page((out / "index.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(mart: Path) -> Page:
    """The page of the rows as they stand above."""
    return write_page(mart, mart.parent / "out")


ChangedPage = Callable[[Sequence[str]], Page]


@pytest.fixture
def changed_page(mart: Path, tmp_path: Path) -> ChangedPage:
    """Makes the page of a mart that some statements changed."""

    def make(statements: Sequence[str]) -> Page:
        file = Path(shutil.copy(mart, tmp_path))
        with duckdb.connect(str(file)) as connection:
            for statement in statements:
                connection.execute(statement)
        return write_page(file, tmp_path / "out")

    return make


def test_overview_counts_who_reports_and_who_does_not(page: Page) -> None:
    text = page.view("overview")
    assert "Accounts 5 4 with a subscription in force" in text
    assert "Accounts that report 50% 2 of 4" in text
    assert "4 subscriptions in force in Mar 2026 so far. 50% report, after 100% in Feb 2026" in text
    assert "From a production instance 1 25%" in text
    assert re.search(r"From other instances only .*? 1 25%", text)
    assert re.search(r"Stopped reporting .*? 1 25%", text)
    assert re.search(r"Never reported .*? 1 25%", text)
    assert "Besides, 1 subscription no longer in force: 1 still reporting." in text


def test_funnel_shows_activated_seats_that_nobody_uses(page: Page) -> None:
    text = page.view("overview")
    assert "1 subscription of which all three are known" in text
    assert "Licensed 1,200 Activated 1,000 83% of licensed In use 700 70% of activated" in text
    assert "300 activated seats are not in use." in text
    assert "Not in these sums: 2 subscriptions" in text


def test_health_and_adoption_are_counted_with_the_unscored(page: Page) -> None:
    text = page.view("overview")
    assert "Mean health score 50.2 over 2 scored accounts" in text
    assert "Green ARR 120k 1 20%" in text
    assert "Red ARR 5,000 1 20%" in text
    assert "Unscored ARR 90k 3 60%" in text
    for reason in ("No usage ping arrived in the period 1", "The last usage ping is too old to count 1",
                   "No subscription is in force 1"):  # fmt: skip
        assert reason in text
    assert "Basic adoption 1 20%" in text
    assert "No step taken yet 1 20% Not measured 3 60%" in text


def test_account_row_shows_score_change_seats_and_next_step(page: Page) -> None:
    assert page.cell("A1", "Health") == ("75.47", "75.5 green")
    assert page.cell("A1", "Change") == ("-2.94", "▼ −2.9 Engagement")
    assert page.cell("A1", "Licensed") == ("1200.0", "1,200")
    assert page.cell("A1", "Activated") == ("1000.0", "1,000 83%")
    assert page.cell("A1", "Active") == ("700.0", "700 70% log-ins")
    assert page.cell("A1", "Adoption") == (
        "1", "SCM adopted CI in progress Sec not in the plan CD not measured",
    )  # fmt: skip
    assert page.cell("A1", "Next step")[1] == "CI"
    assert page.cell("A1", "ARR") == ("120000.0", "120k")
    assert page.cell("A1", "Renews") == ("2027-06-30", "30 Jun 2027 Premium")


def test_account_detail_shows_measures_and_instances(page: Page) -> None:
    text = page.detail("A1")
    assert "Next: Continuous integration. Add a CI template." in text
    assert "User engagement 70% 700 of 1,000 63 yellow" in text
    assert "CD user rate – the instance failed to count it (-1)" in text
    assert "git.acme.example Production labelled 17.9.0 2 days ago 700 log-ins as expected" in text
    assert "new.acme.example Unknown not labelled yet; looks like Production" in text


def test_missing_is_a_reason_and_never_a_zero(page: Page) -> None:
    assert page.cell("A2", "Health") == ("", "unscored no usage ping arrived in the period")
    assert page.cell("A2", "Licensed") == ("369.0", "369")
    for label in ("Change", "Activated", "Active"):
        assert page.cell("A2", label) == ("", "–"), label
    assert page.cell("A2", "Adoption")[0] == ""
    assert page.cell("A2", "Next step")[1] == "– not measured"
    assert 'data-color="unscored"' in page.account("A2")
    assert "health-red" not in page.account("A2").split("<template>")[0]
    assert "Not scored: no usage ping arrived in the period." in page.detail("A2")
    assert page.cell("A5", "Health")[1] == "unscored no subscription is in force"
    assert "No instance of this account has ever sent a ping." in page.detail("A5")


def test_current_values_are_those_that_gainsight_shows(page: Page) -> None:
    assert page.cell("A3", "Health")[1] == "unscored the last usage ping is too old to count"
    assert page.cell("A4", "Health") == ("25.0", "25.0 red of Feb 2026")
    assert page.cell("A4", "Active") == ("41.0", "41 estimate from events")
    assert "69 days ago too old to count" in page.detail("A3")


def test_an_account_stands_on_its_last_ping_although_the_current_period_is_silent(page: Page) -> None:
    assert page.cell("A4", "Health")[1] == "25.0 red of Feb 2026"
    assert page.cell("A4", "Activated")[1].startswith("40 80%")
    assert page.cell("A3", "Health")[1] == "unscored the last usage ping is too old to count"


def test_a_period_without_values_is_a_gap_in_the_trends(page: Page) -> None:
    text = page.view("trends")
    assert "The last 3 periods, Jan 2026 to Mar 2026 so far." in text
    assert "Mar 2026 (so far) 50.2 2 Feb 2026 51.7 2 Jan 2026 – 0" in text
    assert "Mar 2026 (so far) 50% 25% Feb 2026 100% 100% Jan 2026 – –" in text


def test_everything_is_escaped(changed_page: ChangedPage) -> None:
    page = changed_page(
        [
            "update fct_measure_scores set measure = '<img src=x onerror=1>'",
            "update dim_instances set hostname = '\"><svg onload=1>'",
            "update dim_metrics set description = '</script><b>', label = '<i>'",
            "update quarantined_pings set reason = '<u>'",
        ]
    )
    assert "<script>alert" not in page.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#34;Sons&#34;" in page.html
    for injected in ("<img", "<svg onload", "<b></", "<i></b>", "<u>"):
        assert injected not in page.html, injected
    assert page.html.count("<script") == page.html.count("</script>") == 1


def test_page_needs_nothing_from_outside(page: Page) -> None:
    html = page.html
    links = re.findall(r'(?:href|src|action)="([^"]*)"', html)
    assert links
    assert all(link.startswith("#") for link in links)
    assert "://" not in html
    script = re.search(r"<script>(.*?)</script>", html, re.DOTALL)
    assert script
    digest = base64.b64encode(hashlib.sha256(script.group(1).encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in html


def test_metrics_show_share_and_median_of_production_instances(page: Page) -> None:
    text = page.view("metrics")
    assert "Projects projects Count of projects. Manage Platform Projects all time" in text
    assert "100% 1 of 1 1,234" in text


def test_a_new_metric_appears_with_no_other_edit(changed_page: ChangedPage) -> None:
    new = "('wiki_pages', 'Wiki pages', 'plan', 'docs', 'events', '28d', 'free', '18.0', 'Pages.')"
    page = changed_page([f"insert into dim_metrics values {new}"])
    text = page.view("metrics")
    assert "Wiki pages wiki_pages Pages. Plan Docs Events in 28 days" in text
    assert "– no value of a production instance in Mar 2026" in text
    assert "Wiki pages 0" not in text and " 0%" not in text


def test_data_quality_names_what_is_left_out(page: Page) -> None:
    text = page.view("quality")
    assert "3 pings in all, 1 of them this month." in text
    assert "Its license leads to no known subscription 2 1 1 2 Mar 2026" in text
    assert "No instance id, or a test build 1 0 1 2 Feb 2026" in text
    assert "1 line that could not be read. Not JSON 1" in text
    assert "march.jsonl 7 not JSON" in text
    assert "Acme new.acme.example Production 2 days ago" in text


OPTIONAL = [
    "create table fct_health_signals (account_id text, period_start date, signal text, "
    "severity text, subject text, message text)",
    f"insert into fct_health_signals values ('A1', '{MAR}', 'inactive_users', 'medium', 'S1', "
    "'Only 70 % were active.'), "
    f"('A1', '{MAR}', 'score_drop', 'high', 'ci', 'CI fell <hard>.'), "
    f"('A1', '{FEB}', 'overage', 'high', 'S1', 'Long ago.')",
    "create table fct_objective_progress (objective_id text, objective_name text, account_id text, "
    "period_start date, metric_name text, current_value double, target_value double, "
    "progress double, status text, due_on date, missing_reason text)",
    f"insert into fct_objective_progress values ('O1', 'Roll out', 'A1', '{MAR}', 'projects', "
    "300, 400, 0.75, 'on_track', '2026-12-31', null), "
    f"('O2', 'Scan', 'A1', '{MAR}', 'projects', null, 400, null, 'no_data', null, 'no_ping')",
    "alter table mart_account_standing add column explanation text",
    "update mart_account_standing set explanation = 'Score 75.47, down.' where account_id = 'A1'",
    "create table mart_data_quality (period_start date, check_name text, subject text, "
    "affected bigint, total bigint, share double, meaning text, drill_down text)",
    f"insert into mart_data_quality values ('{MAR}', 'clock_off', '', 3, 12, 0.25, 'Clocks off', "
    f"'select 1'), ('{FEB}', 'older', '', 1, 1, 1, 'Not the latest', '')",
]


def test_marts_that_came_later_are_shown_when_they_exist(changed_page: ChangedPage) -> None:
    page = changed_page(OPTIONAL)
    detail = page.detail("A1")
    assert "Score 75.47, down." in detail
    assert detail.index("Score drop high CI fell <hard>.") < detail.index("Inactive users medium")
    assert "Long ago." not in page.html
    assert "Roll out Projects 300 of 400 on track, due 31 Dec 2026" in detail
    assert "Scan Projects – no usage ping arrived in the period – of 400 no data" in detail
    assert page.cell("A1", "Signals") == ("10100", "1 1")
    assert "Score drop 1 account high" in page.view("overview")
    assert "Clock off Clocks off 3 of 12 25%" in page.view("quality")
    assert "Not the latest" not in page.html


def test_only_accounts_their_health_and_their_standing_are_required(changed_page: ChangedPage) -> None:
    required = ("dim_accounts", "fct_account_health", "mart_account_standing")
    optional = [name for name in TABLES if name not in required]
    page = changed_page([f"drop table {'main_seeds.' if name in SEEDS else ''}{name}" for name in optional])
    assert page.cell("A1", "Health")[1] == "75.5 green"
    assert page.cell("A2", "Health")[1] == "unscored no ping"
    assert page.cell("A1", "Licensed") == ("1200.0", "1,200")
    assert "No subscription reports licensed, activated and active users yet." in page.view("overview")


def test_wrong_input_is_a_message_and_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "none.duckdb"
    assert main(["--database", str(missing), "--out", str(tmp_path / "out")]) == 2
    assert str(missing) in capsys.readouterr().err
    empty = tmp_path / "empty.duckdb"
    duckdb.connect(str(empty)).close()
    assert main(["--database", str(empty), "--out", str(tmp_path / "out")]) == 2
    assert "dim_accounts" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_numbers_are_written_for_people() -> None:
    assert [formats.number(value, 1) for value in (None, 0, 1234567.25, -0.04, 12.0)] == [
        "–", "0", "1,234,567.2", "0", "12",
    ]  # fmt: skip
    assert [formats.compact(value) for value in (9999, 10000, 999_600, 1_250_000, 31_000_000)] == [
        "9,999", "10k", "1.0M", "1.2M", "31.0M",
    ]  # fmt: skip
    assert [formats.percent(value) for value in (None, 0, 0.001, 0.8333, 0.999, 1, 1.1)] == [
        "–", "0%", "<1%", "83%", ">99%", "100%", "110%",
    ]  # fmt: skip
    assert [formats.signed(value) for value in (None, -0.0, 0.04, 2.94, -41)] == [
        "–", "0", "0", "+2.9", "−41.0",
    ]  # fmt: skip
    assert formats.humanize("ci_builds_per_user") == "CI builds per user"


def test_charts_leave_gaps_and_round_their_axes() -> None:
    assert path([(0, 1), None, (2, 3), (4, 5)]) == "M0 1h1M2 3L4 5"
    assert nice_ticks(0) == [0, 1]
    assert nice_ticks(120) == [0, 25, 50, 75, 100, 125]
    assert nice_ticks(30_000)[-1] == 30_000


def test_weeks_and_two_weeks_have_names_of_their_own() -> None:
    weekly = make_clock([date(2026, 3, 9), date(2026, 3, 16)], date(2026, 3, 22), 18)
    assert (weekly.unit(), weekly.is_partial) == ("week", False)
    assert weekly.label(weekly.current) == "16 Mar 2026"
    monthly = make_clock([date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)], date(2026, 2, 27), 2)
    assert monthly.periods == (date(2026, 1, 1), date(2026, 2, 1))
    assert monthly.current_label() == "Feb 2026 so far"
