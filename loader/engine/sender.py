"""Sends the rows of a plan, and notes what became of each.

The states of a row, from the diff to the record:

    new, changed: staged ─┬─ noted (publish_intents), called ─┬─ accepted: publish_state
                          │                                   ├─ rejected: publish_rejections
                          │                                   ├─ vanished: looked for, and sent once more
                          │                                   ├─ later: has its turn again; else publish_later
                          │                                   └─ unknown: read back by key, then one of these
                          └─ rejected before any call (no match, several, a value that cannot be sent)
    gone: deleted, cleared or left

What is noted and not recorded when a run ends is read back by the next one (`recovery.py`). Rows are noted, and what
became of them is written down, a window at a time, only while the run holds the lock.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial

from loader.dbt.artifacts import PublishModel
from loader.engine.background import Background
from loader.engine.destination import Destination, Outcome, Record, Rejection, Row, TakesFiles, Work
from loader.engine.limits import Meter
from loader.engine.plan import Caps, Plan
from loader.engine.result import Result
from loader.engine.sparing import spare
from loader.engine.uploads import Uploads
from loader.errors import StoppedError
from loader.warehouse import GONE, TOGETHER, Diff, Mart, Options

SUSPICIOUS = 50
"""So many rows refused in a row, without a field being named, are not the rows' fault."""
LATER_PAUSES = (2.0, 8.0, 20.0)
"""Seconds before rows that were not taken have their turn again, in ever smaller calls."""
ALL_LATER = 2000
"""So many rows in a row that are not taken now: the rest of them need not be asked for."""
VANISHED_TURN, LATER_TURN = 2, 3
LONG_WAIT = 60.0
"""During a longer wait the warehouse is left alone."""
SHORT_WAIT = 2.0
"""Before a shorter one nothing is written down."""
AHEAD = 2
"""Windows that are read while one is sent: the first of those that are laid aside together takes longest."""


