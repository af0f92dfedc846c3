"""One account, with an address of its own: `?account=`."""

from __future__ import annotations

import streamlit as st

from dashboard import formats
from dashboard.app import account_queries as ask
from dashboard.app import charts, queries, usage_queries
from dashboard.app.data import Mart, MissingError, Row, Rows
from dashboard.app.show import SENTENCE, SEVERITIES, SHAPES, Column, blanks, health, level, page, say, subject, table
from dashboard.app.views import parts
from dashboard.words import Words, word


@page("Account", "Everything that is known of one account.")
def show(mart: Mart, words: Words) -> None:
    """Lays out the page."""
    account_id = chosen(mart)
    if account_id is None:
        st.info("Choose an account, or open one from another page.")
        return
    history = queries.history(mart, account_id)
    if not history:
        st.error("There is no such account in the mart.")
        say(account_id)
        return
    heading(history[-1], words)
    changes(mart, account_id)
    over_time(mart, history, words)
    st.subheader("Measures against their bands")
    parts.measures(ask.measures(mart, account_id), words)
    contributions(mart, account_id, words)
    usage(mart, account_id, words)
    family_and_publishing(mart, account_id, words)


def chosen(mart: Mart) -> str | None:
    """The account of the address or of the box; the address follows the box."""
    went = st.session_state.pop("go_to_account", None)
    asked = went or st.query_params.get("account")
    known = {row["account_id"]: row["account_name"] for row in queries.names(mart)}
    if asked != st.session_state.get("account_of_address"):
        st.session_state["account_of_address"] = asked
        st.session_state["account_box"] = asked if asked in known else None
    box = st.selectbox(
        "Account",
        list(known),
        index=None,
        key="account_box",
        format_func=lambda each: f"{known.get(each, '')} ({each})",
        placeholder="type a name or an id",
    )
    account_id = box or asked
    if account_id:
        st.session_state["account_of_address"] = account_id
        if st.query_params.get("account") != account_id:
            st.query_params["account"] = account_id
    return account_id


def heading(row: Row, words: Words) -> None:
    """Who it is, where it stands, what is missing and why."""
    say(row["account_name"] or row["account_id"], "h2")
    known = [
        row["segment"],
        row["region"],
        row["product_tier"],
        row["csm_email"] or "nobody owns it",
        row["account_id"],
    ]
    say(", ".join(str(each) for each in known if each))
    if row["is_in_crm"] is False:
        st.warning("The CRM does not have this account any more.")
    figures = (
        ("Health", health(row)),
        ("Score", formats.score(row["overall_score"])),
        ("Change", formats.signed(row["score_change"])),
        ("ARR", formats.number(row["arr"])),
        ("Renewal", str(row["next_renewal_on"] or formats.MISSING)),
        ("Licensed", formats.number(row["licensed_seats"])),
        ("Activated", formats.number(row["activated_seats"])),
        ("Active", formats.number(row["active_users"])),
        ("Adoption", level(row["adoption_level"]) or formats.MISSING),
    )
    places = [*st.columns(5), *st.columns([1, 1, 1, 2])]
    for place, (label, value) in zip(places, figures, strict=True):
        place.metric(label, value)
    for text in (row["explanation"], _next(row, words), _missing(row, words)):
        if text:
            say(text)


def _next(row: Row, words: Words) -> str:
    if not row["next_use_case"]:
        return ""
    return f"Next: {words.group(row['next_use_case'])}. {row['next_use_case_advice'] or ''}"


def _missing(row: Row, words: Words) -> str:
    parts_ = [blanks(row, words)]
    if row["score_change"] is None:
        parts_.append(f"Change: {words.reason(row['score_change_reason'])}")
    if row["arr"] is None:
        parts_.append(
            "ARR: no subscription in force has any" if row["subscriptions_in_force"] else "ARR: none in force"
        )
    if row["next_renewal_on"] is None:
        parts_.append("Renewal: no paid subscription in force")
    if row["unscored_groups"]:
        pairs = (each.strip().rpartition(" ") for each in row["unscored_groups"].split(","))
        parts_ += [f"{words.group(group)}: {words.reason(reason)}" for group, _, reason in pairs]
    text = "; ".join(part for part in parts_ if part)
    return f"Missing, and why. {text}." if text else ""


