"""Portfolio: a slice of the accounts over time, where it stands, and what is to be renewed."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import streamlit as st

from dashboard import formats
from dashboard.app import charts, queries
from dashboard.app.data import Mart, Row, Rows
from dashboard.app.show import Column, named, page, slicer, table
from dashboard.app.views import coverage, parts
from dashboard.words import Words

DRAWN = 6
"""So many lines can be told apart."""
_BY_GROUP = {"mean_score": "Mean score", "mean_adopted": "Use cases adopted"}
RENEWAL_DAYS = {"30 days": 30, "90 days": 90, "180 days": 180, "a year": 365, "any time": None}


@page("Portfolio", "Health, adoption and seats over time, of any slice, and what is to be renewed.")
def show(mart: Mart, words: Words) -> None:
    """Lays out the page."""
    chosen = slicer(mart)
    periods = queries.periods(mart, chosen)
    if not periods:
        st.info("No account is like that.")
        return
    today(periods[-1])
    coverage.show(mart, chosen, words)
    over_time(mart, periods, queries.adoption(mart, chosen))
    st.subheader("Where it stands")
    dimension = st.selectbox(
        "By", list(queries.DIMENSIONS), key="portfolio_by", format_func=lambda each: queries.DIMENSIONS[each]
    )
    groups = queries.breakdown(mart, dimension, chosen)
    breakdown(groups, queries.DIMENSIONS[dimension])
    by_group(mart, groups, queries.over_time_by(mart, dimension, chosen), queries.DIMENSIONS[dimension])
    renewals(mart, chosen, words)


def today(row: Row) -> None:
    """The newest period, which is where accounts stand."""
    scored = formats.score(row["mean_score"])
    figures = (
        ("Accounts", formats.number(row["accounts"])),
        ("● green", formats.number(row["green"])),
        ("▲ yellow", formats.number(row["yellow"])),
        ("■ red", formats.number(row["red"])),
        ("○ unscored", formats.number(row["unscored"])),
        ("Mean score", scored),
    )
    for place, (label, value) in zip(st.columns(len(figures)), figures, strict=True):
        place.metric(label, value)
    st.caption(f"The mean is over the {row['scored']:,} accounts with a score, each counted once.")


def over_time(mart: Mart, periods: Rows, adoption: Rows) -> None:
    """Charts of the last periods, with their numbers."""
    grain = mart.freshness.grain
    st.subheader("Over time")
    left, right = st.columns(2)
    with left:
        charts.colors(periods, grain)
        charts.lines(periods, {"mean_score": "mean score"}, grain, "Mean score")
    with right:
        seats = {"licensed_seats": "licensed", "activated_seats": "activated", "active_users": "active people"}
        charts.lines(periods, seats, grain, "Seats")
        adopted(adoption, grain)
    if not periods[-1]["is_complete"]:
        st.caption("The last period is not over: it shows where accounts stand now.")
    with st.expander("The numbers"):
        numbers(periods, adoption)


def adopted(rows: Rows, grain: str) -> None:
    """Share of the accounts that adopted each use case, of those where anything was measured."""
    frame = pd.DataFrame(
        {
            "period": [charts.period_label(row, grain) for row in rows],
            "what": [row["label"] for row in rows],
            "value": [row["adopted"] / row["measured"] if row["measured"] else None for row in rows],
        }
    )
    charts.many(frame, list(dict.fromkeys(frame["what"])), "Accounts that adopted", percent=True)


def numbers(periods: Rows, adoption: Rows) -> None:
    """What the charts show, as tables."""
    columns = [
        Column("period_start", "Period", "date"),
        *(Column(name, label, "number") for name, label in _COUNTS.items()),
        Column("mean_score", "Mean score", "score"),
    ]
    table(periods[::-1], columns, key="portfolio_periods", of="period", empty="")
    columns = [
        Column("label", "Use case"),
        Column("period_start", "Period", "date"),
        Column("measured", "Accounts with anything measured", "number"),
        Column("adopted", "Adopted", "number"),
        Column("in_progress", "In progress", "number"),
    ]
    table(adoption, columns, key="portfolio_adoption", of="row", empty="")


_COUNTS = {
    "accounts": "Accounts",
    "green": "Green",
    "yellow": "Yellow",
    "red": "Red",
    "unscored": "Unscored",
    "licensed_seats": "Licensed",
    "activated_seats": "Activated",
    "accounts_with_seats": "Accounts with seats",
    "active_users": "Active",
    "accounts_with_active": "Accounts with active people",
}


def breakdown(rows: Rows, label: str) -> None:
    """Accounts as they stand, by one dimension."""
    columns = [
        Column(lambda row: named(row["value"]), label, width="medium"),
        *(Column(name, _COUNTS[name], "number") for name in ("accounts", "green", "yellow", "red", "unscored")),
        Column("mean_score", "Mean score", "score", "Over the accounts with a score; empty where none has one"),
        Column("arr", "ARR", "number", "Empty where no subscription in force has any"),
        Column("red_arr", "ARR of red", "number", "Empty where no red account has any"),
        Column("unscored_arr", "ARR of unscored", "number", "Empty where no unscored account has any"),
    ]
    table(rows, columns, key="portfolio_breakdown", of="group", empty="None.")


def by_group(mart: Mart, groups: Rows, rows: Rows, label: str) -> None:
    """Score and adoption over time by one dimension: lines of the largest groups, numbers of all."""
    drawn = [row["value"] for row in groups[:DRAWN]]
    if len(groups) > DRAWN:
        st.caption(f"Drawn are the {DRAWN} largest of {len(groups):,}; the numbers below are of all.")
    places = st.columns(2)
    for place, (column, title) in zip(places, _BY_GROUP.items(), strict=True):
        frame = pd.DataFrame(
            [
                {
                    "period": charts.period_label(row, mart.freshness.grain),
                    "what": named(row["value"]),
                    "value": row[column],
                }
                for row in rows
                if row["value"] in drawn
            ]
        )
        with place:
            charts.many(frame, [named(each) for each in drawn], f"{title} by {label}")
    with st.expander(f"The numbers by {label}"):
        columns = [
            Column(lambda row: named(row["value"]), label, width="medium"),
            Column("period_start", "Period", "date"),
            Column("accounts", "Accounts", "number"),
            Column("scored", "Scored", "number"),
            Column("mean_score", "Mean score", "score", "Empty where none has a score"),
            Column("measured", "Accounts with anything measured", "number"),
            Column("mean_adopted", "Use cases adopted, mean", "score", "Empty where nothing was measured"),
        ]
        table(rows, columns, key="portfolio_by_group", of="row", empty="")


def renewals(mart: Mart, chosen: queries.Slice, words: Words) -> None:
    """Terms that end soon, with over-use before them."""
    st.subheader("Renewals, and over-use before them")
    within = st.selectbox("Ends within", list(RENEWAL_DAYS), index=1, key="portfolio_within")
    rows = queries.renewals(mart, chosen)
    days, as_of = RENEWAL_DAYS[within], mart.freshness.as_of
    if days is not None and as_of is not None:
        shown = [row for row in rows if row["end_date"] is not None and row["end_date"] <= as_of + timedelta(days=days)]
        st.caption(f"{len(shown):,} of {len(rows):,} subscriptions in force end within {within}.")
        rows = shown
    parts.subscriptions(rows, words, key="portfolio_renewals", with_account=True)
