"""Writes what follows from the metric models' files: registry, publish contract and dictionary page.

    python scripts/registry.py           write them (`make registry`)
    python scripts/registry.py --check   change nothing; exit 1 and say what is out of date

Written are `macros/_generated/metric_models.sql` (the names that the long and wide marts loop over), the marked
blocks of `models/marts/publish/gainsight__instance_usage.yml` (the columns and fields of every metric that has
a `gainsight_field`), and `docs/metrics.md`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parent.parent
METRICS = Path("models/metrics")
REGISTRY = Path("macros/_generated/metric_models.sql")
USAGE_CONTRACT = Path("models/marts/publish/gainsight__instance_usage.yml")
DICTIONARY = Path("docs/metrics.md")
BEGIN = "# metrics with a gainsight_field: written by `make registry`"
END = "# end of what `make registry` writes"


class RegistryError(Exception):
    """A metric's files cannot be read as one metric; the message names the file and the way out."""


def read_metrics(project: Path) -> list[dict[str, Any]]:
    """Returns `config.meta.metric` of every metric model plus model, name, description; sorted by name.

    Raises:
        RegistryError: a model has no yml beside it, or its yml does not describe it.
    """
    metrics = []
    for sql in sorted((project / METRICS).rglob("metric_*.sql"), key=lambda path: path.stem):
        beside = sql.with_suffix(".yml")
        where = beside.relative_to(project)
        if not beside.exists():
            raise RegistryError(f"{where} is missing: every metric model has a yml beside it")
        models = (yaml.safe_load(beside.read_text(encoding="utf-8")) or {}).get("models") or []
        entry = next((model for model in models if model.get("name") == sql.stem), None)
        if entry is None:
            raise RegistryError(f"{where} does not describe the model {sql.stem}")
        meta = ((entry.get("config") or {}).get("meta") or {}).get("metric")
        if not meta:
            raise RegistryError(f"{where}: {sql.stem} has no config.meta.metric")
        metrics.append(
            {
                **meta,
                "model": sql.stem,
                "name": sql.stem.removeprefix("metric_"),
                "description": " ".join((entry.get("description") or "").split()),
            }
        )
    return metrics


def registry_text(metrics: list[dict[str, Any]]) -> str:
    """The macro that holds the sorted model names, one a line."""
    names = "\n".join(metric["model"] for metric in metrics)
    return (
        "{#- Written by `make registry` from the file names in models/metrics: one name a line, sorted. -#}\n"
        f"{{% macro metric_models() %}}\n{names}\n{{% endmacro %}}\n"
    )


def replace_block(text: str, number: int, lines: list[str]) -> str:
    """Puts `lines` between the marker pair `number` (from 0), at the marker's indent."""
    parts = text.split(BEGIN)
    head, rest = BEGIN.join(parts[: number + 1]), BEGIN.join(parts[number + 1 :])
    indent = head[head.rindex("\n") + 1 :]
    _, tail = rest.split(END, 1)
    block = "".join(f"\n{indent}{line}" for line in lines)
    return f"{head}{BEGIN}{block}\n{indent}{END}{tail}"


def usage_contract_text(current: str, metrics: list[dict[str, Any]]) -> str:
    """The usage contract with the fields and columns of the metrics that are published."""
    published = [metric for metric in metrics if metric.get("gainsight_field")]
    fields = [f"{metric['name']}: {metric['gainsight_field']}" for metric in published]
    columns: list[str] = []
    for metric in published:
        columns += [f"- name: {metric['name']}", f"  description: {metric['label']}", "  data_type: double"]
    return replace_block(replace_block(current, 0, fields), 1, columns)


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
            "| metric | label | unit | time frame | since | tier | key path, newest first | Gainsight field |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for metric in (one for one in metrics if one["stage"] == stage):
            paths = "<br>".join(f"`{path}`" for path in metric["key_paths"]) or "derived"
            lines.append(
                f"| `{metric['name']}` | {metric['label']} | {metric['unit']} | {metric['time_frame']} "
                f"| {metric['min_version']} | {metric['tier']} | {paths} | {metric.get('gainsight_field', '')} |"
            )
        lines.append("")
        lines += [f"- `{one['name']}`: {one['description']}" for one in metrics if one["stage"] == stage]
    return "\n".join(lines) + "\n"


def outputs(project: Path) -> dict[Path, str]:
    """What each written file must hold."""
    metrics = read_metrics(project)
    contract = (project / USAGE_CONTRACT).read_text(encoding="utf-8")
    return {
        REGISTRY: registry_text(metrics),
        USAGE_CONTRACT: usage_contract_text(contract, metrics),
        DICTIONARY: dictionary_text(metrics),
    }


def main(arguments: list[str], project: Path = PROJECT) -> int:
    """Writes or checks the files; returns the exit status."""
    try:
        wanted = outputs(project)
    except (RegistryError, yaml.YAMLError) as error:
        sys.stderr.write(f"registry: {error}\n")
        return 1
    changed = [
        path
        for path, text in wanted.items()
        if not (project / path).exists() or (project / path).read_text(encoding="utf-8") != text
    ]
    if "--check" in arguments:
        for path in changed:
            sys.stderr.write(f"registry: {path} is out of date; run `make registry`\n")
        return 1 if changed else 0
    for path in changed:
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(wanted[path], encoding="utf-8")
        sys.stdout.write(f"registry: wrote {path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
