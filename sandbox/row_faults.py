"""Errors of single rows, on a schedule."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RowFault:
    """An error of single rows, on a schedule; it strikes rows that are otherwise good.

    Attributes:
        code: the system's, such as `UNABLE_TO_LOCK_ROW`, or `1007`.
        message: the text with it; empty is one that the code often has.
        wrapped: in Salesforce: the code stands in the text of CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY, as when a trigger
            met it.
        warning: in an import to Marketo: the row is taken, and named in the file of warnings.
        object: name; None is all.
        every: every so manieth row that matches.
        times: how many rows are struck; None is no end.
        where: which rows; takes the row's stored values by field.
        fields: in Salesforce: names of fields that the error is about.
    """

    code: str
    message: str = ""
    wrapped: bool = False
    warning: bool = False
    object: str | None = None
    every: int = 1
    times: int | None = None
    where: Callable[[Mapping[str, Any]], bool] | None = None
    fields: tuple[str, ...] = ()


@dataclass
class _Armed:
    fault: RowFault
    seen: int = 0
    struck: int = 0


class RowFaults:
    """The schedule."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []
        self._lock = threading.Lock()

    def add(self, fault: RowFault) -> None:
        """Put one more on the schedule."""
        with self._lock:
            self._armed.append(_Armed(fault))

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._armed.clear()

    def pick(self, object_name: str, row: Mapping[str, Any]) -> RowFault | None:
        """The fault that strikes this row, if any."""
        if not self._armed:
            return None
        with self._lock:
            for armed in self._armed:
                fault = armed.fault
                if fault.object not in (None, object_name) or (fault.where is not None and not fault.where(row)):
                    continue
                armed.seen += 1
                if armed.seen % fault.every or (fault.times is not None and armed.struck >= fault.times):
                    continue
                armed.struck += 1
                return fault
        return None
