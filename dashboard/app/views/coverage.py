"""Of a slice: who reports usage, how seats are used, why accounts are unscored, how far adoption got."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import formats
from dashboard.app import charts, queries
from dashboard.app import usage_queries as ask
from dashboard.app.data import Mart, Row, Rows
from dashboard.app.show import Column, level, table
from dashboard.words import Words, word

HOW = {
    "production": ("● from a production instance", "#3f74d1", ""),
    "other_type": ("◐ from other instances only", "#62a8d8", "label the production instance to get a score"),
    "stopped_reporting": ("◌ stopped reporting", "#d07a2c", "ask the administrator: was it switched off, or moved?"),
    "never_reported": ("○ never reported", "#98a2b0", "ask for Service Ping, or for a manual upload"),
}
"""How a subscription reports: what it is called, its color, what to do."""


def show(mart: Mart, chosen: queries.Slice, words: Words) -> None:
    """Lays out the four parts."""
    st.subheader("Who reports usage")
    who_reports(mart, ask.who_reports(mart, chosen), ask.ended(mart, chosen))
    st.subheader("Seats: sold, handed out, used")
    seats(ask.seats(mart, chosen), words)
    st.subheader("Why accounts are unscored")
    unscored(ask.unscored(mart, chosen), words)
    st.subheader("Adoption reached")
    levels(ask.levels(mart, chosen), words)


def called(how: str) -> str:
    """How a subscription reports, in words."""
    return HOW[how][0] if how in HOW else word(how)


def who_reports(mart: Mart, rows: Rows, over: Rows) -> None:
    """Subscriptions in force by how they report, now and over time."""
    if not rows:
        st.caption("No subscription is in force.")
        return
    starts = sorted({row["period_start"] for row in rows})
    counts = {(row["period_start"], row["how"]): row["subscriptions"] for row in rows}
    ways = [*HOW, *sorted({row["how"] for row in rows} - set(HOW))]
    before = {how: counts.get((starts[-2], how), 0) for how in ways} if len(starts) > 1 else {}
    total, earlier = (sum(counts.get((start, how), 0) for how in ways) for start in (starts[-1], starts[-2:][0]))
    reporting = sum(counts.get((starts[-1], how), 0) for how in ("production", "other_type"))
    said = (
        f"{formats.percent(formats.share(reporting, total))} of {formats.plural(total, 'subscription')} in force report"
    )
    if before:
        share = formats.share(before["production"] + before["other_type"], earlier)
        said += f", after {formats.percent(share)} in the period before"
    still = over[0]["reporting"] or 0
    st.caption(f"{said}. Of {formats.number(over[0]['subscriptions'])} that ended, {still:,} still report.")
    listed = [
        {"how": how, "now": now, "share": formats.share(now, total), "before": before.get(how)}
        for how in ways
        for now in [counts.get((starts[-1], how), 0)]
    ]
    columns = [
        Column(lambda row: called(row["how"]), "How"),
        Column("now", "Subscriptions", "number"),
        Column("share", "Share", "share"),
        Column("before", "Period before", "number", "Empty in the first period"),
        Column(lambda row: HOW[row["how"]][2] if row["now"] and row["how"] in HOW else "", "What to do"),
    ]
    table(listed, columns, key="coverage_how", of="way", empty="")
    over_time(mart, rows)


def over_time(mart: Mart, rows: Rows) -> None:
    """How subscriptions in force reported in each of the last periods."""
    frame = pd.DataFrame(
        [
            {
                "period": charts.period_label(row, mart.freshness.grain),
                "what": called(row["how"]),
                "count": row["subscriptions"],
            }
            for row in rows
        ]
    )
    charts.stacked(frame, {name: color for name, color, _ in HOW.values()}, "Subscriptions in force")


def seats(rows: Rows, words: Words) -> None:
    """Licensed, activated and used seats, of the subscriptions that know all three; and who is not in the sums."""
    known = next((row for row in rows if row["missing_reason"] is None), None)
    if known is None:
        st.caption("No subscription in force knows its licensed, activated and used seats.")
    else:
        seat_steps(known)
    columns = [
        Column(lambda row: words.reason(row["missing_reason"]), "Not in these sums, because"),
        Column("subscriptions", "Subscriptions", "number"),
        Column("licensed", "Licensed", "number", "Empty where the number is unknown"),
    ]
    left_out = [row for row in rows if row["missing_reason"] is not None]
    table(
        left_out, columns, key="coverage_left_out", of="reason", empty="Every subscription in force is in these sums."
    )


def seat_steps(known: Row) -> None:
    """Licensed, activated, in use: each as a share of the licensed ones and of the step before."""
    st.caption(
        f"Of {formats.plural(known['subscriptions'], 'subscription')} where all three are known."
        f" {formats.plural(known['idle'], 'activated seat')} had nobody active in 28 days."
    )
    steps: Rows = [
        {"step": "licensed", "seats": known["licensed"], "of": None},
        {"step": "activated", "seats": known["activated"], "of": known["licensed"]},
        {"step": "in use", "seats": known["activated"] - known["idle"], "of": known["activated"]},
    ]
    columns = [
        Column("step", "Seats"),
        Column("seats", "Number", "number"),
        Column(lambda row: formats.share(row["seats"], known["licensed"]), "Of licensed", "share"),
        Column(
            lambda row: formats.share(row["seats"], row["of"]), "Of the step before", "percent", "Empty for the first"
        ),
    ]
    table(steps, columns, key="coverage_seats", of="step", empty="")


def levels(rows: Rows, words: Words) -> None:
    """Accounts by the level that they reached."""
    total = sum(row["accounts"] for row in rows)

    def named(row: Row) -> str:
        if row["adoption_level"] is not None:
            return level(row["adoption_level"])
        return f"not measured: {words.reason(row['missing_reason'])}"

    columns = [
        Column(named, "Adoption reached"),
        Column("accounts", "Accounts", "number"),
        Column(lambda row: formats.share(row["accounts"], total), "Share", "share"),
    ]
    table(rows, columns, key="coverage_levels", of="level", empty="")


def unscored(rows: Rows, words: Words) -> None:
    """Accounts without a score by the reason; unscored is not red."""
    total = sum(row["accounts"] for row in rows)
    columns = [
        Column(lambda row: words.reason(row["unscored_reason"]), "Why unscored"),
        Column("accounts", "Accounts", "number"),
        Column(lambda row: formats.share(row["accounts"], total), "Share of the unscored", "share"),
        Column("arr", "ARR", "number", "Empty where no subscription in force has any"),
    ]
    table(rows, columns, key="coverage_unscored", of="reason", empty="Every account has a score.")
