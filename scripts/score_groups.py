"""What follows from the seed of score groups: the list that models loop over, and the marked blocks of yml files.

Blocks begin with one of these lines and end with the line of END:

    # score groups as X_Score__gc: written by `make registry`                 fields, X is the seed's field_name
    # score groups as xScore: written by `make registry`                      the same in camel case: ABC_Def is abcDef
    # columns of the score groups: written by `make registry`                 a score for each, as a contract has it
    # columns of the score groups, with colors: written by `make registry`    a score and a color for each
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

LIST = Path("macros/_generated/score_groups.sql")
SEEDS = Path("seeds")
MARTS = Path("models/marts")
END = "# end of what `make registry` writes"
FIELDS = re.compile(r"# score groups as ([Xx])(\S+): written by `make registry`")
COLUMNS = re.compile(r"# columns of the score groups(, with colors)?: written by `make registry`")
COLOR = "\"{{ doc('color') }}\""

Group = dict[str, str]


def read_groups(project: Path) -> list[Group]:
    """The rows of the seed, each with the plan from which on its use case applies (`min_tier`, or empty)."""
    with (project / SEEDS / "use_cases.csv").open(encoding="utf-8", newline="") as file:
        tiers = {row["use_case"]: row["min_tier"] for row in csv.DictReader(file)}
    with (project / SEEDS / "score_groups.csv").open(encoding="utf-8", newline="") as file:
        return [{**row, "min_tier": tiers.get(row["score_group"], "")} for row in csv.DictReader(file)]


def list_text(groups: list[Group]) -> str:
    """The macro that holds the names, one a line, in the seed's order."""
    names = "\n".join(group["score_group"] for group in groups)
    head = "{#- Written by `make registry` from seeds/score_groups.csv: one group a line, in its order. -#}\n"
    return f"{head}{{% macro score_groups() %}}\n{names}\n{{% endmacro %}}\n"


def block_lines(begin: str, groups: list[Group]) -> list[str] | None:
    """What stands in the block that begins with this line; None when it begins none."""
    if fields := FIELDS.fullmatch(begin):
        named = camel_case if fields[1] == "x" else str
        return [f"{group['score_group']}_score: {named(group['field_name'])}{fields[2]}" for group in groups]
    if columns := COLUMNS.fullmatch(begin):
        return [line for group in groups for line in _column(group, with_color=bool(columns[1]))]
    return None


def camel_case(name: str) -> str:
    """`License_Utilization` as `licenseUtilization`, `SCM` as `scm`."""
    first, *others = name.split("_")
    return (first.lower() if first.isupper() else first[:1].lower() + first[1:]) + "".join(others)


def _column(group: Group, *, with_color: bool) -> list[str]:
    where = f" over the subscriptions whose plan has it ({group['min_tier']})" if group["min_tier"] else ""
    name, said = group["score_group"], f"Score of {group['label']}{where}; null when unscored"
    score = [f"- name: {name}_score", f"  description: {said}", "  data_type: double"]
    color = [f"- name: {name}_color", f"  description: {COLOR}", "  data_type: varchar"]
    return score + color if with_color else score


def filled(text: str, groups: list[Group]) -> str:
    """The text of a yml file with its blocks filled.

    Raises:
        ValueError: a block has no end.
    """
    lines: list[str] = []
    rest = iter(text.splitlines())
    for line in rest:
        lines.append(line)
        inside = block_lines(line.strip(), groups)
        if inside is None:
            continue
        indent = line[: -len(line.lstrip())]
        lines += [indent + one for one in inside]
        end = next((one for one in rest if one.strip() == END), None)
        if end is None:
            raise ValueError(f'the block "{line.strip()}" has no line "{END}"')
        lines.append(end)
    return "\n".join(lines) + "\n"


def outputs(project: Path) -> dict[Path, str]:
    """The list, and every yml of the marts that has a block."""
    groups = read_groups(project)
    found = {LIST: list_text(groups)}
    for path in sorted((project / MARTS).rglob("*.yml")):
        text = path.read_text(encoding="utf-8", errors="replace")
        if "of the score groups" in text or "score groups as " in text:
            found[path.relative_to(project)] = filled(text, groups)
    return found
