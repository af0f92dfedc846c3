"""Where files are put. A file appears there whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Protocol

from loader.errors import FatalError

PREFIX = "GAINSIGHT_S3"


class Place(Protocol):
    """A folder or a bucket."""

    asks: bool
    """Whether a look is a call."""

    def look(self, name: str) -> bool:
        """Whether a file of this name is there.

        Raises:
            FatalError: we may not look.
        """

    @contextmanager
    def room(self, name: str) -> Iterator[IO[bytes]]:
        """An empty file to write into, which nobody takes for this one yet."""

    def put(self, file: IO[bytes], name: str) -> None:
        """Let a written file appear.

        Raises:
            ReplyError: it did not; an ambiguous one, that nobody knows.
        """

    @contextmanager
    def read(self, name: str) -> Iterator[IO[bytes] | None]:
        """A file that is there, or None."""


class Folder:
    """A folder of this machine: written beside, then renamed."""

    asks = False

    def __init__(self, path: Path) -> None:
        self._path = path

    def look(self, name: str) -> bool:
        """See `Place`."""
        if not self._path.is_dir() or not os.access(self._path, os.W_OK | os.X_OK):
            raise FatalError(f"{PREFIX}_FOLDER: {self._path} is no folder that may be written into")
        return (self._path / name).exists()

    @contextmanager
    def room(self, name: str) -> Iterator[IO[bytes]]:
        """See `Place`."""
        part = self._part(name)
        try:
            with part.open("w+b") as file:
                yield file
        except OSError as error:  # no room left, a file system that went away
            raise FatalError(f"{PREFIX}_FOLDER: cannot write into {self._path} ({error.strerror})") from None
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    def put(self, file: IO[bytes], name: str) -> None:
        """See `Place`."""
        os.fsync(file.fileno())
        self._part(name).rename(self._path / name)

    def _part(self, name: str) -> Path:
        return self._path / f".{name}.part"

    @contextmanager
    def read(self, name: str) -> Iterator[IO[bytes] | None]:
        """See `Place`."""
        path = self._path / name
        if not path.exists():
            yield None
            return
        with path.open("rb") as file:
            yield file
