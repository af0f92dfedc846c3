"""Records as CSV files."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import IO, Any


def csv_files(
    header: list[str], records: Iterable[dict[str, Any]], largest: int, null: str = "", end: str = "\r\n"
) -> Iterator[IO[bytes]]:
    """Write records to files of about so many bytes: UTF-8 without a mark.

    Args:
        null: what stands for null.
        end: of a line.
    """
    file: IO[str] | None = None
    for record in records:
        if file is None or file.tell() > largest:
            if file is not None:
                yield _rewound(file)
            file = tempfile.TemporaryFile("w+", encoding="utf-8", newline="")  # noqa: SIM115
            write = csv.writer(file, lineterminator=end).writerow
            write(header)
        write([cell(record[name], null) for name in header])
    if file is not None:
        yield _rewound(file)


def cell(value: Any, null: str = "") -> str:
    """A value as a file has it; numbers are plain decimals."""
    if isinstance(value, str):
        return value
    if value is None:
        return null
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value)
    return f"{Decimal(text):f}" if "e" in text else text  # never 1e-05


def _rewound(file: IO[str]) -> IO[bytes]:
    file.flush()
    file.seek(0)
    return file.buffer  # type: ignore[attr-defined,no-any-return]
