"""`dbt build` of the committed sample: how many nodes, and where the seconds go."""

from __future__ import annotations

import json
from collections import Counter

from benchmarks.dbt import WITHOUT_TESTS
from benchmarks.report import REPO, Cell, Section
from benchmarks.stage import Stage

SMALL = REPO / "sample" / "small"
KINDS = {
    "seed": "seeds and models", "model": "seeds and models", "test": "data tests", "unit_test": "unit tests",
    "operation": "hooks",
}  # fmt: skip


def run(stage: Stage) -> list[Section]:
    """Parse cold and warm, and one build, by what its seconds went into."""
    as_of = json.loads((SMALL / "truth.json").read_text(encoding="utf-8"))["as_of"]
    ours = stage.ours.fresh()
    built = ours.dbt(SMALL, *(WITHOUT_TESTS if stage.quick else ("build",)), as_of=as_of)
    seconds: dict[str, list[float]] = {kind: [] for kind in KINDS.values()}
    for unique_id, spent in ours.seconds().items():
        seconds[KINDS[unique_id.split(".")[0]]].append(spent)
    rows: list[tuple[Cell, ...]] = [
        ("parse, cold", stage.parsed[0].wall, stage.parsed[0].cpu, None),
        ("parse, warm", stage.parsed[1].wall, stage.parsed[1].cpu, None),
        ("build, parsing warm", built.wall, built.cpu, sum(len(spent) for spent in seconds.values())),
        *((f"of it: {kind}", sum(spent), None, len(spent)) for kind, spent in seconds.items()),
    ]
    manifest = json.loads((ours.folder / "target/manifest.json").read_text(encoding="utf-8"))
    return [
        Section(
            "dbt build of the committed sample",
            "`sample/small`: 32 accounts, 6 months. Each step is a process of its own; what is in the build are the"
            " seconds of its nodes, four at a time, added up.",
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
