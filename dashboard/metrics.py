"""Every metric of `dim_metrics`, and how many production instances report it now."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from dashboard.formats import compact, number, percent, share
from dashboard.queries import Mart
from dashboard.source import Row, group_by
from dashboard.words import Words

STATUSES = ("reported", "not_applicable", "not_supported", "not_reported", "failed")
_FLAGS = ("flag", "setting")
_GRAIN = re.compile(r"\s*Grain: [^.]*\.\s*$")


@dataclass(frozen=True)
class MetricView:
    """A metric of the dictionary with its coverage in the current period.

    `instances` counts production instances with a ping in the period, `statuses` those by
    status; `reasons` says in words why it is missing, the most frequent first.
    """

    name: str
    label: str
    description: str
    stage: str
    use_case: str
    unit: str
    time_frame: str
    min_version: str
    tier: str
    instances: int
    statuses: dict[str, int]
    reported_share: float | None
    median: str
    median_value: float | None
    reasons: list[tuple[str, int]]


def build_metrics(mart: Mart, words: Words) -> list[MetricView]:
    """All metrics, by stage and label."""
    found = group_by(mart.metric_statuses, "metric_name")
    views = [_metric(row, found.get((row["metric_name"],), []), words) for row in mart.metrics]
    return sorted(views, key=lambda view: (view.stage, view.label.lower()))


def _metric(row: Row, statuses: list[Row], words: Words) -> MetricView:
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for status in statuses:
        counts[status["value_status"]] += status["instances"]
        if status["value_reason"]:
            reasons[words.reason(status["value_reason"])] += status["instances"]
    values: Row = next((status for status in statuses if status["value_status"] == "reported"), {})
    total = sum(counts.values())
    return MetricView(
        name=row["metric_name"],
        label=row["label"] or row["metric_name"],
        description=_GRAIN.sub("", row["description"] or ""),
        stage=row["stage"] or "",
        use_case=row["use_case"] or "",
        unit=row["unit"] or "",
        time_frame=row["time_frame"] or "",
        min_version=row["min_version"] or "",
        tier=row["tier"] or "",
        instances=total,
        statuses={status: counts[status] for status in (*STATUSES, *sorted(set(counts) - set(STATUSES)))},
        reported_share=share(counts["reported"], total),
        median=_median(row["unit"], values),
        median_value=values.get("median_value"),
        reasons=reasons.most_common(),
    )


def _median(unit: str | None, values: Row) -> str:
    """The median in the metric's unit; of an on/off setting, the share that is on."""
    median = values.get("median_value")
    if median is None:
        return ""
    if unit in _FLAGS and values["lowest"] >= 0 and values["highest"] <= 1:
        return f"on at {percent(values['mean_value'])}"
    if unit == "ratio":
        return percent(median, 1) if values["highest"] <= 1 else number(median, 2)
    return compact(median) if median >= 10_000 else number(median, 1)
