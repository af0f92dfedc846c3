"""The sandbox as tests and the command line use it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sandbox.api import Api
from sandbox.auth import Credentials
from sandbox.base import LocalSystem
from sandbox.bulk import BulkImports, BulkJob
from sandbox.limits import LimitGate
from sandbox.page import render
from sandbox.provision import provision
from sandbox.schema import Field, ObjectType
from sandbox.settings import Limits, Switches
from sandbox.store import Store
from sandbox.write import Writer


class Sandbox(LocalSystem):
    """A local Gainsight on loopback, started by `start` or by `with`.

    Args:
        path: SQLite file of the rows, which survive a restart; None is a file that ends with it.
        access_key, client_id, client_secret: what is accepted; None is generated, and readable
            from the attributes of the same names.
        switches, limits: see there; both can be changed while running.
        port: 0 is any free one.
        token_lifetime: seconds that an M2M token lives.
        bulk_seconds: how long a bulk import takes, besides its work.
        clock: seconds since the epoch, for limits, tokens and dates.
    """

    def __init__(
        self,
        path: Path | str | None = None,
        *,
        access_key: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        switches: Switches | None = None,
        limits: Limits | None = None,
        port: int = 0,
        token_lifetime: float = 86_400,
        bulk_seconds: float = 0.3,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.credentials = Credentials(access_key, client_id, client_secret, token_lifetime, clock)
        self._store = Store(self._open(path, "gainsight.sqlite"), clock)
        self._gate = LimitGate(limits or Limits(), clock)
        self._gate.load(self._store.value("limits", {}))
        self._writer = Writer(self._store, switches or Switches())
        self._bulk = BulkImports(self._store, self._writer, bulk_seconds)
        self._api = Api(
            self._store,
            self.credentials,
            self._gate,
            self._bulk,
            self._writer,
        )
        self._listen(port, self._api, clock, self._page)

    def _before_close(self) -> None:
        self._bulk.close()
        self._store.keep("limits", self._gate.dump())

    @property
    def access_key(self) -> str:
        """The accepted access key."""
        return self.credentials.access_key

    @property
    def client_id(self) -> str:
        """The accepted M2M client id."""
        return self.credentials.client_id

    @property
    def client_secret(self) -> str:
        """The accepted M2M client secret."""
        return self.credentials.client_secret

    @property
    def switches(self) -> Switches:
        """The gaps' settings."""
        return self._api.switches

    @switches.setter
    def switches(self, switches: Switches) -> None:
        self._writer.switches = switches

    @property
    def limits(self) -> Limits:
        """The limits in force."""
        return self._gate.limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self._gate.limits = limits

    @property
    def bulk_seconds(self) -> float:
        """How long a bulk import takes, besides its work; one that runs ends sooner when this is made shorter."""
        return self._bulk.seconds

    @bulk_seconds.setter
    def bulk_seconds(self, seconds: float) -> None:
        self._bulk.seconds = seconds

    def create_object(
        self,
        name: str,
        fields: Sequence[Mapping[str, Any]] = (),
        *,
        transactional: bool = True,
        label: str = "",
    ) -> None:
        """Create a custom object, or add the fields that an existing object does not have.

        Args:
            name: such as `Instance_Usage__gc`.
            fields: see `Field.from_spec`.
            transactional: Low Volume; a High Volume object is not written through the data API.
            label: display name; empty is made from the name.
        """
        obj = self._store.get(name) or ObjectType(name, transactional=transactional, label=label)
        self._store.define(obj.extended(Field.from_spec(each) for each in fields))

    def provision(self, manifest_path: Path | str) -> list[str]:
        """Create what a dbt manifest's publish models need, and say what was added."""
        return provision(self._store, Path(manifest_path))

    def insert(self, name: str, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Add rows without HTTP, limits or log; read-only fields may be set.

        Returns:
            Their Gsids, in order.

        Raises:
            ValueError: when a value is not valid; nothing is written.
        """
        obj = self._object(name)
        with self._store.transaction():
            checked = self._writer.check(obj, records, creating=True, trusted=True)
            first = checked.first_error()
            if first is not None:
                raise ValueError(f"{name}: {first.desc}")
            return self._store.insert(obj, checked.rows)

    def add_user(self, name: str, email: str, *, active: bool = True) -> str:
        """Add a person to the tenant; the Gsid."""
        return self.insert("gsuser", [{"Name": name, "Email": email, "IsActiveUser": active}])[0]

    def update(self, name: str, gsid: str, values: Mapping[str, Any], by: str | None = None) -> None:
        """Change one row without HTTP, as a person in the UI would.

        Args:
            name: the object.
            gsid: the row's.
            values: by field.
            by: Gsid of the person; None is the integration's user.
        """
        obj = self._object(name)
        with self._store.transaction():
            checked = self._writer.check(obj, [values], creating=False, trusted=True)
            first = checked.first_error()
            if first is not None:
                raise ValueError(f"{name}: {first.desc}")
            found = self._store.match(obj, {"Gsid": gsid})
            self._store.update(obj, [(row, checked.rows[0]) for row, _ in found], by)

    def delete(self, name: str, gsid: str) -> bool:
        """Remove one row without HTTP; False when there is none."""
        with self._store.transaction():
            return self._store.delete(self._object(name), gsid)

    def create_bulk_job(
        self,
        job_id: str,
        name: str,
        mode: str = "upsert",
        keys: Sequence[str] = (),
        mapping: Mapping[str, str] | None = None,
        lookups: Mapping[str, Any] | None = None,
    ) -> None:
        """Make a bulk job, as an administrator does in the UI; see `BulkJob`."""
        job = BulkJob(job_id, name, mode, tuple(keys), dict(mapping or {}), dict(lookups or {}))
        self._bulk.create_job(job)

    def bulk_failures(self, status_id: str) -> list[dict[str, Any]]:
        """Failed rows of an import: its cells, `errorCode` and `errorMessage`."""
        return self._bulk.failures(status_id)

    def usage(self) -> list[tuple[str, int, int | None]]:
        """Calls counted in the current windows, with their caps."""
        return self._gate.usage()

    def _page(self, path: str) -> str | None:
        return render(path, self._store, self.calls, self.usage())
