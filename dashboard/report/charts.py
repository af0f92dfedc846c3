"""The app's charts as inline SVG, drawn by vl-convert without a browser and without a network."""

from __future__ import annotations

import re
from typing import Any

import altair as alt
import pandas as pd
import vl_convert
from markupsafe import Markup, escape

from dashboard.app import charts
from dashboard.app.data import Rows

WIDTH = 760
FONT = "Helvetica, Arial, sans-serif"
LOOK = {
    "font": FONT,
    "background": "transparent",
    "view": {"stroke": None},
    "axis": {
        "labelColor": "#3d4756",
        "labelFontSize": 11,
        "gridColor": "#e4e8ee",
        "domainColor": "#b9c2ce",
        "labelSeparation": 10,
    },
    "legend": {
        "orient": "top",
        "labelColor": "#3d4756",
        "labelFontSize": 12,
        "symbolSize": 400,
        "columnPadding": 28,
        "title": None,
    },
}
PADDING = {"left": 28, "right": 16, "top": 4, "bottom": 4}
"""Room for a reader's font, which may be wider than the one that the chart was measured by."""
_VERSION = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
_SPOKEN = re.compile(r' (?:role|aria-[a-z]+)="[^"]*"')
_ID = re.compile(r'\bid="([^"]+)"')


def seats(rows: Rows, series: dict[str, str], grain: str) -> Markup | None:
    """Licensed, activated and active over time, or None where no period knows any of them."""
    frame = charts.series_frame(rows, series, grain)
    if not len(frame) or frame["value"].isna().all():
        return None
    chart = charts.line_chart(frame, list(series.values()), "Seats and people")
    return svg(
        chart, 200, "seats", "Licensed seats, activated seats and active people by period; the table has the figures"
    )


def peers(rows: Rows) -> Markup | None:
    """Own shares beside the quartiles of others, or None where no quartile may be shown."""
    shown = [row for row in rows if row["value_format"] == "percent" and row["median"] is not None]
    if not shown:
        return None
    frame = pd.DataFrame(
        {
            "what": [row["label"] for row in shown],
            "low": _numbers(shown, "lower_quartile"),
            "high": _numbers(shown, "upper_quartile"),
            "median": _numbers(shown, "median"),
            "own": _numbers(shown, "own_value"),
        }
    )
    described = "Your share beside the middle half and the median of your peers; the table has the figures"
    return svg(charts.quartile_chart(frame), 34 * len(shown), "peers", described, width=WIDTH - 200)


def _numbers(rows: Rows, column: str) -> Any:
    return pd.Series([row[column] for row in rows], dtype="float64")


def svg(chart: Any, height: int, name: str, described: str, width: int = WIDTH) -> Markup:
    """A chart as an element of a page: one picture with one description, its ids its own."""
    spec = chart.properties(width=width, height=height).to_dict(validate=False)
    spec |= {"config": LOOK, "padding": PADDING}
    drawn = vl_convert.vegalite_to_svg(spec, vl_version=_VERSION, allowed_base_urls=[])
    drawn = _SPOKEN.sub("", drawn)
    for found in set(_ID.findall(drawn)):
        drawn = drawn.replace(f'id="{found}"', f'id="{name}-{found}"').replace(
            f"url(#{found})", f"url(#{name}-{found})"
        )
    return Markup(drawn.replace("<svg", f'<svg role="img" aria-label="{escape(described)}"', 1))  # noqa: S704 - vl-convert escapes
