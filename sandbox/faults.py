"""Faults on a schedule: which call is struck by which one."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field

from sandbox.request import Request
from sandbox.settings import Fault

_GROUPS = {"write": ("insert", "update", "upsert", "delete")}


@dataclass
class _Armed:
    fault: Fault
    operations: frozenset[str] | None
    random: random.Random
    seen: int = 0
    struck: int = 0

    def strikes(self, request: Request) -> bool:
        """Count a call that matches, and say whether this fault is due."""
        fault = self.fault
        if self.operations is not None and request.operation not in self.operations:
            return False
        if fault.object is not None and (request.object or "").lower() != fault.object.lower():
            return False
        if not (fault.holding in request.path or fault.holding.encode() in request.body):
            return False
        self.seen += 1
        if self.seen < fault.nth or (fault.times is not None and self.struck >= fault.times):
            return False
        return fault.probability is None or self.random.random() < fault.probability


@dataclass
class FaultSchedule:
    """All scheduled faults; the first one due strikes, and every one counts its matching calls."""

    _armed: list[_Armed] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _cleared: threading.Event = field(default_factory=threading.Event)

    def add(self, fault: Fault) -> None:
        """Put one more fault on the schedule; its count of calls starts now."""
        armed = _Armed(fault, _operations(fault.operation), random.Random(fault.seed))
        with self._lock:
            self._armed.append(armed)

    def clear(self) -> None:
        """Forget all faults, and end every `hold`."""
        with self._lock:
            self._armed.clear()
            self._cleared.set()
            self._cleared = threading.Event()

    def hold(self, seconds: float) -> None:
        """Wait so long, or until the schedule is cleared."""
        self._cleared.wait(seconds)

    def pick(self, request: Request) -> Fault | None:
        """The fault that strikes this call, if any."""
        with self._lock:
            due = [armed for armed in self._armed if armed.strikes(request)]
            if not due:
                return None
            due[0].struck += 1
            return due[0].fault


def _operations(given: str | tuple[str, ...] | None) -> frozenset[str] | None:
    if given is None:
        return None
    names = (given,) if isinstance(given, str) else given
    return frozenset(each for name in names for each in _GROUPS.get(name, (name,)))
