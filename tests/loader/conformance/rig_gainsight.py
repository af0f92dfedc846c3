"""Gainsight in the suite, as the sandbox has it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from rig_http import HttpRig, Operations

from loader.gainsight import Gainsight
from sandbox import Fault, Limits, Sandbox

ACCESS_KEY = "key-for-the-suite"


class GainsightRig(HttpRig):
    """See `Rig`. Its calls are all or nothing, so what is wrong with one row is an answer to any call that holds it."""

    name, prefix, kind = "gainsight", "GAINSIGHT", Gainsight
    operations: Operations = {"write": ("insert", "update"), "read": ("query",), "delete": ("delete",)}  # noqa: RUF012
    credentials: ClassVar = {"ACCESS_KEY": ACCESS_KEY}

    @classmethod
    def system(cls, folder: Path) -> Sandbox:
        """See `HttpRig`."""
        return Sandbox(folder / "rows.sqlite", limits=Limits.off(), access_key=ACCESS_KEY)

    def provision(self) -> None:
        """See `HttpRig`."""
        fields = [{"name": "Thing_Id__gc", "type": "STRING"}, {"name": "Day__gc", "type": "DATE"}]
        fields += [{"name": "Amount__gc", "type": "NUMBER"}, {"name": "Note__gc", "type": "STRING"}]
        fields += [{"name": "Company_Id__gc", "type": "LOOKUP", "lookup": "Company"}]
        self.box.create_object("Thing__gc", fields)

    def records(self) -> list[dict[str, Any]]:
        """See `Rig`."""
        found: list[dict[str, Any]] = self.box.rows("Thing__gc")
        return found

    def companies(self, codes: Sequence[str]) -> None:
        """See `Rig`."""
        for each in self.box.rows("Company"):
            self.box.delete("Company", each["Gsid"])
        self.box.insert("Company", [{"Name": code, "SfdcAccountId": code} for code in codes])

    def refuse(self, thing: str | None) -> None:
        """See `Rig`."""
        detail = {"fieldName": "Note__gc", "errorCode": "GSOBJ_1003", "errorMessage": "A rule of the tenant forbids it"}
        body = {"result": False, "errorCode": "GSOBJ_1003", "errorDesc": "A rule of the tenant forbids it"}
        self._answer(thing, "status", "write", status=400, body={**body, "data": {"errors": [[{"errors": [detail]}]]}})

    def refuse_delete(self, thing: str | None) -> None:
        """See `Rig`."""
        self._answer(thing, "status", "delete", status=400, code="GSOBJ_1003")

    def busy(self, thing: str | None) -> None:
        """See `Rig`."""
        self._answer(thing, "result_false", "write", code="UNABLE_TO_LOCK_ROW")

    def _answer(self, thing: str | None, kind: Any, operation: str, **given: Any) -> None:
        """This to any call that holds the thing's first row, by its key or its id."""
        self.box.clear_faults()
        ids = [r["Gsid"] for r in self.records() if (r["Thing_Id__gc"], r["Day__gc"]) == (thing, "2026-01-01")]
        key = f'"Thing_Id__gc":"{thing}","Day__gc":"2026-01-01"'
        for held in [*ids, key] if thing else ():
            fault = Fault(kind, operation=self.operations[operation], holding=held, times=None, **given)
            self.box.schedule(fault)
