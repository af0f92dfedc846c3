"""Draws a flowchart in Mermaid's words (as scripts/lineage.py writes them) as SVG, rank under rank."""

from __future__ import annotations

import html
import re

WIDTH, HEIGHT, ACROSS, DOWN = 200, 40, 16, 36
NODE = re.compile(r'^(\w+)\["(.*)"\]$')
ARROW = re.compile(r"^(\w+) --> (\w+)$")


def parsed(text: str) -> tuple[dict[str, tuple[str, list[str]]], list[tuple[str, str]]]:
    """Nodes (their group and lines of text, by id) and arrows."""
    nodes: dict[str, tuple[str, list[str]]] = {}
    arrows, group = [], ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("subgraph "):
            group = line.removeprefix("subgraph ")
        elif node := NODE.match(line):
            nodes[node[1]] = (group, node[2].split("<br>"))
        elif arrow := ARROW.match(line):
            arrows.append((arrow[1], arrow[2]))
    return nodes, arrows


def ranks(nodes: dict[str, tuple[str, list[str]]], arrows: list[tuple[str, str]]) -> list[list[str]]:
    """Nodes by the longest way to them; the graph has no circle."""
    rank = dict.fromkeys(nodes, 0)
    for _ in nodes:
        for one, other in arrows:
            rank[other] = max(rank[other], rank[one] + 1)
    return [[node for node in nodes if rank[node] == each] for each in range(max(rank.values(), default=0) + 1)]


def drawn(text: str) -> str:
    """The picture, as it stands in a page."""
    nodes, arrows = parsed(text)
    rows = ranks(nodes, arrows)
    wide = max(map(len, rows)) * (WIDTH + ACROSS)
    at = {
        node: ((wide - len(row) * (WIDTH + ACROSS)) / 2 + x * (WIDTH + ACROSS) + ACROSS / 2, y * (HEIGHT + DOWN) + 10)
        for y, row in enumerate(rows)
        for x, node in enumerate(row)
    }
    parts = [_arrow(at[one], at[other]) for one, other in arrows]
    parts += [_box(at[node], *nodes[node]) for node in nodes]
    high = len(rows) * (HEIGHT + DOWN)
    described = html.escape("; ".join(f"{nodes[one][1][0]} to {nodes[other][1][0]}" for one, other in arrows))
    return (
        f'<svg viewBox="0 0 {wide} {high}" style="max-width: {wide}px" role="img" aria-label="{described}" '
        f'font-size="12" text-anchor="middle" fill="currentColor" stroke="none">{"".join(parts)}</svg>\n'
    )


def _arrow(one: tuple[float, float], other: tuple[float, float]) -> str:
    x, y, to_x, to_y = one[0] + WIDTH / 2, one[1] + HEIGHT, other[0] + WIDTH / 2, other[1]
    bend = (to_y - y) / 2
    return (
        f'<path d="M{x} {y} C{x} {y + bend} {to_x} {to_y - bend} {to_x} {to_y - 4}" fill="none" stroke="currentColor" '
        f'opacity=".5"/><path d="M{to_x - 4} {to_y - 8} h8 l-4 8 z"/>'
    )


def _box(at: tuple[float, float], group: str, lines: list[str]) -> str:
    x, y = at
    texts = [f"{group}: {lines[0]}" if group != lines[0] else lines[0], *lines[1:]]
    shown = "".join(
        f'<text x="{x + WIDTH / 2}" y="{y + 17 + 15 * n}">{html.escape(text)}</text>' for n, text in enumerate(texts)
    )
    fill = "fill: var(--md-default-bg-color, white)"
    box = f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="4" style="{fill}" stroke="currentColor"/>'
    return box + shown
