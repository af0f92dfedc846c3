"""Writes what follows from the metric models' files and the seed of score groups: lists, contracts and dictionary page.

    python scripts/registry.py           write them (`make registry`)
    python scripts/registry.py --check   change nothing; exit 1 and say what is out of date

Written are lists that models loop over (`macros/_generated/`: metric models, score groups, seat sources), the marked
blocks of the usage contract (the columns and fields of every metric that has a `gainsight_field`) and of all that has
a column for each score group (scripts/score_groups.py), and `docs/metrics.md`.
"""

from __future__ import annotations

import json
import re
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))  # run as a file, too

from scripts import score_groups  # noqa: E402
from scripts.pages import settle  # noqa: E402

METRICS = Path("models/metrics")
REGISTRY = Path("macros/_generated/metric_models.sql")
SEAT_SOURCES = Path("macros/_generated/seat_sources.sql")
USAGE_CONTRACT = Path("models/marts/publish/gainsight/gainsight__instance_usage.yml")
WEEKLY_CONTRACT = Path("models/marts/publish/adoption_explorer/adoption_explorer__usage_weekly.yml")
DICTIONARY = Path("docs/metrics.md")
BEGIN = "# metrics with a gainsight_field: written by `make registry`"
END = "# end of what `make registry` writes"
# What macros of macros/metrics/metric_contexts.sql divide by.
IMPLIED = {"metric_per_seat": "activated_seats", "metric_per_project": "projects_all_time_event"}
REQUIRED = ("label", "stage", "use_case", "unit", "time_frame", "key_paths", "min_version", "tier")


class RegistryError(Exception):
    """A metric's files cannot be read as one metric; the message names the file and the way out."""


def read_metrics(project: Path) -> list[dict[str, Any]]:
    """Returns `config.meta.metric` of every metric model plus model, name, description; sorted by name.

    Raises:
        RegistryError: a model has no yml beside it, or its yml does not describe it.
    """
    files = sorted((project / METRICS).rglob("metric_*.sql"), key=lambda path: (path.stem, str(path)))
    for first, second in pairwise(files):
        if first.stem == second.stem:
            both = f"{first.relative_to(project)} and {second.relative_to(project)}"
            raise RegistryError(f"{both} have one name; a metric's name is unique")
    return [read_metric(project, sql.relative_to(project)) for sql in files]


def read_metric(project: Path, sql: Path) -> dict[str, Any]:
    """Returns one metric's meta, checked as far as the files need it; dbt checks the words in it."""
    where = sql.with_suffix(".yml")
    if not (project / where).exists():
        raise RegistryError(f"{where} is missing: every metric model has a yml beside it")
    try:
        content = yaml.safe_load(read_text(project / where))
    except yaml.YAMLError as error:
        raise RegistryError(f"{where} is no YAML: {' '.join(str(error).split())}") from error
    models = content.get("models") if isinstance(content, dict) else None
    described = [one for one in models if isinstance(one, dict)] if isinstance(models, list) else []
    entry = next((model for model in described if model.get("name") == sql.stem), None)
    if entry is None:
        raise RegistryError(f"{where} does not describe the model {sql.stem}")
    meta: Any = entry
    for key in ("config", "meta", "metric"):
        meta = meta.get(key) if isinstance(meta, dict) else None
    if not isinstance(meta, dict):
        raise RegistryError(f'{where}: {sql.stem} has no config.meta.metric; see CONTRIBUTING.md, "Add a metric"')
    for key in REQUIRED:
        if key not in meta:
            raise RegistryError(f'{where}: config.meta.metric lacks the key "{key}"')
        if not isinstance(meta[key], list if key == "key_paths" else str):
            kind = "a list, newest path first ([] for a derived metric)" if key == "key_paths" else "text in quotes"
            raise RegistryError(f"{where}: config.meta.metric.{key} must be {kind}")
    return {
        **meta,
        "model": sql.stem,
        "name": sql.stem.removeprefix("metric_"),
        "sql": read_text(project / sql),
        "description": " ".join(str(entry.get("description") or "").split()),
    }


