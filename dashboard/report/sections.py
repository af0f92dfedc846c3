"""The sections of a report: what each shows, as plain values that the template only lays out."""

from __future__ import annotations

import math
from typing import Any

from dashboard import formats
from dashboard.app.charts import period_label
from dashboard.app.data import Row, Rows
from dashboard.report.data import Parcel
from dashboard.report.words import GOALS, SOURCES, STATUSES, USES, Words

SERIES = {"sold_seats": "Licensed seats", "activated_seats": "Activated seats", "active_users": "Active people"}
CELLS = {
    "segment_and_plan": "your segment and plan",
    "segment": "your segment",
    "plan": "your plan",
    "all": "all who take part",
}
QUARTILES = ("lower_quartile", "median", "upper_quartile")
Section = dict[str, Any]


def current(parcel: Parcel) -> Row:
    """Where the account stands."""
    return next((row for row in reversed(parcel["periods"]) if row["is_current"]), {})


def key_figures(parcel: Parcel, words: Words) -> list[Section]:
    """The figures at the head; one that is missing says why."""
    now = current(parcel)
    adopted = [row for row in parcel["use_cases"] if row["adoption_status"] == "adopted"]
    measured = [row for row in parcel["use_cases"] if row["missing_reason"] is None]
    seats, active = now.get("activated_seats"), now.get("active_users")
    reached = sum(row["status"] == "achieved" for row in parcel["goals"])
    return [
        _figure("Licensed seats", now.get("sold_seats"), _why(words, "seats_unknown")),
        _figure("Activated seats", seats, _why(words, now.get("seats_missing_reason"))),
        _figure("Active people", active, _why(words, now.get("active_users_missing_reason")), "in 28 days"),
        _figure(
            "Use cases adopted",
            len(adopted) if measured else None,
            _why(words, now.get("adoption_missing_reason")),
            f"of {len(measured)} that are measured",
        ),
        _figure(
            "Goals reached", reached if parcel["goals"] else None, "no goals are agreed", f"of {len(parcel['goals'])}"
        ),
    ]


def _figure(label: str, value: Any, missing: str, note: str = "") -> Section:
    return {"label": label, "value": formats.number(value), "note": missing if value is None else note}


def _why(words: Words, reason: str | None) -> str:
    return words.told(reason)


def months(parcel: Parcel, words: Words, grain: str) -> Rows:
    """Seats by period, newest first, each blank with its reason."""
    return [
        {
            "period": period_label(row, grain) + ("" if row["is_complete_period"] else " so far"),
            **{column: formats.number(row[column]) for column in SERIES},
            "why": "; ".join(dict.fromkeys(_missing_of(row, words))),
        }
        for row in reversed(parcel["periods"])
    ]


def _missing_of(row: Row, words: Words) -> list[str]:
    reasons = {
        "sold_seats": "seats_unknown",
        "activated_seats": row["seats_missing_reason"],
        "active_users": row["active_users_missing_reason"],
    }
    return [words.told(reason) for column, reason in reasons.items() if row[column] is None]


def bought(parcel: Parcel) -> Section:
    """Subscriptions in force, and what to know of the figures beside them."""
    now = current(parcel)
    notes = []
    sold, known = now.get("sold_seats"), now.get("licensed_seats")
    if sold is not None and known is not None and known < sold:
        notes.append(
            f"Activated seats are known for {formats.number(known)} of the {formats.number(sold)} licensed ones."
        )
    if now.get("active_users_source") in SOURCES:
        notes.append(SOURCES[now["active_users_source"]])
    return {
        "notes": notes,
        "subscriptions": [
            {
                "plan": row["product_tier"] or "not named in the contract",
                "trial": row["is_trial"],
                "seats": formats.number(row["seats"]) if row["seats"] is not None else "as in the licence",
                "from": formats.day(row["start_date"]),
                "to": formats.day(row["end_date"]) if row["end_date"] else "no end agreed",
            }
            for row in parcel["subscriptions"]
        ],
    }


def adoption(parcel: Parcel, words: Words) -> Rows:
    """Each use case: where it stands, what was measured, and the way that is left."""
    return [
        {
            "label": row["label"],
            "status": STATUSES[row["adoption_status"]],
            "mark": row["adoption_status"],
            "why": words.told(row["missing_reason"]) if row["missing_reason"] else "",
            "advice": row["advice"] or "",
            "measures": [
                {"text": _finding(each), "gap": _gap(each) if row["adoption_status"] != "adopted" else ""}
                for each in parcel["measures"]
                if each["use_case"] == row["use_case"] and row["missing_reason"] is None
            ],
        }
        for row in parcel["use_cases"]
    ]


