"""What the engine needs of a destination. One package per destination implements it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from loader.dbt.artifacts import Lookup, PublishModel
from loader.engine.limits import Meter, Window


@dataclass(slots=True)
class Row:
    """One row to send.

    Attributes:
        row_key: its key values as JSON.
        row_hash: of its values now; empty when the mart does not have it any more, or has values that no JSON can say.
        null_fields: `,A,B,`: fields sent as null.
        stands: whether the state may have a row with this key.
        published_hash: of the values that were sent last.
        longest: characters of its longest text.
        pos: its place among the rows to send.
        record: its values by API field name as JSON, as the warehouse made it; times are ISO 8601.
        lookups: our value by API field name, for fields to be filled with another record's id.
    """

    row_key: str
    row_hash: str
    destination_id: str | None
    created_by_us: bool
    null_fields: str = ""
    stands: bool = True
    published_hash: str | None = None
    longest: int = 0
    pos: int = 0
    record: str = "{}"
    lookups: dict[str, Any] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, Any]:
        """What `record` says; most rows are sent without being read."""
        found: dict[str, Any] = json.loads(self.record)
        return found


@dataclass(frozen=True)
class Rejection:
    """Why a row was not taken, or not now."""

    field: str
    code: str
    message: str


@dataclass(frozen=True)
class Field:
    """One field of an object.

    Attributes:
        length: most characters of a text.
        labels: label by item id, of a picklist's active items; empty for other types.
        choices: the only values it takes; empty for any.
        lookup: the object whose records it points to, in lower case, or "".
        places: decimals of a number that are kept; None when that is not known.
        defaulted: a record that is created without it gets a value.
    """

    name: str
    type: str
    length: int | None
    nillable: bool
    createable: bool
    updateable: bool
    labels: Mapping[str, str]
    choices: tuple[str, ...]
    lookup: str
    places: int | None = None
    defaulted: bool = False


@dataclass(frozen=True)
class Finding:
    """Something that a model and the destination's metadata do not agree on.

    Attributes:
        fix: what to do about it.
        schema: whether it stops a publish; otherwise it concerns single values, which reject their rows.
        warning: it fits, and is probably not meant.
    """

    model: str
    object: str
    field: str
    problem: str
    fix: str
    schema: bool = True
    warning: bool = False


@dataclass(frozen=True)
class Facts:
    """What the values of a model's columns are like.

    Attributes:
        shares: whether all numbers of a column lie from 0 to 1, and some between.
        commas: how many texts of a column hold a comma.
        samples: some distinct texts of a column.
    """

    shares: Mapping[str, bool]
    commas: Mapping[str, int]
    samples: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Record:
    """A record as the destination has it, in our terms.

    Attributes:
        key: canonical text of its key values.
        values: value by API field name.
        alike: its key is that of the row it was found for but for what the destination ignores.
    """

    id: str
    key: tuple[str, ...]
    values: Mapping[str, Any]
    alike: bool = False


@dataclass(frozen=True)
class Label:
    """What people filled into a record's label field.

    Attributes:
        key: our key of the record.
        label: "" where they filled in nothing, or took it out.
        at: when the record was changed last.
        by: the person who did; "" when it was not a person, so that nobody knows who gave the label, nor exactly when.
    """

    key: str
    label: str
    at: datetime
    by: str = ""


@dataclass(slots=True)
class Outcome:
    """What became of one row: accepted, rejected, or later.

    It names its row, so a destination whose replies name keys or ids ties them by those, never by position.

    Attributes:
        rejection: why it was not taken, nor will be before the row or what it points to changes.
        vanished: the record we knew is not there any more.
        held: it was not sent, for a cap of the destination's own; the next run looks again.
        later: why it was not taken now, through no fault of the row: a lock, a busy record, a part of the service that
            is away. It is tried again, in this run and in the next ones.
    """

    row: Row
    rejection: Rejection | None = None
    vanished: bool = False
    later: Rejection | None = None
    held: bool = False

    @property
    def accepted(self) -> bool:
        """Whether the row stands at the destination now (of a delete: whether it is gone)."""
        return self.rejection is None and self.later is None and not (self.vanished or self.held)


@dataclass(frozen=True)
class Work:
    """Rows of one model to send.

    Attributes:
        known: those whose destination id is known.
        unknown: those to look for first.
        deletes: records to delete.
    """

    model: PublishModel
    known: int
    unknown: int
    deletes: int = 0


class Compares(Protocol):
    """How a destination keeps values of each type."""

    def form(self, value: Any, kind: str, field: Field | None) -> Any:
        """A value of ours or of theirs in one form, as differences show it."""

    def same(self, ours: Any, theirs: Any, kind: str, field: Field | None) -> bool:
        """Whether theirs is what became of ours."""


class Destination(Protocol):
    """A system that rows are published to.

    `insert`, `update`, `upsert` and `delete` give outcomes as soon as they are known, each row's once; what they do not
    give an outcome of was not sent.
    """

    name: str
    connection: str
    """Which of the systems of this kind: the host of its address, or what `<NAME>_CONNECTION` says; "" when neither is
    set. What is remembered belongs to it."""
    batch_size: int
    """Most rows of a call."""
    batch_bytes: int
    """Most bytes of the rows of a call, as JSON; 0 for no such limit."""
    deletes_per_call: int
    windows: Sequence[Window]
    """How many calls it takes in how many seconds, shortest first. All hold."""
    calls_per_day: int
    """Calls of a day (UTC). A reply that tells the rest of the day tells the meter (`Meter.told`)."""
    upserts: bool
    """Whether `upsert` creates or changes by key, so that nothing need be found first; else `insert` and `update` are
    called, with what `find` found."""
    reads_first: bool
    """Whether rows are sent only where their record is different, which is read before."""
    reads_all: bool
    """Whether `read` gives all records of an object; else those with keys of ours are looked for."""
    object_kind: str
    compares: Compares
    types: Mapping[str, set[str]]
    """Types of fields that take a column, by kind of value."""

    def calls(self, work: Sequence[Work], lookups: Mapping[tuple[str, str], int]) -> dict[str, int]:
        """The calls that this work takes when none has to be repeated, by purpose; at an object that is still empty it
        may be fewer."""

    def offers(self, work: Sequence[Work]) -> list[str]:
        """Cheaper ways for this work that are not configured."""

    def remarks(self, work: Sequence[Work]) -> list[str]:
        """What the plan says of how this work is taken."""

    def ignores(self, model: PublishModel) -> frozenset[str]:
        """What it is known to ignore in a model's text keys: `case`, `space` (around them). Rows that fall together
        there are not sent; what it turns out to ignore when rows are looked for is heeded in any case."""

    def connect(self, meter: Meter) -> None:
        """Read address and credentials; nothing is called yet.

        Raises:
            MisuseError: a setting is missing or wrong.
        """

    def describe(self, objects: Sequence[str]) -> None:
        """Read the objects' metadata; kept for the run."""

    def fields(self, object_name: str) -> Mapping[str, Field] | None:
        """An object's fields by name, once it was described; None when it is not there."""

    def misfits(self, model: PublishModel) -> Iterable[tuple[str, str, str]]:
        """What else of the metadata keeps a model's rows from being sent: field, problem, and what to do."""

    def advice(self, object_name: str, field: str, lack: str) -> str:
        """What to do about a field that is missing (`absent`) or that may not be written (`read-only`)."""

    def resolve(self, values: Mapping[tuple[str, str], Sequence[Any]]) -> None:
        """Find the records that look-ups point to, by object and matching field; kept for the run."""

    def is_empty(self, model: PublishModel, rows: int) -> bool:
        """Whether the model's object holds no record; False, without a call, where asking saves none: when so few rows
        are found by one call, or all are expected to be there."""

    def find(self, model: PublishModel, rows: Sequence[Row], fields: Sequence[str] = ()) -> dict[str, list[Record]]:
        """Records that have the rows' keys, by row key; every row has an entry."""

    def by_id(self, model: PublishModel, ids: Sequence[str], fields: Sequence[str]) -> Iterator[list[Record]]:
        """Those of the records with these ids that are there, whatever their keys are."""

    def read(self, model: PublishModel, fields: Sequence[str]) -> Iterator[list[Record]]:
        """All records of a model's object, a page at a time. Never called where `reads_all` is false."""

    def linked(self, lookup: Lookup, value: Any) -> list[str]:
        """Ids of the records that a look-up's value points to, once it was resolved."""

    def labels(self, model: PublishModel) -> Iterator[list[Label]]:
        """What people filled into a model's label field, of every record."""

    def insert(self, model: PublishModel, rows: Sequence[Row]) -> Iterator[list[Outcome]]:
        """Create records, and note their ids in the rows."""

    def update(self, model: PublishModel, rows: Sequence[Row]) -> Iterator[list[Outcome]]:
        """Change the records with the rows' destination ids."""

    def upsert(self, model: PublishModel, rows: Sequence[Row]) -> Iterator[list[Outcome]]:
        """Create or change records by key, and note their ids, and which were created, in the rows. Never called where
        `upserts` is false."""

    def delete(self, model: PublishModel, rows: Sequence[Row]) -> Iterator[list[Outcome]]:
        """Delete the records with the rows' destination ids; one that is not there is deleted."""

    def doubts(self, model: PublishModel, facts: Facts) -> Iterable[Finding]:
        """What of a model fits the metadata and is probably not meant, and how values are kept that no setting says."""

    def settle(self, since: float) -> None:
        """Wait until a call made so many seconds ago, and never answered, cannot take effect any more."""


