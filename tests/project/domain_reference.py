"""Reads payloads by the rules of the domain reference in plain Python, without our SQL or yml.

The table of metrics is the reference's own (section 5), which stands beside the repository.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from dbt_bench import REPO

SHARED = REPO.parent / "shared"
CASES = SHARED / "cases"
REFERENCE = SHARED / "domain.md"
TIERS = ["free", "starter", "premium", "ultimate"]
SENTINELS = {-1: "sentinel_1", -2: "sentinel_2", -3: "sentinel_3", -1000: "sentinel_1000"}
Reading = tuple[float | None, str, str | None]


@dataclass(frozen=True)
class Metric:
    """One row of the reference's table."""

    name: str
    paths: tuple[str, ...]
    removed: dict[str, tuple[int, int]]
    stage: str
    use_case: str
    unit: str
    time_frame: str
    min_version: str
    tier: str


def version_of(text: str) -> tuple[int, int]:
    """'13.9.0-pre' as (13, 9)."""
    major, minor = text.split(".")[:2]
    return int(major), int(minor)


def metrics() -> list[Metric]:
    """The reference's table of metrics."""
    text = REFERENCE.read_text(encoding="utf-8")
    table = text.split("## 5. Metrics to ship first")[1].split("\n## ")[0]
    found = []
    for line in table.splitlines():
        if not line.startswith("| `"):
            continue
        name, paths, stage, use_case, unit, frame, minimum, tier, _ = (
            cell.strip() for cell in line.strip("|").split("|")
        )
        found.append(
            Metric(
                name=name.strip("`"),
                paths=tuple(re.findall(r"`([^`]+)`", paths)),
                removed={
                    path: version_of(removed)
                    for path, removed in re.findall(r"`([^`]+)` \(removed <?([0-9.]+)\)", paths)
                },
                stage=stage,
                use_case=use_case,
                unit=unit,
                time_frame=frame,
                min_version=minimum,
                tier=tier,
            )
        )
    return found


ABSENT = object()


def leaf(payload: Any, path: str) -> Any:
    """What stands at a key path, or ABSENT."""
    for key in path.split("."):
        if not isinstance(payload, dict) or key not in payload:
            return ABSENT
        payload = payload[key]
    return payload


def number_of(value: Any) -> float | None:
    """The number that a value is, text included; booleans are none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d+(\.\d+)?([eE][+-]?\d+)?\s*", value):
        return float(value)
    return None


def flag_of(value: Any) -> float | None:
    """1 or 0 for a boolean, text included."""
    words = {"true": 1.0, "false": 0.0}
    return words.get(str(value).strip().lower()) if isinstance(value, bool | str) else None


def reading(value: Any, is_flag: bool) -> Reading:
    """Value, status and reason of what stands at one key path (3.1, 3.2)."""
    if value is None or value == {}:
        return None, "not_reported", "key_null"
    if value == {"-1": -1}:
        return None, "failed", "sentinel_1"
    number = number_of(value)
    if number is not None and number < 0:
        return None, "failed", SENTINELS.get(int(number), "sentinel_other")
    if not is_flag and number is not None and (number > 1e12 or 0 < number < 1e-12):
        return None, "failed", "out_of_range"
    usable = flag_of(value) if is_flag else number
    if usable is None:
        return None, "failed", "bad_type"
    return usable, "reported", None


def absence(metric: Metric, version: tuple[int, int], tier: str) -> Reading:
    """Why a key is absent, in the order of 1.4."""
    if tier in TIERS and TIERS.index(tier) < TIERS.index(metric.tier):
        return None, "not_applicable", "tier"
    if version < version_of(metric.min_version):
        return None, "not_supported", "version_below_minimum"
    if all(path in metric.removed and version >= metric.removed[path] for path in metric.paths):
        return None, "not_reported", "metric_removed"
    return None, "not_reported", "key_absent"


def value_of(payload: dict[str, Any], metric: Metric, tier: str) -> Reading:
    """A metric's value: the first path that is reported, else the first that failed (1.2)."""
    found = [leaf(payload, path) for path in metric.paths]
    readings = [reading(one, metric.unit == "setting") for one in found if one is not ABSENT]
    for status in ("reported", "failed", "not_reported"):
        for one in readings:
            if one[1] == status:
                return one
    return absence(metric, version_of(payload["version"]), tier)


def case(name: str) -> dict[str, Any]:
    """One real ping."""
    return json.loads((CASES / name).read_text(encoding="utf-8"))
