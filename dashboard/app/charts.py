"""Charts; the toolbar of each saves PNG. What color says, shape, dash or text says, too."""

from __future__ import annotations

import importlib.util
import re
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from dashboard.app.data import Row, Rows
from dashboard.words import Words

COLORS = {"green": "#1c8a6e", "yellow": "#eab530", "red": "#c9472f", "unscored": "#98a2b0"}
SHAPES = {"green": "circle", "yellow": "triangle-up", "red": "square", "unscored": "cross"}
MARKS = {"green": "● green", "yellow": "▲ yellow", "red": "■ red", "unscored": "○ unscored"}
LINES = ["#3f74d1", "#0f8f9c", "#9a5b13", "#8a4bb0", "#5f6b7a", "#c9472f"]
DASHES = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 4], [1, 3]]
HEIGHT = 280
VERSION = tuple(int(part) for part in st.__version__.split(".")[:2])
DEFERRED = (1, 55)
"""From here on a button may make its file when it is pressed; a while later the menu of charts, which had SVG, went."""


def period_label(row: Row, grain: str) -> str:
    """A period as its axis shows it."""
    return f"{row['period_start']:%b %Y}" if grain == "month" else f"{row['period_start']:%Y-%m-%d}"


def draw(chart: Any, described: str, height: int = HEIGHT) -> None:
    """Shows a chart, with a description for who cannot see it, and a button that saves it as SVG.

    Older versions have both kinds in the chart's own menu, newer ones save PNG alone.
    """
    shown = chart.properties(height=height, description=described)
    st.altair_chart(shown)
    if importlib.util.find_spec("vl_convert") and VERSION >= DEFERRED:
        name = re.sub(r"[^A-Za-z0-9]+", "-", described).strip("-").lower()
        st.download_button(
            "Save as SVG", lambda: svg(shown), f"{name}.svg", "image/svg+xml", key=f"svg_{name}", type="tertiary",
            on_click="ignore", help=described,
        )  # fmt: skip


def svg(chart: Any) -> str:
    """A chart as a picture that can be enlarged, made when somebody asks for it."""
    import vl_convert

    return str(vl_convert.vegalite_to_svg(chart.properties(width=720).to_json()))


def _x() -> Any:
    return alt.X("period:O", sort=None, title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True))


def score(rows: Rows, words: Words, grain: str) -> None:
    """An account's score: the point's shape and color are the band's; who is unscored has a cross at the foot."""
    frame = pd.DataFrame(
        {
            "period": [period_label(row, grain) for row in rows],
            "score": [row["overall_score"] for row in rows],
            "at": [20.0 if row["overall_score"] is None else row["overall_score"] for row in rows],
            "health": [row["overall_color"] or "unscored" for row in rows],
            "why": ["" if row["overall_score"] is not None else words.reason(row["unscored_reason"]) for row in rows],
        }
    )
    domain, top = list(COLORS), alt.Legend(orient="top", columns=2)
    base = alt.Chart(frame).encode(x=_x())
    line = base.mark_line(color=LINES[0]).encode(y=alt.Y("score:Q"))
    points = base.mark_point(filled=True, size=90, opacity=1).encode(
        y=alt.Y("at:Q", title="Score", scale=alt.Scale(domain=[20, 90])),
        color=alt.Color(
            "health:N", title=None, scale=alt.Scale(domain=domain, range=list(COLORS.values())), legend=top
        ),
        shape=alt.Shape(
            "health:N", title=None, scale=alt.Scale(domain=domain, range=list(SHAPES.values())), legend=top
        ),
        tooltip=["period:O", "score:Q", "health:N", "why:N"],
    )
    draw(line + points, "Overall score by period")


def lines(rows: Rows, series: dict[str, str], grain: str, title: str, percent: bool = False) -> None:
    """Several columns over time, a line each. A missing value is a gap."""
    many(series_frame(rows, series, grain), list(series.values()), title, percent=percent)


def series_frame(rows: Rows, series: dict[str, str], grain: str) -> Any:
    """Columns of rows as a frame of period, what and value."""
    return pd.DataFrame(
        [
            {"period": period_label(row, grain), "what": label, "value": row[column]}
            for column, label in series.items()
            for row in rows
        ]
    )


def many(frame: Any, order: list[str], title: str, percent: bool = False) -> None:
    """Lines of a frame of period, what and value."""
    draw(line_chart(frame, order, title, percent=percent), f"{title} by period")


