"""Writes the tables of docs/salesforce.md: objects and fields, from the yml beside each publish model.

python scripts/salesforce.py            write them (part of `make registry`)
python scripts/salesforce.py --check    change nothing; exit 1 when they are out of date
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))  # this checkout's loader, not the installed one

from loader.errors import MisuseError  # noqa: E402
from loader.salesforce.objects import ObjectSpec, objects  # noqa: E402
from scripts.pages import settle  # noqa: E402

MODELS = Path("models/marts/publish")
PAGE = Path("docs/salesforce.md")
BEGIN = "<!-- objects and fields: written by `make registry` -->"
END = "<!-- end of what `make registry` writes -->"
MODES = {
    "update": "records are only changed, never created",
    "upsert": "records are created and changed, never deleted",
    "mirror": "records are created, changed and deleted",
}


def read_nodes(project: Path, files: str = "salesforce__*.yml") -> Iterator[dict[str, Any]]:
    """Entries of publish models, each with its `publish`, and with the project's own vars filled in."""
    known = yaml.safe_load((project / "dbt_project.yml").read_text(encoding="utf-8")).get("vars") or {}
    for path in sorted((project / MODELS).rglob(files)):
        text = re.sub(r"\{\{ *var\('(\w+)'\) *\}\}", lambda found: str(known[found[1]]), path.read_text("utf-8"))
        for entry in (yaml.safe_load(text) or {}).get("models") or []:
            publish = ((entry.get("config") or {}).get("meta") or {}).get("publish")
            if isinstance(publish, dict):
                yield {**entry, "publish": publish}


def read_specs(project: Path) -> list[ObjectSpec]:
    """Objects of the publish models to Salesforce."""
    return objects(read_nodes(project))


def one_line(text: str) -> str:
    """Text as a table cell takes it."""
    return " ".join(text.split()).replace("|", "\\|")


def tables(specs: list[ObjectSpec]) -> str:
    """A heading, a sentence and a table for each object."""
    lines = []
    for each in specs:
        kind = "a custom object" if each.custom else "a standard object; its fields below are custom ones"
        lines += [
            f"### {each.name}",
            "",
            f"Model `{each.model}`; {kind}; {MODES[each.mode]}. {one_line(each.help)}",
            "",
            "| label | API name | type | external id | |",
            "|---|---|---|---|---|",
        ]
        for one in each.fields:
            key = "yes, unique, case-sensitive" if one.key else ""
            lines.append(f"| {one.label} | `{one.name}` | {one.shape} | {key} | {one_line(one.help)} |")
        lines.append("")
    return "\n".join(lines)


def filled(path: Path, current: str, text: str) -> str:
    """A page with these tables in the place for them.

    Raises:
        ValueError: it has none.
    """
    head, begin, rest = current.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path} lacks the line {BEGIN} or {END}")
    return f"{head}{BEGIN}\n\n{text}\n{END}{tail}"


def page(current: str, project: Path) -> str:
    """The page with new tables."""
    return filled(PAGE, current, tables(read_specs(project)))


def write_page(
    name: str, page: Path, make: Callable[[str, Path], str], arguments: list[str], project: Path = PROJECT
) -> int:
    """Writes or checks a page that is partly made; returns the exit status."""
    try:
        current = (project / page).read_text(encoding="utf-8")
        wanted = make(current, project)
    except (OSError, ValueError, KeyError, MisuseError, yaml.YAMLError) as error:
        sys.stderr.write(f"{name}: {error}\n")
        return 1
    return settle(name, {page: wanted}, project, check="--check" in arguments)


def main(arguments: list[str], project: Path = PROJECT) -> int:
    """Writes or checks the page; returns the exit status."""
    return write_page("salesforce", PAGE, page, arguments, project)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
