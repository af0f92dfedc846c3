"""Everything that ends a run early, by what the caller should do about it."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ACCEPTED, REJECTED, MISUSED, REFUSED, STOPPED = range(5)
"""Exit codes: all rows accepted; finished with rejections; wrong settings; gate or cap; part-way."""


class LoaderError(Exception):
    """A failure with a message for people and an exit code for schedulers."""

    exit_code = STOPPED
    results: list[dict[str, Any]] = []  # noqa: RUF012 - set on one error, never changed in place
    """What had been done until then, as JSON has it."""


class MisuseError(LoaderError):
    """Wrong usage, configuration, schema or credentials; nothing was sent."""

    exit_code = MISUSED


class RefusedError(LoaderError):
    """The gate, a cap or a lock said no; nothing was sent."""

    exit_code = REFUSED


class StoppedError(LoaderError):
    """Stopped part-way (destination down, quota spent, a signal); safe to run again."""


class WaitingError(StoppedError):
    """One object has to wait, for a file of an earlier run; others need not."""


def for_people(error: LoaderError | ReplyError) -> LoaderError:
    """What ended a command that sends nothing, as a sentence and with its exit code."""
    if isinstance(error, LoaderError):
        return error
    return MisuseError(f"{error}.") if isinstance(error, FatalError) else StoppedError(f"{error}.")


def own_failure(error: Exception) -> StoppedError:
    """An error in the loader itself, by its place alone: its text may hold anything."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}"
    return StoppedError(f"The loader itself failed ({where}); what was sent is recorded.")


@dataclass(eq=False)
class ReplyError(Exception):
    """A call that did not succeed.

    Attributes:
        message: what is known, without values of fields and without secrets.
        status: HTTP status, or 0 when no reply came.
        url: the call's path, without its query.
        code: the vendor's error code.
        request_id: the vendor's id of the request, for its support.
    """

    message: str
    status: int = 0
    url: str = ""
    code: str = ""
    request_id: str = ""

    def __str__(self) -> str:
        known = (f"HTTP {self.status}" if self.status else "", self.code, self.url)
        request = f"request {self.request_id}" if self.request_id else ""
        details = ", ".join(each for each in (*known, request) if each)
        return f"{self.message} ({details})" if details else self.message


@dataclass(eq=False)
class RetriableError(ReplyError):
    """Try again later.

    Attributes:
        ambiguous: whether the call may have taken effect.
        retry_after: seconds the destination asked for, or None.
        throttled: whether the destination said that there were too many calls.
    """

    ambiguous: bool = True
    retry_after: float | None = None
    throttled: bool = False


@dataclass(frozen=True)
class Problem:
    """One thing the destination found wrong: the field, and the value it did not take, or a list of such.

    Attributes:
        certain: it is the value that is not taken, whichever row has it.
        later: it passes by itself, such as a lock.
    """

    field: str
    code: str
    message: str
    value: object = None
    certain: bool = False
    later: bool = False

    def names(self, record: Mapping[str, Any]) -> bool:
        """Whether a record holds the field and the value."""
        if not self.field or self.field not in record:
            return False
        sent, values = record[self.field], self.value if isinstance(self.value, list) else [self.value]
        parts = {sent, *sent.split(";")} if isinstance(sent, str) else {sent}
        return sent == self.value or any(str(part) == str(value) for part in parts for value in values)


@dataclass(eq=False)
class RowRejected(ReplyError):  # noqa: N818 - named in the design
    """The destination looked at the rows and took none of them.

    Attributes:
        vague: it did not say which field of which row, nor with a code that is known to be about rows.
        later: it is no fault of the rows (a lock, a busy record); they may be taken another time.
        under_way: it took too long there, so it may take effect yet.
    """

    problems: list[Problem] = field(default_factory=list)
    vague: bool = False
    later: bool = False
    under_way: bool = False


class FatalError(ReplyError):
    """No call of this kind can succeed: credentials, address, permissions."""
