"""Charts over periods as hand-written SVG: lines and stacked columns.

A chart has the width of a card on a desktop and of a phone's screen, so that its text has
the page's size on both. The last period may still be running; it is dashed or paler.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from dashboard.svg import Point, Values, element, nothing, path

LEFT, RIGHT, TOP, BOTTOM = 40, 92, 14, 24
LABEL_GAP = 14
AXIS_LABELS = 4
NO_VALUES = "Nothing to draw yet: no value in these periods."

Format = Callable[[float | None], str]


@dataclass(frozen=True)
class Series:
    """A line or a layer: its label, its values (None where missing), its style's name."""

    label: str
    values: Values
    style: str

    @property
    def last_known(self) -> float | None:
        """The newest value that is not missing."""
        return next((float(value) for value in reversed(self.values) if value is not None), None)


@dataclass(frozen=True)
class Axis:
    """What all series share.

    Attributes:
        labels: one per period, for the axis.
        names: one per period, for tips and tables.
        partial: whether the last period is still running.
    """

    labels: Sequence[str]
    names: Sequence[str]
    partial: bool


@dataclass(frozen=True)
class Band:
    """A tinted range of values behind the lines."""

    low: float
    high: float
    style: str


@dataclass(frozen=True)
class Frame:
    """The size of a drawing."""

    width: int = 400
    height: int = 216


@dataclass(frozen=True)
class Plot:
    """Places values and periods on the drawing."""

    axis: Axis
    top: float
    frame: Frame
    as_columns: bool = False

    @property
    def right(self) -> float:
        """Where the plotted area ends."""
        return self.frame.width - RIGHT

    @property
    def floor(self) -> float:
        """Where zero is."""
        return self.frame.height - BOTTOM

    @property
    def slot(self) -> float:
        """The width of one period."""
        count = len(self.axis.labels)
        return (self.right - LEFT) / max(count if self.as_columns else count - 1, 1)

    def x(self, index: int) -> float:
        """The middle of a period."""
        if len(self.axis.labels) == 1:
            return (LEFT + self.right) / 2
        return LEFT + self.slot * (index + (0.5 if self.as_columns else 0))

    def y(self, value: float) -> float:
        """The height of a value."""
        return self.floor - (self.floor - TOP) * float(value) / self.top


def line_chart(
    title: str,
    axis: Axis,
    series: Sequence[Series],
    fmt: Format,
    top: float | None = None,
    bands: Sequence[Band] = (),
    frame: Frame | None = None,
    tick_fmt: Format | None = None,
) -> Markup:
    """Lines over periods. A missing value is a gap.

    Args:
        title: what a screen reader says.
        axis: the periods.
        series: the lines.
        fmt: writes a value, None included.
        top: the axis' end, where the highest value should not decide.
        bands: tinted ranges.
        frame: the drawing's size.
        tick_fmt: writes the axis' values; as `fmt` when not given.
    """
    known = [float(value) for line in series for value in line.values if value is not None]
    if not known:
        return nothing(NO_VALUES)
    ticks = [top * step / 4 for step in range(5)] if top else nice_ticks(max(known))
    plot = Plot(axis, ticks[-1], frame or Frame())
    parts = [_band(plot, band) for band in bands] + _grid(plot, ticks, tick_fmt or fmt) + _periods(plot)
    for line in series:
        parts += _line(plot, line)
    ends = [
        (plot.y(line.last_known), line.style, fmt(line.values[-1]), line.label)
        for line in series
        if line.last_known is not None
    ]
    return _drawing(title, plot, [*parts, *_end_labels(plot, ends), *_hits(plot, series, fmt)])


def stacked_columns(title: str, axis: Axis, layers: Sequence[Series], fmt: Format) -> Markup:
    """Columns over periods, one layer on the other from the bottom up."""
    totals = [sum(column) for column in _columns(axis, layers)]
    if not any(totals):
        return nothing(NO_VALUES)
    ticks = nice_ticks(max(totals))
    plot = Plot(axis, ticks[-1], Frame(), as_columns=True)
    parts = _grid(plot, ticks, fmt) + _periods(plot)
    for index, column in enumerate(_columns(axis, layers)):
        parts += _stack(plot, layers, column, index)
    base, ends = 0.0, []
    for layer, value in zip(layers, _columns(axis, layers)[-1], strict=True):
        if value:
            ends.append((plot.y(base + value / 2), layer.style, fmt(value), layer.label))
        base += value
    return _drawing(title, plot, [*parts, *_end_labels(plot, ends), *_hits(plot, layers, fmt)])


def nice_ticks(highest: float) -> list[float]:
    """From 0 to at least `highest`, in at most five round steps."""
    if highest <= 0:
        return [0.0, 1.0]
    power = 10 ** math.floor(math.log10(highest / 5))
    step = next(power * size for size in (1, 2, 2.5, 5, 10) if power * size * 5 >= highest)
    return [step * index for index in range(math.ceil(round(highest / step, 9)) + 1)]


