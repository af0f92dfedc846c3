"""What every page is laid out with. Text of the mart never becomes markup: it goes into tables, or escaped."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from html import escape
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import formats
from dashboard.app import queries, reference_queries
from dashboard.app.data import BusyError, DataError, Mart, MissingError, Row, Rows, open_mart
from dashboard.words import Words, word

SHAPES = {"green": "● green", "yellow": "▲ yellow", "red": "■ red", None: "○ unscored"}
SEVERITIES = {"high": "▲ high", "medium": "◆ medium", "low": "● low", None: ""}
NOT_GIVEN = "(none)"
READABLE = (
    "<style>[data-testid=stCaptionContainer], [data-testid=stCaptionContainer] p {color: inherit; opacity: 1}"
    " [data-testid=stMainBlockContainer] {padding: 3.5rem 3rem 4rem} h1 {padding-top: 0 !important}"
    " a:focus-visible, button:focus-visible, [role=tab]:focus-visible, summary:focus-visible, canvas:focus-visible,"
    " [data-testid=stTextInput] input:focus-visible"
    " {outline: 2px solid currentColor !important; outline-offset: 2px}"
    " [data-testid=stMain]:focus-visible {outline: 2px solid currentColor; outline-offset: -2px}"
    " [data-testid=stMetricValue], [data-testid=stMetricValue] *"
    " {font-size: 1.6rem; white-space: normal; overflow: visible}"
    " [data-testid=stHtml] :is(p, h2) {margin: 0; padding: 0}"
    " @media (max-width: 1000px) {[data-testid=stHorizontalBlock] {flex-wrap: wrap}"
    " [data-testid=stColumn]:has([data-testid=stMetric]) {min-width: 6.5rem; flex-grow: 1}"
    " [data-testid=stColumn]:has([data-testid=stVegaLiteChart], [data-testid=stDataFrame]) {min-width: 100%}}"
    " @media (max-width: 640px) {[data-testid=stMainBlockContainer] {padding: 3.5rem 1rem}}</style>"
)
"""Streamlit's own grey of captions is too pale for many, its margins leave little room, its focus is often unseen."""
CAN = inspect.signature(st.dataframe).parameters
"""What this version's tables can."""
ROW_PIXELS, SEEN_ROWS = 35, 15
"""Of a longer table the rest is scrolled to; all its rows are there."""
SENTENCE = 540
"""Pixels that a sentence takes: cells do not wrap."""
_MARKDOWN = re.compile(r"([!-/:-@\[-`{-~])")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")
_FORMATS = {
    "number": "localized",
    "percent": "percent",
    "share": "percent",
    "score": "%.1f",
    "signed": "%+.1f",
}


@dataclass(frozen=True)
class Column:
    """A column of a table: what it is of a row, its heading, its kind (text, date, when or one of the formats)."""

    value: str | Callable[[Row], Any]
    label: str
    kind: str = "text"
    help: str | None = None
    width: str | int | None = None

    def of(self, row: Row) -> Any:
        """The cell of a row."""
        value = self.value(row) if callable(self.value) else row[self.value]
        if self.kind in ("date", "when"):
            return value
        if self.kind == "text":
            return harmless(value)
        return None if value is None else float(value)


def harmless(value: Any) -> str:
    """Text for a cell: without what cannot be seen, and never a formula for whoever opens the table's CSV."""
    text = "" if value is None else _UNSEEN.sub(" ", str(value)).strip()
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def plain(text: Any) -> str:
    """Text that Streamlit's markdown shows as it stands."""
    return _MARKDOWN.sub(r"\\\1", _UNSEEN.sub(" ", str(text)))


def say(text: Any, tag: str = "p") -> None:
    """A text of the mart as a paragraph or heading."""
    st.html(f"<{tag}>{escape(_UNSEEN.sub(' ', str(text)))}</{tag}>")


def page(title: str, question: str) -> Callable[[Callable[[Mart, Words], None]], Callable[[], None]]:
    """Makes a page of a function: heading, how fresh the mart is, and what to do where there is none."""

    def wrap(body: Callable[[Mart, Words], None]) -> Callable[[], None]:
        @wraps(body)
        def show() -> None:
            st.html(READABLE)
            st.title(title)
            st.caption(question)
            try:
                mart = open_mart()
                freshness(mart)
                if not queries.names(mart):
                    st.info("The mart holds no account yet. Look at Quality and publishing for what was read.")
                body(mart, words_of(mart))
            except BusyError:
                st.warning("A build is writing the database, and this was not read before it began. Wait for its end.")
                st.button("Try again")
            except MissingError as error:
                st.error(f"The mart is not whole: {plain(error)} Run `make build` and look at its end.")
            except DataError as error:
                st.error(plain(error))

        return show

    return wrap


def words_of(mart: Mart) -> Words:
    """The seeds' words."""
    labels = {row["name"]: row["label"] for row in reference_queries.group_labels(mart)}
    labels |= {row["use_case"]: row["label"] for row in reference_queries.use_cases(mart)}
    return Words(reference_queries.value_meanings(mart), labels)


