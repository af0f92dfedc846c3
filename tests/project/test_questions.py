"""docs/questions.md: each question is answered by its steps, with the answer that the page gives."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from dbt_bench import REPO, SMALL, Mart, Row

pytest.importorskip("streamlit", reason="Streamlit is not installed (`make dashboard` installs it)")

from app_bench import again, html, records, show

PAGE = (REPO / "docs" / "questions.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### (.+?)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
ALDER, COPPER = "001Alder0000000IAA", "0014M0000000004QAA"
AS_OF = date(2026, 6, 30)


def answer(number: int) -> str:
    """What the page says under a question, in one line."""
    (section,) = [text for title, text in SECTIONS.items() if title.startswith(f"{number}. ")]
    return " ".join(section.split())


def query(number: int) -> str:
    """The query under a question."""
    (section,) = [text for title, text in SECTIONS.items() if title.startswith(f"{number}. ")]
    (sql,) = re.findall(r"```sql\n(.*?)```", section, re.DOTALL)
    return str(sql)


def crm(name: str) -> list[dict[str, str]]:
    """A file of the sample as it was given in."""
    with (SMALL / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def figures(page: Any) -> dict[str, str]:
    """The large figures of a page."""
    return {each.label: each.value for each in page.metric}


@pytest.fixture(scope="module")
def known() -> dict[str, Row]:
    """What the sample's generator knows of each account that is a case of its own."""
    truth = json.loads((SMALL / "truth.json").read_text(encoding="utf-8"))
    return {row["account_name"]: row["current"] for row in truth["accounts"]}


def test_every_question_has_three_steps_at_most_and_a_test_that_is_there() -> None:
    numbered = [title for title in SECTIONS if re.match(r"\d+\. ", title)]
    assert [int(title.split(".")[0]) for title in numbered] == list(range(1, 12))
    for title, section in SECTIONS.items():
        assert 1 <= len(re.findall(r"^\d+\. ", section, re.MULTILINE)) <= 3, title
        ((path, name),) = re.findall(r"^Test: `(\S+?)::(\w+)`$", section, re.MULTILINE)
        assert re.search(rf"^def {name}\(", (REPO / path).read_text(encoding="utf-8"), re.MULTILINE), title


def test_my_calls(sample_mart: Mart, tmp_path: Path) -> None:
    page = show("my_book", sample_mart.database, tmp_path)
    page.selectbox(key="book_of").set_value("csm3@vendor.example")
    again(page)
    assert (figures(page)["Accounts"], figures(page)["Accounts to call"]) == ("1", "1")
    reasons = [row["Why"] for each in page.dataframe if "Why" in each.value for row in each.value.to_dict("records")]
    (ends,) = {row["end_date"] for row in crm("subscriptions") if row["subscription_id"] == "A-S000010104"}
    assert (date.fromisoformat(ends) - AS_OF).days == 70 and "ends in 70 days, and it is not green" in answer(1)
    assert reasons[0] == "The term of A-S000010104 ends in 70 days, and the account is not green."
    assert "No usage ping for 180 days." in reasons and "no usage ping for 180 days" in answer(1)


def test_who_reports_and_is_it_as_expected(sample_mart: Mart, tmp_path: Path) -> None:
    page = show("portfolio", sample_mart.database, tmp_path)
    shown = {row["How"][2:]: row["Subscriptions"] for row in records(page, "How")}
    told = (("from a production instance", 28), ("from other instances only", 2), ("stopped reporting", 3))
    assert shown == dict((*told, ("never reported", 1)))
    assert "28 of 34 report from production, 2 from other installations only, 3 stopped, 1 never did" in answer(2)
    (row,) = sample_mart.rows(query(2))
    assert (row["account_name"], row["active_users"], row["expected_active_users"]) == ("Copper Semiconductors", 9, 13)
    assert "Copper Semiconductors, 9 people where the three months before make 13 expected" in answer(2)
    before = sample_mart.rows(
        "select active_users from fct_instance_activity join dim_instances using (instance_id) where hostname = ?"
        " and period_start between date '2026-03-01' and date '2026-05-01'",
        row["hostname"],
    )
    assert len(before) == 3 and round(sum(each["active_users"] for each in before) / 3) == 13


def test_seats(sample_mart: Mart, tmp_path: Path) -> None:
    page = show("accounts", sample_mart.database, tmp_path)
    page.text_input(key="accounts_text").set_value("alder")
    (row,) = records(again(page), "Account", "Score")
    shown = figures(show("account", sample_mart.database, tmp_path, account=row["Id"]))
    # Example 1 of the domain: of 1,200 licensed seats 1,000 are activated, and 700 people were active.
    assert [shown[name] for name in ("Licensed", "Activated", "Active")] == ["1,200", "1,000", "700"]
    assert "1,200 licensed, 1,000 activated, 700 active" in answer(3)


def test_adoption(sample_mart: Mart, known: dict[str, Row]) -> None:
    row = sample_mart.row(query(4))
    case = known["Alder Avionics"]
    for column in ("adopted_use_cases", "in_progress_use_cases", "next_use_case"):
        assert row[column] == case[column]
    assert (row["adopted_use_cases"], row["in_progress_use_cases"], row["next_use_case"]) == ("scm", "ci,cd", "ci")
    advice = {
        each["use_case"]: each for each in csv.DictReader((REPO / "seeds" / "use_cases.csv").open(encoding="utf-8"))
    }
    assert row["next_use_case_advice"] in advice["ci"].values()


