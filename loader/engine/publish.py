"""Gate, diff, plan, send, record."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from loader.dbt.artifacts import Artifacts, PublishModel
from loader.dbt.gate import check_gate
from loader.engine.background import Background
from loader.engine.check import must_fit
from loader.engine.destination import Destination, Outcome, Rejection, Row, TakesFiles, Work
from loader.engine.limits import Meter
from loader.engine.plan import Caps, Plan, make_plan
from loader.engine.recovery import recover
from loader.engine.uploads import Uploads
from loader.errors import ACCEPTED, REJECTED, FatalError, LoaderError, MisuseError, ReplyError, StoppedError
from loader.warehouse import Diff, Mart, Options, State

log = logging.getLogger("loader")
WRITE_DOWN_SECONDS = 1.0
"""How long what became of rows may wait to be written down; after a run that is killed they are read back by key."""
SUSPICIOUS = 50
"""So many rows refused in a row, without a field being named, are not the rows' fault."""


@dataclass(frozen=True)
class Request:
    """What the user asked of a publish.

    Attributes:
        gate: False skips the gate, and the run's record says so.
        max_rejected_share: rejected rows per row of the mart that still count as success.
    """

    options: Options = Options()
    caps: Caps = Caps()
    gate: bool = True
    max_rejected_share: float = 0.0


@dataclass
class Result:
    """How a publish ended."""

    run_id: str = ""
    outcome: str = ""
    exit_code: int = ACCEPTED
    accepted: int = 0
    rejected: int = 0
    deleted: int = 0
    api_calls: int = 0
    gate: str = ""
    message: str = ""
    plan: Plan | None = None
    reasons: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The result as JSON has it."""
        known = {k: v for k, v in vars(self).items() if k not in ("plan", "accepted", "rejected", "deleted")}
        counts = {"rows_accepted": self.accepted, "rows_rejected": self.rejected, "rows_deleted": self.deleted}
        return {**known, **counts, "plan": self.plan.as_dict() if self.plan else None}


def open_meter(destination: Destination, state: State, most: int | None = None) -> Meter:
    """The destination's budget, with the calls that earlier runs made today."""
    today, recent, last = state.calls()
    return Meter(
        destination.windows,
        destination.calls_per_day,
        today=today,
        recent=recent,
        last_call_at=last,
        most=most,
    )


@contextmanager
def metered(destination: Destination, state: State) -> Iterator[None]:
    """Connect a destination for calls that are not a publish, and count them all the same."""
    meter = open_meter(destination, state)
    destination.connect(meter)
    try:
        yield
    finally:
        if calls := meter.unsaved():
            state.count_calls(*calls)