def changes(mart: Mart, account_id: str) -> None:
    """Signals, and what changed."""
    st.subheader("Signals and changes")
    columns = [
        Column("message", "What", width=SENTENCE),
        Column(lambda row: SEVERITIES.get(row["severity"], row["severity"]) or row["direction"], "Severity"),
        Column("state", "State"),
        Column("since_period_start", "Since", "date"),
        Column(subject, "About", width="medium"),
        Column(lambda row: formats.humanize(row["change_name"]), "Kind"),
    ]
    rows = queries.changes(mart, account_id=account_id)
    table(rows, columns, key="account_changes", of="change", empty="No signal, and nothing changed.")


def over_time(mart: Mart, history: Rows, words: Words) -> None:
    """Score and seats over time, with the numbers."""
    grain, recent = mart.freshness.grain, history[-queries.SHOWN_PERIODS :]
    st.subheader("Over time")
    left, right = st.columns(2)
    with left:
        charts.score(recent, words, grain)
    with right:
        seats = {"licensed_seats": "licensed", "activated_seats": "activated", "active_users": "active people"}
        charts.lines(recent, seats, grain, "Seats")
    with st.expander("The numbers, all periods"):
        columns = [
            Column("period_start", "Period", "date"),
            Column(health, "Health"),
            Column("overall_score", "Score", "score"),
            Column("licensed_seats", "Licensed", "number"),
            Column("activated_seats", "Activated", "number"),
            Column("active_users", "Active", "number"),
            Column(lambda row: level(row["adoption_level"]), "Adoption"),
            Column(
                lambda row: ", ".join(words.group(u) for u in (row["adopted_use_cases"] or "").split(",") if u),
                "Adopted",
            ),
            Column(lambda row: blanks(row, words), "Why figures are missing", width="large"),
        ]
        table(history[::-1], columns, key="account_periods", of="period", empty="")


def contributions(mart: Mart, account_id: str, words: Words) -> None:
    """What the score is made of."""
    rows = [row for row in ask.contributions(mart, account_id) if row["contribution"] is not None]
    st.subheader("What the score is made of")
    if not rows:
        st.caption("No complete period has a score.")
        return
    total = sum(row["contribution"] for row in rows)
    st.caption(f"Complete period from {rows[0]['period_start']}: together {total:.2f} points.")
    charts.contributions(rows, words)


def usage(mart: Mart, account_id: str, words: Words) -> None:
    """Subscriptions, instances, metrics and objectives."""
    st.subheader("Subscriptions in force")
    parts.subscriptions(queries.renewals(mart, account_id=account_id), words, key="account_subscriptions")
    st.subheader("Instances")
    instances = usage_queries.instances(mart, account_id=account_id)
    empty = "No instance reports for it."
    table(instances, parts.instance_columns(words), key="account_instances", of="instance", empty=empty)
    st.subheader("Any metric over time")
    parts.metric(mart, account_id, words)
    st.subheader("The customer's own objectives")
    columns = [
        Column("objective_name", "Objective", width="medium"),
        Column(lambda row: row["metric_label"] or row["metric_name"], "Metric"),
        Column("baseline_value", "Start", "number"),
        Column("current_value", "Now", "number"),
        Column("target_value", "Target", "number"),
        Column("progress", "Progress", "percent"),
        Column(lambda row: word(row["status"]), "Status"),
        Column("due_on", "Due", "date"),
        Column("period_start", "Period", "date"),
        Column(lambda row: words.reason(row["missing_reason"]) if row["missing_reason"] else "", "Why it is missing"),
    ]
    table(ask.objectives(mart, account_id), columns, key="account_objectives", of="objective", empty="None is known.")


def family_and_publishing(mart: Mart, account_id: str, words: Words) -> None:
    """Relatives, and what other systems were told."""
    st.subheader("Parent, sister and child accounts")
    columns = [
        Column("relation", "Is its"),
        Column("account_name", "Account", width="medium"),
        Column(lambda row: SHAPES.get(row["overall_color"]), "Health"),
        Column("overall_score", "Score", "score"),
        Column("arr", "ARR", "number"),
        Column("next_renewal_on", "Renewal", "date"),
        Column(lambda row: blanks(row, words), "Why figures are missing", width="large"),
    ]
    rows = ask.family(mart, account_id)
    table(rows, columns, key="account_family", of="account", empty="It has none.", opens=True)
    st.subheader("Published")
    try:
        sent, refused = ask.published(mart, account_id), ask.rejected(mart, account_id)
    except MissingError:
        st.caption("Nothing was published from this mart yet.")
        return
    parts.published(sent, refused)
