"""Marketo in the suite, as the local instance has it: by calls, and by files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from rig_http import HttpRig, Operations
from rigs import FIELDS, KINDS, Bench, Died, lacks

from loader.dbt.artifacts import Lookup
from loader.engine.limits import Window
from loader.marketo import Marketo
from sandbox.marketo import Instance, Limits, RowFault

NAMES = {"Thing_Id__gc": "thingId", "Day__gc": "day", "Amount__gc": "amount", "Note__gc": "Note"}


class MarketoRig(HttpRig):
    """See `Rig`. Its rows have one dedupe field, and are linked to their company by its id."""

    name, prefix, kind = "marketo", "MARKETO", Marketo
    given: dict[str, Any] = {  # noqa: RUF012 - never changed
        "object": "thing_c",
        "key": ("thingKey",),
        "fields": {"thing_key": "thingKey", **{column: NAMES[field] for column, field in FIELDS.items()}},
        "lookups": (Lookup("account_id", "companyLink", "Company", "externalCompanyId"),),
        "kinds": {**KINDS, "thing_key": "text"},
    }
    operations: Operations = {  # noqa: RUF012 - never changed
        "write": ("upsert", "bulk"),
        "read": ("query", "bulk_status", "failures", "warnings"),
        "delete": ("delete",),
    }
    credentials: ClassVar = {"CLIENT_ID": "local", "CLIENT_SECRET": "local", "CALLS_PER_WINDOW": "100000"}

    @classmethod
    def system(cls, folder: Path) -> Instance:
        """See `HttpRig`."""
        return Instance(folder / "marketo.sqlite", limits=Limits.off())

    def provision(self) -> None:
        """See `HttpRig`."""
        self.box.create_object(
            "thing_c",
            [
                {"name": "thingKey", "type": "string", "dedupe": True},
                {"name": "thingId", "type": "string"},
                {"name": "day", "type": "date"},
                {"name": "amount", "type": "float"},
                {"name": "Note", "type": "text"},
                {"name": "companyLink", "type": "string", "link": "id"},
            ],
        )

    @property
    def instance(self) -> Instance:
        """The instance."""
        instance: Instance = self.box
        return instance

    def records(self) -> list[dict[str, Any]]:
        """See `Rig`."""
        names = {
            **{theirs: ours for ours, theirs in NAMES.items()},
            "companyLink": "Company_Id__gc",
            "thingKey": "Thing_Key__gc",
        }
        return [{names.get(name, name): value for name, value in row.items()} for row in self.instance.rows("thing_c")]

    def companies(self, codes: Sequence[str]) -> None:
        """See `Rig`."""
        for each in self.instance.rows("Company"):
            self.instance.delete("Company", each["id"])
        self.instance.insert("Company", [{"company": code, "externalCompanyId": code} for code in codes])

    def refuse(self, thing: str | None) -> None:
        """See `Rig`."""
        self._fail(thing, RowFault("1003", "Invalid data: field 'Note' is not valid"))

    def refuse_delete(self, thing: str | None) -> None:
        """See `Rig`."""
        self._fail(thing, RowFault("1003"))

    def busy(self, thing: str | None) -> None:
        """See `Rig`."""
        self._fail(thing, RowFault("1022"))

    def narrow(self) -> Sequence[Window]:
        """See `Rig`."""
        self.settings |= {"CALLS_PER_WINDOW": "3", "WINDOW_SECONDS": "0.4"}
        return self.destination().windows

    def left(self, calls: int) -> None:
        """See `Rig`."""
        lacks("Marketo tells the calls that were made when it is asked, and no reply does")

    def beyond(self) -> int:
        """See `Rig`."""
        return sum(call.code in ("606", "607", "615") for call in self.box.calls)

    def _fail(self, thing: str | None, fault: RowFault) -> None:
        self.instance.clear_faults()
        key = f"{thing}/2026-01-01"
        ids = {row["marketoGUID"] for row in self.instance.rows("thing_c") if row["thingKey"] == key}
        if thing:
            where = lambda row: row.get("thingKey") == key or row.get("marketoGUID") in ids  # noqa: E731
            self.instance.fail_rows(replace(fault, where=where))


class ImportRig(MarketoRig):
    """The same, by files however few the rows are, where an empty cell is known to clear."""

    name, tells_made = "marketo, by files", False
    credentials: ClassVar = {**MarketoRig.credentials, "BULK_THRESHOLD": "1", "EMPTY_CELLS": "clear"}

    def batches(self) -> list[tuple[int, int]]:
        """See `Rig`."""
        lacks("all rows go in one file")

    def sent(self) -> int:
        """See `Rig`."""
        return super().sent() + sum(taken for _, _, taken, _, _ in self.instance.imports())

    def killed(self, bench: Bench, nth: int, how: Died, **given: Any) -> bool:
        """See `Rig`. Kills about files are in tests/loader/marketo."""
        if given.get("on_gone") == "delete":
            lacks("what may be deleted goes by calls")
        return super().killed(bench, nth, how, **given)
