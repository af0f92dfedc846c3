"""Which rows are looked into before they are sent, and what a date becomes in a field for a time."""

from __future__ import annotations

import dataclasses
import json
from datetime import date, datetime
from decimal import Decimal

import pytest

from loader.dbt.artifacts import PublishModel, Relation
from loader.engine.destination import Field, Row
from loader.engine.values import Suspects, as_json
from loader.gainsight.schema import to_api

MODEL = PublishModel(
    name="gainsight__things",
    unique_id="model.x.gainsight__things",
    relation=Relation("", "main", "gainsight__things"),
    destination="gainsight",
    object="Things__gc",
    key=("Id__gc",),
    mode="upsert",
    fields={"id": "Id__gc", "note": "Note__gc", "seats": "Seats__gc", "day": "Day__gc"},
    lookups=(),
    kinds={"id": "text", "note": "text", "seats": "integer", "day": "date"},
)


def field(name: str, kind: str, length: int | None = None, nillable: bool = True) -> Field:
    return Field(name, kind, length, nillable, True, True, {}, (), "")


FIELDS = {
    "Id__gc": field("Id__gc", "STRING", 36),
    "Note__gc": field("Note__gc", "STRING", 250),
    "Seats__gc": field("Seats__gc", "NUMBER", nillable=False),
    "Day__gc": field("Day__gc", "DATE"),
}


@pytest.mark.parametrize(
    ("longest", "null_fields", "suspect"),
    [(36, ",", False), (37, ",", True), (5, ",Note__gc,", False), (5, ",Note__gc,Seats__gc,", True)],
)
def test_a_row_is_looked_into_when_a_text_or_a_null_may_not_fit(longest: int, null_fields: str, suspect: bool) -> None:
    row = Row('["a"]', "hash", None, False, null_fields, longest=longest)
    assert Suspects(MODEL, FIELDS).concern(row) is suspect


def test_every_row_is_looked_into_when_a_date_goes_into_a_field_for_a_time() -> None:
    fields = {**FIELDS, "Day__gc": dataclasses.replace(FIELDS["Day__gc"], type="DATETIME")}
    assert Suspects(MODEL, fields).concern(Row('["a"]', "hash", None, False, ",", longest=1))
    assert to_api("2026-01-31", fields["Day__gc"]) == "2026-01-31T00:00:00.000Z"
    assert to_api("2026-01-31T04:05:06.789Z", fields["Day__gc"]) == "2026-01-31T04:05:06.789Z"
    assert to_api(None, fields["Day__gc"]) is None
    assert to_api("2026-01-31", FIELDS["Day__gc"]) == "2026-01-31"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, 678999), '"2026-01-02T03:04:05.678Z"'),
        (date(2026, 1, 2), '"2026-01-02"'),
        (Decimal("7.000"), "7"),
        (Decimal("7.25"), "7.25"),
        (0.1 + 0.2, "0.30000000000000004"),
        (2**70, "1180591620717411303424"),
        (None, "null"),
        (False, "false"),
    ],
)
def test_a_warehouse_value_in_json(value: object, text: str) -> None:
    assert json.dumps(as_json(value)) == text
