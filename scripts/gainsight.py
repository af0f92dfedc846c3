"""Writes the tables of docs/gainsight.md from the yml of the publish models and the seeds.

python scripts/gainsight.py            write them (part of `make registry`)
python scripts/gainsight.py --check    change nothing; exit 1 when they are out of date
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))  # this checkout's loader, not the installed one

from loader.dbt.artifacts import value_kind  # noqa: E402
from scripts.pages import settle  # noqa: E402
from scripts.salesforce import MODES, one_line  # noqa: E402

PAGE = Path("docs/gainsight.md")
PUBLISHED = Path("models/marts/publish/gainsight")
EXPLORED = Path("models/marts/publish/adoption_explorer")
END = "<!-- end of what `make registry` writes -->"
TYPES = {"text": "String", "boolean": "Boolean", "date": "Date", "timestamp": "DateTime"}
LONGEST_TEXT = 250
"""Characters that every edition's String takes."""
_DECIMALS = (({"Score", "Change", "Expected"}, 2), ({"Weight", "Share", "Rate", "Ratio"}, 4))
"""Words in a number's name, and its decimals; a count has none. A column's `meta: {decimals: n}` says else."""
_WHOLE = {"Seats", "Users", "Count"}


@dataclass(frozen=True)
class FieldSpec:
    """A field as an administrator makes it; `decimals` is None for what is no number."""

    name: str
    type: str
    help: str
    length: int | None = None
    decimals: int | None = None
    key: bool = False


@dataclass(frozen=True)
class ObjectSpec:
    """An object, and the fields that a model fills."""

    name: str
    model: str
    mode: str
    help: str
    fields: tuple[FieldSpec, ...]