def freshness(mart: Mart) -> None:
    """Of which day the mart is, when it was built, whether a build goes on, whether the last one failed."""
    fresh = mart.freshness
    built = "nothing says when it was built" if fresh.built_at is None else f"built {fresh.built_at:%d %b %Y %H:%M} UTC"
    with st.sidebar:
        say(f"As of {formats.day(fresh.as_of)}, {built}")
        say(f"{mart.warehouse.name}, by {fresh.grain.replace('_', ' ')}", "small")
    if fresh.is_building:
        st.warning(f"A build is running. What you see is the mart before it: {plain(built)}.")
    elif fresh.began_at is not None:
        st.warning(
            f"A run of dbt began {fresh.began_at:%d %b %Y %H:%M} UTC and has not ended: it goes on, or was stopped."
            " Until the next build has ended, figures may be of two builds."
        )
    if fresh.failed:
        st.warning(
            f"The last build did not pass: {len(fresh.failed)} failed or were left out, the first"
            f" {plain(fresh.failed[0])}. Figures may be of two builds."
        )


def table(rows: Rows, columns: Sequence[Column], *, key: str, of: str, empty: str, opens: bool = False) -> None:
    """A table with all rows; how many, is written above it. Its toolbar searches, enlarges and exports CSV.

    Args:
        of: what a row is, as in `account`.
        empty: what to say when there are none.
        opens: a click on a row opens its account.
    """
    if not rows:
        st.caption(empty)
        return
    count = formats.plural(len(rows), of, f"{of[:-1]}ies" if re.search("[^aeiou]y$", of) else None)
    st.caption(count)
    frame = pd.DataFrame({column.label: _cells(rows, column) for column in columns})
    options: dict[str, Any] = {
        "hide_index": True,
        "column_config": {column.label: _config(column) for column in columns},
        "height": ROW_PIXELS * (min(len(rows), SEEN_ROWS) + 1) + 3,
        "key": key,
    }
    if "placeholder" in CAN:
        options["placeholder"] = ""
    if "alt" in CAN:
        options["alt"] = f"{count}: {', '.join(column.label for column in columns)}"
    if not opens:
        st.dataframe(frame, **options)
        return
    chosen = st.dataframe(frame, on_select="rerun", selection_mode="single-row", **options)
    if chosen.selection.rows:
        open_account(rows[chosen.selection.rows[0]]["account_id"])


def _cells(rows: Rows, column: Column) -> Any:
    cells = [column.of(row) for row in rows]
    if column.kind == "when":
        return pd.to_datetime(pd.Series(cells, dtype="object"))
    return pd.Series(cells, dtype="object" if column.kind in ("text", "date") else "float64")


def _config(column: Column) -> Any:
    common: dict[str, Any] = {"help": column.help, "width": column.width}
    if column.kind == "text":
        return st.column_config.TextColumn(**common)
    if column.kind == "date":
        return st.column_config.DateColumn(format="YYYY-MM-DD", **common)
    if column.kind == "when":
        return st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm", **common)
    if column.kind == "share":
        return st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1, **common)
    return st.column_config.NumberColumn(format=_FORMATS[column.kind], **common)


def open_account(account_id: str) -> None:
    """Goes to an account's page."""
    st.session_state["go_to_account"] = account_id
    if target := st.session_state.get("account_page"):
        st.switch_page(target)


def health(row: Row) -> str:
    """A color as shape and word."""
    return SHAPES.get(row["overall_color"], SHAPES[None])


def blanks(row: Row, words: Words) -> str:
    """Why figures of an account are missing, in words; empty where none is."""
    pairs = (
        ("Score", row["overall_score"], row["unscored_reason"]),
        ("Seats", row["activated_seats"], row["seats_missing_reason"]),
        ("Active people", row["active_users"], row["active_users_missing_reason"]),
        ("Adoption", row["adoption_level"], row["adoption_missing_reason"]),
    )
    reasons: dict[str, list[str]] = {}
    for name, value, reason in pairs:
        if value is None:
            reasons.setdefault(words.reason(reason), []).append(name)
    return "; ".join(f"{', '.join(named)}: {reason}" for reason, named in reasons.items())


def subject(row: Row) -> str:
    """What a change is about, by its name and not by its id alone."""
    if row["subject_ends_on"] is not None:
        return (
            f"{(row['subject_plan'] or 'subscription').capitalize()} until {row['subject_ends_on']} ({row['subject']})"
        )
    return row["subject_label"] or row["subject"] or ""


def slicer(mart: Mart) -> queries.Slice:
    """Filters by segment, region, CSM and plan; the address keeps them, and so do the other pages."""
    kept = st.session_state.setdefault("slice", {})
    picked: dict[str, tuple[str | None, ...]] = {}
    for place, (column, label) in zip(st.columns(len(queries.DIMENSIONS)), queries.DIMENSIONS.items(), strict=True):
        options = queries.choices(mart, column)
        key = f"slice_{column}"
        if key not in st.session_state:
            asked = [None if each == NOT_GIVEN else each for each in st.query_params.get_all(column)]
            st.session_state[key] = [each for each in asked or kept.get(column, ()) if each in options]
        with place:
            chosen = st.multiselect(label, options, key=key, format_func=named, placeholder="all")
        kept[column], picked[column] = list(chosen), tuple(chosen)
        remember(column, [named(each) for each in chosen])
    return queries.Slice(**picked)


def remember(name: str, values: Sequence[str]) -> None:
    """Writes a choice into the address, so that a view is a link."""
    if values and st.query_params.get_all(name) != list(values):
        st.query_params[name] = list(values)
    elif not values and name in st.query_params:
        del st.query_params[name]


def named(value: str | None) -> str:
    """A value of a dimension, or that there is none."""
    return NOT_GIVEN if value is None else value


def level(code: str | None) -> str:
    """A level of adoption in words."""
    return "" if code is None else formats.humanize(code) if code != "none" else word(code)
