"""The charts of the mart over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle

from markupsafe import Markup

from dashboard.charts import Axis, Band, Format, Frame, Series, line_chart, stacked_columns
from dashboard.clock import Clock
from dashboard.formats import compact, number, percent, score, share
from dashboard.history import REPORTING, PeriodFigures
from dashboard.queries import Mart
from dashboard.words import COLORS, LEVELS, Words

Figures = Sequence[PeriodFigures]


@dataclass(frozen=True)
class Chart:
    """A drawing, what it says in words, and its numbers as a table."""

    title: str
    note: str
    drawing: Markup
    columns: list[str]
    rows: list[list[str]]


def trend_charts(mart: Mart, words: Words, found: Figures) -> list[Chart]:
    """The charts of the page, in their order."""
    axis = period_axis(mart.clock)
    return [
        _reporting(axis, found),
        _subscriptions(axis, found),
        _active_users(axis, found),
        _seats(axis, found),
        _ratios(axis, found),
        _scores(axis, found, mart.settings),
        _colors(axis, found),
        _use_cases(axis, found, words),
        _levels(axis, found),
    ]


def period_axis(clock: Clock) -> Axis:
    """The clock's periods as a chart's axis."""
    names = [clock.label(start) for start in clock.periods]
    if clock.is_partial:
        names[-1] += " (so far)"
    return Axis([clock.short(start) for start in clock.periods], names, clock.is_partial)


def reporting_trend(clock: Clock, found: Figures) -> Markup:
    """The first chart in the wide form of the overview."""
    title, frame = "Share of subscriptions that report", Frame(560, 176)
    series = _reporting_series(found)
    return line_chart(title, period_axis(clock), series, percent, top=1, frame=frame)


def score_bands(settings: dict[str, float]) -> list[Band]:
    """The ranges of red, yellow and green scores, where the mart says them."""
    yellow, green = settings.get("score_yellow_above"), settings.get("score_green_above")
    if yellow is None or green is None:
        return []
    return [Band(0, yellow, "red"), Band(yellow, green, "yellow"), Band(green, 100, "green")]


def _chart(title: str, note: str, axis: Axis, drawing: Markup, *columns: tuple[Series, Format]) -> Chart:
    """A chart with the table of `columns`, each a series and how to write it."""
    rows = [[name, *(fmt(series.values[index]) for series, fmt in columns)] for index, name in enumerate(axis.names)]
    return Chart(title, note, drawing, ["Period", *(series.label for series, _ in columns)], rows)


def _series(label: str, style: str, found: Figures, value: Callable[[PeriodFigures], float | None]) -> Series:
    return Series(label, [value(figures) for figures in found], style)


def _layer(label: str, style: str, counts: Sequence[dict[str, int]], code: str) -> Series:
    """The count of one code in every period."""
    return Series(label, [of_period.get(code, 0) for of_period in counts], style)


def _reporting_series(found: Figures) -> list[Series]:
    return [
        _series("reporting", "a", found, lambda f: f.reporting_share),
        _series("production", "b", found, lambda f: f.production_share),
    ]


def _reporting(axis: Axis, found: Figures) -> Chart:
    title, series = "Share of subscriptions that report", _reporting_series(found)
    drawing = line_chart(title, axis, series, percent, top=1)
    note = "Of the subscriptions in force: any ping, and a ping from a production instance."
    return _chart(title, note, axis, drawing, *((line, percent) for line in series))


def _subscriptions(axis: Axis, found: Figures) -> Chart:
    title = "Subscriptions in force"
    labels = {
        "production": "production",
        "other_type": "other types",
        "stopped_reporting": "stopped",
        "never_reported": "never",
    }
    counts = [figures.reporting for figures in found]
    series = [_layer(labels[code], code, counts, code) for code in REPORTING]
    drawing = stacked_columns(title, axis, series, number)
    note = "Reporting from production or from other types only, stopped, or never reported."
    return _chart(title, note, axis, drawing, *((layer, number) for layer in series))


def _active_users(axis: Axis, found: Figures) -> Chart:
    title = "Active users in 28 days"
    series = [
        _series("log-ins", "log-ins", found, lambda f: f.active_users["unique_active"]),
        _series("events", "events", found, lambda f: f.active_users["events"]),
    ]
    drawing = stacked_columns(title, axis, series, compact)
    note = "Counted from log-ins; on old versions estimated from events, which is never scored."
    return _chart(title, note, axis, drawing, *((layer, number) for layer in series))


def _seats(axis: Axis, found: Figures) -> Chart:
    title = "Seats"
    series = [
        _series("licensed", "c", found, lambda f: f.licensed),
        _series("activated", "a", found, lambda f: f.activated),
        _series("in use", "b", found, lambda f: f.used),
    ]
    compared = _series("Subscriptions", "c", found, lambda f: f.compared)
    drawing = line_chart(title, axis, series, compact)
    note = "Of the subscriptions of which all three are known, so the sums also move with reporting."
    return _chart(title, note, axis, drawing, *((line, number) for line in series), (compared, number))


def _ratios(axis: Axis, found: Figures) -> Chart:
    title = "How well seats are used"
    series = [
        _series("activated", "a", found, lambda f: share(f.activated, f.licensed)),
        _series("in use", "b", found, lambda f: share(f.used, f.activated)),
    ]
    known = [value for line in series for value in line.values if value is not None]
    top = 1.0 if max(known, default=0) <= 1 else None
    drawing = line_chart(title, axis, series, percent, top=top)
    note = "Activated, of the licensed seats; in use, of the activated ones."
    return _chart(title, note, axis, drawing, *((line, percent) for line in series))


def _scores(axis: Axis, found: Figures, settings: dict[str, float]) -> Chart:
    title = "Mean health score"
    mean = _series("mean score", "a", found, lambda f: f.mean_score)
    scored = _series("Accounts scored", "a", found, lambda f: f.scored)
    drawing = line_chart(title, axis, [mean], score, 100, score_bands(settings), tick_fmt=number)
    note = "Over the scored accounts; the tints are the red, yellow and green ranges."
    return _chart(title, note, axis, drawing, (mean, score), (scored, number))


def _colors(axis: Axis, found: Figures) -> Chart:
    title = "Accounts by health color"
    counts = [figures.colors for figures in found]
    series = [_layer(color, color, counts, color) for color in COLORS]
    drawing = stacked_columns(title, axis, series, number)
    note = "Unscored accounts are shown as such, never as red."
    return _chart(title, note, axis, drawing, *((layer, number) for layer in series))


def _use_cases(axis: Axis, found: Figures, words: Words) -> Chart:
    title = "Use cases adopted"
    series = [
        Series(words.short(code), [figures.adopted[code] for figures in found], style)
        for code, style in zip(words.use_cases, cycle("abcde"), strict=False)
    ]
    drawing = line_chart(title, axis, series, percent, top=1)
    note = "Share of the accounts in which the use case is measured."
    return _chart(title, note, axis, drawing, *((line, percent) for line in series))


def _levels(axis: Axis, found: Figures) -> Chart:
    title = "Step reached on the adoption ladder"
    short = {
        "enablement_and_expansion": "expansion",
        "product_stickiness": "stickiness",
        "basic_adoption": "basic",
        "none": "no step",
    }
    counts = [figures.levels for figures in found]
    series = [_layer(short[code], f"level-{code}", counts, code) for code in LEVELS]
    drawing = stacked_columns(title, axis, series, number)
    note = "Accounts in which at least one use case is measured."
    return _chart(title, note, axis, drawing, *((layer, number) for layer in series))