def nodes(folder: Path) -> Iterator[dict[str, Any]]:
    """The models that the yml files of a folder describe."""
    for path in sorted(folder.glob("*.yml")):
        yield from (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("models") or []


def read_objects(project: Path) -> list[ObjectSpec]:
    """Objects of the publish models to Gainsight, standard ones first."""
    found = []
    for node in nodes(project / PUBLISHED):
        publish = ((node.get("config") or {}).get("meta") or {}).get("publish")
        if isinstance(publish, dict) and publish.get("destination") == "gainsight":
            found.append(_object(node, publish))
    return sorted(found, key=lambda each: (each.name.endswith("__gc"), each.name))


def _object(node: dict[str, Any], publish: dict[str, Any]) -> ObjectSpec:
    columns = {column["name"]: column for column in node["columns"]}
    keys = publish["key"] if isinstance(publish["key"], list) else [publish["key"]]
    fields = [field_spec(columns[column], name, name in keys) for column, name in publish["fields"].items()]
    for column, lookup in (publish.get("lookups") or {}).items():
        kind = f"Lookup ({lookup['object']}, {lookup['match']})"
        fields.append(FieldSpec(lookup["field"], kind, columns[column].get("description", "")))
    if label := (publish.get("labels") or {}).get("field"):
        text = "People choose it; it is read back by `pull-labels` and never written"
        fields.append(FieldSpec(label, "Dropdown list", text))
    mode = publish.get("mode", "upsert")
    return ObjectSpec(publish["object"], node["name"], mode, node.get("description", ""), tuple(fields))


def field_spec(column: dict[str, Any], name: str, key: bool) -> FieldSpec:
    """One field, by its column's type and what its meta say of length and decimals.

    Raises:
        ValueError: the column has no type that is published.
    """
    kind = value_kind(str(column.get("data_type") or ""))
    if kind is None:
        raise ValueError(f"{name} is of a column without a type to publish")
    meta = {**(column.get("meta") or {}), **((column.get("config") or {}).get("meta") or {})}
    text = column.get("description", "")
    if kind == "text" and name.endswith("_URL__gc"):
        return FieldSpec(name, "URL", text, None, None, key)
    if kind in TYPES:
        length = int(meta.get("length") or LONGEST_TEXT) if kind == "text" else None
        return FieldSpec(name, TYPES[kind], text, length, None, key)
    words = {word.capitalize() for word in name.removesuffix("__gc").split("_")}
    guess = next((places for named, places in _DECIMALS if words & named), 0)
    whole = words & _WHOLE and "Expected" not in words
    return FieldSpec(name, "Number", text, None, int(meta.get("decimals", 0 if whole else guess)), key)


def object_tables(specs: list[ObjectSpec]) -> str:
    """A heading, a sentence and a table for each object."""
    lines = []
    for each in specs:
        custom = each.name.endswith("__gc")
        kind = f"a Low Volume custom object, display name `{display(each.name)}`" if custom else "a standard object"
        lines += [
            f"### {each.name}",
            "",
            f"Model `{each.model}`; {kind}; {MODES[each.mode]}. {one_line(each.help)}",
            "",
            "| display name to type in | API name | type | length | decimals | key | |",
            "|---|---|---|---|---|---|---|",
        ]
        for one in each.fields:
            ours = one.name.endswith("__gc")
            made, length = (f"`{display(one.name)}`", shown(one.length)) if ours else ("is there", "")
            sizes = (length, shown(one.decimals), "yes" if one.key else "")
            row = (made, f"`{one.name}`", one.type, *sizes, one_line(one.help))
            lines.append(f"| {' | '.join(row)} |")
        lines.append("")
    return "\n".join(lines)


def explorer_tables(project: Path) -> str:
    """A heading, a sentence and a table for each relation that Adoption Explorer reads."""
    lines = []
    for node in nodes(project / EXPLORED):
        lines += [f"### {node['name']}", "", one_line(node.get("description", "")), ""]
        lines += ["| column | type | role | |", "|---|---|---|---|"]
        for column in node["columns"]:
            meta = (column.get("config") or {}).get("meta") or {}
            kind = value_kind(str(column.get("data_type") or "")) or "text"
            role = meta.get("role") or ("measure" if kind in ("double", "integer", "decimal") else "dimension")
            row = (f"`{column['name'].upper()}`", TYPES.get(kind, "Number"), role, one_line(column["description"]))
            lines.append(f"| {' | '.join(row)} |")
        lines.append("")
    return "\n".join(lines)


def color_table(project: Path) -> str:
    """Our colors and scores beside the bands of the scorecard's scheme, from the seeds."""
    points = {row["color"]: row["points"] for row in seed(project, "score_points")}
    settings = {row["setting"]: row["setting_value"] for row in seed(project, "health_settings")}
    green, yellow = settings["score_green_above"], settings["score_yellow_above"]
    bands = {"green": f"above {green}, up to 100", "yellow": f"above {yellow}, up to {green}", "red": f"0 to {yellow}"}
    lines = ["| our color | our score, and the range of the scheme | points of one measure |", "|---|---|---|"]
    lines += [f"| {color} | {bands[color]} | {points[color]} |" for color in bands]
    lines.append("| null: unscored, never red | null; NA in the scorecard | |")
    return "\n".join([*lines, ""])


def group_table(project: Path) -> str:
    """A line for each measure of the scorecard, from the seed of score groups."""
    lines = ["| measure of the scorecard | field of Company | weight | only while |", "|---|---|---|---|"]
    weights = {
        row["score_group"]: row["weight"]
        for row in seed(project, "measure_weights")
        if row["threshold_set"] == var(project, "threshold_set")
    }
    for row in seed(project, "score_groups"):
        field = f"`{row['field_name']}_Score__gc`"
        weight = weights.get(row["score_group"], "0")
        lines.append(f"| {row['label']} | {field} | {float(weight):.0%} | {field} is not null |")
    lines.append("| (overall, as we weigh it) | `Health_Score__gc` | | `Health_Score__gc` is not null |")
    return "\n".join([*lines, ""])


def seed(project: Path, name: str) -> list[dict[str, str]]:
    """The rows of a seed."""
    with (project / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def var(project: Path, name: str) -> Any:
    """The project's own value of a var."""
    return yaml.safe_load((project / "dbt_project.yml").read_text(encoding="utf-8"))["vars"][name]


def display(name: str) -> str:
    """What to type in so that Gainsight makes this API name of it."""
    return name.removesuffix("__gc")


def shown(number: int | None) -> str:
    """A size, or nothing."""
    return "" if number is None else str(number)


def page(current: str, project: Path) -> str:
    """The page with new tables.

    Raises:
        ValueError: it lacks the place for one.
    """
    blocks = {
        "colors": color_table(project),
        "measures": group_table(project),
        "objects and fields": object_tables(read_objects(project)),
        "what Adoption Explorer reads": explorer_tables(project),
    }
    for title, text in blocks.items():
        begin = f"<!-- {title}: written by `make registry` -->"
        found = re.compile(f"{re.escape(begin)}.*?{re.escape(END)}", re.DOTALL)
        if not found.search(current):
            raise ValueError(f"{PAGE} lacks the line {begin} or {END}")
        block = f"{begin}\n\n{text}\n{END}"
        current = found.sub(lambda _, block=block: block, current, count=1)  # type: ignore[misc]
    return current


def main(arguments: list[str], project: Path = PROJECT) -> int:
    """Writes or checks the page; returns the exit status."""
    try:
        current = (project / PAGE).read_text(encoding="utf-8")
        wanted = page(current, project)
    except (OSError, ValueError, KeyError, StopIteration, yaml.YAMLError) as error:
        sys.stderr.write(f"gainsight: {type(error).__name__}: {error}\n")
        return 1
    return settle("gainsight", {PAGE: wanted}, project, check="--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
