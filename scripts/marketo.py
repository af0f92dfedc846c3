"""Writes the tables of docs/marketo.md: objects and fields, from the yml beside each publish model.

python scripts/marketo.py            write them (part of `make registry`)
python scripts/marketo.py --check    change nothing; exit 1 when they are out of date
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))  # this checkout's scripts and loader, not the installed ones

from loader.dbt.artifacts import value_kind  # noqa: E402
from scripts import salesforce  # noqa: E402

PAGE = Path("docs/marketo.md")
TYPES = {"text": "String", "boolean": "Boolean", "date": "Date", "timestamp": "Datetime", "integer": "Integer"}
TYPES |= {"double": "Float", "decimal": "Float"}
MADE = {"externalCompanyId": "is there", "company": "is there"}
"""Fields that every Company has."""


def nodes(project: Path) -> Iterator[dict[str, Any]]:
    """The publish models' entries, those with the vars of the project filled in."""
    for node in salesforce.read_nodes(project, "marketo__*.yml"):
        if node["publish"].get("destination") == "marketo":
            yield node


def kind_of(column: Mapping[str, Any], name: str) -> tuple[str, str]:
    """The type of a field on a custom object, and of one on Company.

    Raises:
        ValueError: its column has no type that is published.
    """
    kind = value_kind(str(column.get("data_type") or ""))
    if kind is None:
        raise ValueError(f"{name} is of a column without a type to publish")
    meta = (column.get("config") or {}).get("meta") or {}
    if meta.get("marketo_type") == "link":
        return f"Link, to Company / {name}", "String"
    whole = "Percent" if name.endswith("Pct") else TYPES[kind]
    return TYPES[kind], whole


def table(node: Mapping[str, Any]) -> Iterator[str]:
    """A heading, a sentence and a row for each field."""
    publish, columns = node["publish"], {each["name"]: each for each in node["columns"]}
    either = publish["object"] == "Company"
    what = "fields of Company, or of a custom object" if either else "a custom object"
    name = "Company, or a custom object" if either else publish["object"]
    yield from (f"### {name}", "")
    text = salesforce.one_line(node.get("description", ""))
    yield from (f"Model `{node['name']}`; {what}; {salesforce.MODES[publish.get('mode', 'upsert')]}. {text}", "")
    company = ("on Company", "---") if either else ("", "")
    yield "| API name | on a custom object | " + (f"{company[0]} | " if either else "") + "dedupe | |"
    yield "|---|---|" + (f"{company[1]}|" if either else "") + "---|---|"
    for column, field in publish["fields"].items():
        own, standard = kind_of(columns[column], field)
        cells = [f"`{field}`", own]
        if either:
            cells.append(MADE.get(field, standard))
        dedupe = "yes" if field in publish["key"] else ""
        yield f"| {' | '.join([*cells, dedupe, salesforce.one_line(columns[column]['description'])])} |"
    yield ""


def page(current: str, project: Path) -> str:
    """The page with new tables."""
    return salesforce.filled(PAGE, current, "\n".join(line for node in nodes(project) for line in table(node)))


def main(arguments: list[str], project: Path = PROJECT) -> int:
    """Writes or checks the page; returns the exit status."""
    return salesforce.write_page("marketo", PAGE, page, arguments, project)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
