"""Dictionary: what every name means, found by label, key path or meaning."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard import formats
from dashboard.app import reference_queries as ask
from dashboard.app.data import Mart, Row, Rows
from dashboard.app.show import Column, page, remember, table
from dashboard.app.views.parts import bound
from dashboard.words import Words, word

OWN = (
    ("status", "health score", "Health score", "25 is worst, 88 is best: the mean of the score groups by their weights,"
     " re-scaled over those that could be measured. Nothing measured is no score, with a reason; it is never red."),
    ("status", "as_of", "As of", "The day that the mart is of. Where an account stands is what is known on it."),
    ("status", "umau", "Active people", "People active in 28 days: log-ins, or an estimate where a version has none."),
)  # fmt: skip


def entry(kind: str, name: str, label: str | None, meaning: str | None, where: str = "", more: str = "") -> Row:
    """A word of the dictionary."""
    shown = label or formats.humanize(name)
    return {"kind": kind, "name": name, "label": shown, "meaning": meaning or "", "where": where, "more": more}


def entries(mart: Mart) -> Rows:
    """All of them."""
    parts: tuple[Callable[[Mart], Rows], ...] = (
        _metrics,
        _measures,
        _groups,
        _signals,
        _use_cases,
        _statuses,
        _settings,
    )
    return [*(entry(*each) for each in OWN), *(row for part in parts for row in part(mart))]


def _metrics(mart: Mart) -> Rows:
    return [
        entry(
            "metric",
            row["metric_name"],
            row["label"],
            row["description"],
            row["key_paths"] or row["derived_from"] or "",
            f"{row['unit']}, {row['time_frame']}, from version {row['min_version'] or 'any'},"
            f" plan {row['tier'] or 'any'}; {_reported(row)}",
        )
        for row in ask.metrics(mart)
    ]


def _reported(row: Row) -> str:
    if not row["instances"]:
        return "no production instance has a ping in the newest period"
    return f"{row['reporting']:,.0f} of {row['instances']:,.0f} production instances report it now"


def _measures(mart: Mart) -> Rows:
    rows = ask.bands(mart)
    texts = {
        row["measure"]: entry(
            "measure", row["measure"], row["label"],
            f"{row['numerator']} divided by {row['denominator']}" if row["denominator"] else row["numerator"],
            row["group_label"] or row["score_group"],
            "; ".join(_band(each) for each in rows if each["measure"] == row["measure"] and each["threshold_set"]),
        )
        for row in rows
    }  # fmt: skip
    return list(texts.values())


def _band(row: Row) -> str:
    first, end = row["age_from"] or 0, row["age_to"]
    months = f" at {first} to under {end} months" if end else f" from {first} months on" if first else ""
    return f"{row['threshold_set']}{months}: yellow {bound(row, 'yellow')}, green {bound(row, 'green')}"


def _groups(mart: Mart) -> Rows:
    return [
        entry(
            "score group",
            row["score_group"],
            row["label"],
            f"weighs {row['weight']:g} of the health score",
            row["threshold_set"],
        )
        for row in ask.weights(mart)
    ]


def _signals(mart: Mart) -> Rows:
    return [
        entry("signal", row["signal"], None, row["message"], f"severity {row['severity']}", _limit(row))
        for row in ask.signal_rules(mart)
    ]


def _limit(row: Row) -> str:
    parts = [f"limit {row['limit_value']:g}" if row["limit_value"] is not None else ""]
    parts.append(f"for {row['per_seats']:g} seats" if row["per_seats"] is not None else "")
    parts.append(f"{row['min_periods']} periods in a row" if (row["min_periods"] or 1) > 1 else "")
    return ", ".join(part for part in parts if part)


def _use_cases(mart: Mart) -> Rows:
    return [
        entry(
            "use case",
            row["use_case"],
            row["label"],
            row["advice"],
            row["adoption_level"] or "",
            row["min_tier"] or "any plan",
        )
        for row in ask.use_cases(mart)
    ]


def _statuses(mart: Mart) -> Rows:
    return [
        entry("status", row["value_reason"] or row["value_status"], None, row["meaning"], word(row["value_status"]))
        for row in ask.value_meanings(mart)
    ]


def _settings(mart: Mart) -> Rows:
    return [
        entry("setting", row["setting"], None, row["description"], "seed health_settings", f"{row['setting_value']:g}")
        for row in ask.settings(mart)
    ]


def found(rows: Rows, text: str, kinds: list[str]) -> Rows:
    """Entries that hold every word of the text in any of their parts; those that have it in their names come first."""
    wanted = text.casefold().replace("_", " ").split()
    kept = []
    for place, row in enumerate(rows):
        names = f"{row['name']} {row['label']}".casefold().replace("_", " ")
        everything = f"{names} {row['kind']} {row['meaning']} {row['where']} {row['more']}".casefold().replace("_", " ")
        if all(each in everything for each in wanted) and (not kinds or row["kind"] in kinds):
            kept.append((not all(each in names for each in wanted), place, row))
    return [row for _, _, row in sorted(kept, key=lambda each: each[:2])]


@page(
    "Dictionary",
    "Metrics, measures with their bands, signals, use cases, statuses: search by label, key path or meaning.",
)
def show(mart: Mart, words: Words) -> None:
    """Lays out the page."""
    rows = entries(mart)
    if "dictionary_text" not in st.session_state:
        st.session_state["dictionary_text"] = st.query_params.get("q", "")
    left, right = st.columns([2, 1])
    with left:
        text = st.text_input("Search", key="dictionary_text", placeholder="license_billable_users, health score, ...")
    with right:
        kinds = st.multiselect(
            "Kind", list(dict.fromkeys(row["kind"] for row in rows)), key="dictionary_kinds", placeholder="all"
        )
    remember("q", [text] if text else [])
    shown = found(rows, text, kinds)
    if len(shown) < len(rows):
        st.caption(f"The search leaves {len(shown):,} of {len(rows):,}.")
    columns = [
        Column("label", "Label", width="medium"),
        Column("kind", "Kind"),
        Column("name", "Name", width="medium"),
        Column("meaning", "Meaning", width="large"),
        Column("where", "Key path, group or source", width="medium"),
        Column("more", "More", width="large"),
    ]
    table(shown, columns, key="dictionary_table", of="entry", empty="Nothing is called or means that.")
