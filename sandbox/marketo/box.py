"""The local instance as tests and the command line use it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.base import TakesRowByRow
from sandbox.marketo.allowances import Allowances
from sandbox.marketo.api import Api
from sandbox.marketo.auth import HOUR, Credentials
from sandbox.marketo.bulk import Imports
from sandbox.marketo.provision import provision
from sandbox.marketo.schema import Field, ObjectType
from sandbox.marketo.settings import Limits, Switches
from sandbox.marketo.store import Store, time_text
from sandbox.marketo.write import AT_ONCE, Writer
from sandbox.page import render

USER = "api.user@example.com"


class Instance(TakesRowByRow):
    """A local Marketo instance on loopback, started by `start` or by `with`.

    Args:
        path: SQLite file of the records, which survive a restart; None is a file that ends with it.
        client_id, client_secret: the custom service's.
        switches, limits: see there; both can be changed while running.
        port: 0 is any free one.
        token_lifetime: seconds that a token lives.
        bulk_seconds: how long an import takes, besides its work.
        call_seconds: how long a call takes, besides its work.
        clock: seconds since the epoch, for limits, tokens, days and the age of imports.
    """

    def __init__(
        self,
        path: Path | str | None = None,
        *,
        client_id: str = "local",
        client_secret: str = "local",  # noqa: S107
        switches: Switches | None = None,
        limits: Limits | None = None,
        port: int = 0,
        token_lifetime: float = HOUR,
        bulk_seconds: float = 0.0,
        call_seconds: float = 0.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.credentials = Credentials(client_id, client_secret, USER, token_lifetime, clock)
        self._clock = clock
        self._store = Store(self._open(path, "marketo.sqlite"), clock)
        self._allowances = Allowances(limits or Limits(), USER, clock, self._store.value("allowances", {}))
        self._writer = Writer(self._store, switches or Switches())
        self._imports = Imports(self._store, self._writer, bulk_seconds, clock, lambda: self._allowances.limits)
        self._api = Api(self._store, self.credentials, self._allowances, self._imports, self._writer, call_seconds)
        self._listen(port, self._api, clock, self._page)

    def stop(self) -> None:
        """End every connection and close the file."""
        self._api.end()
        super().stop()

    def _before_close(self) -> None:
        self._imports.close()
        self._store.keep("allowances", self._allowances.dump())

    @property
    def identity_url(self) -> str:
        """Where tokens are issued: `{identity_url}/oauth/token`."""
        return f"{self.url}/identity"

    def age_tokens(self, seconds: float) -> None:
        """Let the tokens issued so far be so much nearer to their end."""
        self.credentials.age_tokens(seconds)

    def forget_tokens(self) -> None:
        """Let every token issued so far never have been: 601, where `expire_tokens` makes 602."""
        self.credentials.forget_tokens()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Calls that come wait until this ends; they count as running."""
        self._api.open.clear()
        try:
            yield
        finally:
            self._api.open.set()

    @property
    def running(self) -> int:
        """Calls that run now."""
        return self._allowances.running

    @property
    def most_at_once(self) -> int:
        """The most calls that ever ran at the same time."""
        return self._allowances.most_at_once

    def usage(self) -> list[tuple[str, int, int | None]]:
        """What is used of the limits on calls, with their caps."""
        return self._allowances.used()

    def create_object(self, name: str, fields: Sequence[Mapping[str, Any]] = (), *, label: str = "") -> None:
        """Create an approved custom object, or add the fields that an existing object does not have.

        Args:
            name: its API name, such as `accountHealth_c`; or `Company`.
            fields: see `Field.from_spec`; one to three are dedupe fields.
            label: display name; empty is made from the name.

        Raises:
            ValueError: an administrator could not make it so.
        """
        obj = self._store.get(name) or ObjectType.made(name, label, time_text(self._clock()))
        self._store.define(obj.extended(Field.from_spec(each) for each in fields))

    def provision(self, manifest_path: Path | str) -> list[str]:
        """Create what a dbt manifest's publish models need, and say what was added."""
        return provision(self._store, Path(manifest_path), time_text(self._clock()))

    def insert(self, name: str, records: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Add records without HTTP, limits or log, as a person in the UI would.

        Returns:
            Their ids, in order.

        Raises:
            ValueError: when one is not valid, or there already; nothing is written.
        """
        return self._by_hand(name, "createOnly", False, records)

    def update(self, name: str, record_id: Any, values: Mapping[str, Any]) -> None:
        """Change one record without HTTP."""
        obj = self._object(name)
        self._by_hand(name, "updateOnly", True, [{obj.id_field: record_id, **values}])

    def delete(self, name: str, record_id: Any) -> bool:
        """Remove one record without HTTP; False when there is none."""
        obj = self._object(name)
        with self._store.transaction():
            (result,) = Writer(self._store, Switches()).delete(obj, True, [{obj.id_field: record_id}])
        return result.error is None

    def imports(self) -> list[tuple[int, str, int, int, int]]:
        """Number, state, rows taken, failed and warned of every import, newest first."""
        return [(each.id, each.state, each.taken, each.failed, each.warned) for each in self._imports.listed()]

    def _by_hand(self, name: str, action: str, by_id: bool, records: Sequence[Mapping[str, Any]]) -> list[Any]:
        obj, writer = self._object(name), Writer(self._store, Switches())
        written: list[Any] = []
        with self._store.transaction():
            for start in range(0, len(records), AT_ONCE):
                for result in writer.sync(obj, action, by_id, records[start : start + AT_ONCE], by_hand=True):
                    if result.error is not None:
                        raise ValueError(f"{name}: {result.error}")
                    written.append(result.id)
        return written

    def _page(self, path: str) -> str | None:
        return render(path, self._store, self.calls, self.usage(), "Marketo")
