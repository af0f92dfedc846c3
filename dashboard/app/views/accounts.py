"""Accounts: search, filter, sort, open one."""

from __future__ import annotations

import streamlit as st

from dashboard.app import queries
from dashboard.app.data import Mart, Rows
from dashboard.app.show import SHAPES, Column, blanks, health, level, page, slicer, table
from dashboard.words import Words

SCORES = ("green", "yellow", "red", None)


def columns(words: Words) -> list[Column]:
    """What is shown of an account."""
    return [
        Column("account_name", "Account", width="medium"),
        Column(health, "Health"),
        Column("overall_score", "Score", "score", "25 is worst, 88 is best"),
        Column("score_change", "Change", "signed", "Points since the complete period before"),
        Column("new_signals", "New signals", "number"),
        Column("signals", "Signals", "number"),
        Column("arr", "ARR", "number", "Revenue a year of the subscriptions in force"),
        Column("next_renewal_on", "Renewal", "date"),
        Column("licensed_seats", "Licensed", "number", "Of subscriptions whose activated seats are known"),
        Column("activated_seats", "Activated", "number"),
        Column("active_users", "Active", "number", "People active in 28 days"),
        Column(lambda row: level(row["adoption_level"]), "Adoption"),
        Column("csm_email", "CSM"),
        Column("segment", "Segment"),
        Column("region", "Region"),
        Column("product_tier", "Plan"),
        Column(lambda row: blanks(row, words), "Why figures are missing", width="large"),
        Column("account_id", "Id"),
    ]


def found(rows: Rows, text: str, wanted: list[str | None]) -> Rows:
    """Rows whose name or id holds the text, in one of the colors."""
    text = text.strip().casefold()
    return [
        row
        for row in rows
        if (not text or text in f"{row['account_name']}\n{row['account_id']}".casefold())
        and (not wanted or row["overall_color"] in wanted)
    ]


@page("Accounts", "Every account as it stands. Click the box at the left of a row to open it; a heading sorts.")
def show(mart: Mart, words: Words) -> None:
    """Lays out the page."""
    search, health_box = st.columns([2, 1])
    with search:
        text = st.text_input("Search name or id", key="accounts_text")
    with health_box:
        wanted = st.multiselect("Health", SCORES, key="accounts_health", format_func=SHAPES.get, placeholder="all")
    rows = queries.accounts(mart, slicer(mart))
    shown = found(rows, text, wanted)
    if len(shown) < len(rows):
        st.caption(f"The search leaves {len(shown):,} of {len(rows):,}.")
    table(shown, columns(words), key="accounts_table", of="account", empty="No account is like that.", opens=True)