def line_chart(frame: Any, order: list[str], title: str, percent: bool = False) -> Any:
    """The chart of `many`; the customer report draws it, too."""
    frame["value"] = pd.Series(frame["value"], dtype="float64")
    count = range(len(order))
    domain = {"domain": order}
    colors = alt.Scale(**domain, range=[LINES[i % len(LINES)] for i in count])
    dashes = alt.Scale(**domain, range=[DASHES[i % len(DASHES)] for i in count])
    legend = alt.Legend(labelLimit=300, symbolType="stroke", orient="top", columns=2)
    axis = alt.Axis(format="%") if percent else alt.Axis(format=",.2~f")
    base = alt.Chart(frame).encode(
        x=_x(),
        y=alt.Y("value:Q", title=title, axis=axis, scale=alt.Scale(zero=True)),
        color=alt.Color("what:N", title=None, scale=colors, sort=order, legend=legend),
        strokeDash=alt.StrokeDash("what:N", title=None, scale=dashes, sort=order),
        tooltip=["period:O", "what:N", alt.Tooltip("value:Q", format=".1%" if percent else ",.2~f")],
    )
    return base.mark_line(point=alt.OverlayMarkDef(size=30))


def quartile_chart(frame: Any) -> Any:
    """A row each for `what`: the middle half of others from `low` to `high`, their `median`, and `own` beside it.

    All four are shares; a missing one is left out.
    """
    y = alt.Y("what:N", sort=None, title=None, axis=alt.Axis(labelLimit=320, ticks=False, domain=False))
    top = max(1.0, *(float(value) for value in frame[["high", "own"]].max() if value == value))
    x = alt.X("low:Q", title=None, axis=alt.Axis(format="%", tickCount=5), scale=alt.Scale(domain=[0, top]))
    base = alt.Chart(frame).encode(y=y)
    band = base.mark_bar(color="#c9d6ea", height=14).encode(x=x, x2="high:Q")
    middle = base.mark_tick(color=LINES[4], thickness=3, size=20).encode(x="median:Q")
    own = base.mark_point(shape="diamond", filled=True, size=130, opacity=1, color=LINES[0]).encode(x="own:Q")
    return band + middle + own


def colors(rows: Rows, grain: str) -> None:
    """Accounts by color over time, stacked."""
    frame = pd.DataFrame(
        [
            {"period": period_label(row, grain), "what": MARKS[name], "count": int(row[name])}
            for row in rows
            for name in COLORS
        ]
    )
    stacked(frame, {MARKS[name]: color for name, color in COLORS.items()}, "Accounts")


def stacked(frame: Any, order: dict[str, str], title: str) -> None:
    """Counts over time, one upon another: of period, what and count; `order` has the color of each, foot first."""
    frame["order"] = frame["what"].map({what: place for place, what in enumerate(order)})
    chart = (
        alt.Chart(frame)
        .mark_bar(stroke="white", strokeWidth=1)
        .encode(
            x=_x(),
            y=alt.Y("count:Q", title=title),
            color=alt.Color(
                "what:N",
                title=None,
                scale=alt.Scale(domain=list(order), range=list(order.values())),
                legend=alt.Legend(labelLimit=300, orient="top", columns=2),
            ),
            order=alt.Order("order:Q"),
            tooltip=["period:O", "what:N", "count:Q"],
        )
    )
    draw(chart, f"{title} by period; from the foot up: {', '.join(order)}")


def contributions(rows: Rows, words: Words) -> None:
    """What each group adds to the score."""
    frame = pd.DataFrame(
        {
            "group": [row["label"] or words.group(row["score_group"]) for row in rows],
            "points": pd.Series([row["contribution"] for row in rows], dtype="float64"),
            "change": pd.Series([row["contribution_change"] for row in rows], dtype="float64"),
        }
    )
    chart = (
        alt.Chart(frame)
        .mark_bar(color=LINES[0])
        .encode(
            y=alt.Y("group:N", sort=None, title=None, axis=alt.Axis(labelLimit=220)),
            x=alt.X("points:Q", title="Points of the score"),
            tooltip=["group:N", alt.Tooltip("points:Q", format=".2f"), alt.Tooltip("change:Q", format="+.2f")],
        )
    )
    draw(chart, "Points that each group adds to the score")
