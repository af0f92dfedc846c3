"""A file's lines, exactly as the S3 connector reads them: UTF-8 without a mark, commas, quotes doubled, a line feed."""

from __future__ import annotations

import csv
import gzip
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from io import StringIO
from typing import IO

from loader.dbt.artifacts import PublishModel
from loader.engine.destination import Row
from loader.engine.files import cell

LARGEST_FILE = 100_000_000
"""Bytes of a file, before it is packed."""
_CHUNK = 1 << 20


def header(model: PublishModel) -> bytes:
    """The first line: API names, in the order of the model's yml."""
    return _line(model.targets)


def line(model: PublishModel, row: Row) -> bytes:
    """A row's line; null is an empty cell."""
    values = row.values
    return _line([cell(values[name]) for name in model.targets])


def write(file: IO[bytes], model: PublishModel, rows: Iterable[Row], largest: int, *, packed: bool) -> str:
    """Write rows until the next one would make the file too large, and take no more of them.

    Returns:
        The SHA-256 of the file's bytes.
    """
    with ExitStack() as stack:
        out: IO[bytes] | gzip.GzipFile = file
        if packed:
            out = stack.enter_context(gzip.GzipFile("", "wb", fileobj=file, mtime=0))
        first = header(model)
        size = out.write(first)
        for row in rows:
            text = line(model, row)
            if size + len(text) > largest and size > len(first):
                break
            size += out.write(text)
    file.flush()
    return digest(file)


def digest(file: IO[bytes]) -> str:
    """The SHA-256 of a file's bytes; it stands at its beginning afterwards."""
    file.seek(0)
    hashed = hashlib.sha256()
    for chunk in iter(lambda: file.read(_CHUNK), b""):
        hashed.update(chunk)
    file.seek(0)
    return hashed.hexdigest()


def marks(file: IO[bytes], *, packed: bool) -> set[bytes]:
    """A short hash of each line, header included; a row's own line break is part of its line."""
    out = gzip.GzipFile("", "rb", fileobj=file) if packed else file
    return set(map(mark, _lines(out)))


def mark(text: bytes) -> bytes:
    """A short hash of a line."""
    return hashlib.blake2b(text, digest_size=12).digest()


def _lines(out: Iterable[bytes]) -> Iterator[bytes]:
    """Lines of a CSV file: a line feed between quotes ends none."""
    held = b""
    for piece in out:
        held += piece
        if held.count(b'"') % 2 == 0:
            yield held
            held = b""


def _line(cells: Iterable[str]) -> bytes:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()
