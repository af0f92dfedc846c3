"""What the engine needs of a destination. One package per destination implements it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from loader.dbt.artifacts import Lookup, PublishModel
from loader.engine.limits import Meter


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
    """Why a row was not taken."""

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


@dataclass(frozen=True)
class Finding:
    """Something that a model and the destination's metadata do not agree on.

    Attributes:
        fix: what to do about it.
        schema: whether it stops a publish; otherwise it concerns single values, which reject their rows.
    """

    model: str
    object: str
    field: str
    problem: str
    fix: str
    schema: bool = True


@dataclass(frozen=True)
class Record:
    """A record as the destination has it, in our terms.

    Attributes:
        key: canonical text of its key values.
        values: value by API field name.
    """

    id: str
    key: tuple[str, ...]
    values: Mapping[str, Any]


@dataclass(slots=True)
class Outcome:
    """What became of one row.

    Attributes:
        rejection: why it was not taken; None when it was.
        vanished: the record we knew is not there any more.
    """

    row: Row
    rejection: Rejection | None = None
    vanished: bool = False

    @property
    def accepted(self) -> bool:
        """Whether the row stands at the destination now."""
        return self.rejection is None and not self.vanished


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


class Destination(Protocol):
    """A system that rows are published to."""

    name: str
    batch_size: int
    calls_per_window: int
    window_seconds: float
    calls_per_day: int
    uploads_allowed: tuple[int, int]
    object_kind: str
    types: Mapping[str, set[str]]
    """Types of fields that take a column, by kind of value."""

    def calls(self, work: Sequence[Work], lookups: Mapping[tuple[str, str], int]) -> dict[str, int]:
        """The calls that this work takes when none has to be repeated, by purpose; at an object that is still empty it
        may be fewer."""

    def offers(self, work: Sequence[Work]) -> list[str]:
        """Cheaper ways for this work that are not configured."""

    def takes_bulk(self, model: PublishModel, rows: int) -> bool:
        """Whether so many rows go by the bulk route."""

    def upload(self, model: PublishModel, rows: Iterable[Row], sent: Callable[[str | None], bool]) -> None:
        """Send rows by the bulk route.

        Args:
            model: the publish model.
            rows: to be created or changed.
            sent: called with None before each file, which says whether one may be sent, and with its id afterwards.

        Raises:
            StoppedError: nobody knows whether a file was taken.
        """

    def await_upload(self, status_id: str) -> None:
        """Wait until a file has been worked through."""

    def connect(self, meter: Meter) -> None:
        """Read address and credentials; nothing is called yet.

        Raises:
            MisuseError: a setting is missing or wrong.
        """

    def describe(self, objects: Sequence[str]) -> None:
        """Read the objects' metadata; kept for the run."""

    def fields(self, object_name: str) -> Mapping[str, Field] | None:
        """An object's fields by name, once it was described; None when it is not there."""

    def resolve(self, values: Mapping[tuple[str, str], Sequence[Any]]) -> None:
        """Find the records that look-ups point to, by object and matching field; kept for the run."""

    def is_empty(self, model: PublishModel, rows: int) -> bool:
        """Whether the model's object holds no record; False, without a call, where asking saves none: when so few rows
        are found by one call, or all are expected to be there."""

    def find(self, model: PublishModel, rows: Sequence[Row], fields: Sequence[str] = ()) -> dict[str, list[Record]]:
        """Records that have the rows' keys, by row key; every row has an entry."""

    def read(self, model: PublishModel, fields: Sequence[str]) -> Iterator[list[Record]]:
        """All records of a model's object, a page at a time."""

    def linked(self, lookup: Lookup, value: Any) -> list[str]:
        """Ids of the records that a look-up's value points to, once it was resolved."""

    def labels(self, model: PublishModel) -> Iterator[list[tuple[str, str, datetime]]]:
        """What people filled into a model's label field: our key, the label, and when."""

    def insert(self, model: PublishModel, rows: Sequence[Row]) -> Iterator[list[Outcome]]:
        """Create records; outcomes come as soon as they are known."""

    def update(self, model: PublishModel, rows: Sequence[Row]) -> Iterator[list[Outcome]]:
        """Change the records with the rows' destination ids; outcomes come as soon as they are known."""

    def delete(self, model: PublishModel, destination_id: str) -> None:
        """Delete one record; one that is not there is deleted."""

    def settle(self, since: float) -> None:
        """Wait until a call made so many seconds ago, and never answered, cannot take effect any more."""
