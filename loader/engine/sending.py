"""Sending a batch: one that is refused is cut until the bad rows stand alone; all others arrive."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from loader.dbt.artifacts import PublishModel
from loader.engine.destination import Destination, Outcome, Rejection, Row
from loader.engine.values import as_sent
from loader.errors import Problem, RetriableError, RowRejected, StoppedError

log = logging.getLogger("loader")
LONGEST_PAUSE = 15.0
TRIES_AGAIN = 1
"""How often rows are sent again as they are, when a refusal does not say which it is about, or says that it passes."""
Item = tuple[Row, str]
Sent = tuple[list[Outcome], list[Item]]
Once = Callable[[list[Item]], Sent]


@dataclass
class _Part:
    """Rows to send together.

    Attributes:
        tries: how often they have been sent as they are.
        since: when they were sent first.
        wait: seconds before they are sent.
    """

    items: list[Item]
    tries: int = 0
    since: float = field(default_factory=time.monotonic)
    wait: float = 0.0

    def without(self, rest: list[Item]) -> _Part:
        """The rows of which nothing is known; when it is all of them, one try more was in vain. The second is made at
        once."""
        if len(rest) < len(self.items):
            return _Part(rest)
        return _Part(rest, self.tries + 1, self.since, _pause(self.tries) if self.tries else 0.0)

    def again(self) -> _Part:
        """The rows, to be sent as they are once more."""
        return _Part(self.items, self.tries + 1, self.since, _pause(self.tries))


def _pause(tries: int) -> float:
    return min(0.25 * 2.0**tries, LONGEST_PAUSE)


def send(
    object_name: str,
    items: list[Item],
    refused: list[Outcome],
    once: Once,
    pause: Callable[[float], None],
    patience: float,
) -> Iterator[list[Outcome]]:
    """Send rows; outcomes come as soon as they are known.

    Args:
        object_name: the destination's object.
        items: rows, and what is sent of each, as JSON.
        refused: rows that cannot be sent at all.
        once: makes one try; gives outcomes, and the rows of which nothing is known, or that were not taken without a
            word about them.
        pause: waits so many seconds.
        patience: seconds after which tries that end without a clear answer are enough.

    Raises:
        StoppedError: the fate of some rows stays unknown.
    """
    if refused:
        yield refused
    pending = [_Part(items)] if items else []
    while pending:
        part = pending.pop()
        if part.tries and time.monotonic() + part.wait - part.since > patience:
            raise StoppedError(f"{object_name}: {part.tries} tries in a row ended without a clear answer.")
        pause(part.wait)
        try:
            outcomes, rest = once(part.items)
            left = [part.without(rest)] if rest else []
        except RowRejected as error:
            outcomes, left = _refused(part, error)
        pending += reversed(left)
        if outcomes:
            yield outcomes


def made(destination: Destination, model: PublishModel, part: list[Item], error: RetriableError) -> Sent:
    """Of rows that a call without an answer may have created those whose records have their values, and the others.

    Sent again at once, they would be told of as changed, and never be known as ours."""
    log.info("%s: looking for %d rows, since nobody knows what became of them: %s", model.object, len(part), error)
    destination.settle(0)
    found = destination.find(model, [row for row, _ in part], model.targets)
    outcomes, rest = list[Outcome](), list[Item]()
    for row, record in part:
        if there := as_sent(destination, model, row, found[row.row_key]):
            row.destination_id, row.created_by_us = there.id, True
            outcomes.append(Outcome(row))
        else:
            rest.append((row, record))
    return outcomes, rest


def not_taken(row: Row, error: RowRejected) -> Outcome:
    """What a refusal makes of its only row: it is rejected, or later."""
    first, others = (error.problems or [Problem("", "", "")])[0], error.problems[1:]
    also = "".join(f"; {each.field}: {each.code}" for each in others)
    why = Rejection(first.field, first.code or error.code, (first.message or error.message) + also)
    return Outcome(row, later=why) if error.later else Outcome(row, why)


def named(items: Sequence[Item], problems: Sequence[Problem], *, certain: bool) -> Sent:
    """What problems say of rows, by the values they name: outcomes of those that hold one, and the other rows.

    Args:
        items: rows, none of which was taken.
        problems: what the reply says of them.
        certain: only problems that a value has in whichever row it stands; else all that name a value.
    """
    telling = [each for each in problems if each.certain or not certain]
    outcomes, others = [], []
    for row, record in items if telling else ():
        mine = [each for each in telling if each.names(json.loads(record))]
        if mine:
            error = RowRejected("", problems=mine, later=all(each.later for each in mine))
            outcomes.append(not_taken(row, error))
        else:
            others.append((row, record))
    return outcomes, others if telling else list(items)


def _refused(part: _Part, error: RowRejected) -> tuple[list[Outcome], list[_Part]]:
    """What a refusal says of rows, none of which was taken, and what is to be sent of them: as they are, or in smaller
    parts. Rows that are later are so all together: they have their turn again, in smaller calls."""
    items = part.items
    if part.tries < TRIES_AGAIN and (error.later or error.vague):
        return [], [part.again()]
    if len(items) == 1 or error.later:
        return [not_taken(row, error) for row, _ in items], []
    outcomes, others = named(items, error.problems, certain=True)
    if outcomes:
        return outcomes, [_Part(others)] if others else []
    held = [any(each.names(json.loads(record)) for each in error.problems) for _, record in items]
    if any(held) and not all(held):
        halves = [[item for item, bad in zip(items, held, strict=True) if bad is kind] for kind in (False, True)]
    else:
        halves = [list(half) for half in _halves(items)]
    # What was sent again as it is, is not so again in parts, but for the last row of a refusal that named none.
    return [], [_Part(half, int(bool(part.tries)) if len(half) > 1 else 0) for half in halves]


def _halves(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    middle = len(items) // 2
    yield items[:middle]
    yield items[middle:]
