"""Pieces that several pages, or a long one, are made of."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import formats
from dashboard.app import account_queries as ask
from dashboard.app import charts
from dashboard.app.data import Mart, Row, Rows
from dashboard.app.show import SHAPES, Column, health, table
from dashboard.words import Words, word


def shown(value: Any, value_format: str | None) -> str:
    """A measure's value, by the format of seed measure_texts."""
    return formats.percent(value, 1) if value_format == "percent" else formats.number(value, 2)


def bound(row: Row, color: str) -> str:
    """Where a color begins: `from 50%`, or `above 33%` where the bound itself is not in it."""
    value = row[f"{color}_from"]
    if value is None:
        return ""
    return f"{'from' if row[f'{color}_inclusive'] else 'above'} {shown(value, row['value_format'])}"


def gap(row: Row) -> str:
    """What is missing to the next better color, in the measure's own terms."""
    if row["measure_value"] is None or row["green_from"] is None or row["color"] in (None, "green"):
        return ""
    no_yellow = (row["yellow_from"], row["yellow_inclusive"]) == (row["green_from"], row["green_inclusive"])
    target = "yellow" if row["color"] == "red" and not no_yellow else "green"
    missing = row[f"{target}_from"] - row["measure_value"]
    if row["value_format"] == "percent":
        return f"{formats.number(missing * 100, 1)} percentage points to {target}"
    return f"{formats.number(missing, 2)} to {target}"


def measures(rows: Rows, words: Words) -> None:
    """Measures, a row each, with bands, gap and reason."""
    columns = [
        Column(lambda row: row["group_label"] or words.group(row["score_group"]), "Group"),
        Column(lambda row: row["measure_label"] or formats.humanize(row["measure"]), "Measure", width="medium"),
        Column(
            lambda row: "" if row["measure_value"] is None else shown(row["measure_value"], row["value_format"]),
            "Value",
        ),
        Column("numerator", "Of that", "number", "What was divided"),
        Column("denominator", "By", "number", "What it was divided by"),
        Column(_color, "Band"),
        Column(lambda row: bound(row, "yellow"), "Yellow"),
        Column(lambda row: bound(row, "green"), "Green"),
        Column(gap, "Gap"),
        Column(lambda row: words.reason(row["value_reason"]) if row["value_reason"] else "", "Why it is missing"),
        Column("subscription_id", "Subscription"),
        Column("period_start", "Period", "date"),
    ]
    table(rows, columns, key="account_measures", of="measure", empty="No subscription is in force.")


def _color(row: Row) -> str:
    if not row["is_counted"]:
        return "not scored"
    return SHAPES.get(row["color"]) or SHAPES[None]


def subscriptions(rows: Rows, words: Words, key: str, with_account: bool = False) -> None:
    """Subscriptions in force, what is used of them, and what will be at the term's end."""
    account = [Column("account_name", "Account", width="medium"), Column(health, "Health")] if with_account else []
    columns = [
        *account,
        Column("end_date", "Ends", "date"),
        Column(lambda row: f"{row['product_tier'] or ''}{' trial' if row['is_trial'] else ''}", "Plan"),
        Column("arr", "ARR", "number"),
        Column("seats", "Licensed", "number"),
        Column("activated_seats", "Activated", "number"),
        Column("active_users", "Active", "number"),
        Column("seats_over_license", "Over now", "number", "Activated seats beyond the licensed ones"),
        Column("projected_activated_seats", "Activated at the end", "number", "If it goes on as in the last periods"),
        Column("projected_seats_over_license", "Over at the end", "number"),
        Column(lambda row: _why_unused(row, words), "Why figures are missing", width="large"),
        Column("subscription_id", "Subscription"),
        *([Column("csm_email", "CSM")] if with_account else []),
    ]
    table(rows, columns, key=key, of="subscription", empty="None is in force.", opens=with_account)


def _why_unused(row: Row, words: Words) -> str:
    parts = []
    if row["activated_seats"] is None:
        parts.append(f"Seats: {words.reason(row['missing_reason'])}")
    if row["projected_activated_seats"] is None:
        parts.append(f"Projection: {word(row['projection_missing_reason']) or 'nothing to project from'}")
    if row["arr"] is None:
        parts.append("ARR: not in the CRM")
    return "; ".join(parts)


