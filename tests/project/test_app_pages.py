"""The app's pages say what the marts say, with a reason beside each blank, and make nothing of what names hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from dbt_bench import Mart

pytest.importorskip("streamlit", reason="Streamlit is not installed (`make dashboard` installs it)")

from app_bench import FORMULA, HARM, again, copied, frame, hostile, html, records, show

from dashboard.app.show import SHAPES, harmless, plain

BUSY = "0014M0000000004QAA"
"""Copper Semiconductors: red, with signals, an objective, measures of all colors."""


def metrics(page: object) -> dict[str, str]:
    """The large figures of a page."""
    return {each.label: each.value for each in page.metric}  # type: ignore[attr-defined]


def test_accounts_are_all_there_and_stand_as_the_standing_says(sample_mart: Mart, tmp_path: Path) -> None:
    shown = {row["Id"]: row for row in records(show("accounts", sample_mart.database, tmp_path), "Account", "Score")}
    wanted = sample_mart.rows("select * from mart_account_standing join dim_accounts using (account_id)")
    assert shown.keys() == {row["account_id"] for row in wanted}
    for row in wanted:
        cells = shown[row["account_id"]]
        assert cells["Account"] == row["account_name"]
        assert cells["Health"] == SHAPES[row["overall_color"]]
        figures = ("overall_score", "licensed_seats", "activated_seats", "active_users")
        assert [cells[name] for name in ("Score", "Licensed", "Activated", "Active")] == [row[name] for name in figures]


def test_an_account_without_a_figure_says_why(sample_mart: Mart, tmp_path: Path) -> None:
    meanings = {
        row["value_reason"]: row["meaning"] for row in sample_mart.rows("select * from main_seeds.value_statuses")
    }
    shown = {row["Id"]: row for row in records(show("accounts", sample_mart.database, tmp_path), "Account", "Score")}
    unscored = sample_mart.rows(
        "select account_id, unscored_reason from mart_account_standing where overall_score is null"
    )
    assert unscored
    for row in unscored:
        assert meanings[row["unscored_reason"]] in shown[row["account_id"]]["Why figures are missing"]
        assert shown[row["account_id"]]["Score"] is None
    bare = [row for row in shown.values() if None in (row["Score"], row["Activated"], row["Active"])]
    assert all(row["Why figures are missing"] for row in bare)


def test_filters_and_search_leave_what_sql_leaves_and_say_how_many(sample_mart: Mart, tmp_path: Path) -> None:
    page = show("accounts", sample_mart.database, tmp_path, segment="SMB")
    small = sample_mart.rows("select account_id, account_name from dim_accounts where segment = 'SMB'")
    assert {row["Id"] for row in records(page, "Account")} == {row["account_id"] for row in small} != set()
    page.text_input(key="accounts_text").set_value(small[0]["account_name"][:4].upper())
    again(page)
    left = [row for row in small if small[0]["account_name"][:4].lower() in row["account_name"].lower()]
    assert len(frame(page, "Account")) == len(left) < len(small)
    assert f"The search leaves {len(left)} of {len(small)}." in [each.value for each in page.caption]
    page.multiselect(key="slice_region").set_value(["EMEA"])
    again(page)
    assert page.query_params["region"] in ("EMEA", ["EMEA"])  # as the version of Streamlit has it


def test_an_account_has_the_figures_of_its_standing(sample_mart: Mart, tmp_path: Path) -> None:
    row = sample_mart.one("mart_account_standing", account_id=BUSY)
    page = show("account", sample_mart.database, tmp_path, account=BUSY)
    figures = metrics(page)
    assert figures["Health"] == "■ red"
    assert figures["Score"] == f"{row['overall_score']:.1f}" == "44.0"
    assert [figures[name] for name in ("Licensed", "Activated", "Active")] == ["37", "21", "9"]
    assert [row[name] for name in ("licensed_seats", "activated_seats", "active_users")] == [37, 21, 9]
    assert f"<p>{row['explanation']}</p>" in html(page)


def test_each_measure_stands_beside_the_band_that_judged_it(sample_mart: Mart, tmp_path: Path) -> None:
    shown = {
        row["Measure"]: row for row in records(show("account", sample_mart.database, tmp_path, account=BUSY), "Band")
    }
    # 21 of 37 seats are 56.76 %; an age of 9 months or more is yellow nowhere but above 50 % until 9 months, green above 75 %
    assert shown["activated seats"] | {"Period": None} == {
        "Group": "licence utilization", "Measure": "activated seats", "Value": "56.8%", "Of that": 21, "By": 37,
        "Band": "▲ yellow", "Yellow": "above 50%", "Green": "above 75%", "Gap": "18.2 percentage points to green",
        "Why it is missing": "", "Subscription": "A-S000004101", "Period": None,
    }  # fmt: skip
    # 9 of 21 are 42.86 %, 7.14 below the 50 % from which on it is yellow
    assert shown["active people"]["Gap"] == "7.1 percentage points to yellow"
    assert shown["pipeline users"]["Band"] == "not scored"


def test_the_groups_add_up_to_the_score(sample_mart: Mart, tmp_path: Path) -> None:
    page = show("account", sample_mart.database, tmp_path, account=BUSY)
    score = sample_mart.one("mart_account_standing", account_id=BUSY)["overall_score"]
    assert f"Complete period from 2026-06-01: together {score:.2f} points." in [each.value for each in page.caption]


def test_signals_instances_objectives_and_subscriptions_are_all_there(sample_mart: Mart, tmp_path: Path) -> None:
    page = show("account", sample_mart.database, tmp_path, account=BUSY)
    wanted = sample_mart.rows("select message from mart_account_changes where is_current and account_id = ?", BUSY)
    assert sorted(row["What"] for row in records(page, "What")) == sorted(row["message"] for row in wanted)
    hosts = sample_mart.rows("select hostname from dim_instances where account_id = ?", BUSY)
    assert [row["Host"] for row in records(page, "Counted")] == [row["hostname"] for row in hosts]
    assert records(page, "Counted")[0]["Counted"] == "◉ counted"
    (objective,) = records(page, "Objective")
    known = sample_mart.row(
        "select * from fct_objective_progress where account_id = ? order by period_start desc limit 1", BUSY
    )
    assert (objective["Now"], objective["Target"]) == (known["current_value"], known["target_value"])
    assert [row["Subscription"] for row in records(page, "Ends")] == ["A-S000004101"]


def test_a_metric_over_time_is_that_of_its_instances(sample_mart: Mart, tmp_path: Path) -> None:
    page = show("account", sample_mart.database, tmp_path, account=BUSY)
    page.selectbox(key="account_metric").set_value("git_operations_28_days_user")
    shown = [(str(row["Period"])[:10], row["Value"]) for row in records(again(page), "Host", "Value")]
    wanted = sample_mart.rows(
        "select period_start, metric_value from fct_metric_values join dim_instances using (instance_id)"
        " where account_id = ? and metric_name = 'git_operations_28_days_user' order by 1",
        BUSY,
    )
    assert shown == [(str(row["period_start"]), row["metric_value"]) for row in wanted] != []


def test_parent_and_child_are_named_on_each_others_page(sample_mart: Mart, tmp_path: Path) -> None:
    child = sample_mart.row("select * from dim_accounts where parent_account_id is not null")
    parent = sample_mart.one("dim_accounts", account_id=child["parent_account_id"])
    of_child = records(show("account", sample_mart.database, tmp_path, account=child["account_id"]), "Is its")
    assert [(row["Is its"], row["Account"]) for row in of_child] == [("parent", parent["account_name"])]
    of_parent = records(show("account", sample_mart.database, tmp_path, account=parent["account_id"]), "Is its")
    assert [(row["Is its"], row["Account"]) for row in of_parent] == [("child", child["account_name"])]


def test_what_was_published_and_refused_of_an_account_is_told(sample_mart: Mart, tmp_path: Path) -> None:
    instance = sample_mart.row("select instance_id from dim_instances where account_id = ?", BUSY)["instance_id"]
    columns = "(destination, object, row_key, accepted_at)"
    changed = copied(
        sample_mart.database,
        tmp_path,
        "create table main_publish.publish_state (destination text, object text, row_key text, accepted_at timestamp)",
        f"""insert into main_publish.publish_state {columns} values
            ('gainsight', 'Company', '["{BUSY}"]', '2026-07-01 10:00:00'),
            ('gainsight', 'Company', '["0014M0000000005QAA"]', '2026-07-01 10:00:00'),
            ('salesforce', 'Product_Usage__c', '["{BUSY}/2026-06-01/ci"]', '2026-07-01 10:00:00'),
            ('gainsight', 'Instance_Usage__gc', '["{instance}","2026-05-01"]', '2026-06-01 10:00:00'),
            ('gainsight', 'Instance_Usage__gc', '["{instance}","2026-06-01"]', '2026-07-01 10:00:00')""",
        "create table main_publish.publish_rejections (rejected_at timestamp, destination text, object text,"
        " row_key text, field text, code text, message text)",
        f"""insert into main_publish.publish_rejections values
            ('2026-07-01', 'salesforce', 'Account', '["{BUSY}"]', 'Score', 'TOO_LONG', 'is too long'),
            ('2026-07-01', 'salesforce', 'Account', '["other"]', 'Score', 'TOO_LONG', 'is too long')""",
    )
    page = show("account", changed, tmp_path, account=BUSY)
    assert [(row["Object"], row["Records"]) for row in records(page, "Records")] == [
        ("Company", 1),
        ("Instance_Usage__gc", 2),
        ("Product_Usage__c", 1),
    ]
    assert [row["Row"] for row in records(page, "Code")] == [f'["{BUSY}"]']


def test_an_account_that_is_not_there_is_said_to_be_missing(sample_mart: Mart, tmp_path: Path) -> None:
    page = show("account", sample_mart.database, tmp_path, account=HARM)
    assert [each.value for each in page.error] == ["There is no such account in the mart."]
    assert [text for text in html(page) if text.startswith("<p>&lt;img src=x onerror=")]


def test_hostile_names_are_text_and_no_formula(sample_mart: Mart, tmp_path: Path) -> None:
    database, harm, formula = hostile(sample_mart.database, tmp_path)
    shown = {row["Id"]: row for row in records(show("accounts", database, tmp_path), "Account", "Score")}
    assert shown[harm]["Account"] == HARM
    assert shown[formula]["Account"] == f"'{FORMULA}"
    texts = html(show("account", database, tmp_path, account=harm))
    assert not [text for text in texts if "<img" in text]
    assert [text for text in texts if text.startswith("<h2>&lt;img src=x")]


def test_cells_and_markdown_are_made_harmless() -> None:
    assert [harmless(each) for each in ("=1", "+1", "-1", "@a", "\t=1", "\u202e=1", "a=1", None, 12)] == [
        "'=1", "'+1", "'-1", "'@a", "'=1", "'=1", "a=1", "", "12",
    ]  # fmt: skip
    assert plain("a*b:c$") == r"a\*b\:c\$"
