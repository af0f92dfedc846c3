"""Writes docs/columns.md: every column of the marts and publish models, from the yml beside each model.

python scripts/columns.py            write it (part of `make registry`)
python scripts/columns.py --check    change nothing; exit 1 when it is out of date
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))  # run as a file, too

from scripts.pages import settle  # noqa: E402

MARTS = Path("models/marts")
PAGE = Path("docs/columns.md")
BLOCKS = Path("models/_docs.md")
BLOCK = re.compile(r"{% docs (\w+) %}\n(.*?){% enddocs %}", re.DOTALL)
NAMED_BLOCK = re.compile(r"{{ doc\('(\w+)'\) }}")
HEAD = """# Columns

Written by `make registry` from the yml beside each model. What figures mean: [rules.md](rules.md); questions as SQL:
[queries.md](queries.md); the metrics: [metrics.md](metrics.md).
"""


def one_line(text: str) -> str:
    """Text as a table cell takes it."""
    return " ".join(text.split()).replace("|", "\\|")


def doc_blocks(project: Path) -> dict[str, str]:
    """The texts of models/_docs.md by name."""
    return dict(BLOCK.findall((project / BLOCKS).read_text(encoding="utf-8")))


def described(text: str | None, blocks: dict[str, str]) -> str:
    """A description with the text of its doc block in place of the name.

    Raises:
        ValueError: there is no such block.
    """

    def block(found: re.Match[str]) -> str:
        if found[1] not in blocks:
            raise ValueError(f"{BLOCKS} has no block {found[1]}")
        return blocks[found[1]].strip()

    return NAMED_BLOCK.sub(block, text or "")


def read_models(project: Path) -> list[dict[str, Any]]:
    """The yml entries of all marts, by folder and name.

    Raises:
        ValueError: a file is no yml; the message names it.
    """
    models = []
    for path in sorted((project / MARTS).rglob("*.yml")):
        if path.stem.endswith("__unit_tests"):
            continue
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        except yaml.YAMLError as error:
            raise ValueError(f"{path.relative_to(project)}: {error}") from error
        folder = path.parent.relative_to(project / MARTS).as_posix()
        models += [{**model, "folder": folder} for model in content.get("models") or []]
    return models


def page(models: list[dict[str, Any]], blocks: dict[str, str]) -> str:
    """The page: a heading, the description and a table of columns for each model."""
    lines = [HEAD]
    for folder in dict.fromkeys(model["folder"] for model in models):
        lines += [f"## {folder}", ""]
        for model in (one for one in models if one["folder"] == folder):
            lines += [f"### {model['name']}", "", described(model.get("description"), blocks).strip(), ""]
            lines += ["| column | |", "|---|---|"]
            for column in model.get("columns") or []:
                lines.append(f"| `{column['name']}` | {one_line(described(column.get('description'), blocks))} |")
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def main(arguments: list[str], project: Path = PROJECT) -> int:
    """Writes or checks the page; returns the exit status."""
    try:
        wanted = page(read_models(project), doc_blocks(project))
    except ValueError as error:
        sys.stderr.write(f"columns: {error}\n")
        return 1
    return settle("columns", {PAGE: wanted}, project, check="--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
