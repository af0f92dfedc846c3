"""What a user of the local Salesforce sets: switches, limits, and faults of single rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

DAY_SPENT = {"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}
AT_ONCE = {
    "errorCode": "REQUEST_LIMIT_EXCEEDED",
    "message": "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
}
"""The two meanings of one code: bodies for `Fault("status", status=403, body=[...])`."""


@dataclass
class Switches:
    """What an org may do, or what the vendor leaves open; the first value is the default.

    Attributes:
        hidden: objects (`Account`) and fields (`Account.Health_Score__c`) that the user may not see.
        locked: fields that the user may see and not write.
        triggers: what becomes of a written value, by `Object.Field`, as a trigger or a flow would have it.
        text_trimmed: text is kept without spaces around it.
        times: a date/time is kept to the second, or with milliseconds.
        case_blind: all external ids are compared without regard to case, and describe says so.
        ids: ids in replies and results have 18 characters, or 15.
        limit_header: whether replies carry `Sforce-Limit-Info`.
        duplicate_rule: a rule that finds a duplicate of every created record: there is none, or it blocks. A REST call
            may allow the save by its header, a bulk job may not.
        unknown_column: a column that the object has not: the job fails, or the column is ignored.
        results_order: order of a job's results.
        results_missing: every so manieth row is in none of the results; 0 is none.
        bulk_end: the state that jobs end in; `never` is InProgress for ever.
        bulk_written: which of a job's rows are written before that.
        polls_in_progress: how many polls of a finished job still say InProgress.
    """

    hidden: frozenset[str] = frozenset()
    locked: frozenset[str] = frozenset()
    triggers: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    text_trimmed: bool = False
    times: Literal["seconds", "milliseconds"] = "seconds"
    case_blind: bool = False
    ids: Literal[18, 15] = 18
    limit_header: bool = True
    duplicate_rule: Literal["none", "blocks"] = "none"
    unknown_column: Literal["fails", "ignored"] = "fails"
    results_order: Literal["shuffled", "sent"] = "shuffled"
    results_missing: int = 0
    bulk_end: Literal["JobComplete", "Failed", "Aborted", "never"] = "JobComplete"
    bulk_written: Literal["all", "half", "none"] = "all"
    polls_in_progress: int = 0


@dataclass
class Limits:
    """Allocations; None is no limit. The vendor's day rolls, this one is UTC's.

    Attributes:
        concurrent_calls: calls at once, of any length (the vendor counts those of 20 seconds and more).
    """

    calls_per_day: int = 100_000
    bulk_rows_per_day: int = 150_000_000
    bulk_batches_per_day: int = 15_000
    concurrent_calls: int | None = None
