"""The rows of truth.json: the arithmetic of `truth` rolled up for the named accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sample.lineage import (
    Lineage,
    current_period,
    instance_type_of,
    lineages_of,
    previous_period,
    suggested_type_of,
    umau_of,
)
from sample.model import Customer, Instance, Objective, Ping
from sample.truth import (
    GROUPS,
    NOT_APPLICABLE,
    STEPS,
    USE_CASES,
    Period,
    color,
    completed_months,
    observed,
    overall,
    worst,
)

Row = dict[str, Any]


def account_truth(customer: Customer, pings: Sequence[Ping], as_of: date) -> Row:
    """Everything that must hold for one named account."""
    return {
        "account_id": customer.account.account_id,
        "account_name": customer.account.account_name,
        "case": customer.case,
        "current": _period_truth(customer, pings, current_period(as_of)),
        "previous": _period_truth(customer, pings, previous_period(as_of)),
        "objectives": [_objective(o, customer, pings, as_of) for o in customer.objectives],
    }


def _period_truth(customer: Customer, pings: Sequence[Ping], period: Period) -> Row | None:
    lineages = lineages_of(customer, pings, period)
    if not lineages:
        return None
    return {
        "period_start": period.start.isoformat(),
        **_account_row(lineages),
        "subscriptions": [_subscription_row(line, pings) for line in lineages],
        "instances": [
            _instance_row(instance, line, customer)
            for line in lineages
            for instance in line.instances
            if instance in line.pings
        ],
    }


def _subscription_row(line: Lineage, pings: Sequence[Ping]) -> Row:
    row: Row = {
        "subscription_id": line.shown.subscription_id,
        "reporting_reason": _reporting_reason(line, pings),
        "is_reporting": bool(line.pings),
        "instance_count": len(line.pings),
        "months_since_start": completed_months(line.first_start, line.period.measured_on),
        "primary_instance": line.primary
        and {"uuid": line.primary.instance.uuid, "hostname": line.primary.instance.hostname},
    }
    if line.current is not None:
        row |= _seats(line)
    row["missing_reason"] = _missing_reason(line)
    row["use_cases"] = {
        case: {
            "score": _rounded(line.groups[case], 2),
            "color": color(line.groups[case]),
            "adoption_status": _status(case, line.groups[case], line.devsecops_applies),
        }
        for case in USE_CASES
    }
    return row


def _seats(line: Lineage) -> Row:
    activated = observed(line.primary, "activated_seats").value
    active = observed(line.primary, "unique_active_28_days_user").value
    umau, source = umau_of(line.primary)
    seats = line.licensed.value
    row: Row = {
        "licensed_seats": seats,
        "licensed_seats_source": line.licensed_source,
        "activated_seats": activated,
        "umau": umau,
        "umau_source": source,
        "inactive_activated_seats": _difference(activated, active),
        "seats_over_license": _difference(activated, seats),
    }
    for measure in ("license_utilization", "user_engagement"):
        row[measure] = _rounded(line.measures[measure].value, 4)
        row[f"{measure}_score"] = line.groups[measure]
        row[f"{measure}_color"] = color(line.groups[measure])
    return row


def _difference(left: float | None, right: float | None) -> float | None:
    return None if left is None or right is None else max(left - right, 0.0)


def _missing_reason(line: Lineage) -> str | None:
    return line.measures["license_utilization"].reason or line.measures["user_engagement"].reason


def _reporting_reason(line: Lineage, pings: Sequence[Ping]) -> str:
    if line.current is None:
        return "no_active_subscription"
    if line.pings:
        return "reporting"
    seen = any(p.instance in line.instances and p.received_at.date() <= line.period.measured_on for p in pings)
    return "stopped_reporting" if seen else "never_reported"


def _account_row(lineages: Sequence[Lineage]) -> Row:
    weights = _weights(lineages)
    groups = {group: _weighted(lineages, weights, group) for group in GROUPS}
    score, weight_present = overall(groups)
    applies = any(line.devsecops_applies for line in lineages)
    statuses = {case: _status(case, groups[case], applies) for case in USE_CASES}
    adopted = [case for case in USE_CASES if statuses[case] == "adopted"]
    open_cases = [c for c in USE_CASES if statuses[c] in ("in_progress", "not_adopted")]
    measured = any(groups[case] is not None for case in USE_CASES)
    return {
        "overall_score": _rounded(score, 2),
        "overall_color": color(score),
        **{f"{group}_score": _rounded(value, 2) for group, value in groups.items()},
        "weight_present": weight_present,
        "arr_reporting_share": _reporting_share(lineages, weights),
        "unscored_reason": None if score is not None else _unscored_reason(lineages),
        "adopted_use_cases": ",".join(adopted),
        "in_progress_use_cases": ",".join(case for case in USE_CASES if statuses[case] == "in_progress"),
        "adopted_count": len(adopted) if measured else None,
        "adoption_level": _adoption_level(statuses) if measured else None,
        "next_use_case": open_cases[0] if open_cases else None,
    }


def _weights(lineages: Sequence[Lineage]) -> list[float]:
    """Weight of each lineage; 0 where no version is in force."""
    active = [line for line in lineages if line.current]
    if any((line.current.arr or 0) > 0 for line in active if line.current):
        return [float(line.current.arr or 0) if line.current else 0.0 for line in lineages]
    if any(line.licensed.value for line in active):
        return [(line.licensed.value or 0.0) if line.current else 0.0 for line in lineages]
    return [1.0 if line.current else 0.0 for line in lineages]


def _weighted(lineages: Sequence[Lineage], weights: Sequence[float], group: str) -> float | None:
    """Weighted mean over the lineages that have a score, in numerator and denominator."""
    scored = [
        (weight, line.groups[group] or 0.0)
        for line, weight in zip(lineages, weights, strict=True)
        if line.groups[group] is not None
    ]
    total = sum(weight for weight, _ in scored)
    return sum(weight * score for weight, score in scored) / total if total else None


def _reporting_share(lineages: Sequence[Lineage], weights: Sequence[float]) -> float | None:
    total = sum(weights)
    scored = [overall(line.groups)[0] is not None for line in lineages]
    share = sum(weight for weight, has in zip(weights, scored, strict=True) if has)
    return _rounded(share / total, 4) if total else None


def _unscored_reason(lineages: Sequence[Lineage]) -> str | None:
    """The first reason by precedence; that a plan has no DevSecOps is no reason by itself."""
    missing = worst(
        *(
            measure
            for line in lineages
            for name, measure in line.measures.items()
            if line.devsecops_applies or name not in GROUPS["devsecops"]
        )
    )
    return missing.reason if missing else None


def _status(case: str, score: float | None, devsecops_applies: bool) -> str:
    if case == "devsecops" and not devsecops_applies:
        return NOT_APPLICABLE
    shades = {"green": "adopted", "yellow": "in_progress", "red": "not_adopted"}
    return shades.get(color(score) or "", "not_measured")


def _adoption_level(statuses: Mapping[str, str]) -> str:
    level = "none"
    for case, name in STEPS:
        if statuses[case] == "adopted":
            level = name
        elif statuses[case] in ("in_progress", "not_adopted"):
            break
    return level


def _instance_row(instance: Instance, line: Lineage, customer: Customer) -> Row:
    kind, source = instance_type_of(instance, line, customer)
    return {
        "uuid": instance.uuid,
        "hostname": instance.hostname,
        "instance_type": kind,
        "instance_type_source": source,
        "suggested_instance_type": suggested_type_of(instance, line, customer),
        "version": line.pings[instance].version.removesuffix("-ee"),
        "activated_seats": observed(line.pings[instance], "activated_seats").value,
        "active_users": umau_of(line.pings[instance])[0],
    }


def _objective(objective: Objective, customer: Customer, pings: Sequence[Ping], as_of: date) -> Row:
    """Progress of a counted objective."""
    lineages = lineages_of(customer, pings, current_period(as_of))
    seen = [observed(line.primary, objective.metric_name).value for line in lineages]
    known = [value for value in seen if value is not None]
    current = sum(known) if known else None
    target = objective.target_value
    progress = None if current is None or not target else min(max(current / target, 0.0), 1.0)
    elapsed = (as_of - objective.starts_on) / (objective.due_on - objective.starts_on)
    if progress is None:
        status = "no_data"
    elif current is not None and target is not None and current >= target:
        status = "achieved"
    else:
        status = "on_track" if progress >= elapsed and as_of <= objective.due_on else "behind"
    return {
        "objective_id": objective.objective_id,
        "metric_name": objective.metric_name,
        "current_value": current,
        "target_value": target,
        "progress": _rounded(progress, 4),
        "status": status,
    }


def _rounded(value: float | None, digits: int) -> float | None:
    """Rounded as the mart does: a half goes up, judged by the number as it is written."""
    if value is None:
        return None
    step = Decimal(1).scaleb(-digits)
    return float(Decimal(str(value)).quantize(step, ROUND_HALF_UP))
