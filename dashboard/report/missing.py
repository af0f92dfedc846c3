"""What is not measured, by reason, with what the customer can do about it: every blank of a report ends here."""

from __future__ import annotations

from collections.abc import Iterator

from dashboard.app.data import Rows
from dashboard.report.data import Parcel
from dashboard.report.sections import current
from dashboard.report.words import Words

Found = Iterator[tuple[str, str]]
"""A reason, and what is missing for it."""


def not_measured(parcel: Parcel, words: Words) -> Rows:
    """One row a reason: why, what, and how to change it. Counters come last in each, under one head."""
    things: dict[str, list[str]] = {}
    for reason, thing in [
        *_figures(parcel),
        *_use_cases(parcel),
        *_goals(parcel),
        *_instances(parcel),
        *_peers(parcel),
    ]:
        things.setdefault(reason, []).append(thing)
    counters: dict[str, list[str]] = {}
    for reason, label in _counters(parcel):
        counters.setdefault(reason, []).append(label)
    return [
        {
            "reason": reason,
            "why": words.told(reason),
            "what": list(dict.fromkeys(things.get(reason, []))),
            "counters": sorted(set(counters.get(reason, [])), key=str.lower),
            "remedy": words.remedy(reason),
        }
        for reason in dict.fromkeys([*things, *counters])
    ]


def _figures(parcel: Parcel) -> Found:
    now = current(parcel)
    if now.get("sold_seats") is None:
        yield "seats_unknown", "licensed seats"
    if now.get("activated_seats") is None:
        yield now.get("seats_missing_reason") or "", "activated seats"
    if now.get("active_users") is None:
        yield now.get("active_users_missing_reason") or "", "active people"


def _use_cases(parcel: Parcel) -> Found:
    for row in parcel["use_cases"]:
        if row["missing_reason"]:
            yield row["missing_reason"], row["label"]


def _goals(parcel: Parcel) -> Found:
    for row in parcel["goals"]:
        for column, thing in (("missing_reason", "progress"), ("elapsed_missing_reason", "schedule")):
            if row[column]:
                yield row[column], f"{thing} of the goal “{row['objective_name']}”"


def _instances(parcel: Parcel) -> Found:
    for row in parcel["instances"]:
        host = row["hostname"] or row["uuid"]
        if row["instance_type"] == "Unknown":
            yield "not_labelled", f"the use of {host}"
        if row["major_versions_behind"] is None:
            yield "version_unknown", f"the release of {host}"


def _peers(parcel: Parcel) -> Found:
    for row in parcel["peers"]:
        if row["is_member"] and row["median"] is None:
            yield row["peers_missing_reason"], f"peers for “{row['label']}”"


def _counters(parcel: Parcel) -> Found:
    """Of the instances whose figures stand for the customer; where there are none, of all."""
    counted = {row["instance_id"] for row in parcel["instances"] if row["is_counted"]}
    ours = [row for row in parcel["counters"] if not counted or row["instance_id"] in counted]
    reported = {row["metric_name"] for row in ours if row["value_status"] == "reported"}
    for row in ours:
        if row["value_reason"] and row["metric_name"] not in reported:
            yield row["value_reason"], row["label"]