class Sender:
    """Sends one run's rows to one destination.

    Args:
        built: says that the marts are those that the gate saw, or raises.
        progress: called with the number of rows that came to an end.
    """

    def __init__(
        self,
        destination: Destination,
        mart: Mart,
        meter: Meter,
        result: Result,
        built: Callable[[], None],
        progress: Callable[[int], None],
    ) -> None:
        self.destination, self.mart, self.state, self.meter, self.result = destination, mart, mart.state, meter, result
        self._built, self._progress = built, progress
        files = destination if isinstance(destination, TakesFiles) else None
        self.uploads = Uploads(destination, files, mart, built, meter.pause) if files else None
        self._refused_in_a_row = self._later_in_a_row = 0
        self._unwritten: list[Outcome] = []
        self._replaced: StoppedError | None = None
        self._beside = Background()

    def close(self) -> None:
        """Wait until nothing is done beside the calls any more."""
        self._beside.close()

    def send(self, plan: Plan, options: Options, caps: Caps) -> None:
        """Send, delete and clear what the plan says.

        Raises:
            StoppedError: part-way; what was sent is recorded, or noted to be read back.
            RefusedError: the records that were found are over a cap; nothing was sent.
        """
        sending = [d for d in plan.busy if d.to_send]
        for diff in sending:
            self._find(diff, turn=1)
        self._revise(plan, sending, caps)
        for diff in plan.diffs:
            self.mart.reject_invalid(diff, options)
        for diff in sending if self.destination.reads_first else ():
            for outcomes in spare(self.destination, self.mart, diff.model):
                self._record(diff.model, outcomes)
        for diff in sending if self.uploads else ():
            if self.uploads and self.uploads.take(diff.model):
                for outcomes in self.uploads.send(diff.model, self.heed_signal):
                    self._record(diff.model, outcomes)
        if self.uploads:
            self.uploads.refuse_rest([diff.model for diff in sending])
        for known in (True, False):
            for diff in sending:
                self._send_rows(diff.model, 1, known=known)
        self._send_vanished(sending)
        self._send_later([diff.model for diff in sending])
        self._send_vanished(sending)
        for diff in plan.busy:
            self._let_go(diff, options)

    def _send_vanished(self, sending: Sequence[Diff]) -> None:
        """Rows whose record has vanished are looked for, and sent once more."""
        for diff in sending:
            if self.mart.has_turn(diff.model, VANISHED_TURN):
                self._find(diff, VANISHED_TURN)
                self._send_rows(diff.model, VANISHED_TURN, known=True)
                self._send_rows(diff.model, VANISHED_TURN, known=False)

    # Finding

    def _find(self, diff: Diff, turn: int) -> None:
        """Look for the records of rows we do not know, and count what nulls would overwrite there."""
        model = diff.model
        if self.destination.upserts and model.mode != "update":
            return
        _, unknown = self.mart.counts(model)
        windows = [] if self.destination.is_empty(model, unknown) else self.mart.unsought(model, turn)
        for window in windows:
            self.heed_signal()
            nulls = {f for each in {row.null_fields for row in window} for f in each.split(",") if f}
            found = self.destination.find(model, window, sorted(nulls))
            rejected, ids, together = [], {}, self._together(model, found)
            for row in window:
                records = found[row.row_key]
                if not records and model.mode != "update":
                    continue
                if rejection := _match_rejection(model, len(records), together=row.row_key in together):
                    rejected.append(Outcome(row, rejection))
                else:
                    ids[row.row_key] = records[0].id
                    for name in filter(None, row.null_fields.split(",")):
                        filled = records[0].values.get(name) not in (None, "")
                        diff.null_overwrites[name] = diff.null_overwrites.get(name, 0) + filled
                        diff.standing_values[name] = diff.standing_values.get(name, 0) + filled
            self.mart.mark(model, ids, turn)
            self.mart.mark(model, {outcome.row.row_key: None for outcome in rejected}, 0)
            self._record(model, rejected)
        self.mart.sought(model, turn)
        if turn == 1:
            self.mart.part_alike(model)

    def _together(self, model: PublishModel, found: Mapping[str, list[Record]]) -> set[str]:
        """Rows whose key the destination takes for another row's: it finds that one's record, or one for both."""
        records = {key: records[0] for key, records in found.items() if len(records) == 1}
        users = Counter(record.id for record in records.values())
        held = self.mart.holders(model, list(users)) if users else {}
        return {
            key for key, each in records.items() if (each.alike and users[each.id] > 1) or held.get(each.id, key) != key
        }

    def _revise(self, plan: Plan, sending: Sequence[Diff], caps: Caps) -> None:
        """Hold the plan against the caps again, now that it is known which rows are updates."""
        for diff in sending:
            diff.null_overwrites = {name: n for name, n in diff.null_overwrites.items() if n}
        work = [Work(d.model, *self.mart.counts(d.model)) for d in sending]
        work += [Work(d.model, d.clearable, 0) for d in plan.busy if d.clearable]
        plan.calls["writes"] = self.destination.calls(work, {})["writes"]
        plan.refuse_over(caps)

    # Sending

    def _send_rows(self, model: PublishModel, turn: int, *, known: bool, size: int = 0) -> None:
        """Change records, or create them. Meanwhile the next windows are read beside the calls.

        Args:
            model: the publish model.
            turn: of the rows.
            known: whether their records are there.
            size: rows of a call, if fewer than the destination takes.
        """
        windows, call = self._noted(model, turn, known), self.destination.update if known else self._create(model)
        most = min(size or self.destination.batch_size, self.destination.batch_size)
        self.meter.before_wait = partial(self._before_wait, partial(self._write_down, model))
        ahead = deque(self._beside.do(next, windows, None) for _ in range(AHEAD))
        while noted := ahead.popleft().result():
            ahead.append(self._beside.do(next, windows, None))
            (window, noted_at), settled = noted, None
            try:
                for batch in _batches((row for row in window if row.row_hash), most, self.destination.batch_bytes):
                    if self.meter.stop.is_set():
                        break
                    self._still_held()
                    for outcomes in call(model, batch):
                        self._record(model, outcomes, turn=turn, at_once=False)
                settled = noted_at
            finally:
                self._write_down(model, settled)
            if self.meter.stop.is_set():  # no call is under way, so nothing is uncertain, nor in the windows ahead
                self._beside.do(self.state.drop_intents, model.object)
            self.heed_signal()
        self._beside.wait()
        self.meter.before_wait = lambda seconds: None
        if self._replaced:
            raise self._replaced

    def _create(self, model: PublishModel) -> Callable[[PublishModel, Sequence[Row]], Iterator[list[Outcome]]]:
        """How records are created: by a destination that upserts, without having been looked for."""
        return (
            self.destination.upsert if self.destination.upserts and model.mode != "update" else self.destination.insert
        )

    def _noted(self, model: PublishModel, turn: int, known: bool) -> Iterator[tuple[list[Row], datetime]]:
        """Windows of rows to send, and when they were noted: before any call, so that their fate may be written down
        later."""
        for window in self.mart.rows(model, turn=turn, known=known):
            try:
                self._built()
            except StoppedError as error:  # raised here it would keep what was sent from being written down
                self._replaced = error
                return
            noted_at = self.mart.intend(model, turn, window[0].pos, window[-1].pos, known=known)
            if turn != 1:  # they get one again when they are not taken again
                self.mart.postpone(model, [row.row_key for row in window], 0)
            yield window, noted_at

    def _send_later(self, models: Sequence[PublishModel]) -> None:
        """Rows that were not taken have their turn again, after a while and in smaller calls, so that one that stays
        locked does not keep others with it."""
        size = self.destination.batch_size
        for pause in LATER_PAUSES:
            waiting = [model for model in models if self.mart.has_turn(model, LATER_TURN)]
            if not waiting:
                return
            size = max(1, size // 7)
            self.meter.pause(pause)
            for model in waiting:
                self._send_rows(model, LATER_TURN, known=True, size=size)
                self._send_rows(model, LATER_TURN, known=False, size=size)

    # Leaving

    def _let_go(self, diff: Diff, options: Options) -> None:
        """Delete or clear the records of rows that left the mart."""
        model, deletes = diff.model, bool(diff.deletable)
        fields = self.destination.fields(model.object) or {}
        required = [name for name, field in fields.items() if not field.nillable]
        call = self.destination.delete if deletes else self.destination.update
        size = self.destination.deletes_per_call if deletes else self.destination.batch_size
        done: list[Outcome] = []
        write_down = partial(self._record_leaving, model, done, deleted=deletes)
        self.meter.before_wait = partial(self._before_wait, write_down)
        for window in self.mart.leaving(diff, options, required):
            self._built()
            try:
                for batch in _batches(window, size, 0 if deletes else self.destination.batch_bytes):
                    self.heed_signal()
                    self._still_held()
                    for outcomes in call(model, batch):
                        done += outcomes
            finally:
                write_down()
        self.meter.before_wait = lambda seconds: None

    def _record_leaving(self, model: PublishModel, outcomes: list[Outcome], *, deleted: bool) -> None:
        """Write down what became of these, and forget them. A record that is gone is followed no longer; one that was
        cleared is, in case its row comes back. What is not written down is deleted, or cleared, once more."""
        done = [each.row for each in outcomes if each.accepted]
        gone = [each.row.row_key for each in outcomes if each.vanished] + [row.row_key for row in done if deleted]
        rejected = [(each.row, each.rejection) for each in outcomes if each.rejection]
        for row, _ in rejected:
            row.row_hash = GONE
        later = [(each.row, each.later) for each in outcomes if each.later]
        kept = [] if deleted else done
        self.state.record(model.object, self.meter.unsaved(), kept, rejected, gone, later)
        outcomes.clear()
        self.result.note_later(model.object, [row.row_key for row, _ in later], [])
        self.result.deleted += len(gone) if deleted else 0
        self.result.cleared += len(kept)
        self.result.note_rejected([why for _, why in rejected])

    # Writing down

    def _record(self, model: PublishModel, outcomes: Sequence[Outcome], *, turn: int = 1, at_once: bool = True) -> None:
        """Note what became of rows; a row whose record vanished gets a second turn, but not a third.

        Args:
            model: the publish model.
            outcomes: of its rows.
            turn: of the rows.
            at_once: whether it has to be written down now.
        """
        others = [each for each in outcomes if not each.accepted]
        vanished = [each for each in others if each.vanished]
        if vanished and turn != VANISHED_TURN:
            self._beside.do(self.mart.again, model, [each.row.row_key for each in vanished])
        elif vanished:
            for each in vanished:
                each.rejection = Rejection("", "VANISHED", "the record went away while it was changed")
        self._unwritten += outcomes
        if later := [each.row.row_key for each in others if each.later]:
            self._beside.do(self.mart.postpone, model, later, LATER_TURN)
        if at_once:
            self._write_down(model)
            self._beside.wait()
        self._count(model, outcomes, others)

    def _count(self, model: PublishModel, outcomes: Sequence[Outcome], others: Sequence[Outcome]) -> None:
        accepted, rejected = len(outcomes) - len(others), [o.rejection for o in others if o.rejection]
        later = [each for each in others if each.later]
        self.result.accepted += accepted
        self.result.held += sum(each.held for each in others)
        self.result.note_rejected(rejected)
        self.result.note_later(model.object, [o.row.row_key for o in later], (o.row.row_key for o in outcomes))
        self._progress(accepted + len(rejected))
        vague = [why for why in rejected if not why.field]
        self._refused_in_a_row = 0 if accepted else self._refused_in_a_row + len(vague)
        self._later_in_a_row = 0 if accepted else self._later_in_a_row + len(later)
        if self._refused_in_a_row >= SUSPICIOUS:
            raise StoppedError(
                f"{model.object}: {self._refused_in_a_row} rows in a row were refused without naming a field"
                f" ({vague[-1].code}: {vague[-1].message}); it is not the rows. Look at the object in the destination."
            )
        if self._later_in_a_row >= ALL_LATER and later[-1].later:
            why = later[-1].later
            raise StoppedError(
                f"{model.object}: {self._later_in_a_row} rows in a row were not taken now ({why.code}: {why.message})."
                " They are sent by the next run."
            )

    def _write_down(self, model: PublishModel, noted_at: datetime | None = None) -> None:
        """Have it written down what became of rows; when the last of them were noted, if no row of theirs is left."""
        done, calls = self._unwritten, self.meter.unsaved()
        if done or calls or noted_at:
            accepted = [each.row for each in done if each.accepted]
            others = [each for each in done if not each.accepted]
            rejected = [(each.row, each.rejection) for each in others if each.rejection]
            vanished = [each.row.row_key for each in others if each.vanished]
            later = [(each.row, each.later) for each in others if each.later]
            self.result.unrecorded += len(accepted)
            self._beside.do(self._written, model.object, calls, accepted, rejected, vanished, later, noted_at)
        self._unwritten = []

    def _written(
        self,
        object_name: str,
        calls: tuple[int, Sequence[int], datetime] | None,
        accepted: Sequence[Row],
        rejected: Sequence[tuple[Row, Rejection]],
        vanished: Sequence[str],
        later: Sequence[tuple[Row, Rejection]],
        noted_at: datetime | None,
    ) -> None:
        self.state.record(object_name, calls, accepted, rejected, vanished, later, noted_at)
        self.result.unrecorded -= len(accepted)

    def _before_wait(self, write_down: Callable[[], None], seconds: float) -> None:
        """When a wait begins, write down; and say how long nothing will be heard of this run."""
        if seconds > SHORT_WAIT:
            write_down()
        if seconds > LONG_WAIT:
            self._beside.do(self.state.lock.hold, seconds)

    def _still_held(self) -> None:
        """After a while in which nothing was written down (a machine that slept, a process that was stopped) look
        whether the lock is still this run's, before anything more is sent."""
        if self.state.lock.is_old:
            self._beside.do(self.state.lock.hold).result()

    def heed_signal(self) -> None:
        """Stop between two calls when a signal came."""
        if self.meter.stop.is_set():
            raise StoppedError(f"Stopped by a signal after {self.result.accepted} rows; what was sent is recorded.")


def _match_rejection(model: PublishModel, matches: int, *, together: bool) -> Rejection | None:
    if together:
        code, why = TOGETHER, "the destination takes the key for the same as another row's"
    elif matches > 1:
        code, why = "MULTIPLE_MATCHES", f"{matches} records of {model.object} have this key"
    elif not matches:
        code, why = "NO_MATCH", f"{model.object} has no record with this key, and this model creates none"
    else:
        return None
    return Rejection(", ".join(model.key), code, why)


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