def _columns(axis: Axis, layers: Sequence[Series]) -> list[list[float]]:
    """Per period the layers' heights; a missing one has none."""
    return [[float(layer.values[index] or 0) for layer in layers] for index in range(len(axis.labels))]


def _stack(plot: Plot, layers: Sequence[Series], column: Sequence[float], index: int) -> list[Markup]:
    is_partial = plot.axis.partial and index == len(plot.axis.labels) - 1
    width, base, parts = min(plot.slot * 0.78, 34), 0.0, []
    for layer, value in zip(layers, column, strict=True):
        if value:
            parts.append(
                element(
                    "rect",
                    x=plot.x(index) - width / 2,
                    y=plot.y(base + value),
                    width=width,
                    height=max(plot.y(base) - plot.y(base + value), 0.6),
                    class_=f"fill-{layer.style}" + (" partial" if is_partial else ""),
                )
            )
        base += value
    return parts


def _grid(plot: Plot, ticks: Sequence[float], fmt: Format) -> list[Markup]:
    parts = []
    for tick in ticks:
        y = plot.y(tick)
        parts.append(element("line", x1=LEFT, x2=plot.right, y1=y, y2=y, class_="grid"))
        parts.append(element("text", fmt(tick), x=LEFT - 6, y=y + 4, text_anchor="end"))
    return parts


def _periods(plot: Plot) -> list[Markup]:
    """Labels below the axis, so many that they fit; the last period always has one."""
    labels = plot.axis.labels
    step = max(1, math.ceil(len(labels) / AXIS_LABELS))
    return [
        element("text", labels[i], x=plot.x(i), y=plot.frame.height - 6, text_anchor="middle")
        for i in range(len(labels) - 1, -1, -step)
    ]


def _band(plot: Plot, band: Band) -> Markup:
    high, low = plot.y(min(band.high, plot.top)), plot.y(band.low)
    return element(
        "rect",
        x=LEFT,
        y=high,
        width=plot.right - LEFT,
        height=low - high,
        class_=f"band-{band.style}",
    )


def _line(plot: Plot, line: Series) -> list[Markup]:
    points: list[Point | None] = [
        None if value is None else (plot.x(at), plot.y(value)) for at, value in enumerate(line.values)
    ]
    partial = plot.axis.partial and len(points) > 1
    solid, last = path(points[:-1] if partial else points), points[-1]
    parts = [element("path", d=solid, class_=f"line line-{line.style}")] if solid else []
    if partial and points[-2] and last:
        running = path(points[-2:])
        parts.append(element("path", d=running, class_=f"line line-{line.style} partial"))
    if last:
        look = f"dot dot-{line.style}" + (" hollow" if partial else "")
        parts.append(element("circle", cx=last[0], cy=last[1], r=3.5, class_=look))
    return parts


def _end_labels(plot: Plot, ends: Sequence[tuple[float, str, str, str]]) -> list[Markup]:
    """Value and name at the right of each `(height, style, value, name)`, kept apart."""
    ordered = sorted(ends, key=lambda end: end[0])
    heights = _spread([end[0] for end in ordered], plot.floor)
    return [
        element(
            "text",
            element("tspan", value, class_="value"),
            f" {name}",
            x=plot.right + 9,
            y=y + 4,
            class_=f"end-{style}",
        )
        for y, (_, style, value, name) in zip(heights, ordered, strict=True)
    ]


def _spread(heights: list[float], floor: float) -> list[float]:
    """Push labels apart, downwards and then back up from the axis."""
    down = list(itertools.accumulate(heights, lambda above, own: max(own, above + LABEL_GAP)))
    raised, limit = [], floor
    for height in reversed(down):
        limit = min(height, limit)
        raised.append(limit)
        limit -= LABEL_GAP
    return raised[::-1]


def _hits(plot: Plot, series: Sequence[Series], fmt: Format) -> list[Markup]:
    """Invisible areas, one a period, that carry the text of the tip."""
    parts = []
    for index, name in enumerate(plot.axis.names):
        lines = [name, *(f"{line.label}: {fmt(line.values[index])}" for line in series)]
        parts.append(
            element(
                "rect",
                x=plot.x(index) - plot.slot / 2,
                y=TOP,
                width=plot.slot,
                height=plot.floor - TOP,
                class_="hit",
                data_tip="\n".join(lines),
            )
        )
    return parts


def _drawing(title: str, plot: Plot, parts: Sequence[Markup]) -> Markup:
    return element(
        "svg",
        *parts,
        class_="chart",
        viewBox=f"0 0 {plot.frame.width} {plot.frame.height}",
        role="img",
        aria_label=title,
    )
