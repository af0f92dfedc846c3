"""What a user of the sandbox sets and sees: switches, limits, faults and the call log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

FaultKind = Literal[
    "status",
    "reset",
    "hang",
    "late",
    "slow",
    "truncated",
    "cut_off",
    "html",
    "result_false",
    "revoke_key",
    "end_tokens",
    "redirect",
    "empty",
    "echo",
    "bomb",
]

COMMITS_BY_DEFAULT: frozenset[str] = frozenset({"slow", "truncated", "cut_off"})
"""Kinds that damage the reply of a call which took effect; the others prevent the call."""


@dataclass
class Switches:
    """One field for each gap of the contract; the first value is the default.

    Attributes:
        query_shape: 3.5: `data` of a read is `{"records": list}`, or the list itself.
        empty_result: 3.5: `{"records": []}`; `result:false` GSOBJ_1XXX on 200; GSOBJ_1011 on 400;
            or a bare empty list.
        null_in_query: a null value of a selected field is `null`, or its key is absent.
        longest_page: 3.5: most rows of a read, whatever was asked for.
        unsorted_order: order of a read without `orderBy`: as inserted, or another one each call.
        expression_parentheses: 3.5: whether `expression` may hold parentheses (undocumented).
        put_no_match: 3.3: a record without a match fails the call; or is listed in `errors`
            while the others are written; or is left out without a word.
        put_multi_match: 3.3: a key that matches several rows: all are written, the call fails, or
            the first is written.
        put_duplicate_keys: 3.3: one key twice in one payload: the last record wins, or it fails.
        errors_index: 3.4: `dense` has an entry per record (good ones are `[]`, so that the index is
            the record's position); `sparse` has entries for bad records only.
        errors_shape: 3.4: `errors` is a list of lists by record, one flat list, a mapping by the record's number, or
            one list of texts.
        picklist_refusal: 3.4, 6: a value off a picklist is GSOBJ_1012 with `invalidValue` a list, or GSOBJ_1002.
        partial_success: 3.4: one bad record fails the call; or the good ones are written and the answer is
            200, `result:true` with `errors`, where `count` is of those written, or of all.
        count_reply: 3.2, 3.3: whether a write's reply has `count`.
        insert_echo: 3.2: a created record is answered by its Gsid only, or with the fields sent.
        insert_order: 3.2: order of the records in an insert's reply.
        retry_after: 7: whether a 429 (or 503 fault) carries Retry-After.
        over_limit: 7: whether a call over a limit is refused, or takes effect and is answered 429 all the same.
        error_body: body of 429 and 5xx: the JSON envelope, or a proxy's HTML page.
        error_status: 2: a refused request is answered with HTTP 400, or 200 and `result:false`.
        unauthorized_status: 1: HTTP status of GS_APIG_2401.
        bearer_refusal: 1: the answer to a bearer token that ended: GS_APIG_2401; GSOBJ_1024 on 400; or a bare 401.
        error_without_accept: 1: an error for a client without `Accept: application/json` is a page with status 200.
        object_name_case: 3.1: object names in data paths match in any case, or exactly.
        allowed_ips: 1: addresses an access key may be used from; None is all (GS_APIG_2402).
        date_reply: 5: form of DATE and DATETIME on read: ISO 8601, epoch milliseconds, or `yyyy-MM-dd HH:mm:ss.S`.
        dates: 5: a DATE is a day, or the instant of its midnight at the tenant, as a read shows and a filter compares.
        time_zone: 5: the tenant's, an IANA name.
        text_trimmed: 14: text is kept, and compared, without spaces around it.
        text_case_blind: 14: text is compared without regard to case.
        number_places: 5: decimals that are kept: all, as the field's metadata says, or so many.
        null_write: 5: a null in an update clears the field, or is ignored.
        multi_select: 5: items of a multi-select on read: joined by `;` or `,`, in the picklist's order, or a list.
        bulk_end: 8: how an import ends: COMPLETED, FAILED, ABORTED, in a state nobody documented, with COMPLETED under
            another name, never, or with a status id that the status call does not know.
        bulk_written: 8: which of the rows are written before that.
        cta_reference: 11: the `referenceId` of a created call to action is a field that a list shows, or is kept
            nowhere.
        cta_reply: 11: a created call is answered as {reference: gsid}, as {referenceId, gsid}, or by its gsid alone.
    """

    query_shape: Literal["records", "list"] = "records"
    empty_result: Literal["records", "result_false", "gsobj_1011", "list"] = "records"
    null_in_query: Literal["null", "omitted"] = "null"
    longest_page: int = 5000
    unsorted_order: Literal["insertion", "arbitrary"] = "insertion"
    expression_parentheses: bool = False
    put_no_match: Literal["fail_all", "partial", "zero"] = "fail_all"
    put_multi_match: Literal["all", "error", "first"] = "all"
    put_duplicate_keys: Literal["last", "error"] = "last"
    errors_index: Literal["dense", "sparse"] = "dense"
    errors_shape: Literal["nested", "flat", "by_number", "texts"] = "nested"
    picklist_refusal: Literal["GSOBJ_1012", "GSOBJ_1002"] = "GSOBJ_1012"
    partial_success: Literal["never", "count_written", "count_all"] = "never"
    count_reply: bool = True
    insert_echo: Literal["gsid", "full"] = "gsid"
    insert_order: Literal["sent", "shuffled"] = "sent"
    retry_after: bool = False
    over_limit: Literal["refused", "done"] = "refused"
    error_body: Literal["json", "html"] = "json"
    error_status: Literal[400, 200] = 400
    unauthorized_status: Literal[401, 403, 200] = 401
    bearer_refusal: Literal["GS_APIG_2401", "GSOBJ_1024", "bare"] = "GS_APIG_2401"
    error_without_accept: Literal["html", "json"] = "html"
    object_name_case: Literal["any", "exact"] = "any"
    allowed_ips: tuple[str, ...] | None = None
    date_reply: Literal["iso", "epoch", "space"] = "iso"
    dates: Literal["day", "midnight"] = "day"
    time_zone: str = "UTC"
    text_trimmed: bool = False
    text_case_blind: bool = False
    number_places: Literal["all", "metadata"] | int = "all"
    null_write: Literal["clears", "ignored"] = "clears"
    multi_select: Literal["semicolon", "comma", "sorted", "list"] = "semicolon"
    bulk_end: Literal["COMPLETED", "FAILED", "ABORTED", "unknown_state", "other_name", "never", "unknown_id"] = (
        "COMPLETED"
    )
    bulk_written: Literal["all", "half", "none"] = "all"
    cta_reference: Literal["stored", "hidden"] = "stored"
    cta_reply: Literal["map", "objects", "bare"] = "map"


@dataclass
class Limits:
    """Contract section 7. A count of None is no limit; windows are fixed and start at multiples.

    A call that is answered 429 is not counted. Every authorised call counts, reads, metadata and
    tokens included; a bulk import counts in the bulk windows only.
    """

    calls_per_window: int | None = 100
    window_seconds: float = 60.0
    calls_per_day: int | None = 50_000
    bulk_calls_per_window: int | None = 10
    bulk_window_seconds: float = 3600.0
    bulk_calls_per_day: int | None = 100
    day_seconds: float = 86_400.0
    low_volume_rows: int | None = 1_000_000

    @classmethod
    def off(cls) -> Limits:
        """No limit on calls; the size of a Low Volume object stays limited."""
        return cls(
            calls_per_window=None,
            calls_per_day=None,
            bulk_calls_per_window=None,
            bulk_calls_per_day=None,
        )


@dataclass(frozen=True)
class Fault:
    """A misbehaviour on a schedule, for calls that are authorised and within the limits.

    Attributes:
        kind: `status` (that HTTP status), `reset` (TCP reset), `hang` (silence for `seconds`;
            then the connection closes, or, after a commit, the late reply comes), `late` (the connection breaks at
            once, and the call takes effect after `seconds`), `slow` (the reply
            drips over `seconds`), `truncated` (half the JSON, its length declared truthfully),
            `cut_off` (half the JSON, then the connection closes), `html` (a page with status 200),
            `result_false` (an error on status 200), `revoke_key` (credentials are refused from this
            call on), `end_tokens` (the same for M2M tokens that were issued), `redirect` (to `location`),
            `empty` (status 200 and no body), `echo` (a 400 whose text has the caller's credentials), `bomb`
            (a small body that unpacks to hundreds of megabytes).
        operation: one or several of insert, update, query, record, delete, describe, list, dropdown, token,
            bulk, bulk_status, cta_create, cta_list, cta_names; `write` stands for insert, update and delete. None is
            all.
        object: object name in any case; None is all.
        holding: only calls whose path or body holds this text, such as a record's id or key; empty is all.
        nth: the first matching call that is struck, counted from 1.
        times: how many calls are struck; None is no end.
        probability: chance that a matching call is struck, drawn from `seed`; None is certainty.
        status: for `status` and `redirect`.
        body: for `status`: `json`, `html`, or a dict sent as JSON; None follows the switch.
        code: `errorCode` of JSON bodies; None is chosen by status.
        retry_after: Retry-After header, as given.
        seconds: for `hang`, `late` and `slow`.
        after_commit: whether the call takes effect first. None: it does for `slow`, `truncated`
            and `cut_off` (always), and for no other kind.
        location: for `redirect`.
    """

    kind: FaultKind
    operation: str | tuple[str, ...] | None = None
    object: str | None = None
    holding: str = ""
    nth: int = 1
    times: int | None = 1
    probability: float | None = None
    seed: int = 0
    status: int = 503
    body: Literal["json", "html"] | dict[str, Any] | list[dict[str, Any]] | None = None
    code: str | None = None
    retry_after: float | str | None = None
    seconds: float = 1.0
    after_commit: bool | None = None
    location: str = ""

    def __post_init__(self) -> None:
        if self.after_commit is False and self.kind in COMMITS_BY_DEFAULT:
            raise ValueError(f"{self.kind} spoils the reply of a call that took effect")

    @property
    def commits(self) -> bool:
        """Whether the struck call takes effect."""
        if self.after_commit is None:
            return self.kind in COMMITS_BY_DEFAULT
        return self.after_commit


@dataclass
class Call:
    """One request as the server saw it.

    Attributes:
        status: HTTP status of the reply, or 0 when no reply was sent.
        records: records in the request (insert, update), rows in the reply (query), else 0.
        started_at: seconds since the epoch by the sandbox's clock.
        seconds: time the server worked on it, without the waiting of faults.
        committed: whether it changed stored rows.
        fault: kind of the scheduled fault that struck it.
        code: errorCode of the reply.
        ended: whether the server is through with it; one that takes effect late goes on after its connection broke.
    """

    method: str
    path: str
    operation: str
    object: str | None = None
    status: int = 0
    records: int = 0
    started_at: float = 0.0
    seconds: float = 0.0
    committed: bool = False
    fault: str | None = None
    code: str | None = None
    ended: bool = False
