"""The dbt project's graph by folder: a picture for docs/architecture.md, and its size.

    python scripts/lineage.py            write the picture between the page's markers (part of `make registry`)
    python scripts/lineage.py --check    change nothing; exit 1 when it is out of date

Reads `target/manifest.json` as `dbt parse` writes it, or the file named by --manifest.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
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


def longest_path(models: Graph) -> list[str]:
    """Names of the models on a longest way from source to end."""

    @cache
    def behind(key: str) -> tuple[str, ...]:
        parents = sorted(set(models[key]["depends_on"]["nodes"]) & models.keys())
        return (*max(map(behind, parents), key=len, default=()), models[key]["name"])

    return list(max(map(behind, sorted(models)), key=len, default=()))


def picture(models: Graph) -> str:
    """The graph by folder as Mermaid, and its size in a line."""
    sizes = Counter(map(folder_of, models.values()))
    names = {folder: f"f{number}" for number, folder in enumerate(sorted(sizes))}
    lines = ["```mermaid", "flowchart LR"]
    lines += [f'    {names[folder]}["{folder}<br>{sizes[folder]} models"]' for folder in sorted(sizes)]
    lines += [f"    {names[start]} --> {names[end]}" for start, end in sorted(edges(models))]
    lines += ["```", ""]
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
    page = project / PAGE
    text = page.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    drawn = picture(models_of(json.loads(options.manifest.read_text(encoding="utf-8"))))
    wanted = f"{head}{BEGIN}\n{drawn}\n{END}{rest.split(END)[1]}"
    if wanted == text:
        return 0
    if options.check:
        sys.stderr.write(f"lineage: the picture in {PAGE} is out of date; run `make registry`\n")
        return 1
    page.write_text(wanted, encoding="utf-8")
    sys.stdout.write(f"lineage: wrote {PAGE}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