class Publisher:
    """One run to one destination.

    Args:
        show: called with the plan before anything is sent.
        progress: called with the number of rows that came to an end.
    """

    def __init__(
        self,
        destination: Destination,
        state: State,
        request: Request,
        show: Callable[[Plan], None] = lambda plan: None,
        progress: Callable[[int], None] = lambda rows: None,
    ) -> None:
        self.destination, self.state, self.request = destination, state, request
        self.mart = Mart(state)
        self.meter = open_meter(destination, state, request.caps.calls)
        self.result = Result()
        self._show, self._progress = show, progress
        self.uploads = Uploads(destination, destination, self.mart) if isinstance(destination, TakesFiles) else None
        self._refused_in_a_row = 0
        self._unwritten: list[Outcome] = []
        self._written_at = 0.0
        self._beside = Background()

    def run(self, artifacts: Artifacts, models: Sequence[PublishModel]) -> Result:
        """Publish these models; however it ends, the run's record says so.

        Raises:
            LoaderError: everything but success and rejections; the record is written before.
        """
        result = self.result
        result.run_id = self.state.begin_run()
        log.info("run %s to %s", result.run_id, self.destination.name)
        try:
            with self._signals():
                self._gate(artifacts, models)
                result.accepted += recover(self.destination, self.mart, models, self.uploads, self.meter)
                plan = self._plan(models)
                if plan.busy and not plan.remaining:
                    raise StoppedError(f"Today's quota of {self.destination.calls_per_day} calls is used up.")
                self._send(plan)
            self._judge(plan)
        except ReplyError as error:
            unsent = isinstance(error, FatalError) and not (result.accepted or result.deleted)
            self._fail(MisuseError(f"{error}. Nothing was sent.") if unsent else StoppedError(f"{error}."))
        except LoaderError as error:
            self._fail(error)
        except BaseException:
            self._end("failed", 4, "an error in the loader itself")
            raise
        return result

    def _fail(self, error: LoaderError) -> None:
        outcome = {2: "failed", 3: "refused"}.get(error.exit_code, "stopped")
        self._end(outcome, error.exit_code, str(error))
        raise error

    def _judge(self, plan: Plan) -> None:
        result, rows = self.result, plan.rows("rows")
        left = f" {plan.left} rows are left for the next run: today's quota does not take them." if plan.left else ""
        result.rejected += plan.rows("rejected")
        share = result.rejected / rows if rows else 0.0
        over = share > self.request.max_rejected_share
        why = f" ({share:.2%} of the model's rows, allowed {self.request.max_rejected_share:.2%})"
        message = (
            f"{self.destination.name}: {result.accepted} rows accepted, {result.rejected} rejected"
            f"{why if result.rejected else ''}, {result.deleted} deleted, {plan.rows('unchanged')} unchanged,"
            f" {self.meter.calls} calls.{left}"
        )
        if plan.left:
            raise StoppedError(message)
        code = REJECTED if result.rejected and over else ACCEPTED
        self._end("finished with rejections" if result.rejected else "finished", code, message)

    def _end(self, outcome: str, exit_code: int, message: str) -> None:
        result, plan = self.result, self.result.plan
        result.outcome, result.exit_code, result.message = outcome, exit_code, message
        result.api_calls = self.meter.calls
        self._beside.close()
        if calls := self.meter.unsaved():
            self.state.count_calls(*calls)
        counts = {f"rows_{n}": plan.rows(n) if plan else 0 for n in ("new", "changed", "unchanged", "gone")}
        self.state.end_run(
            outcome=outcome, exit_code=exit_code, message=message, gate=result.gate, api_calls=result.api_calls,
            rows_accepted=result.accepted, rows_rejected=result.rejected, **counts,
        )  # fmt: skip

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """SIGINT and SIGTERM let the batch in hand finish."""
        before = {s: signal.signal(s, lambda *_: self.meter.stop.set()) for s in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _gate(self, artifacts: Artifacts, models: Sequence[PublishModel]) -> None:
        if not self.request.gate:
            self.result.gate = "skipped (--no-gate)"
            log.warning("THE GATE IS SKIPPED (--no-gate): nobody knows whether these rows passed their tests.")
            return
        self.result.gate = "refused"
        check_gate(artifacts, models, self.state)
        self.result.gate = "passed"

    def _plan(self, models: Sequence[PublishModel]) -> Plan:
        diffs = [self.mart.diff(model, self.request.options) for model in models]
        plan = self.result.plan = make_plan(self.destination, diffs, self.mart, self.meter.remaining)
        self._show(plan)
        plan.refuse_over(self.request.caps)
        return plan

    def _send(self, plan: Plan) -> None:
        sending = [d for d in plan.busy if d.to_send]
        if plan.busy:
            self.destination.connect(self.meter)
            must_fit(self.destination, [d.model for d in plan.busy])
            self.destination.resolve(self.mart.lookup_values([d.model for d in sending]))
            for diff in sending:
                self._find(diff, turn=1)
            self._revise(plan, sending)
        for diff in plan.diffs:
            self.mart.reject_invalid(diff, self.request.options)
        for diff in sending if self.uploads else ():
            if self.uploads and self.uploads.take(diff.model):
                for arrived in self.uploads.send(diff.model, self._heed_signal):
                    self._record(diff.model, [Outcome(row) for row in arrived])
        for diff in sending:
            self._send_rows(diff.model, 1, known=True)
        for diff in sending:
            self._send_rows(diff.model, 1, known=False)
        for diff in sending:
            if self.mart.has_turn(diff.model, 2):
                self._find(diff, turn=2)
                self._send_rows(diff.model, 2, known=True)
                self._send_rows(diff.model, 2, known=False)
        for diff in plan.busy:
            self._delete(diff)

    def _find(self, diff: Diff, turn: int) -> None:
        """Look for the records of rows we do not know, and count what nulls would overwrite there."""
        model = diff.model
        if self.destination.upserts and model.mode != "update":
            return
        _, unknown = self.mart.counts(model)
        windows = [] if self.destination.is_empty(model, unknown) else self.mart.unsought(model, turn)
        for window in windows:
            self._heed_signal()
            nulls = {f for each in {row.null_fields for row in window} for f in each.split(",") if f}
            found = self.destination.find(model, window, sorted(nulls))
            rejected, ids = [], {}
            for row in window:
                records = found[row.row_key]
                if not records and model.mode != "update":
                    continue
                if rejection := _match_rejection(model, len(records)):
                    rejected.append(Outcome(row, rejection))
                else:
                    ids[row.row_key] = records[0].id
                    for name in filter(None, row.null_fields.split(",")):
                        filled = records[0].values.get(name) not in (None, "")
                        diff.null_overwrites[name] = diff.null_overwrites.get(name, 0) + filled
            self.mart.mark(model, ids, turn)
            self.mart.mark(model, {outcome.row.row_key: None for outcome in rejected}, 0)
            self._record(model, rejected)
        self.mart.sought(model, turn)

    def _revise(self, plan: Plan, sending: Sequence[Diff]) -> None:
        """Hold the plan against the caps again, now that it is known which rows are updates."""
        for diff in sending:
            diff.null_overwrites = {name: n for name, n in diff.null_overwrites.items() if n}
        work = [Work(d.model, *self.mart.counts(d.model)) for d in sending]
        plan.calls["writes"] = self.destination.calls(work, {})["writes"]
        plan.refuse_over(self.request.caps)

    def _send_rows(self, model: PublishModel, turn: int, *, known: bool) -> None:
        """Change records, or create them. Meanwhile the next window is read, and what became of rows is written down,
        beside."""
        windows, call = self._noted(model, turn, known), self.destination.update if known else self._create(model)
        self.meter.before_wait = partial(self._write_down, model)
        ahead = self._beside.do(next, windows, None)
        while noted := ahead.result():
            ahead = self._beside.do(next, windows, None)
            window, noted_at = noted
            try:
                for batch in _batches(_still_there(window), self.destination.batch_size, self.destination.batch_bytes):
                    if self.meter.stop.is_set():
                        break
                    for outcomes in call(model, batch):
                        self._record(model, outcomes, turn=turn, later=True)
            finally:
                self._write_down(model)
            # No call is under way, so a signal leaves nothing uncertain, in the window ahead neither.
            self._beside.do(self.state.drop_intents, model.object, None if self.meter.stop.is_set() else noted_at)
            self._heed_signal()
        self._beside.wait()
        self.meter.before_wait = lambda: None

    def _create(self, model: PublishModel) -> Callable[[PublishModel, Sequence[Row]], Iterator[list[Outcome]]]:
        """How records are created: by a destination that upserts, without having been looked for."""
        return (
            self.destination.upsert if self.destination.upserts and model.mode != "update" else self.destination.insert
        )

    def _noted(self, model: PublishModel, turn: int, known: bool) -> Iterator[tuple[list[Row], datetime]]:
        """Windows of rows to send, and when they were noted: before any call, so that their fate may be written down
        later."""
        for window in self.mart.rows(model, turn=turn, known=known):
            yield window, self.mart.intend(model, turn, window[0].pos, window[-1].pos, known=known)

    def _write_down(self, model: PublishModel) -> None:
        """Have it written down what became of rows."""
        done, calls = self._unwritten, self.meter.unsaved()
        if done or calls:
            accepted = [each.row for each in done if each.accepted]
            rejected = [(each.row, each.rejection) for each in done if each.rejection]
            vanished = [each.row.row_key for each in done if each.vanished]
            self._beside.do(self.state.record, model.object, calls, accepted, rejected, vanished)
        self._unwritten, self._written_at = [], time.monotonic()

    def _delete(self, diff: Diff) -> None:
        gone = [Row(row_key, "", destination_id, True) for row_key, destination_id in self.mart.gone(diff)]
        for batch in _batches(gone, self.destination.deletes_per_call):
            self._heed_signal()
            for outcomes in self.destination.delete(diff.model, batch):
                forgotten = [each.row.row_key for each in outcomes if each.accepted]
                self.state.record(diff.model.object, self.meter.unsaved(), forgotten=forgotten)
                self.result.deleted += len(forgotten)

    def _record(self, model: PublishModel, outcomes: Sequence[Outcome], *, turn: int = 1, later: bool = False) -> None:
        """Note what became of rows; a row whose record vanished gets a second turn, but not a third.

        Args:
            model: the publish model.
            outcomes: of its rows.
            turn: of the rows.
            later: whether it may be written down later.
        """
        vanished = [each for each in outcomes if each.vanished]
        if vanished and turn == 1:
            self._beside.do(self.mart.again, model, [each.row.row_key for each in vanished])
        elif vanished:
            for each in vanished:
                each.rejection = Rejection("", "VANISHED", "the record went away while it was changed")
        accepted, rejected = sum(each.accepted for each in outcomes), [o.rejection for o in outcomes if o.rejection]
        self._unwritten += outcomes
        if not later or time.monotonic() - self._written_at > WRITE_DOWN_SECONDS:
            self._write_down(model)
        if not later:
            self._beside.wait()
        self.result.accepted += accepted
        self.result.rejected += len(rejected)
        for rejection in rejected:
            self.result.reasons[rejection.code] = self.result.reasons.get(rejection.code, 0) + 1
        self._progress(accepted + len(rejected))
        vague = [why for why in rejected if not why.field]
        self._refused_in_a_row = 0 if accepted else self._refused_in_a_row + len(vague)
        if self._refused_in_a_row >= SUSPICIOUS:
            raise StoppedError(
                f"{model.object}: {self._refused_in_a_row} rows in a row were refused without naming a field"
                f" ({vague[-1].code}: {vague[-1].message}); it is not the rows. Look at the object in the destination."
            )

    def _heed_signal(self) -> None:
        if self.meter.stop.is_set():
            raise StoppedError(f"Stopped by a signal after {self.result.accepted} rows; what was sent is recorded.")


def _match_rejection(model: PublishModel, matches: int) -> Rejection | None:
    if matches > 1:
        code, why = "MULTIPLE_MATCHES", f"{matches} records of {model.object} have this key"
    elif not matches:
        code, why = "NO_MATCH", f"{model.object} has no record with this key, and this model creates none"
    else:
        return None
    return Rejection(", ".join(model.key), code, why)


def _still_there(window: Sequence[Row]) -> Iterator[Row]:
    """A window without the rows that the mart has lost meanwhile."""
    return (row for row in window if row.row_hash)


def _batches(rows: Iterable[Row], size: int, most_bytes: int = 0) -> Iterator[list[Row]]:
    """Cut rows into batches: of so many rows, and of no more bytes unless one row alone has more."""
    batch: list[Row] = []
    held = 0
    for row in rows:
        length = len(row.record.encode()) if most_bytes else 0
        if len(batch) == size or (batch and most_bytes and held + length > most_bytes):
            yield batch
            batch, held = [], 0
        batch.append(row)
        held += length
    if batch:
        yield batch
