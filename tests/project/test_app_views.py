"""The app's pages of many accounts, its dictionary and its page of quality say what the marts say."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from dbt_bench import Mart, environment

pytest.importorskip("streamlit", reason="Streamlit is not installed (`make dashboard` installs it)")

from app_bench import HARM, again, copied, frame, hostile, html, records, show

from dashboard.app import quota

VIEWS = ["my_book", "portfolio", "accounts", "account", "instances", "dictionary", "quality"]


def figures(page: object) -> dict[str, str]:
    """The large figures of a page."""
    return {each.label: each.value for each in page.metric}  # type: ignore[attr-defined]


def test_a_book_has_its_managers_accounts_and_every_reason_to_call(sample_mart: Mart, tmp_path: Path) -> None:
    page = show("my_book", sample_mart.database, tmp_path, csm="csm8@vendor.example")
    of_csm = "select account_id from dim_accounts where csm_email = 'csm8@vendor.example'"
    accounts = {row["account_id"] for row in sample_mart.rows(of_csm)}
    assert figures(page)["Accounts"] == str(len(accounts)) != "0"
    tables = [each.value for each in page.dataframe]
    reasons = [
        (row["Id"], row["Why"]) for table in tables if "Why" in table.columns for row in table.to_dict("records")
    ]
    wanted = sample_mart.rows(f"select * from mart_account_changes where is_current and account_id in ({of_csm})")
    assert sorted(reasons) == sorted((row["account_id"], row["message"]) for row in wanted) != []
    worse = {
        row["account_id"]
        for row in wanted
        if row["state"] == "new"
        and row["direction"] != "better"
        and row["change_name"] not in ("expansion_seats", "first_value")
    }
    assert figures(page)["Accounts to call"] == str(len(worse))


def test_a_book_of_nobody_has_the_accounts_that_nobody_owns(sample_mart: Mart, tmp_path: Path) -> None:
    page = show("my_book", sample_mart.database, tmp_path, csm="(none)")
    (row,) = sample_mart.rows("select count(*) as accounts from dim_accounts where csm_email is null")
    assert figures(page)["Accounts"] == str(row["accounts"]) != "0"


def test_a_portfolio_stands_as_its_accounts_do(sample_mart: Mart, tmp_path: Path) -> None:
    shown = figures(show("portfolio", sample_mart.database, tmp_path, segment="SMB"))
    row = sample_mart.row("""
        select count(*) as accounts, count(*) filter (overall_color = 'green') as green,
            count(*) filter (overall_color = 'red') as red, count(*) filter (overall_score is null) as unscored,
            round(avg(overall_score), 1) as mean
        from mart_account_standing join dim_accounts using (account_id) where segment = 'SMB'""")
    assert [int(shown[name]) for name in ("Accounts", "● green", "■ red", "○ unscored")] == [
        row[name] for name in ("accounts", "green", "red", "unscored")
    ]
    assert float(shown["Mean score"]) == row["mean"]


def test_a_portfolio_over_time_is_that_of_the_marts_of_each_period(sample_mart: Mart, tmp_path: Path) -> None:
    page = show("portfolio", sample_mart.database, tmp_path)
    shown = {str(row["Period"])[:10]: row for row in records(page, "Period", "Green")}
    wanted = sample_mart.rows("""
        select period_start, count(*) as accounts, count(*) filter (overall_color = 'green') as green,
            sum(activated_seats) as activated
        from fct_account_health join fct_account_seats using (account_id, period_start)
        where period_start between '2026-01-01' and '2026-05-01' group by period_start""")
    assert len(wanted) == 5
    for row in wanted:
        cells = shown[str(row["period_start"])]
        assert [cells[name] for name in ("Accounts", "Green", "Activated")] == [
            row[name] for name in ("accounts", "green", "activated")
        ]
    adopted = {(row["Use case"], str(row["Period"])[:10]): row["Adopted"] for row in records(page, "Use case")}
    counted = sample_mart.row("""
        select count(*) as accounts from fct_account_adoption
        where period_start = '2026-05-01' and list_contains(string_split(adopted_use_cases, ','), 'ci')""")
    assert adopted["Continuous integration", "2026-05-01"] == counted["accounts"] > 0


def test_renewals_are_the_terms_that_end_in_time_and_say_of_how_many(sample_mart: Mart, tmp_path: Path) -> None:
    page = show("portfolio", sample_mart.database, tmp_path)
    as_of = sample_mart.row("select distinct as_of from mart_account_standing")["as_of"]
    in_force = sample_mart.rows("select subscription_id, end_date from dim_subscriptions where is_active")
    soon = {row["subscription_id"] for row in in_force if row["end_date"] <= as_of + timedelta(days=90)}
    assert {row["Subscription"] for row in records(page, "Over at the end")} == soon != set()
    said = f"{len(soon)} of {len(in_force)} subscriptions in force end within 90 days."
    assert said in [each.value for each in page.caption]


def test_health_and_adoption_over_time_are_told_by_any_dimension(sample_mart: Mart, tmp_path: Path) -> None:
    page = show("portfolio", sample_mart.database, tmp_path)
    page.selectbox(key="portfolio_by").set_value("region")
    rows = records(again(page), "Region", "Scored")
    shown = {(row["Region"], str(row["Period"])[:10]): row for row in rows}
    wanted = sample_mart.rows("""
        select region, count(*) as accounts, avg(overall_score) as score, avg(adopted_count) as adopted
        from fct_account_health join fct_account_adoption using (account_id, period_start) join dim_accounts using (account_id)
        where period_start = '2026-04-01' group by region""")
    assert len(wanted) > 2
    for row in wanted:
        cells = shown[row["region"] or "(none)", "2026-04-01"]
        assert cells["Accounts"] == row["accounts"]
        assert [cells["Mean score"], cells["Use cases adopted, mean"]] == pytest.approx([row["score"], row["adopted"]])


def test_who_reports_is_counted_over_the_subscriptions_in_force(sample_mart: Mart, tmp_path: Path) -> None:
    page = show("portfolio", sample_mart.database, tmp_path, segment="Enterprise")
    shown = {row["How"][2:]: (row["Subscriptions"], row["Period before"]) for row in records(page, "How")}
    of = "fct_reporting_coverage join dim_accounts using (account_id) where segment = 'Enterprise'"
    in_force = f"{of} and reporting_reason != 'no_active_subscription'"
    for how, condition in (
        ("from a production instance", "is_reporting and has_production_ping"),
        ("from other instances only", "is_reporting and not has_production_ping"),
        ("stopped reporting", "reporting_reason = 'stopped_reporting'"),
        ("never reported", "reporting_reason = 'never_reported'"),
    ):
        counts = sample_mart.row(f"""
            select count(*) filter (period_start = '2026-06-01') as now, count(*) filter (period_start = '2026-05-01') as before
            from {in_force} and {condition}""")
        assert shown[how] == (counts["now"], counts["before"]), how
    assert sum(now for now, _ in shown.values()) > sum(shown["from a production instance"][:1]) > 0


def test_reasons_of_the_unscored_add_up_to_them(sample_mart: Mart, tmp_path: Path) -> None:
    page = show("portfolio", sample_mart.database, tmp_path)
    shown = {row["Why unscored"]: row["Accounts"] for row in records(page, "Why unscored")}
    wanted = sample_mart.rows("""
        select meaning, count(*) as accounts from mart_account_standing
        join main_seeds.value_statuses on unscored_reason = value_reason where overall_score is null group by meaning""")
    assert shown == {row["meaning"]: row["accounts"] for row in wanted} != {}
    assert str(int(sum(shown.values()))) == figures(page)["○ unscored"]


def test_seats_are_added_where_all_three_are_known_and_the_others_have_a_reason(
    sample_mart: Mart, tmp_path: Path
) -> None:
    page = show("portfolio", sample_mart.database, tmp_path)
    shown = {row["Seats"]: row["Number"] for row in records(page, "Seats")}
    known = sample_mart.row("""
        select sum(licensed_seats) as licensed, sum(activated_seats) as activated, sum(umau) as people,
            sum(least(umau, activated_seats)) as used, count(*) as subscriptions
        from mart_subscription_standing
        where is_in_force and licensed_seats is not null and activated_seats is not null and umau_source = 'unique_active'""")
    assert shown == {"licensed": known["licensed"], "activated": known["activated"], "in use": known["used"]}
    others = records(page, "Not in these sums, because")
    (in_force,) = sample_mart.rows("select count(*) as subscriptions from mart_subscription_standing where is_in_force")
    assert known["subscriptions"] + sum(row["Subscriptions"] for row in others) == in_force["subscriptions"]
    assert others


def test_every_instance_is_listed_with_its_seats_or_the_reason(sample_mart: Mart, tmp_path: Path) -> None:
    page = show("instances", sample_mart.database, tmp_path)
    rows = records(page, "Counted")
    wanted = sample_mart.rows("select uuid, hostname from dim_instances join dim_accounts using (account_id)")
    assert sorted((row["UUID"], row["Host"]) for row in rows) == sorted(
        (row["uuid"] or "", row["hostname"] or "") for row in wanted
    )
    for row in rows:
        assert bool(row["Why figures are missing"]) == (None in (row["Activated"], row["Active"], row["Licensed"])), row
    counted = sample_mart.row(
        "select count(distinct primary_instance_id) as n from mart_subscription_standing where is_in_force"
    )
    assert sum(row["Counted"] != "" for row in rows) == counted["n"]
    page.text_input(key="instances_text").set_value("copper")
    assert {row["Account"] for row in records(again(page), "Counted")} == {"Copper Semiconductors"}


def test_one_slice_has_the_same_figures_on_each_page(sample_mart: Mart, tmp_path: Path) -> None:
    address = {"region": "EMEA"}
    portfolio = figures(show("portfolio", sample_mart.database, tmp_path, **address))
    accounts = records(show("accounts", sample_mart.database, tmp_path, **address), "Account", "Score")
    assert portfolio["Accounts"] == str(len(accounts))
    assert portfolio["▲ yellow"] == str(sum(row["Health"] == "▲ yellow" for row in accounts))


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("license_billable_users", "activated_seats"),
        ("health score", "health score"),
        ("renewal at risk", "renewal_at_risk"),
        ("too old to count", "stale"),
        ("Git users", "git_users_per_activated_seat"),
    ],
)
def test_the_dictionary_finds_by_label_key_path_and_meaning(
    text: str, first: str, sample_mart: Mart, tmp_path: Path
) -> None:
    rows = records(show("dictionary", sample_mart.database, tmp_path, q=text), "Meaning")
    assert first in [row["Name"] for row in rows][:3]


def test_the_dictionary_has_every_metric_measure_signal_and_status(sample_mart: Mart, tmp_path: Path) -> None:
    rows = records(show("dictionary", sample_mart.database, tmp_path), "Meaning")
    for kind, query in (
        ("metric", "select metric_name as name from dim_metrics"),
        ("measure", "select measure as name from main_seeds.measures"),
        ("signal", "select signal as name from main_seeds.signal_rules"),
        ("use case", "select use_case as name from main_seeds.use_cases"),
    ):
        assert {row["Name"] for row in rows if row["Kind"] == kind} == {row["name"] for row in sample_mart.rows(query)}
    (utilization,) = [row for row in rows if row["Kind"] == "measure" and row["Name"] == "license_utilization"]
    assert "handbook_2025 at 6 to under 9 months: yellow above 50%, green above 75%" in utilization["More"]
    (seats,) = [row for row in rows if row["Name"] == "activated_seats"]
    counted = sample_mart.row("""
        select count(*) as instances, count(*) filter (value_status = 'reported') as reporting
        from fct_metric_values join fct_instance_activity using (instance_id, period_start)
        where metric_name = 'activated_seats' and period_start = '2026-06-01' and instance_type = 'Production'
            and last_ping_at is not null""")
    assert f"{counted['reporting']} of {counted['instances']} production instances report it now" in seats["More"]


def test_quality_lists_every_finding_line_and_ping_of_nobody(sample_mart: Mart, tmp_path: Path) -> None:
    page = show("quality", sample_mart.database, tmp_path)
    counts = sample_mart.row("""
        select (select count(*) from fct_input_findings) as findings, (select count(*) from quarantined_pings) as lines,
            (select count(*) from fct_unmapped_pings) as pings,
            (select count(*) from dim_instances join dim_accounts using (account_id) where instance_type = 'Unknown') as types""")
    assert len(frame(page, "Finding")) == counts["findings"] > 0
    assert len(frame(page, "File")) == counts["lines"] > 0
    assert sum(row["Pings"] for row in records(page, "Pings")) == counts["pings"] > 0
    assert len(frame(page, "Suggested type")) == counts["types"] > 0
    assert "The loader has not run yet." in [each.value for each in page.caption]


def test_quality_shows_runs_of_the_loader(sample_mart: Mart, tmp_path: Path) -> None:
    ran = copied(
        sample_mart.database,
        tmp_path,
        "create table main_publish.publish_runs as select timestamp '2026-07-01 10:00:00' as started_at,"
        " timestamp '2026-07-01 10:05:00' as finished_at, 'gainsight' as destination, 'finished' as outcome,"
        " 1 as rows_new, 2 as rows_changed, 3 as rows_accepted, 4 as rows_rejected, 5 as rows_later, 6 as api_calls,"
        " '2026-06-30' as as_of, '' as message",
        "create table main_publish.publish_calls as select 'gainsight' as destination, 'our.example' as connection,"
        " date '2026-07-01' as day, 6 as calls, timestamp '2026-07-01 10:04:00' as last_call_at",
    )
    page = show("quality", ran, tmp_path)
    (run,) = records(page, "Outcome")
    assert (run["System"], run["Accepted"], run["Rejected"], run["Calls"]) == ("gainsight", 3, 4, 6)
    (calls,) = records(page, "Calls today")
    assert (calls["Connection"], calls["Calls today"], calls["Allowed a day"]) == ("our.example", 0, 40_000)
    assert calls["What to know"] == "no call was made today; 6 on 2026-07-01"


def test_the_days_calls_are_a_share_of_what_the_loader_allows_itself() -> None:
    today = date(2026, 7, 1)
    rows = [
        {"destination": "gainsight", "connection": "a", "day": today, "calls": 10_000},
        {"destination": "salesforce", "connection": "b", "day": date(2026, 6, 30), "calls": 7},
        {"destination": "odd", "connection": "c", "day": today, "calls": 3},
        {"destination": "marketo", "connection": "d", "day": today, "calls": 120},
    ]
    shown = quota.used(rows, {"gainsight": 40_000, "salesforce": 20_000, "marketo": 100}, today)
    assert [(row["today"], row["share"], row["left"]) for row in shown] == [
        (10_000, 0.25, 30_000),
        (0, 0, 20_000),
        (3, None, None),
        (120, 1.2, 0),
    ]
    assert [row["note"] for row in shown] == [
        "", "no call was made today; 7 on 2026-06-30", "the loader's settings are not at hand here", "",
    ]  # fmt: skip
    with environment(SALESFORCE_CALLS_PER_DAY="123"):
        quota.limits.clear()
        assert quota.limits()["salesforce"] == 123
    quota.limits.clear()


def test_every_page_says_of_which_day_it_is(sample_mart: Mart, tmp_path: Path) -> None:
    for view in VIEWS:
        texts = html(show(view, sample_mart.database, tmp_path))
        assert any(text.startswith("<p>As of 30 Jun 2026, built ") for text in texts), view


def test_a_mart_without_accounts_is_said_to_be_empty_on_every_page(sample_mart: Mart, tmp_path: Path) -> None:
    tables = ("mart_account_periods", "mart_account_changes", "dim_accounts", "dim_subscriptions", "dim_instances")
    empty = copied(sample_mart.database, tmp_path, *(f"delete from {each}" for each in tables))
    for view in VIEWS:
        assert "holds no account" in show(view, empty, tmp_path).info[0].value, view


def test_a_mart_that_is_half_built_is_told_on_every_page(sample_mart: Mart, tmp_path: Path) -> None:
    half = copied(sample_mart.database, tmp_path, "drop table mart_account_periods")
    for view in VIEWS:
        page = show(view, half, tmp_path)
        assert "make build" in page.error[0].value, view
        assert "mart\\_account\\_periods" in page.error[0].value, view


def test_hostile_names_are_listed_as_they_stand_on_every_page(sample_mart: Mart, tmp_path: Path) -> None:
    database, harm, _ = hostile(sample_mart.database, tmp_path)
    book = show("my_book", database, tmp_path)
    assert HARM in [row["Account"] for row in records(book, "Account", "Licensed") if row["Id"] == harm]
    portfolio = show("portfolio", database, tmp_path)
    assert HARM in [row["Segment"] for row in records(portfolio, "Segment", "ARR of red")]
    portfolio.selectbox(key="portfolio_within").set_value("any time")
    assert HARM in [row["Account"] for row in records(again(portfolio), "Over at the end")]
    for page in (book, portfolio):
        assert not [text for text in html(page) if "<img" in text]
