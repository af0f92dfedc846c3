"""What a publish would send, what it costs, and whether it may."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from loader.engine.destination import Destination, HandsOver, Work
from loader.engine.freshness import Marts
from loader.errors import RefusedError
from loader.warehouse import Diff, Mart


@dataclass(frozen=True)
class Caps:
    """What a publish may do at most; None is no cap. Equal to the cap passes.

    Attributes:
        null_overwrites: None for the share `NULL_SHARE` of a field's values.
        empty: whether an empty mart may delete or clear what stands.
    """

    calls: int | None = None
    null_overwrites: int | None = None
    deletes: int | None = 500
    empty: bool = False


NULL_SHARE, FEW_NULLS = 0.1, 5
"""Without a cap, a publish is refused when more than this share of the values that a field has at the destination, and
more than these few, would become null at once: a score that many accounts lose on one day is missing input, not news.
Look-ups are not values."""


@dataclass(frozen=True)
class Switch:
    """What another grain of the mart changes at one object.

    Attributes:
        before, after: the grains.
        leaving: records that stand and whose row is gone; `deletes` or `clears` of them go with it.
        overwritten: records that stand and whose key is that of a new row, too.
        new: rows of the new grain that have no record.
    """

    object: str
    key: tuple[str, ...]
    before: str
    after: str
    on_gone: str
    leaving: int
    deletes: int
    clears: int
    overwritten: int
    new: int


@dataclass
class Plan:
    """Rows and calls of one destination.

    Attributes:
        calls: by purpose.
        marts: what the marts are of.
        remaining: calls left for today.
        left: rows that do not fit into them and wait for the next run.
        offers: cheaper ways that are not configured.
        remarks: what is to be known of how it is taken.
        switches: what another grain changes, by object.
        listed: rows to send by model, where the destination has them shown one by one.
        refusals: why a publish without options would be refused, as far as is known.
    """

    destination: Destination
    diffs: list[Diff]
    calls: dict[str, int] = field(default_factory=dict)
    marts: Marts = field(default_factory=Marts)
    connection: str = ""
    remaining: int = 0
    left: int = 0
    offers: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    listed: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    switches: list[Switch] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    @property
    def total_calls(self) -> int:
        """All calls."""
        return sum(self.calls.values())

    @property
    def minutes(self) -> float:
        """Time the calls take at the limit, when nothing else draws on it."""
        after_first = max(0, self.total_calls - 1)
        return max(after_first // each.calls * each.seconds for each in self.destination.windows) / 60

    @property
    def busy(self) -> list[Diff]:
        """Diffs with something to send or delete."""
        return [each for each in self.diffs if each.to_send or each.deletable or each.clearable]

    @property
    def emptied(self) -> list[str]:
        """Marts that lost all their rows, while what stands is left there."""
        odd = (d for d in self.diffs if d.gone and d.model.on_gone == "leave" and not (d.rows or d.model.may_be_empty))
        return [f"{d.model.name} is empty; {d.gone} records of {d.model.object} stay as they are." for d in odd]

    def rows(self, name: str) -> int:
        """One of the counts, over all models."""
        return sum(getattr(each, name) for each in self.diffs)

    def null_overwrites(self) -> int:
        """Values that would become null, over all models and fields."""
        return sum(sum(each.null_overwrites.values()) for each in self.diffs)

    def as_dict(self) -> dict[str, Any]:
        """The plan as JSON has it."""
        names = ("rows", "new", "changed", "unchanged", "gone", "rejected")
        return {
            "destination": self.destination.name,
            "connection": self.connection,
            **self.marts.as_dict(),
            "models": [
                {
                    "model": d.model.name,
                    "object": d.model.object,
                    "mode": d.model.mode,
                    **{name: getattr(d, name) for name in names},
                    "deletes": d.deletable,
                    "clears": d.clearable,
                    "null_overwrites": d.null_overwrites,
                    **({"listed": self.listed[d.model.name]} if d.model.name in self.listed else {}),
                }
                for d in self.diffs
            ],
            **{name: self.rows(name) for name in names[1:]},
            "deletes": self.rows("deletable"),
            "clears": self.rows("clearable"),
            "held_back": self.rows("held_back"),
            "null_overwrites": self.null_overwrites(),
            "calls": self.total_calls,
            "calls_by_purpose": self.calls,
            "minutes_at_limit": round(self.minutes, 1),
            "quota_per_day": self.destination.calls_per_day,
            "quota_share": round(self.total_calls / self.destination.calls_per_day, 4),
            "quota_remaining": self.remaining,
            "left_for_next_run": self.left,
            "offers": self.offers,
            "grain_switches": [asdict(each) for each in self.switches],
            "remarks": self.remarks,
            "refusals": self.refusals,
        }

    def refuse_over(self, caps: Caps) -> None:
        """Hold the plan against the caps.

        Raises:
            RefusedError: it is over one.
        """
        checks = (
            ("--max-calls", caps.calls, self.total_calls, "calls"),
            ("--max-null-overwrites", caps.null_overwrites, self.null_overwrites(), "values overwritten by null"),
            ("--max-deletes", caps.deletes, self.rows("deletable"), "deletes"),
        )
        for option, cap, planned, what in checks:
            if cap is not None and planned > cap:
                raise RefusedError(
                    f"The plan has {planned} {what}, more than {option} {cap} allows. Nothing was sent."
                    " Look at `plan`, then raise the cap if this is meant."
                )
        emptied = [d for d in self.diffs if not (d.rows or d.model.may_be_empty) and (d.deletable or d.clearable)]
        if emptied and not caps.empty:
            raise RefusedError(
                f"{emptied[0].model.name} is empty, and {emptied[0].deletable + emptied[0].clearable} records of"
                f" {emptied[0].model.object} would go with it. Nothing was sent; if this is meant, publish with"
                " --allow-empty."
            )
        if caps.null_overwrites is None:
            self._refuse_shares()

    def _refuse_shares(self) -> None:
        for diff in self.diffs:
            linked = {each.field for each in diff.model.lookups}
            for name, count in diff.null_overwrites.items():
                held = diff.standing_values.get(name, 0)
                if count > FEW_NULLS and count > NULL_SHARE * held and name not in linked:
                    raise RefusedError(
                        f"{diff.model.object}.{name}: {count} of {held} values would become null, more than"
                        f" {NULL_SHARE:.0%}. Nothing was sent. Look at `plan` and at the input; if this is meant, allow"
                        " as many with --max-null-overwrites."
                    )


def make_plan(
    destination: Destination, diffs: list[Diff], mart: Mart, remaining: int, marts: Marts, limit: int | None = None
) -> Plan:
    """Count calls; when they exceed today's quota, keep the most important rows that fit.

    Changed rows come before new ones, the current period before old ones. All look-ups are resolved in every run.
    """
    plan = Plan(destination, diffs, marts=marts, connection=mart.state.connection, remaining=remaining)
    plan.switches = [_switch(d, before, marts) for d in diffs if (before := marts.regrained.get(d.model.object))]
    if limit is not None:
        for diff in diffs:
            _limit(diff, limit, mart)
    sending = [d for d in diffs if d.to_send]
    lookups = {k: len(v) for k, v in mart.lookup_values([d.model for d in diffs], staged=False).items()}
    work = [Work(d.model, d.changed + d.clearable, d.new, d.deletable) for d in diffs]
    plan.calls, plan.offers = destination.calls(work, lookups), destination.offers(work)
    plan.remarks = [*destination.remarks(work), *plan.emptied]
    if isinstance(destination, HandsOver):
        plan.listed = {d.model.name: _listed(destination.listed, d, mart) for d in sending}
    if plan.total_calls <= remaining:
        return plan
    order = [(d, "changed") for d in sending] + [(d, "new") for d in sending]
    fits, over = 0, sum(d.to_send for d in sending) + 1
    while over - fits > 1:
        middle = (fits + over) // 2
        calls = destination.calls(_first(order, middle), lookups)
        fits, over = (middle, over) if sum(calls.values()) <= remaining else (fits, middle)
    kept = _first(order, fits)
    for each, diff in zip(kept, sending, strict=True):
        plan.left += diff.to_send - each.known - each.unknown
        mart.keep_first(diff.model, each.known + each.unknown)
    return plan


def _switch(diff: Diff, before: str, marts: Marts) -> Switch:
    model, both = diff.model, diff.changed + diff.unchanged
    fate = (model.on_gone, diff.gone, diff.deletable, diff.clearable)
    return Switch(model.object, model.key, before, str(marts.grain), *fate, both, diff.new)


def _listed(names: Sequence[str], diff: Diff, mart: Mart) -> list[dict[str, Any]]:
    """The new rows of a diff, with these of their values."""
    new = (row for window in mart.rows(diff.model, known=False) for row in window)
    return [{name: row.values.get(name) for name in names} for row in new]


def _limit(diff: Diff, limit: int, mart: Mart) -> None:
    """Leave all but the first rows of an object; nothing is deleted or cleared."""
    wanted = diff.to_send
    diff.changed = min(diff.changed, limit)
    diff.new = min(diff.new, limit - diff.changed)
    diff.deletable = diff.clearable = 0
    diff.held_back = wanted - diff.to_send
    if diff.held_back:
        mart.keep_first(diff.model, limit)


def _first(order: Sequence[tuple[Diff, str]], rows: int) -> list[Work]:
    """The work that the first so many rows are."""
    taken: dict[str, dict[str, int]] = {}
    for diff, kind in order:
        count = min(rows, getattr(diff, kind))
        taken.setdefault(diff.model.name, {})[kind] = count
        rows -= count
    diffs = {diff.model.name: diff for diff, _ in order}
    return [Work(diffs[name].model, kinds["changed"], kinds["new"]) for name, kinds in taken.items()]
