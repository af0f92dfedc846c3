"""Small drawings as hand-written SVG: bars and sparklines, and the element they are made of.

Every function returns `Markup`: text and attributes are escaped here. Colors and patterns
come from the style sheet, by class.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

Values = Sequence[float | None]
Point = tuple[float, float]


def element(name: str, *children: Markup | str, **attributes: object) -> Markup:
    """An element; `class_` is `class`, other `_` become `-`, None leaves an attribute out."""
    written = Markup().join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), short(value))
        for key, value in attributes.items()
        if value is not None
    )
    if not children:
        return Markup("<{}{}/>").format(name, written)
    inner = Markup().join(escape(child) for child in children)
    return Markup("<{0}{1}>{2}</{0}>").format(name, written, inner)


def short(value: object) -> str:
    """A coordinate with one decimal at most."""
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def nothing(text: str) -> Markup:
    """The place of a drawing without data."""
    return element("p", text, class_="empty")


def path(points: Sequence[Point | None]) -> str:
    """A line with a gap where a point is missing; a point on its own becomes a short dash."""
    written: list[str] = []
    before: Point | None = None
    for index, point in enumerate(points):
        if point is not None:
            written.append(f"{'L' if before else 'M'}{short(point[0])} {short(point[1])}")
            is_last = index + 1 == len(points) or points[index + 1] is None
            if before is None and is_last:
                written.append("h1")
        before = point
    return "".join(written)


def share_bar(title: str, parts: Sequence[tuple[str, float]], height: int = 16) -> Markup:
    """One horizontal bar of `(style, amount)` parts; thin parts stay visible."""
    total = sum(float(amount) for _, amount in parts)
    drawn, x = [], 0.0
    for style, amount in parts:
        if total and amount:
            width = 100 * float(amount) / total
            drawn.append(
                element(
                    "rect",
                    x=f"{x:.2f}%",
                    width=f"{max(width, 0.6):.2f}%",
                    height=height,
                    class_=f"fill-{style} seam",
                )
            )
            x += width
    return element("svg", *drawn, class_="bar", width="100%", height=height, role="img", aria_label=title)


def sparkline(title: str, values: Values, color: str, width: int = 76, height: int = 26) -> Markup:
    """A score's trend, 0 to 100, with gaps where there is none."""
    if not any(value is not None for value in values):
        return Markup()
    step = (width - 8) / max(len(values) - 1, 1)
    points = [
        None if value is None else (4 + step * at, height - 3 - (height - 6) * float(value) / 100)
        for at, value in enumerate(values)
    ]
    parts = [element("path", d=path(points), class_="spark-line")]
    last = points[-1]
    if last:
        parts.append(element("circle", cx=last[0], cy=last[1], r=2.8, class_=f"dot-{color}"))
    return element(
        "svg",
        *parts,
        class_="spark",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="img",
        aria_label=title,
    )
