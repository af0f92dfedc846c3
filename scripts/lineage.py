"""The dbt project's graph by folder: a picture for docs/architecture.md, and its size.

    python scripts/lineage.py            write the picture between the page's markers (part of `make registry`)
    python scripts/lineage.py --check    change nothing; exit 1 when it is out of date

Folders that read each other are refused, both times: then one of their models is in the wrong folder.

Reads `target/manifest.json` as `dbt parse` writes it, or the file named by --manifest.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))  # run as a file, too

from scripts.pages import settle  # noqa: E402

PAGE = Path("docs/architecture.md")
BEGIN, END = "<!-- picture: written by `make registry` -->", "<!-- end of the picture -->"
Graph = dict[str, dict[str, Any]]


def models_of(manifest: dict[str, Any]) -> Graph:
    """Models and snapshots by id."""
    return {key: node for key, node in manifest["nodes"].items() if node["resource_type"] in ("model", "snapshot")}


def folder_of(node: dict[str, Any]) -> str:
    """`intermediate/seats` of models/intermediate/seats/x.sql; metrics are one room."""
    parts = Path(node["original_file_path"]).parts[1:-1]
    return parts[0] if parts[:1] == ("metrics",) else "/".join(parts)


def edges(models: Graph) -> Counter[tuple[str, str]]:
    """How many models of one folder read models of another."""
    found: Counter[tuple[str, str]] = Counter()
    for node in models.values():
        for parent in set(node["depends_on"]["nodes"]) & models.keys():
            pair = folder_of(models[parent]), folder_of(node)
            found[pair] += pair[0] != pair[1]
    return +found


def reading_order(models: Graph) -> list[str]:
    """Folders in an order in which each reads only earlier ones.

    Raises:
        ValueError: folders read each other; the message has the circle.
    """
    read: dict[str, list[str]] = {folder: [] for folder in sorted(set(map(folder_of, models.values())))}
    for start, end in sorted(edges(models)):
        read[end].append(start)
    try:
        return list(TopologicalSorter(read).static_order())
    except CycleError as error:
        raise ValueError("these folders read each other: " + " → ".join(error.args[1])) from error


def direct_edges(models: Graph) -> list[tuple[str, str]]:
    """Edges between folders without those that only shorten a way over other folders: the picture stays readable."""
    pairs = edges(models).keys()
    behind: dict[str, set[str]] = {}
    for folder in reading_order(models):
        before = {start for start, end in pairs if end == folder}
        behind[folder] = before.union(*(behind[start] for start in before))
    return [
        (start, end)
        for start, end in pairs
        if not any(start in behind[other] for other, last in pairs if last == end and other != start)
    ]


def longest_path(models: Graph) -> list[str]:
    """Names of the models on a longest way from source to end."""

    @cache
    def behind(key: str) -> tuple[str, ...]:
        parents = sorted(set(models[key]["depends_on"]["nodes"]) & models.keys())
        return (*max(map(behind, parents), key=len, default=()), models[key]["name"])

    return list(max(map(behind, sorted(models)), key=len, default=()))


def picture(models: Graph) -> str:
    """The graph by folder as Mermaid, each layer in a box, and its size in a line."""
    sizes = Counter(map(folder_of, models.values()))
    order = reading_order(models)
    names = {folder: f"f{number}" for number, folder in enumerate(order)}
    lines = ["```mermaid", "flowchart LR"]
    for layer in dict.fromkeys(folder.split("/")[0] for folder in order):
        inside = [folder for folder in order if folder.split("/")[0] == layer]
        lines.append(f"    subgraph {layer}")
        for folder in inside:
            lines.append(f'        {names[folder]}["{folder.removeprefix(layer + "/")}<br>{sizes[folder]} models"]')
        lines.append("    end")
    lines += [f"    {start} --> {end}" for start, end in sorted((names[a], names[b]) for a, b in direct_edges(models))]
    lines += [
        "```",
        "",
        "A folder also reads what lies further back on its arrows; no folder reads one that reads it.",
        "",
    ]
    path = longest_path(models)
    lines += [
        f"{len(models)} models and snapshots; the longest way through them has {len(path)}:",
        " → ".join(path) + ".",
    ]
    return "\n".join(lines)


def main(arguments: list[str], project: Path = PROJECT) -> int:
    """Writes or checks the picture; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--manifest", type=Path, default=project / "target" / "manifest.json")
    options = parser.parse_args(arguments)
    if not options.manifest.exists():
        sys.stderr.write(f"lineage: {options.manifest} is missing; run `dbt parse` first\n")
        return 1
    head, rest = (project / PAGE).read_text(encoding="utf-8").split(BEGIN)
    try:
        drawn = picture(models_of(json.loads(options.manifest.read_text(encoding="utf-8"))))
    except ValueError as error:
        sys.stderr.write(f"lineage: {error}\n")
        return 1
    wanted = f"{head}{BEGIN}\n{drawn}\n{END}{rest.split(END)[1]}"
    return settle("lineage", {PAGE: wanted}, project, check=options.check)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
