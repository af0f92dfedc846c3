"""What the rigs of all systems behind HTTP share: faults, limits, and runs of a process of its own that is killed."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Self

import one_run
import pytest
from rigs import Bench, Died, lacks, model

from loader.engine import http
from loader.engine.destination import Destination
from loader.engine.limits import Window
from sandbox import Fault
from sandbox.base import LocalSystem
from sandbox.settings import Call

Operations = dict[str, tuple[str, ...]]
"""What a local system calls the calls that `write`, `read` and `delete`."""
STRUCK: dict[str, dict[str, Any]] = {
    "lost": {"after_commit": True, "status": 500},
    "too many": {"after_commit": True, "status": 429, "retry_after": 0.05},
    "down": {"status": 503},
    "key": {"status": 401},
}
PATIENCE = 60.0
"""Seconds to wait for what a test is sure of."""


class HttpRig:
    """See `rigs.Rig`. A rig of its own says what has no value or body here.

    Args:
        box: the local system, which serves.
        patch: undone at the end of the test.

    Attributes:
        kind: makes the destination.
        prefix: of its settings.
        operations: by kind of call.
        settings: by name without the prefix; a test may change them.
    """

    name: str
    tells_made = True
    prefix: ClassVar[str]
    kind: Callable[[], Destination]
    given: dict[str, Any] = {}  # noqa: RUF012 - never changed
    operations: Operations
    credentials: ClassVar[dict[str, str]]

    def __init__(self, box: Any, patch: pytest.MonkeyPatch) -> None:
        self.box, self._patch, self._others, self._late = box, patch, ExitStack(), False
        self.settings = {
            "BASE_URL": box.url, "CALLS_PER_MINUTE": "100000", "CALLS_PER_DAY": "1000000", "TIMEOUT_SECONDS": "0.5",
            "GIVE_UP_SECONDS": "20", **self.credentials,
        }  # fmt: skip
        self.provision()

    @classmethod
    @contextmanager
    def serving(cls, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Self]:
        """A rig; its system ends with the context."""
        with cls.system(folder) as box:
            made = cls(box, patch)
            with made._others:
                yield made

    # What each says itself

    @classmethod
    def system(cls, folder: Path) -> LocalSystem:
        """A system with nothing in it, its file in a folder."""
        raise NotImplementedError

    def provision(self) -> None:
        """Make the objects: things, and what their look-up points to."""
        raise NotImplementedError

    def records(self) -> list[dict[str, Any]]:
        """See `Rig`."""
        raise NotImplementedError

    def companies(self, codes: Sequence[str]) -> None:
        """See `Rig`."""
        raise NotImplementedError

    def refuse(self, thing: str | None) -> None:
        """See `Rig`."""
        raise NotImplementedError

    def refuse_delete(self, thing: str | None) -> None:
        """See `Rig`."""
        raise NotImplementedError

    def busy(self, thing: str | None) -> None:
        """See `Rig`."""
        raise NotImplementedError

    def left(self, calls: int) -> None:
        """See `Rig`."""
        lacks(f"replies of {self.name} do not tell what is left of the day")

    # What holds for all

    def destination(self) -> Destination:
        """See `Rig`. After a call that takes effect late it waits for that one where it settles, and no longer."""
        for name, value in self.settings.items():
            self._patch.setenv(f"{self.prefix}_{name}", value)
        made = type(self).kind()
        if self._late:
            made.settle = lambda since: self._until(self._all_done)  # type: ignore[attr-defined]
        return made

    def other(self) -> HttpRig:
        """See `Rig`."""
        folder = Path(self._others.enter_context(tempfile.TemporaryDirectory()))
        return type(self)(self._others.enter_context(self.system(folder)), self._patch)

    def calls(self) -> list[tuple[str, float]]:
        """See `Rig`."""
        kinds = {each: kind for kind, names in self.operations.items() for each in names}
        return [(kinds.get(call.operation, call.operation), call.started_at) for call in self.box.calls]

    def written(self) -> list[Call]:
        """Calls that wrote rows."""
        return [call for call in self.box.calls if call.operation in self.operations["write"] and call.committed]

    def batches(self) -> list[tuple[int, int]]:
        """See `Rig`."""
        return [(call.records, 0) for call in self.written()]

    def sent(self) -> int:
        """See `Rig`."""
        return sum(call.records for call in self.written())

    def beyond(self) -> int:
        """See `Rig`."""
        return sum(call.status in (403, 429) for call in self.box.calls)

    def strike(self, kind: str, operation: str, times: int = 1) -> None:
        """See `Rig`."""
        self.schedule(Fault("status", times=times, **STRUCK[kind]), operation)

    def schedule(self, fault: Fault, operation: str, nth: int = 1) -> None:
        """A fault of the sandbox, at the nth `write`, `read` or `delete`."""
        self.box.schedule(replace(fault, operation=self.operations[operation], nth=nth))

    def narrow(self) -> Sequence[Window]:
        """See `Rig`."""
        self.settings |= {"CALLS_PER_MINUTE": "3", "WINDOW_SECONDS": "0.4"}
        return self.destination().windows

    def share(self, calls: int) -> None:
        """See `Rig`."""
        self.settings["CALLS_PER_DAY"] = str(calls)

    def after(self, nth: int, done: Callable[[], None]) -> None:
        """See `Rig`."""
        after(self._patch, nth, lambda method, path: self.box.calls[-1].operation in self.operations["write"], done)

    # Killed

    def start(self, bench: Bench, **given: Any) -> subprocess.Popen[bytes]:
        """One run as a process of its own, which has patience with a call that is not answered."""
        file = bench.folder / "model.pickle"
        file.write_bytes(pickle.dumps(model(destination=self.destination().name, **{**self.given, **given})))
        patient = {f"{self.prefix}_{name}_SECONDS": "120" for name in ("TIMEOUT", "GIVE_UP")}
        root = Path(__file__).parents[3]
        with (bench.folder / "killed.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, one_run.__file__, str(bench.database), str(file)],
                env={**os.environ, **patient, "PYTHONPATH": str(root)},
                stdout=log, stderr=log, cwd=root,
            )  # fmt: skip

    def killed(self, bench: Bench, nth: int, how: Died, **given: Any) -> bool:
        """See `Rig`. By SIGKILL, at a call that the system saw."""
        before = len(self.box.calls)
        writes = (*self.operations["write"], *self.operations["delete"])
        if how == "unanswered":
            self.box.schedule(Fault("hang", operation=writes, nth=nth, seconds=PATIENCE, after_commit=True))
        elif how == "late":
            self.box.schedule(Fault("late", operation=writes, nth=nth, seconds=0.3))
        self._late = self._late or how == "late"

        def reached() -> bool:
            seen = self.box.calls[before:]
            return len(seen) >= nth if how == "answered" else any(call.fault for call in seen)

        process = self.start(bench, **given)
        self._until(lambda: reached() or process.poll() is not None)
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)
        self.box.clear_faults()
        assert process.returncode in (0, -signal.SIGKILL), (bench.folder / "killed.log").read_text()
        return process.returncode != 0

    def _all_done(self) -> bool:
        """Whether every call that takes effect late has done so, or was refused."""
        return all(call.ended for call in self.box.calls if call.fault == "late")

    @staticmethod
    def _until(held: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not held():
            assert time.monotonic() < deadline, "it did not come to pass"
            time.sleep(0.002)


def after(patch: pytest.MonkeyPatch, nth: int, counts: Callable[[str, str], bool], done: Callable[[], None]) -> None:
    """Do something when the nth of these calls has been answered and nobody has looked at the reply; once."""
    made, request = [0], http.Http.request

    def counting(self: http.Http, method: str, path: str, *given: Any, **body: Any) -> http.Reply:
        reply = request(self, method, path, *given, **body)
        if counts(method, path):
            made[0] += 1
            if made[0] == nth:
                done()
        return reply

    patch.setattr(http.Http, "request", counting)


def interrupted() -> None:
    """What `after` does to end a run as if it were killed, in this process."""
    raise KeyboardInterrupt
