"""Puts the planned pings on disk, week by week, so that any amount needs little memory."""

from __future__ import annotations

import gzip
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, cast

from sample.clock import add_months, month_start


class OutputError(Exception):
    """The output folder cannot be written; the message names it and the way out."""


@contextmanager
def replaced_folder(out: Path, force: bool) -> Iterator[Path]:
    """A folder to write to that takes the place of `out` only when everything went well."""
    _refuse_foreign(out, force)
    out.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        fresh = work / "new"
        fresh.mkdir()
        yield fresh
        if out.exists():
            out.rename(work / "old")
        fresh.rename(out)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _refuse_foreign(out: Path, force: bool) -> None:
    if out.is_file():
        raise OutputError(f"{out} is a file; name a folder with --out")
    if not out.exists() or not any(out.iterdir()):
        return
    if not force:
        raise OutputError(f"{out} is not empty; give --force to replace it, or another --out")
    if not (out / "truth.json").exists():
        raise OutputError(f"{out} was not written by this generator (no truth.json); not replaced")


class PingFiles:
    """The files under service_pings/: one per landing week and month, older ones compressed."""

    def __init__(self, folder: Path, as_of: date, compress: str) -> None:
        self._folder = folder / "service_pings"
        self._plain_from = {
            "none": date.min,
            "older": add_months(month_start(as_of), -2),
            "all": date.max,
        }[compress]
        self._open: dict[Path, BinaryIO] = {}
        self._stack = ExitStack()

    def __enter__(self) -> PingFiles:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close_week()

    def add(self, landed: date, name: str, line: str, *, plain: bool = False) -> None:
        """Append a line to the file `name` of the month in which it landed."""
        folder = self._folder / f"received_month={landed:%Y-%m}"
        compressed = not plain and landed < self._plain_from
        path = folder / f"{name}.jsonl{'.gz' if compressed else ''}"
        if path not in self._open:
            folder.mkdir(parents=True, exist_ok=True)
            self._open[path] = _open(path, compressed, self._stack)
        self._open[path].write(f"{line}\n".encode())

    def add_manual(self, name: str, payload: str) -> None:
        """A payload as an administrator saves it by hand: indented, and nothing around it."""
        folder = self._folder / "manual"
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(json.loads(payload), indent=2)
        (folder / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")

    def close_week(self) -> None:
        """Finish the files of a landing week; nothing is added to them afterwards."""
        self._stack.close()
        self._open.clear()


def _open(path: Path, compressed: bool, stack: ExitStack) -> BinaryIO:
    """A binary file; the gzip header holds neither name nor time, so bytes repeat."""
    file = stack.enter_context(path.open("wb"))
    if not compressed:
        return file
    packed = gzip.GzipFile("", "wb", 6, file, mtime=0)
    return cast(BinaryIO, stack.enter_context(packed))


def ping_line(ping_id: str, received_at: datetime, payload: str) -> str:
    """One line of the raw contract."""
    return f'{{"ping_id":{json.dumps(ping_id)},"received_at":"{received_at:%Y-%m-%dT%H:%M:%SZ}","payload":{payload}}}'
