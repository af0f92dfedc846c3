"""Gate, diff, plan, send, record."""

from __future__ import annotations

import logging
import signal
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from loader.dbt.artifacts import Artifacts, PublishModel
from loader.dbt.gate import check_gate
from loader.engine.check import must_fit
from loader.engine.destination import Destination, HandsOver, TellsQuota
from loader.engine.freshness import Allowed, Marts, read_marts, refuse_older
from loader.engine.limits import Meter
from loader.engine.plan import Caps, Plan, make_plan
from loader.engine.recovery import recover
from loader.engine.result import Result
from loader.engine.sender import Sender
from loader.engine.values import as_json
from loader.errors import ACCEPTED, REJECTED, STOPPED, FatalError, LoaderError, MisuseError, ReplyError, StoppedError
from loader.warehouse import Mart, Options, State, links, owner, standing
from loader.warehouse.invocations import build_mark

log = logging.getLogger("loader")


@dataclass(frozen=True)
class Request:
    """What the user asked of a publish.

    Attributes:
        gate: False skips the gate, and the run's record says so.
        max_rejected_share: rejected rows per row of the mart that still count as success.
        allowed: changes of the mart's day and grain that are meant.
        limit: only the first so many rows of each object.
    """

    options: Options = Options()
    caps: Caps = Caps()
    gate: bool = True
    max_rejected_share: float = 0.0
    allowed: Allowed = field(default_factory=Allowed)
    limit: int | None = None


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