def value_of(row: Row) -> float | None:
    """A measure over the account's subscriptions; a plain count is its numerator."""
    if row["denominator"] is None:
        return None if row["numerator"] is None else float(row["numerator"])
    return formats.share(row["numerator"], row["denominator"])


def shown(value: float | None, value_format: str | None) -> str:
    """A figure as its format has it."""
    if value_format == "percent":
        return formats.percent(value)
    return formats.number(value, 2 if value is not None and abs(value) < 10 else 0)


def _finding(row: Row) -> str:
    text = row["finding"] or "{value}"
    parts = {
        "value": shown(value_of(row), row["value_format"]),
        "numerator": formats.number(row["numerator"]),
        "denominator": formats.number(row["denominator"]),
    }
    for name, part in parts.items():
        text = text.replace(f"{{{name}}}", part)
    return str(text[:1].upper() + text[1:])


def _gap(row: Row) -> str:
    value, wanted = value_of(row), row["adopted_from"]
    if value is None or wanted is None or value > wanted or (row["is_inclusive"] and value == wanted):
        return ""
    edge = "from" if row["is_inclusive"] else "above"
    mark = f"Adopted {edge} {shown(wanted, row['value_format'])}"
    if row["denominator"] is None:
        return mark
    needed = float(wanted) * float(row["denominator"])
    most = math.ceil(needed - 1e-9) if row["is_inclusive"] else math.floor(needed + 1e-9) + 1
    return f"{mark}: {formats.number(most - float(row['numerator']))} more {row['label'] or 'of them'}"


def goals(parcel: Parcel, words: Words) -> Rows:
    """The customer's own goals and how far they are."""
    return [
        {
            "name": row["objective_name"],
            "metric": row["metric_label"] or "",
            "baseline": None if row["baseline_value"] is None else formats.number(row["baseline_value"], 2),
            "now": formats.number(row["current_value"], 2),
            "target": formats.number(row["target_value"], 2),
            "progress": row["progress"],
            "percent": formats.percent(row["progress"]),
            "due": formats.day(row["due_on"]) if row["due_on"] else words.told(row["elapsed_missing_reason"]),
            "status": GOALS[row["status"]],
            "why": words.told(row["missing_reason"]) if row["missing_reason"] else "",
        }
        for row in parcel["goals"]
    ]


def instances(parcel: Parcel, words: Words) -> Rows:
    """The customer's installations and how far each is behind the newest release."""
    return [
        {
            "host": row["hostname"] or row["uuid"],
            "use": USES.get(row["instance_type"], row["instance_type"]),
            "version": row["version"] or "not told",
            "behind": behind(row, words),
            "is_behind": bool(row["major_versions_behind"]),
            "last": formats.day(row["last_ping_at"]),
            "ago": _ago(row["days_since_last_ping"]),
            "is_counted": row["is_counted"],
        }
        for row in parcel["instances"]
    ]


def _ago(days: int | None) -> str:
    if days is None:
        return formats.MISSING
    return "today" if days <= 0 else f"{formats.plural(days, 'day')} ago"


def behind(row: Row, words: Words) -> str:
    """How many major releases an instance is behind, in words."""
    count = row["major_versions_behind"]
    if count is None:
        return words.told("version_unknown")
    return (
        f"{formats.plural(count, 'major release')} behind {row['newest_major_version']}" if count else "newest release"
    )


def peers(parcel: Parcel, words: Words) -> Section:
    """Own figures of a quarter ago beside the quartiles of others; why there are none, where there are none."""
    rows = parcel["peers"]
    is_member = any(row["is_member"] for row in rows)
    periods = [row["period_start"] for row in rows if row["period_start"]]
    return {
        "is_member": is_member,
        "period_start": periods[0] if periods else None,
        "any": any(row["median"] is not None for row in rows),
        "rows": [
            {
                "label": row["label"],
                "own": shown(row["own_value"], row["value_format"]),
                "own_why": words.told(row["own_missing_reason"]) if row["own_value"] is None else "",
                **{name: shown(row[name], row["value_format"]) for name in QUARTILES},
                "who": CELLS.get(row["cell_kind"], ""),
                "why": words.told(row["peers_missing_reason"]) if row["peers_missing_reason"] else "",
            }
            for row in rows
        ],
    }


def keys(parcel: Parcel) -> list[Section]:
    """The counters that the customer's instances sent last, by stage of the product; derived figures are none."""
    stages: dict[str, dict[str, str]] = {}
    for row in parcel["counters"]:
        if row["value_status"] == "reported" and row["key_paths"]:
            stages.setdefault(row["stage"], {})[row["label"]] = row["key_paths"].replace(",", ", ").replace("  ", " ")
    return [{"stage": formats.humanize(stage), "counters": list(found.items())} for stage, found in stages.items()]
