"""What every sandbox is, whatever system it stands for: a server in a thread, a file of rows, faults and a call log."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sandbox.faults import FaultSchedule
from sandbox.row_faults import RowFault
from sandbox.server import SandboxServer, Served
from sandbox.settings import Call, Fault
from sandbox.tables import Row


class LocalSystem:
    """A local stand-in on loopback, started by `start` or by `with`. A subclass opens its file and makes its API."""

    credentials: Any
    """What is accepted: it has `revoked` and `expire_tokens`."""
    _store: Any

    def _open(self, path: Path | str | None, name: str) -> Path:
        """The file of the rows; without a path one that ends with the system."""
        self._temporary = None if path else tempfile.TemporaryDirectory(prefix="sandbox-")
        return Path(path) if path else Path(self._temporary.name) / name  # type: ignore[union-attr]

    def _listen(self, port: int, api: Served, clock: Callable[[], float], page: Callable[[str], str | None]) -> None:
        self._faults = FaultSchedule()
        self._server = SandboxServer(port, api, self._faults, clock, page)
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Serve in a thread of its own."""
        poll = {"poll_interval": 0.005}
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs=poll, name="sandbox", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """End every connection and close the file."""
        if self._thread is None:
            return
        self._server.close_all()
        self._thread.join()
        self._thread = None
        self._before_close()
        self._store.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    def _before_close(self) -> None:
        """What is to be kept or ended before the file closes."""

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return self._server.url

    @property
    def calls(self) -> list[Call]:
        """Every API call so far, oldest first (the last 500,000)."""
        return list(self._server.calls)

    def clear_calls(self) -> None:
        """Forget the calls so far."""
        self._server.calls.clear()

    def schedule(self, *faults: Fault) -> None:
        """Put faults on the schedule; their counts of calls start now."""
        for fault in faults:
            self._faults.add(fault)

    def clear_faults(self) -> None:
        """Take all faults off the schedule, let go of calls that hang, and accept revoked credentials again."""
        self._faults.clear()
        self.credentials.revoked = False

    def expire_tokens(self) -> None:
        """End every token issued so far."""
        self.credentials.expire_tokens()

    def objects(self) -> list[str]:
        """Names of all objects."""
        return [obj.name for obj in self._store.objects()]

    def rows(self, name: str) -> list[Row]:
        """Stored rows, oldest first, with their ids: dates as ISO text, picklists as labels."""
        rows: list[Row] = self._store.rows(self._object(name))
        return rows

    def count(self, name: str) -> int:
        """Number of stored rows."""
        count: int = self._store.count(self._object(name))
        return count

    def _object(self, name: str) -> Any:
        obj = self._store.get(name)
        if obj is None:
            raise KeyError(name)
        return obj


class TakesRowByRow(LocalSystem):
    """A system that takes and refuses rows one by one; its writer has faults of single rows."""

    _writer: Any
    _allowances: Any

    def fail_rows(self, *faults: RowFault) -> None:
        """Errors of single rows, from now on."""
        for fault in faults:
            self._writer.faults.add(fault)

    def clear_faults(self) -> None:
        """Take all faults off the schedule, of calls and of rows, and accept revoked credentials again."""
        super().clear_faults()
        self._writer.faults.clear()

    @property
    def switches(self) -> Any:
        """What this system does."""
        return self._writer.switches

    @switches.setter
    def switches(self, switches: Any) -> None:
        self._writer.switches = switches

    @property
    def limits(self) -> Any:
        """The limits in force."""
        return self._allowances.limits

    @limits.setter
    def limits(self, limits: Any) -> None:
        self._allowances.limits = limits
