"""The local org as tests and the command line use it."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from loader.salesforce import metadata
from loader.salesforce.objects import of_manifest
from sandbox.base import TakesRowByRow
from sandbox.page import render
from sandbox.salesforce import ids
from sandbox.salesforce.allowances import Allowances
from sandbox.salesforce.api import Api
from sandbox.salesforce.auth import Credentials
from sandbox.salesforce.bulk import Jobs
from sandbox.salesforce.deploy import deploy
from sandbox.salesforce.reading import Reader
from sandbox.salesforce.schema import Field, ObjectType
from sandbox.salesforce.settings import Limits, Switches
from sandbox.salesforce.store import Store
from sandbox.salesforce.write import CHUNK, Writer


class Org(TakesRowByRow):
    """A local Salesforce org on loopback, started by `start` or by `with`.

    Args:
        path: SQLite file of the records, which survive a restart; None is a file that ends with it.
        client_id, client_secret: what client credentials are accepted.
        public_key: PEM that a JWT's signature is verified with; None takes no JWT.
        username: the user that a JWT may speak for.
        switches, limits: see there; both can be changed while running.
        port: 0 is any free one.
        token_lifetime: seconds that a token lives.
        bulk_seconds: how long a job takes, besides its work.
        clock: seconds since the epoch, for limits, tokens, dates and the age of jobs.
    """

    def __init__(
        self,
        path: Path | str | None = None,
        *,
        client_id: str = "local",
        client_secret: str = "local",  # noqa: S107
        public_key: str | None = None,
        username: str = "integration@example.com",
        switches: Switches | None = None,
        limits: Limits | None = None,
        port: int = 0,
        token_lifetime: float = 7_200,
        bulk_seconds: float = 0.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.credentials = Credentials(client_id, client_secret, public_key, username, token_lifetime, clock)
        self._store = Store(self._open(path, "salesforce.sqlite"), clock)
        self._allowances = Allowances(limits or Limits(), clock, self._store.value("allowances", {}))
        self._writer = Writer(self._store, switches or Switches())
        self._jobs = Jobs(self._store, self._writer, self._allowances, bulk_seconds, clock)
        self._api = Api(self._store, self.credentials, self._allowances, self._jobs, self._writer)
        self._listen(port, self._api, clock, self._page)

    def _before_close(self) -> None:
        self._jobs.close()
        self._store.keep("allowances", self._allowances.dump())

    def usage(self) -> list[tuple[str, int, int]]:
        """What was used of the day's allowances, with their caps."""
        return self._allowances.used()

    def create_object(
        self, name: str, fields: Sequence[Mapping[str, Any]] = (), *, label: str = "", name_auto: bool = True
    ) -> None:
        """Create a custom object, or add the fields that an existing object does not have.

        Args:
            name: such as `Product_Usage__c`, or a standard object's.
            fields: see `Field.from_spec`.
            label: display name; empty is made from the name.
            name_auto: whether Name is a number that the org gives; else it is text that is required.
        """
        obj = self._store.get(name) or ObjectType.custom(name, label, name_auto=name_auto)
        self._store.define(obj.extended(Field.from_spec(each) for each in fields))

    def deploy(self, folder: Path | str) -> list[str]:
        """Deploy metadata in source format, and say what was added.

        Custom fields that no permission set lets its users edit are hidden from the user.

        Raises:
            ValueError: the platform would refuse it.
        """
        done = deploy(self._store, Path(folder))
        self.switches = replace(self.switches, hidden=self.switches.hidden - done.fields | done.unseen)
        return done.added

    def provision(self, manifest_path: Path | str) -> list[str]:
        """Deploy what the loader's `metadata` command writes for a dbt manifest, and say what was added."""
        manifest = json.loads(Path(manifest_path).read_text(encoding="utf-8"))
        with tempfile.TemporaryDirectory(prefix="metadata-") as folder:
            metadata.write(of_manifest(manifest), Path(folder))
            return self.deploy(folder)

    def external_ids(self, name: str) -> list[str]:
        """Names of an object's external id fields."""
        return [each.name for each in self._object(name).fields.values() if each.external_id]

    def insert(self, name: str, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Add records without HTTP, limits or log, whatever the user may see; their Id may be given.

        Returns:
            Their ids, in order.

        Raises:
            ValueError: when a value is not valid; nothing is written.
        """
        written = self._write(name, "insert", [{k: v for k, v in each.items() if k != "Id"} for each in records])
        wanted = [ids.full(str(each["Id"])) if each.get("Id") else None for each in records]
        with self._store.transaction():
            self._store.rename(
                self._object(name), [(new, old) for new, old in zip(wanted, written, strict=True) if new]
            )
        return [new or old for new, old in zip(wanted, written, strict=True)]

    def update(self, name: str, record_id: str, values: Mapping[str, Any]) -> None:
        """Change one record without HTTP, as a person in the UI would."""
        self._write(name, "update", [{"Id": record_id, **values}])

    def delete(self, name: str, record_id: str) -> bool:
        """Remove one record without HTTP; False when there is none."""
        with self._store.transaction():
            (result,) = self._writer.delete(self._object(name), [record_id])
        return result.error is None

    def jobs(self) -> list[tuple[str, str, int, int]]:
        """Id, state, rows processed and rows failed of every job, newest first."""
        return [(job.id, job.state, job.processed, job.failed) for job in self._jobs.listed()]

    def _write(self, name: str, operation: str, records: Sequence[Mapping[str, Any]]) -> list[str]:
        obj = self._object(name)
        writer = Writer(self._store, Switches())
        reader = Reader(self._store, writer.switches, obj, operation)
        given = [reader.record(record) for record in records]
        written: list[str] = []
        with self._store.transaction():
            for start in range(0, len(given), CHUNK):
                for result in writer.save(obj, operation, given[start : start + CHUNK]):
                    if result.error is not None:
                        raise ValueError(f"{name}: {result.error}")
                    written.append(str(result.id))
        return written

    def _page(self, path: str) -> str | None:
        return render(path, self._store, self.calls, self.usage(), "Salesforce")
