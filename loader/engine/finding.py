"""Which record has which row's key, as this tenant compares keys."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from loader.dbt.artifacts import PublishModel
from loader.engine.destination import Compares, Record, Row
from loader.engine.values import key_of, loose


class Wanted:
    """Rows whose records are looked for.

    A tenant may compare text keys without regard to case or to spaces around them. So a record that was asked for, and
    has the key but for these, is the row's, unless another has it exactly.
    """

    def __init__(self, compares: Compares, model: PublishModel, rows: Sequence[Row]) -> None:
        self._model, self._rows = model, rows
        self._given: list[dict[str, Any]] = json.loads(f"[{','.join(row.record for row in rows)}]")
        self._exact, self._loose = dict[tuple[str, ...], str](), defaultdict[tuple[str, ...], list[str]](list)
        for given, row in zip(self._given, rows, strict=True):
            key = key_of(compares, model, given)
            self._exact[key] = row.row_key
            self._loose[loose(key)].append(row.row_key)
        self._same, self._alike = defaultdict[str, list[Record]](list), defaultdict[str, list[Record]](list)

    def conditions(self) -> tuple[Mapping[str, Sequence[Any]], Mapping[str, tuple[Any, Any]]]:
        """Values by field, and ranges by field, that the records have. A DATE may be compared as an instant of the
        tenant's or of ours, so a day more is asked for at both ends."""
        values, ranges = dict[str, list[Any]](), dict[str, tuple[Any, Any]]()
        for column, name in zip(self._model.key_columns, self._model.key, strict=True):
            asked = dict.fromkeys(each[name] for each in self._given)
            if self._model.kinds[column] == "date":
                days = sorted(date.fromisoformat(each[:10]) for each in asked)
                ranges[name] = (str(days[0] - timedelta(days=1)), str(days[-1] + timedelta(days=1)))
            else:
                trimmed = (each.strip() for each in asked if isinstance(each, str))
                values[name] = list(dict.fromkeys([*asked, *trimmed]))
        return values, ranges

    def take(self, records: Iterable[Record]) -> None:
        """Look through records that were read."""
        for record in records:
            if (row_key := self._exact.get(record.key)) is not None:
                self._same[row_key].append(record)
            else:
                for each in self._loose.get(loose(record.key), ()):
                    self._alike[each].append(replace(record, alike=True))

    def found(self) -> dict[str, list[Record]]:
        """Records by row key."""
        return {row.row_key: self._same.get(row.row_key) or self._alike[row.row_key] for row in self._rows}
