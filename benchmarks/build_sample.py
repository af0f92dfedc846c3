"""`dbt build` of the committed sample: how many nodes, and where the seconds go."""

from __future__ import annotations

import json
from collections import Counter

from benchmarks.dbt import Stage
from benchmarks.report import REPO, Section

SMALL = REPO / "sample" / "small"


def run(stage: Stage) -> list[Section]:
    """Parse cold and warm, seeds and models, data tests, unit tests."""
    as_of = json.loads((SMALL / "truth.json").read_text(encoding="utf-8"))["as_of"]
    ours = stage.ours.fresh()
    steps = [
        ("parse, warm", ("parse",)),
        ("seeds and models (`run`, parsing warm)", ("build", "--exclude-resource-type", "unit_test", "test")),
        ("data tests", ("test", "--exclude-resource-type", "unit_test")),
        ("unit tests", ("test", "--resource-type", "unit_test")),
    ]
    rows: list[tuple[str, float, float, int | None]] = [("parse, cold", stage.parsed.wall, stage.parsed.cpu, None)]
    for name, command in steps[:2] if stage.quick else steps:
        cost = ours.dbt(SMALL, *command, as_of=as_of)
        rows.append((name, cost.wall, cost.cpu, len(ours.node_seconds()) if "parse" not in command else None))
    manifest = json.loads((ours.folder / "target/manifest.json").read_text(encoding="utf-8"))
    return [
        Section(
            "dbt build of the committed sample",
            "`sample/small`: 32 accounts, 6 months. Each step is a process of its own.",
            ("step", "seconds", "processor seconds", "nodes"),
            rows,
            explanation=f"The project has {counted(manifest)}.",
        )
    ]


def counted(manifest: dict[str, dict[str, dict[str, object]]]) -> str:
    """`96 models (40 tables, 56 views), ...`"""
    nodes = list(manifest["nodes"].values())
    types = Counter(str(node["resource_type"]) for node in nodes)
    made = Counter(
        str(dict(node["config"])["materialized"])  # type: ignore[call-overload]
        for node in nodes
        if node["resource_type"] == "model"
    )
    kinds = ", ".join(f"{count} {name}" for name, count in made.most_common())
    return (
        f"{types['model']} models ({kinds}), {types['seed']} seeds, {types['test']} data tests and"
        f" {len(manifest['unit_tests'])} unit tests"
    )