def instance_columns(words: Words) -> list[Column]:
    """What is shown of an instance; the ones that stand for a subscription are marked."""
    return [
        Column(lambda row: "◉ counted" if row["is_counted"] else "", "Counted", help="Stands for its subscription"),
        Column("hostname", "Host", width="medium"),
        Column("instance_type", "Type"),
        Column(lambda row: word(row["instance_type_source"]), "Type is"),
        Column("suggested_instance_type", "Suggested"),
        Column("version", "Version"),
        Column("edition", "Edition"),
        Column("last_ping_at", "Last ping", "when"),
        Column("days_since_last_ping", "Days ago", "number"),
        Column(lambda row: word(row["activity_status"]) or "not reporting", "Activity", help="In the newest period"),
        Column("licensed_seats", "Licensed", "number", "Of its licence, which several may share"),
        Column("activated_seats", "Activated", "number", "In the period of its last ping"),
        Column("active_users", "Active", "number", "In the period of its last ping"),
        Column(lambda row: word(row["active_users_source"]), "Counted by"),
        Column("period_start", "Period", "date", "Of its last ping; licensed, activated and active are of it"),
        Column(lambda row: _why_unknown(row, words), "Why figures are missing", width="large"),
        Column("uuid", "UUID"),
        Column("renamed_from_hostname", "Perhaps was"),
    ]


def _why_unknown(row: Row, words: Words) -> str:
    parts = []
    for name, label in (("seats", "Activated"), ("active_users", "Active")):
        if row["activated_seats" if name == "seats" else name] is None:
            parts.append(f"{label}: {words.reason(row[f'{name}_missing_reason'] or 'no_ping')}")
    if row["licensed_seats"] is None:
        parts.append(f"Licensed: {words.reason('seats_unknown')}")
    return "; ".join(parts)


def metric(mart: Mart, account_id: str, words: Words) -> None:
    """One metric of each instance over time, chosen from all."""
    labels = {row["metric_name"]: row["label"] for row in ask.metric_choices(mart)}
    name = st.selectbox(
        "Metric", list(labels), key="account_metric", format_func=lambda each: f"{labels[each]} ({each})"
    )
    rows = ask.metric_history(mart, account_id, name) if name else []
    if not rows:
        st.caption("No instance reports for it.")
        return
    known = [row for row in rows if row["metric_value"] is not None]
    if known:
        hosts = list(dict.fromkeys(_host(row) for row in rows))
        frame = pd.DataFrame(
            [
                {
                    "period": charts.period_label(row, mart.freshness.grain),
                    "what": _host(row),
                    "value": row["metric_value"],
                }
                for row in sorted(rows, key=lambda row: row["period_start"])
            ]
        )
        charts.many(frame, hosts, labels[name])
    else:
        st.caption("No period has a value; the reasons are in the numbers.")
    with st.expander("The numbers of the metric"):
        columns = [
            Column(_host, "Host"),
            Column("period_start", "Period", "date"),
            Column("metric_value", "Value", "number"),
            Column(lambda row: words.reason(row["value_reason"]) if row["value_reason"] else "", "Why it is missing"),
        ]
        table(rows, columns, key="account_metric_table", of="value", empty="")


def _host(row: Row) -> str:
    return f"{row['hostname'] or '(no hostname)'}, {row['instance_type'] or 'Unknown'}, {row['instance_id'][:6]}"


def published(sent: Rows, refused: Rows) -> None:
    """What stands at the destinations, and what they refused."""
    columns = [
        Column("destination", "System"),
        Column("object", "Object"),
        Column("records", "Records", "number"),
        Column("first_at", "First accepted", "when"),
        Column("last_at", "Last accepted", "when"),
    ]
    table(sent, columns, key="account_sent", of="object", empty="Nothing of it stands at a destination by our hand.")
    if refused:
        st.caption("Refused")
        table(refused, rejection_columns(), key="account_refused", of="refusal", empty="")


def rejection_columns() -> list[Column]:
    """What is shown of a refused row."""
    return [
        Column("rejected_at", "When", "when"),
        Column("destination", "System"),
        Column("object", "Object"),
        Column("row_key", "Row"),
        Column("field", "Field"),
        Column("code", "Code"),
        Column("message", "Message", width="large"),
    ]
