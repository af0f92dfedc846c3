"""My book: of one manager's accounts, who needs a call, and why."""

from __future__ import annotations

import streamlit as st

from dashboard import formats
from dashboard.app import queries
from dashboard.app.data import Mart, Rows
from dashboard.app.show import SEVERITIES, Column, health, named, page, remember, subject, table
from dashboard.app.views import accounts
from dashboard.words import Words

EVERYBODY = "everybody"
GOOD_SIGNALS = ("expansion_seats", "first_value")
"""Signals of which one would like to hear."""


def columns(words: Words) -> list[Column]:
    """What is shown of a reason to call."""
    return [
        Column("account_name", "Account", width="medium"),
        Column("message", "Why", width="large"),
        Column(lambda row: SEVERITIES.get(row["severity"], row["severity"]) or row["direction"], "Severity"),
        Column(subject, "About", width="medium"),
        Column("since_period_start", "Since", "date"),
        Column("arr", "ARR", "number", "Revenue a year of the subscriptions in force; empty without one"),
        Column("next_renewal_on", "Renewal", "date", "First end of a paid term; empty without one"),
        Column(health, "Health"),
        Column(lambda row: words.reason(row["unscored_reason"]) if row["unscored_reason"] else "", "Why unscored"),
        Column("csm_email", "CSM"),
        Column("account_id", "Id"),
    ]


def is_good(row: dict[str, object]) -> bool:
    """Whether a change is none to worry about."""
    return row["direction"] == "better" or row["change_name"] in GOOD_SIGNALS


@page("My book", "Who needs a call, and why. Click the box at the left of a row to open the account.")
def show(mart: Mart, words: Words) -> None:
    """Lays out the page."""
    chosen = owner(mart)
    book, rows = queries.accounts(mart, chosen), queries.changes(mart, chosen)
    new = [row for row in rows if row["state"] == "new" and not is_good(row)]
    running = [row for row in rows if row["state"] != "new" and not is_good(row)]
    figures(book, new)
    for heading, listed, key, empty in (
        ("New: call", new, "book_new", "Nothing new to worry about."),
        ("Still so", running, "book_running", "Nothing else to worry about."),
        ("Good news", [row for row in rows if is_good(row)], "book_good", "None."),
    ):
        st.subheader(heading)
        table(listed, columns(words), key=key, of="reason", empty=empty, opens=True)
    st.subheader("The whole book")
    table(book, accounts.columns(words), key="book_accounts", of="account", empty="Nobody's.", opens=True)


def owner(mart: Mart) -> queries.Slice:
    """Whose book: of the address, or of the box, which the address follows."""
    managers = queries.choices(mart, "csm_email")
    options = [EVERYBODY, *(named(each) for each in managers)]
    if "book_of" not in st.session_state:
        asked = st.query_params.get("csm")
        st.session_state["book_of"] = asked if asked in options else EVERYBODY
    box = st.selectbox("Whose accounts", options, key="book_of")
    remember("csm", [] if box == EVERYBODY else [box])
    wanted = [each for each in managers if named(each) == box]
    return queries.Slice(csm_email=tuple(wanted)) if wanted else queries.EVERYBODY


def figures(book: Rows, new: Rows) -> None:
    """How large the book is, and how much of it calls."""
    calls = {row["account_id"] for row in new}
    figures_ = (
        ("Accounts", formats.number(len(book))),
        ("ARR", formats.compact(sum(row["arr"] or 0 for row in book))),
        ("Accounts to call", formats.number(len(calls))),
        ("ARR of these", formats.compact(sum(row["arr"] or 0 for row in book if row["account_id"] in calls))),
        ("Unscored", formats.number(sum(row["overall_score"] is None for row in book))),
    )
    for place, (label, value) in zip(st.columns(len(figures_)), figures_, strict=True):
        place.metric(label, value)
    without = sum(row["arr"] is None for row in book)
    if without:
        st.caption(f"Of {without:,} no ARR is known: no subscription in force has any.")
