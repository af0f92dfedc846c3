"""Render the views into one self-contained HTML file."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from dashboard import formats, svg
from dashboard.accounts import SEVERITIES, Account, build_accounts
from dashboard.charts import Series, line_chart
from dashboard.details import instance_summary
from dashboard.history import figures
from dashboard.metrics import STATUSES, build_metrics
from dashboard.overview import UNOWNED, Part, build_overview
from dashboard.quality import build_quality
from dashboard.queries import Mart
from dashboard.trends import period_axis, reporting_trend, score_bands, trend_charts
from dashboard.words import COLORS, Words, word

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Assets:
    """The style sheet and the script, and the script's hash for the content security policy."""

    style: Markup
    script: Markup
    script_hash: str


def render(mart: Mart, title: str = "Customer health") -> str:
    """The page as text.

    Args:
        mart: the rows of `queries.read_mart`.
        title: the page's heading.
    """
    words = Words(mart.value_statuses, mart.use_cases, mart.score_groups)
    accounts = build_accounts(mart, words)
    found = figures(mart)
    return _environment().get_template("index.html").render(
        title=title,
        assets=_assets(),
        mart=mart,
        clock=mart.clock,
        overview=build_overview(mart, words, accounts, found),
        charts=trend_charts(mart, words, found),
        reporting_trend=reporting_trend(mart.clock, found),
        accounts=accounts,
        filters=_filters(accounts),
        metrics=build_metrics(mart, words),
        metric_statuses=STATUSES,
        quality=build_quality(mart, accounts),
        score_trend=lambda account: _score_trend(mart, account),
    )  # fmt: skip


def write(mart: Mart, folder: Path, title: str = "Customer health") -> Path:
    """Write `index.html` into `folder`, whole or not at all, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    page, unfinished = folder / "index.html", folder / ".index.html.part"
    unfinished.write_text(render(mart, title), encoding="utf-8")
    unfinished.replace(page)
    return page


_FILTERS = (
    "number", "compact", "percent", "signed", "score", "day", "days_ago", "plural", "humanize",
)  # fmt: skip


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters.update({name: getattr(formats, name) for name in _FILTERS})
    environment.filters["word"] = word
    environment.filters["capitalize_first"] = lambda text: text[:1].upper() + text[1:]
    environment.globals.update(
        share=formats.share,
        lower_first=formats.lower_first,
        instance_summary=instance_summary,
        time_frame=_time_frame,
        COLORS=COLORS,
        SEVERITIES=SEVERITIES,
        UNOWNED=UNOWNED,
        MISSING=formats.MISSING,
        **_drawings(),
    )
    return environment


def _drawings() -> dict[str, Any]:
    """What the templates draw with: bars, and the parts they are made of."""
    return {
        "share_bar": svg.share_bar,
        "sparkline": svg.sparkline,
        "reporting_parts": _parts,
        "color_parts": _parts,
        "book_parts": lambda book: list(book.colors.items()),
        "use_parts": lambda parts: [(f"use-{part.code}", part.count) for part in parts],
        "status_parts": lambda counts: [(f"status-{code}", n) for code, n in counts.items()],
    }


def _parts(parts: list[Part]) -> list[tuple[str, float]]:
    return [(part.code, part.count) for part in parts]


def _time_frame(code: str) -> str:
    return {"28d": "in 28 days", "7d": "in 7 days", "all": "all time", "none": "at the ping"}.get(code, code)


def _assets() -> Assets:
    style = (_HERE / "static" / "style.css").read_text(encoding="utf-8")
    script = (_HERE / "static" / "app.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    # Our own files, not data: they are the only text that is not escaped.
    return Assets(Markup(style), Markup(script), f"sha256-{digest}")  # noqa: S704


def _filters(accounts: list[Account]) -> dict[str, Any]:
    return {
        "colors": COLORS,
        "csms": sorted({account.csm for account in accounts if account.csm}),
        "has_unowned": any(not account.csm for account in accounts),
        "segments": sorted({account.segment for account in accounts if account.segment}),
        "signals": sorted({(s.code, s.label) for account in accounts for s in account.signals}),
    }


def _score_trend(mart: Mart, account: Account) -> Markup:
    """The score over time, as the large chart of an account's detail."""
    title, series = f"Health score of {account.name}", [Series("score", account.health.trend, "a")]
    bands = score_bands(mart.settings)
    axis = period_axis(mart.clock)
    return line_chart(title, axis, series, formats.score, 100, bands, tick_fmt=formats.number)
