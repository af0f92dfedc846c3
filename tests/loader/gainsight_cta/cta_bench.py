"""A mart of signals that hold, a Gainsight with two Companies and three users, and runs between them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import one_run
import pytest

from loader.dbt.artifacts import Lookup, PublishModel, Relation
from loader.engine.publish import Request
from loader.engine.result import Result
from loader.gainsight_cta import GainsightCta
from sandbox import Sandbox

FIELDS = {
    "reference_id": "referenceId",
    "signal": "Signal",
    "previous_episode_end": "PreviousEpisodeEnd",
    "call_name": "Name",
    "comments": "Comments",
    "owner_email": "OwnerEmail",
    "due_date": "DueDate",
    "cta_type": "type",
    "reason": "reason",
    "priority": "priority",
    "call_rank": "Rank",
}
KINDS = dict.fromkeys((*FIELDS, "account_id"), "text")
KINDS |= {"previous_episode_end": "date", "due_date": "date", "call_rank": "integer"}
LEAD, JANE = "lead@us.example", "jane@us.example"


class Bench:
    """The mart's rows are the signals that hold now; a run publishes them."""

    def __init__(self, folder: Path, box: Sandbox, patch: pytest.MonkeyPatch) -> None:
        self.box, self.database, self._patch = box, folder / "calls.duckdb", patch
        types = {"date": "date", "integer": "bigint", "text": "varchar"}
        columns = ", ".join(f"{name} {types[KINDS[name]]}" for name in (*FIELDS, "account_id"))
        self.sql(f"create table calls ({columns})")
        box.insert("Company", [{"Name": each, "SfdcAccountId": each} for each in ("A1", "A2")])
        self.company = {row["SfdcAccountId"]: row["Gsid"] for row in box.rows("Company")}
        self.users = {email: box.add_user(email.split("@")[0], email) for email in (LEAD, JANE)}
        self.users["gone@us.example"] = box.add_user("Gone", "gone@us.example", active=False)
        self.set(
            BASE_URL=box.url, ACCESS_KEY="key-4711-test", CTA_OWNER=LEAD, CTA_CALLS_PER_MINUTE="100000",
            TIMEOUT_SECONDS="1", GIVE_UP_SECONDS="20",
        )  # fmt: skip

    def set(self, **settings: str) -> None:
        """Settings of the loader."""
        for name, value in settings.items():
            self._patch.setenv(f"GAINSIGHT_{name}", value)

    def sql(self, statement: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """Run SQL on the mart's file."""
        with duckdb.connect(str(self.database)) as connection:
            return connection.execute(statement, parameters or []).fetchall()

    def holds(self, account: str, signal: str, episode: str, before: str | None = None, **given: Any) -> None:
        """A signal holds since an episode's first period; before: the last period of the episode before."""
        rank = self.sql("select coalesce(max(call_rank), 0) + 1 from calls")[0][0]
        row = {
            "reference_id": f"{account}/{signal}/{episode}", "signal": signal, "previous_episode_end": before,
            "call_name": f"Name of {signal}", "comments": f"Text of {signal}.", "owner_email": JANE,
            "due_date": "2026-07-14", "cta_type": "Risk", "reason": "Product Risk", "priority": "High",
            "call_rank": rank, "account_id": account, **given,
        }  # fmt: skip
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        self.sql(f"insert into calls ({names}) values ({marks})", list(row.values()))

    def nothing_holds(self) -> None:
        """All signals are over."""
        self.sql("delete from calls")

    def publish(self, request: Request | None = None) -> Result:
        """One run."""
        return one_run.publish(self.database, GainsightCta(), self.model(), request)

    def model(self) -> PublishModel:
        """The publish model."""
        return PublishModel(
            name="calls", unique_id="model.test.calls", relation=Relation("", "main", "calls"),
            destination="gainsight_cta", object="call_to_action", key=("referenceId",), mode="upsert", fields=FIELDS,
            lookups=(Lookup("account_id", "CompanyId", "Company", "SfdcAccountId"),), kinds=KINDS,
            stamps=frozenset(FIELDS) - {"reference_id"}, may_be_empty=True, period="reference_id", order="call_rank",
        )  # fmt: skip

    def calls(self) -> list[dict[str, Any]]:
        """The calls to action that there are."""
        return self.box.rows("call_to_action")

    def names(self) -> list[str]:
        """Account and name of each, sorted."""
        accounts = {gsid: account for account, gsid in self.company.items()}
        return sorted(f"{accounts[row['CompanyId']]} {row['Name'].split()[-1]}" for row in self.calls())

    def close(self, name: str) -> None:
        """A person closes the calls of a name."""
        for row in self.calls():
            if row["Name"].endswith(name):
                self.box.update("call_to_action", row["Gsid"], {"IsClosed": True, "Status": "Closed Success"})

    def creations(self) -> int:
        """Calls of the API that make something."""
        return sum(call.operation == "cta_create" for call in self.box.calls)
