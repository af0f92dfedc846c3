"""Creating and changing records: what became of each row, and which id belongs to which."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence

from loader.dbt.artifacts import PublishModel
from loader.engine.destination import Compares, Field, Outcome, Record, Row
from loader.engine.sending import Item, Sent, named
from loader.engine.values import key_of
from loader.errors import Problem, RetriableError, RowRejected, StoppedError
from loader.gainsight.client import Client
from loader.gainsight.replies import NO_MATCH, NO_SUCH_ID, Written

log = logging.getLogger("loader")
SURE = 8
"""So many records in the order in which they were sent are no accident (1 in 40,320)."""
_LOOKS = (0.0, 0.5, 1.0, 2.0, 4.0)
"""Pauses before looks for records that were created just now."""
Find = Callable[[PublishModel, Sequence[Row]], dict[str, list[Record]]]


class Creator:
    """Creates records by POST, which must never happen twice, and ties their ids to rows.

    Args:
        find: reads records by key.
        settle: waits until a call made so many seconds ago cannot take effect any more.
    """

    def __init__(self, client: Client, compares: Compares, find: Find, settle: Callable[[float], None]) -> None:
        self._client, self._compares, self._find, self._settle = client, compares, find, settle
        self._in_order: dict[str, bool] = {}

    def create(self, model: PublishModel, part: list[Item]) -> Sent:
        """POST once. When nobody knows what became of it, read back by key what is there."""
        started, problems = time.monotonic(), list[Problem]()
        try:
            reply = self._client.insert(model.object, [record for _, record in part])
            made, problems = self._tied(model, part, reply), reply.problems
        except RetriableError:
            made = self._made_at_last(model, part, started)
        except RowRejected as error:
            if not (error.vague or error.later):
                raise
            made = self._made_at_last(model, part, started) if error.under_way else self._made(model, part)
            if not made:
                raise
        outcomes = []
        for row, _ in part:
            if row.row_key in made:
                row.destination_id, row.created_by_us = made[row.row_key], True
                outcomes.append(Outcome(row))
        rest = [item for item in part if item[0].row_key not in made]
        return _with_problems(outcomes, rest, problems)

    def _made(self, model: PublishModel, part: list[Item]) -> dict[str, str]:
        """Id by row key of the records that are there."""
        found = self._find(model, [row for row, _ in part])
        return {row_key: records[0].id for row_key, records in found.items() if records}

    def _made_at_last(self, model: PublishModel, part: list[Item], started: float) -> dict[str, str]:
        """The same once the call, made then, cannot take effect any more."""
        made = self._made(model, part)
        if len(made) < len(part):
            self._settle(time.monotonic() - started)
            made = self._made(model, part)
        return made

    def _tied(self, model: PublishModel, part: list[Item], reply: Written) -> dict[str, str]:
        """Id by row key: by the key that the reply echoes; else by order, once replies are seen to keep it; else by the
        key that each of the ids has at the destination."""
        rows = [row for row, _ in part]
        if reply.ids and all(name in each for each in reply.records for name in model.key):
            keys = {key_of(self._compares, model, row.values): row.row_key for row in rows}
            echoed = {keys.get(key_of(self._compares, model, r)): str(r["Gsid"]) for r in reply.records}
            if None not in echoed and len(echoed) == len(reply.ids):
                return {row_key: gsid for row_key, gsid in echoed.items() if row_key}
        if len(reply.ids) == len(rows) and (len(rows) == 1 or self._in_order.get(model.object)):
            return {row.row_key: gsid for row, gsid in zip(rows, reply.ids, strict=True)}
        tied = self._looked_up(model, rows, reply.ids) if reply.ids else {}
        if len(tied) == len(rows) >= SURE and model.object not in self._in_order:
            self._in_order[model.object] = [tied[row.row_key] for row in rows] == reply.ids
        return tied

    def _looked_up(self, model: PublishModel, rows: Sequence[Row], ids: Sequence[str]) -> dict[str, str]:
        """Id by row key, of records that were created just now."""
        for pause in _LOOKS:
            self._client.http.meter.pause(pause)
            found = self._find(model, rows)
            wanted = set(ids)
            tied = {key: each.id for key, records in found.items() for each in records if each.id in wanted}
            if len(tied) == len(wanted):
                return tied
        raise StoppedError(
            f"{model.object}: {len(ids)} records were created, and {len(ids) - len(tied)} of them cannot be read back"
            " by key yet. Run this again later: it looks for them first."
        )


class Changer:
    """Changes records by PUT, addressed by id.

    Args:
        fields: the object's fields by name, by object.
    """

    def __init__(self, client: Client, fields: Mapping[str, Mapping[str, Field]]) -> None:
        self._client, self._fields = client, fields

    def change(self, model: PublishModel, part: list[Item]) -> Sent:
        """PUT once. Records that are not there any more are told apart from the others."""
        records = [self._change_of(model, row, record) for row, record in part]
        try:
            reply = self._client.update(model.object, records)
        except RowRejected as error:
            if error.code not in (NO_MATCH, NO_SUCH_ID):
                raise
            outcomes, rest = self._told_apart(model, part)
            if not outcomes:
                raise
            return outcomes, rest
        changed = set(reply.ids)
        # A count may be of those that were sent; who is missing in a list of some may be gone.
        if not reply.problems and (reply.count or 0) >= len(part) and len(changed) in (0, len(part)):
            return [Outcome(row) for row, _ in part], []
        outcomes = [Outcome(row) for row, _ in part if row.destination_id in changed]
        rest = [item for item in part if item[0].destination_id not in changed]
        if rest and (not reply.problems or any(each.code in (NO_MATCH, NO_SUCH_ID) for each in reply.problems)):
            vanished, rest = self._told_apart(model, rest)
            outcomes += vanished
            claimed = len(part) if reply.count is None else reply.count
            if not reply.problems and claimed + len(vanished) >= len(part):
                # It lists, or counts, less than it was sent; what is there is what it changed.
                return outcomes + [Outcome(row) for row, _ in rest], []
        return _with_problems(outcomes, rest, reply.problems)

    def _told_apart(self, model: PublishModel, part: list[Item]) -> Sent:
        """Rows whose records have vanished, and the others."""
        ids = [row.destination_id for row, _ in part]
        there = {r["Gsid"] for page in self._client.query(model.object, [], {"Gsid": ids}) for r in page}
        outcomes = [Outcome(row, vanished=True) for row, _ in part if row.destination_id not in there]
        return outcomes, [item for item in part if item[0].destination_id in there]

    def _change_of(self, model: PublishModel, row: Row, record: str) -> str:
        """What an update sends: the key is how the record was found, and may be read-only."""
        fixed = [name for name in model.key if not self._fields[model.object][name].updateable]
        if fixed:
            record = json.dumps({name: value for name, value in json.loads(record).items() if name not in fixed})
        return f'{record[:-1]},"Gsid":{json.dumps(row.destination_id)}}}'


def _with_problems(outcomes: list[Outcome], rest: list[Item], problems: Sequence[Problem]) -> Sent:
    """Add what a reply says of the rows that it did not take.

    Raises:
        RowRejected: it took none, and names none.
    """
    refused, rest = named(rest, problems, certain=False)
    if rest and problems and not outcomes and not refused:
        first, later = problems[0], all(each.later for each in problems)
        raise RowRejected(first.message, 200, code=first.code, problems=list(problems), later=later)
    return outcomes + refused, rest
