"""What a user of the local Marketo sets: switches and limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CALLS_PER_DAY = 50_000
"""What most subscriptions have; the least is 10,000."""


@dataclass
class Switches:
    """What an instance may do, or what the vendor leaves open; README.md says what each is evidence of.

    Attributes:
        native_sync: a native CRM sync: none; Companies can be read only; or their API is disabled.
        crm_refusal: 1018 is the call's error, or each record's.
        custom_objects: whether the instance has custom objects (1026).
        denied: operations that the API user's role may not do (603).
        token_in_query: whether `access_token` in the query string is taken, as it was before 31 July 2026.
        stale_identity: so many replies of Identity give a token that has ended, with `expires_in` 0.
        unknown_object: the code for a custom object that is not there.
        unknown_uri: HTTP status of 610.
        unknown_field: a field in a record that the object has not: the record is skipped, or the call refused.
        duplicate_input: a key twice in a call: all of its records are skipped, or all but the first.
        exists_code: why `createOnly` skips a record that is there.
        dedupe_updateable: whether describe says that dedupe fields of custom objects can be updated.
        too_long: text beyond a field's length: 1003, 1001, or it is cut.
        fractions: a number with decimals for a whole-number field: 1001, or it is cut.
        orphans: a record whose link leads to no Company: it is kept, or skipped with 1003.
        case_blind: text of dedupe and link fields is compared without regard to case.
        text_trimmed: text is kept without spaces around it.
        time_zone: the instance's; a datetime without an offset is in it.
        null_in_query: a null value of a field that was asked for is left out, or null.
        unset_boolean: a boolean that has no value is null on read, or false.
        decimals: floats and currencies on read: JSON numbers, or text.
        input_query: whether an object with one dedupe field can be queried by `input`.
        results_order: order of the results of a sync or a delete; `seq` is true in any case.
        results_missing: every so manieth result of a sync or a delete is left out; 0 is none.
        query_order: order of the records that a query finds.
        import_end: the state that imports end in; `never` is Importing for ever.
        import_written: which of an import's rows are taken before that.
        polls_in_progress: how many polls of a finished import still say Importing.
        unknown_column: a column that is no field: each row fails, or the column is ignored.
        bad_cell: a cell that is not of its field's type: the row fails, or is taken without it, with a warning.
        empty_cell: an empty cell of an import clears its field, or is ignored.
        null_word: the word NULL in a cell is text, or clears the field as in imports of people.
        files_order: order of the rows in the files of failures and warnings.
        warning_column: the last column of the file of warnings.
    """

    native_sync: Literal["none", "read_only", "disabled"] = "none"
    crm_refusal: Literal["call", "records"] = "call"
    custom_objects: bool = True
    denied: frozenset[str] = frozenset()
    token_in_query: bool = False
    stale_identity: int = 0
    unknown_object: Literal["1013", "610"] = "1013"
    unknown_uri: Literal[200, 404] = 200
    unknown_field: Literal["skips", "refuses"] = "skips"
    duplicate_input: Literal["all", "later"] = "all"
    exists_code: Literal["1005", "1017"] = "1005"
    dedupe_updateable: bool = False
    too_long: Literal["1003", "1001", "cut"] = "1003"
    fractions: Literal["1001", "cut"] = "1001"
    orphans: Literal["kept", "skipped"] = "kept"
    case_blind: bool = False
    text_trimmed: bool = False
    time_zone: str = "America/Chicago"
    null_in_query: Literal["omitted", "null"] = "omitted"
    unset_boolean: Literal["null", "false"] = "null"
    decimals: Literal["number", "text"] = "number"
    input_query: Literal["any", "compound"] = "any"
    results_order: Literal["sent", "shuffled"] = "sent"
    results_missing: int = 0
    query_order: Literal["stored", "shuffled"] = "stored"
    import_end: Literal["Complete", "Failed", "never"] = "Complete"
    import_written: Literal["all", "half", "none"] = "all"
    polls_in_progress: int = 0
    unknown_column: Literal["fails", "ignored"] = "fails"
    bad_cell: Literal["fails", "warns"] = "fails"
    empty_cell: Literal["clears", "ignored"] = "clears"
    null_word: Literal["text", "clears"] = "text"
    files_order: Literal["sent", "shuffled"] = "sent"
    warning_column: str = "Import Warning Reason"


@dataclass
class Limits:
    """The instance's limits, which all its users share. None is no limit.

    Attributes:
        calls_per_window, window_seconds: calls in any such time (606).
        others_per_window: how many of those are other integrations'; the vendor asks each to stay at half.
        calls_per_day: calls from midnight to midnight, Central Standard Time (607).
        others_per_day: calls of other users in each day.
        at_once: calls at the same time (615).
        others_at_once: how many of those are other integrations'.
        counts_refused: whether a call that a limit refused (606, 607, 615) counts as one of the day.
        queue: imports that wait or run (1016).
        others_in_queue: how many of those are other integrations'.
        imports_at_once: imports that run at the same time.
        body_bytes, file_bytes, uri_bytes: the first size that is refused is one more; of a file, the size itself.
    """

    calls_per_window: int | None = 100
    window_seconds: float = 20.0
    others_per_window: int = 50
    calls_per_day: int | None = CALLS_PER_DAY
    others_per_day: int = 0
    at_once: int | None = 10
    others_at_once: int = 0
    counts_refused: bool = True
    queue: int = 10
    others_in_queue: int = 0
    imports_at_once: int = 2
    body_bytes: int = 1_000_000
    file_bytes: int = 10_000_000
    uri_bytes: int = 8_000

    @classmethod
    def off(cls) -> Limits:
        """No limit on calls; sizes and the queue of imports stay limited."""
        return cls(calls_per_window=None, calls_per_day=None, at_once=None)
