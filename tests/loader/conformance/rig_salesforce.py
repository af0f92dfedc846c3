"""Salesforce in the suite, as the local org has it: by calls, and by files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from rig_http import HttpRig, Operations
from rigs import FIELDS, KINDS, lacks

from loader.dbt.artifacts import Lookup
from loader.salesforce import Salesforce
from sandbox.salesforce import Limits, Org, RowFault


class SalesforceRig(HttpRig):
    """See `Rig`. Its rows have one key, an external id."""

    name, prefix, kind = "salesforce", "SALESFORCE", Salesforce
    given: dict[str, Any] = {  # noqa: RUF012 - never changed
        "object": "Thing__c",
        "key": ("Thing_Key__c",),
        "fields": {
            "thing_key": "Thing_Key__c",
            **{column: field.replace("__gc", "__c") for column, field in FIELDS.items()},
        },
        "lookups": (Lookup("account_id", "Account__c", "Account", "Code__c"),),
        "kinds": {**KINDS, "thing_key": "text"},
    }
    operations: Operations = {  # noqa: RUF012 - never changed
        "write": ("insert", "update", "upsert", "job_create", "upload", "job_state"),
        "read": ("query", "read", "job", "results"),
        "delete": ("delete",),
    }
    credentials: ClassVar = {"CLIENT_ID": "local", "CLIENT_SECRET": "local", "TIMEOUT_SECONDS": "2"}

    @classmethod
    def system(cls, folder: Path) -> Org:
        """See `HttpRig`."""
        return Org(folder / "org.sqlite")

    def provision(self) -> None:
        """See `HttpRig`."""
        code = {"name": "Code__c", "type": "string", "externalId": True, "unique": True, "caseSensitive": True}
        self.box.create_object("Account", [code])
        self.box.create_object(
            "Thing__c",
            [
                {**code, "name": "Thing_Key__c"},
                {"name": "Thing_Id__c", "type": "string"},
                {"name": "Day__c", "type": "date"},
                {"name": "Amount__c", "type": "double"},
                {"name": "Note__c", "type": "string"},
                {"name": "Account__c", "type": "reference", "referenceTo": "Account"},
            ],
        )

    @property
    def org(self) -> Org:
        """The org."""
        org: Org = self.box
        return org

    def records(self) -> list[dict[str, Any]]:
        """See `Rig`."""
        names = {"Account__c": "Company_Id__gc"}
        return [
            {names.get(name, name.replace("__c", "__gc")): value for name, value in row.items()}
            for row in self.org.rows("Thing__c")
        ]

    def companies(self, codes: Sequence[str]) -> None:
        """See `Rig`."""
        for each in self.org.rows("Account"):
            self.org.delete("Account", each["Id"])
        self.org.insert("Account", [{"Name": code, "Code__c": code} for code in codes])

    def refuse(self, thing: str | None) -> None:
        """See `Rig`."""
        self._fail(thing, "FIELD_CUSTOM_VALIDATION_EXCEPTION", fields=("Note__c",))

    def refuse_delete(self, thing: str | None) -> None:
        """See `Rig`."""
        self._fail(thing, "DELETE_FAILED")

    def busy(self, thing: str | None) -> None:
        """See `Rig`. The lock is met by a trigger, so its code stands in the text of another one."""
        self._fail(thing, "UNABLE_TO_LOCK_ROW", wrapped=True)

    def left(self, calls: int) -> None:
        """See `Rig`. By `/limits`, and by the header of each reply."""
        self.org.limits = Limits(calls_per_day=self.org.usage()[0][1] + calls)

    def _fail(self, thing: str | None, code: str, **given: Any) -> None:
        self.org.clear_faults()
        key = f"{thing}/2026-01-01"
        ids = {row["Id"] for row in self.org.rows("Thing__c") if row["Thing_Key__c"] == key}
        if thing:
            where = lambda row: row.get("Thing_Key__c") == key or row.get("Id") in ids  # noqa: E731
            self.org.fail_rows(RowFault(code, where=where, **given))


class BulkRig(SalesforceRig):
    """The same, by files however few the rows are."""

    name = "salesforce, by files"
    credentials: ClassVar = {**SalesforceRig.credentials, "BULK_THRESHOLD": "1"}

    def batches(self) -> list[tuple[int, int]]:
        """See `Rig`."""
        lacks("all rows go in one file")

    def sent(self) -> int:
        """See `Rig`."""
        return super().sent() + sum(processed - failed for _, _, processed, failed in self.org.jobs())