def read_text(path: Path) -> str:
    """A file's text; raises RegistryError when it is not UTF-8 or cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RegistryError(f"{path} is not UTF-8: {error}") from error


def registry_text(metrics: list[dict[str, Any]]) -> str:
    """The macro that holds the sorted model names, one a line."""
    names = "\n".join(metric["model"] for metric in metrics)
    return (
        "{#- Written by `make registry` from the file names in models/metrics: one name a line, sorted. -#}\n"
        f"{{% macro metric_models() %}}\n{names}\n{{% endmacro %}}\n"
    )


def seat_sources_text(project: Path) -> str:
    """The macro that holds the staging models of seats reported apart from pings, one a line."""
    found = sorted(path.stem for path in (project / "models/staging").rglob("stg_*__seats.sql"))
    return (
        "{#- Written by `make registry` from the staging models stg_<source>__seats: one name a line, sorted. -#}\n"
        + "\n".join(["{% macro seat_source_models() %}", *found, "{% endmacro %}"])
        + "\n"
    )


def replace_block(text: str, number: int, lines: list[str], where: Path = USAGE_CONTRACT, blocks: int = 2) -> str:
    """Puts `lines` between the marker pair `number` (from 0), at the marker's indent."""
    parts = text.split(BEGIN)
    if len(parts) != blocks + 1 or any(END not in part for part in parts[1:]):
        raise RegistryError(f'{where} needs {blocks} blocks between the lines "{BEGIN}" and "{END}"; git has them')
    head, rest = BEGIN.join(parts[: number + 1]), BEGIN.join(parts[number + 1 :])
    indent = head[head.rindex("\n") + 1 :]
    _, tail = rest.split(END, 1)
    block = "".join(f"\n{indent}{line}" for line in lines)
    return f"{head}{BEGIN}{block}\n{indent}{END}{tail}"


def yaml_text(text: str) -> str:
    """A text as YAML reads it back: in quotes only where it needs them (a colon, a hash, a word like "no")."""
    try:
        plain = yaml.safe_load(f"a: {text}")
    except yaml.YAMLError:
        plain = None
    return text if plain == {"a": text} else json.dumps(text, ensure_ascii=False)


def usage_contract_text(current: str, metrics: list[dict[str, Any]]) -> str:
    """The usage contract with the fields and columns of the metrics that are published."""
    published = [metric for metric in metrics if metric.get("gainsight_field")]
    fields = [f"{metric['name']}: {metric['gainsight_field']}" for metric in published]
    return replace_block(replace_block(current, 0, fields), 1, contract_columns(published))


def weekly_contract_text(current: str, metrics: list[dict[str, Any]]) -> str:
    """The weekly contract with the columns of the published metrics that stand in the ping."""
    published = [metric for metric in metrics if metric.get("gainsight_field") and metric["key_paths"]]
    return replace_block(current, 0, contract_columns(published), WEEKLY_CONTRACT, blocks=1)


def contract_columns(metrics: list[dict[str, Any]]) -> list[str]:
    """Lines of a contract's columns, one column a metric."""
    columns: list[str] = []
    for metric in metrics:
        columns += [f"- name: {metric['name']}", f"  description: {yaml_text(metric['label'])}", "  data_type: double"]
    return columns


def made_of(metric: dict[str, Any], metrics: list[dict[str, Any]]) -> str:
    """Of which metrics a derived one is made, by the names in its SQL."""
    words = set(re.findall(r"'(?:metric_)?(\w+)'", metric["sql"]))
    words |= {implied for macro, implied in IMPLIED.items() if macro in metric["sql"]}
    parts = sorted(words & {one["name"] for one in metrics})
    return "of " + ", ".join(f"`{part}`" for part in parts) if parts else "derived"


def dictionary_text(metrics: list[dict[str, Any]]) -> str:
    """The metric dictionary as a Markdown page, by stage."""
    lines = [
        "# Metric dictionary",
        "",
        "Written by `make registry` from the metric models; the same facts are in the table `dim_metrics`.",
        "A value is null unless its status is `reported`, and says why.",
    ]
    for stage in sorted({metric["stage"] for metric in metrics}):
        lines += [
            "",
            f"## {stage}",
            "",
            "| metric | label | unit | time frame | since | tier | key path, newest first; of what | Gainsight field |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for metric in (one for one in metrics if one["stage"] == stage):
            label = metric["label"].replace("|", "&#124;")
            paths = "<br>".join(f"`{path}`" for path in metric["key_paths"]) or made_of(metric, metrics)
            lines.append(
                f"| `{metric['name']}` | {label} | {metric['unit']} | {metric['time_frame']} "
                f"| {metric['min_version']} | {metric['tier']} | {paths} | {metric.get('gainsight_field', '')} |"
            )
        lines.append("")
        lines += [f"- `{one['name']}`: {one['description']}" for one in metrics if one["stage"] == stage]
    return "\n".join(lines) + "\n"


def outputs(project: Path) -> dict[Path, str]:
    """What each written file must hold."""
    metrics = read_metrics(project)
    contract, weekly = read_text(project / USAGE_CONTRACT), read_text(project / WEEKLY_CONTRACT)
    return {
        REGISTRY: registry_text(metrics),
        SEAT_SOURCES: seat_sources_text(project),
        USAGE_CONTRACT: usage_contract_text(contract, metrics),
        WEEKLY_CONTRACT: weekly_contract_text(weekly, metrics),
        DICTIONARY: dictionary_text(metrics),
        **score_groups.outputs(project),
    }


def main(arguments: list[str], project: Path = PROJECT) -> int:
    """Writes or checks the files; returns the exit status."""
    try:
        wanted = outputs(project)
    except (RegistryError, OSError, ValueError, KeyError) as error:
        sys.stderr.write(f"registry: {error}\n")
        return 1
    return settle("registry", wanted, project, check="--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
