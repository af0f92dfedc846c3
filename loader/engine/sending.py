"""Sending a batch: one that is refused is cut until the bad rows stand alone; all others arrive."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from loader.engine.destination import Outcome, Rejection, Row
from loader.errors import Problem, RowRejected, StoppedError

TRIES = 5
"""How often a batch whose fate is unknown is read back and sent again."""
Item = tuple[Row, str]
Sent = tuple[list[Outcome], list[Item]]
Once = Callable[[list[Item]], Sent]


def send(
    object_name: str, items: list[Item], refused: list[Outcome], once: Once, pause: Callable[[float], None]
) -> Iterator[list[Outcome]]:
    """Send rows; outcomes come as soon as they are known.

    Args:
        object_name: the destination's object.
        items: rows, and what is sent of each, as JSON.
        refused: rows that cannot be sent at all.
        once: makes one try; gives outcomes, and the rows of which nothing is known.
        pause: waits so many seconds.

    Raises:
        StoppedError: the fate of some rows stays unknown.
    """
    if refused:
        yield refused
    pending = [(items, 0)] if items else []
    while pending:
        part, tries = pending.pop()
        try:
            outcomes, rest = once(part)
        except RowRejected as error:
            if error.vague and not tries:
                # Refused without saying which field of which row: perhaps it was not about the rows.
                pause(0.25)
                outcomes, rest = [], part
            elif len(part) == 1:
                outcomes, rest = [not_taken(part[0][0], error)], []
            else:
                pending += [(each, int(bool(tries) and len(each) > 1)) for each in reversed(_cut(part, error))]
                continue
        if outcomes:
            yield outcomes
        if rest:
            if tries >= TRIES:
                raise StoppedError(f"{object_name}: {TRIES} tries in a row ended without a clear answer.")
            pause(0.25 * 2**tries if tries else 0)
            pending.append((rest, tries + 1))


def not_taken(row: Row, error: RowRejected) -> Outcome:
    """What a refusal makes of its only row: it is rejected, or later."""
    first, others = (error.problems or [Problem("", "", "")])[0], error.problems[1:]
    also = "".join(f"; {each.field}: {each.code}" for each in others)
    why = Rejection(first.field, first.code or error.code, (first.message or error.message) + also)
    return Outcome(row, later=why) if error.later else Outcome(row, why)


def _cut(part: list[Item], error: RowRejected) -> list[list[Item]]:
    """Two parts, each smaller: the rows that hold a value the reply names, and the others; else halves."""
    sent = [json.loads(record) for _, record in part] if error.problems else []
    named = {n for n, record in enumerate(sent) if any(_holds(record, each) for each in error.problems)}
    if 0 < len(named) < len(part):
        return [[item for n, item in enumerate(part) if n not in named], [part[n] for n in sorted(named)]]
    return [part[: len(part) // 2], part[len(part) // 2 :]]


def _holds(record: dict[str, Any], problem: Problem) -> bool:
    return problem.field in record and bool(record[problem.field] == problem.value)