def test_health(sample_mart: Mart, tmp_path: Path) -> None:
    page = show("account", sample_mart.database, tmp_path, account=COPPER)
    assert (figures(page)["Health"], figures(page)["Score"]) == ("■ red", "44.0")
    (explained,) = [text for text in html(page) if "Score 44.00 (red)" in text]
    for said in ("9.5 % of 21 activated seats use Git", "1 more; yellow begins above that", "7.60 points down"):
        assert said in explained
    assert "44.00, red; 9.5 % of its seats use Git, one person more would be yellow; 7.60 points down" in answer(5)
    assert records(page, "What") and records(page, "Band")


def test_objectives(sample_mart: Mart, tmp_path: Path) -> None:
    page = show("account", sample_mart.database, tmp_path, account=ALDER)
    shown = {row["Objective"]: row for row in records(page, "Objective")}
    targets = {
        row["objective_name"]: float(row["target_value"]) for row in crm("objectives") if row["account_id"] == ALDER
    }
    assert {name: row["Target"] for name, row in shown.items()} == targets
    assert {name: row["Now"] for name, row in shown.items()} == {
        "Roll out": 1000, "Code in one place": 450, "Code in one place, late": 450, "Scan": None,
    }  # fmt: skip
    assert {name: row["Status"] for name, row in shown.items()} == {
        "Roll out": "achieved", "Code in one place": "on track", "Code in one place, late": "behind", "Scan": "no data",
    }  # fmt: skip
    assert shown["Scan"]["Why it is missing"] == "the plan does not include it"
    for said in (
        "1,000 of 1,000 seats, achieved",
        "450 of 600 people use Git, on track for the one due day and behind",
    ):
        assert said in answer(6)


def test_portfolio(sample_mart: Mart, tmp_path: Path) -> None:
    page = show("portfolio", sample_mart.database, tmp_path)
    page.multiselect(key="slice_segment").set_value(["SMB"])
    shown = figures(again(page))
    assert shown["Accounts"] == str(sum(row["segment"] == "SMB" for row in crm("accounts"))) == "5"
    assert [shown[name] for name in ("● green", "▲ yellow", "■ red", "○ unscored", "Mean score")] == [
        "1", "3", "1", "0", "64.3",
    ]  # fmt: skip
    assert "SMB: 5 accounts, 1 green, 3 yellow, 1 red; the mean score is 64.3, in May it was 65.8" in answer(7)
    (may,) = [row for row in records(page, "Period", "Green") if str(row["Period"])[:10] == "2026-05-01"]
    assert round(may["Mean score"], 1) == 65.8


def test_renewals_and_overuse(sample_mart: Mart, tmp_path: Path) -> None:
    shown = records(show("portfolio", sample_mart.database, tmp_path), "Over at the end")
    first = min(shown, key=lambda row: str(row["Ends"]))
    ends = {row["subscription_id"]: row["end_date"] for row in crm("subscriptions")}
    assert str(first["Ends"])[:10] == ends[first["Subscription"]] == "2026-07-08"
    assert first["Account"] == "Basalt Insurance" and "its term ends on 8 July" in answer(8)
    assert all(date.fromisoformat(ends[row["Subscription"]]) <= AS_OF + timedelta(days=90) for row in shown)
    over = [tuple(row.values()) for row in sample_mart.rows(query(8))]
    # Example 12: 40 people where no seat is sold; Cobalt's pings say 64, its subscription 59.
    assert over == [("Cobalt Optics", 59, 64), ("Larch Logistics", 0, 40)]
    sold = {row["subscription_id"]: row["seats"] for row in crm("subscriptions")}
    assert sold["A-S000003101"] == "59" and "Cobalt Optics uses 64 of 59 seats, Larch Logistics 40" in answer(8)


def test_what_is_missing(sample_mart: Mart, tmp_path: Path) -> None:
    counts = json.loads((SMALL / "truth.json").read_text(encoding="utf-8"))["counts"]
    page = show("quality", sample_mart.database, tmp_path)
    assert len(records(page, "File")) == counts["lines_not_json"] == 3
    assert sum(row["Pings"] for row in records(page, "Pings")) == sum(counts["unmapped_pings"].values()) == 282
    assert len(records(page, "Finding")) == 6
    assert counts["unmapped_pings"] == Counter(
        no_license=95, internal=94, license_unknown=69, invalid=12, no_active_subscription=10, excluded=2
    )
    told = (
        "6 findings, 3 lines that are no pings, 282 pings of nobody: 95 without a licence in them, 94 of our own hosts"
    )
    assert f"{told}, 69 with a licence that nobody knows, 12 invalid, 10 without a subscription in force, 2" in answer(
        9
    )


def test_what_a_number_means(sample_mart: Mart, tmp_path: Path) -> None:
    page = show("dictionary", sample_mart.database, tmp_path)
    page.text_input(key="dictionary_text").set_value("license_billable_users")
    found = records(again(page), "Meaning")
    assert found[0]["Name"] == "activated_seats" and found[0]["Meaning"]
    assert "report it now" in found[0]["More"]