@contextmanager
def locked(state: State) -> Iterator[None]:
    """Hold a connection's lock for work on its state that is not a publish.

    Raises:
        RefusedError: a publish is running.
    """
    state.lock.take(uuid.uuid4().hex)
    try:
        yield
    finally:
        state.lock.release()


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
        self.result = Result(destination=destination.name, connection=state.connection)
        self._show, self._built = show, ""
        self._models: Sequence[PublishModel] = ()
        self._waiting: list[str] = []
        self._sender = Sender(destination, self.mart, self.meter, self.result, self._still_built, progress)

    def run(self, artifacts: Artifacts, models: Sequence[PublishModel]) -> Result:
        """Publish these models; however it ends, the run's record says so.

        Raises:
            LoaderError: everything but success and rejections; the record is written before.
        """
        result, self._models = self.result, models
        result.run_id = self.state.begin_run()
        log.info("run %s to %s", result.run_id, self.state.name)
        try:
            with self._signals():
                marts = self._judge_marts(artifacts, models)
                models = self._recovered(models)
                plan = self._plan(models, marts)
                plan = self._linked(plan, models, marts)
                standing.note_standing(self.state, models, marts.as_of, marts.grain)
                self._sender.send(plan, self.request.options, self.request.caps)
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

    def _recovered(self, models: Sequence[PublishModel]) -> list[PublishModel]:
        """Settle what an earlier run left open; the models whose objects need not wait for it."""
        accepted, waiting = recover(self.destination, self.mart, models, self._sender.uploads, self.meter)
        self.result.accepted += accepted
        self._waiting = list(waiting.values())
        return [each for each in models if each.object not in waiting]

    def _judge_marts(self, artifacts: Artifacts, models: Sequence[PublishModel]) -> Marts:
        """Hold the state, dbt's results and the mart's day and grain against what may be sent."""
        owner.take_possession(self.state)
        self._built = build_mark(self.state, models)
        self._gate(artifacts, models)
        marts = read_marts(self.state, models)
        refuse_older(self.state, models, marts, self.request.allowed)
        for model in models:
            standing.follow_key(self.mart, model)
        return marts

    def _gate(self, artifacts: Artifacts, models: Sequence[PublishModel]) -> None:
        if not self.request.gate:
            self.result.gate = "skipped (--no-gate)"
            log.warning("THE GATE IS SKIPPED (--no-gate): nobody knows whether these rows passed their tests.")
            return
        self.result.gate = "refused"
        check_gate(artifacts, models, self.state)
        self.result.gate = "passed"

    def _still_built(self) -> None:
        """Notice that dbt ran since the gate looked: beside us, or while we had let go of the warehouse."""
        if self._built != build_mark(self.state, self._models):
            raise StoppedError("The marts were built again, or are being built, since the gate looked; run this again.")

    def _plan(self, models: Sequence[PublishModel], marts: Marts) -> Plan:
        diffs = [self.mart.diff(model, self.request.options) for model in models]
        if any(each.to_send or each.deletable or each.clearable for each in diffs):
            self._ask_quota()
        plan = make_plan(self.destination, diffs, self.mart, self.meter.remaining, marts, self.request.limit)
        plan.remarks += self._waiting
        self.result.plan = plan
        self._show(plan)
        plan.refuse_over(self.request.caps)
        return plan

    def _ask_quota(self) -> None:
        """How many calls the destination takes yet today, once a run, where it can be asked."""
        if isinstance(self.destination, TellsQuota) and not self.meter.is_told and self.meter.remaining:
            self.destination.connect(self.meter)
            self.destination.ask_quota()

    def _linked(self, plan: Plan, models: Sequence[PublishModel], marts: Marts) -> Plan:
        """Resolve what look-ups point to; where a record was made again, merged or is gone, more rows are sent."""
        values = self.mart.lookup_values(models, staged=False)
        if not (plan.busy or any(values.values())):
            return plan
        if not self.meter.remaining:
            if plan.busy:
                raise StoppedError(f"Today's quota of {self.destination.calls_per_day} calls is used up.")
            return plan
        self.destination.connect(self.meter)
        if plan.busy:
            must_fit(self.destination, [d.model for d in plan.busy])
        self.destination.resolve(values)
        moved = 0
        for model in models:
            for each in model.lookups:
                found = {str(as_json(v)): self.destination.linked(each, v) for v in values[each.object, each.match]}
                targets = {value: ",".join(ids) for value, ids in found.items()}
                moved += links.relink(self.mart, model, each, targets)
        if not moved:
            return plan
        log.info("%d look-ups point elsewhere than when their rows were sent; those are sent again", moved)
        plan = self._plan(models, marts)
        must_fit(self.destination, [d.model for d in plan.busy])
        return plan

    def _fail(self, error: LoaderError) -> None:
        outcome = {2: "failed", 3: "refused"}.get(error.exit_code, "stopped")
        self._sender.close()
        if lost := self.result.unrecorded:
            text = f"{error} {lost} rows were accepted and could not be written down; the next run reads them back."
            error = type(error)(text)
        self._end(outcome, error.exit_code, str(error))
        raise error

    def _judge(self, plan: Plan) -> None:
        result, rows = self.result, plan.rows("rows")
        result.rejected += plan.rows("rejected")
        share = result.rejected / rows if rows else 0.0
        over = share > self.request.max_rejected_share
        why = f" ({share:.2%} of the model's rows, allowed {self.request.max_rejected_share:.2%})"
        later = f" {result.later} rows were not taken now; `status` lists them." if result.later else ""
        left = f" {plan.left} rows are left for the next run: today's quota does not take them." if plan.left else ""
        held = f" {plan.rows('held_back')} rows wait (--limit {self.request.limit})." if plan.rows("held_back") else ""
        if result.held and isinstance(self.destination, HandsOver):
            held += f" {result.held} rows wait ({self.destination.caps})."
        says, waiting = " `status` says why." if result.rejected else "", [*plan.emptied, *self._waiting]
        message = (
            f"{self.state.name}: {result.accepted} rows accepted, {result.rejected} rejected"
            f"{why if result.rejected else ''}, {result.deleted} deleted,"
            f"{f' {result.cleared} cleared,' if result.cleared else ''} {plan.rows('unchanged')} unchanged,"
            f" {self.meter.calls} calls.{says}{later}{left}{held}{''.join(f' {text}' for text in waiting)}"
        )
        if plan.left or result.later or self._waiting:
            raise StoppedError(message)
        code = REJECTED if result.rejected and over else ACCEPTED
        self._end("finished with rejections" if result.rejected else "finished", code, message)

    def _end(self, outcome: str, exit_code: int, message: str) -> None:
        result, plan = self.result, self.result.plan
        result.outcome, result.exit_code, result.message = outcome, exit_code, message
        result.api_calls = self.meter.calls
        self._sender.close()
        counts = {f"rows_{n}": plan.rows(n) if plan else 0 for n in ("new", "changed", "unchanged", "gone")}
        marts = plan.marts if plan else Marts()
        try:
            self.state.end_run(
                self.meter.unsaved(), outcome=outcome, exit_code=exit_code, message=message, gate=result.gate,
                api_calls=result.api_calls, rows_accepted=result.accepted, rows_rejected=result.rejected,
                rows_later=result.later, as_of=marts.as_of, grain=marts.grain, **counts,
            )  # fmt: skip
        except StoppedError as error:
            log.warning("The end of the run could not be written down: %s", error)
            if exit_code != STOPPED:
                raise

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """SIGINT and SIGTERM let the batch in hand finish."""
        before = {s: signal.signal(s, lambda *_: self.meter.stop.set()) for s in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