@runtime_checkable
class TellsQuota(Protocol):
    """What a destination has that can be asked how many calls it takes yet today."""

    def ask_quota(self) -> None:
        """Ask, and tell the meter (`Meter.told`)."""


@runtime_checkable
class HandsOver(Protocol):
    """What a destination has whose records are people's once they are made: rows are shown one by one before they are
    sent, and no record is compared with its row afterwards."""

    listed: Sequence[str]
    """API names of the fields to show, the longest last."""
    caps: str
    """Settings that let rows wait (`Outcome.held`)."""


@runtime_checkable
class TakesFiles(Protocol):
    """What a destination has that also takes files of rows instead of calls."""

    uploads_allowed: tuple[int, int]
    """Files of an hour and of a day."""
    named_first: bool
    """Whether a file has its id before it is sent, so that one without id never was."""

    def takes_bulk(self, model: PublishModel, rows: int) -> bool:
        """Whether so many rows go by file."""

    def upload(self, model: PublishModel, rows: Iterable[Row], sent: Callable[[str | None], bool]) -> None:
        """Send rows by file.

        Args:
            model: the publish model.
            rows: to be created or changed.
            sent: called with None before each file, which says whether one may be sent, and with its id as soon as it
                has one.

        Raises:
            StoppedError: nobody knows whether a file was taken.
        """

    def await_upload(self, status_id: str, age: float) -> str:
        """Wait until nothing of a file can take effect any more, as far as can be known, however it ended.

        Args:
            status_id: of the file, or "" when it was taken and named none.
            age: seconds since it was sent.

        Returns:
            What became of it, as a sentence for the log. The rows are read back in any case.

        Raises:
            StoppedError: it takes longer than a run should wait; the next run looks again.
        """


@runtime_checkable
class FilesAlone(Protocol):
    """What a destination has that takes files and no calls, and none of an object too soon after the one before."""

    seconds_apart: float

    def hindrance(self, object_name: str) -> str:
        """Why no file of an object can be sent now, but for the time; "" when nothing is in the way."""


class Results(Protocol):
    """What became of the rows of some files."""

    def outcome(self, row: Row) -> Outcome | None:
        """Of one row; later where nothing is told, None when it is to go by a call. Its id, and whether it was created,
        are noted in the row."""

    def holds(self, row: Row) -> bool | None:
        """Whether the row was taken with the values that it has now; None where nothing is told."""


@runtime_checkable
class TellsResults(Protocol):
    """What a destination has that takes files and says of each row what became of it, so that none is read back."""

    rows_per_file: int

    def results(self, model: PublishModel, status_ids: Sequence[str]) -> Results:
        """What became of the rows of files that have ended."""
