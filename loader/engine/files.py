"""Records as CSV files."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import IO, Any

_LOOK = 100
"""So many rows between two looks at a file's size."""
_LONGEST_POLL, _SHARE_OF_WAIT = 30.0, 0.15


def next_look(waited: float, shortest: float, patience: float) -> float:
    """Seconds until it is asked again whether a file was worked through: a share of what was waited, within bounds."""
    return min(max(shortest, waited * _SHARE_OF_WAIT), _LONGEST_POLL, patience / 10)


def csv_files(
    header: list[str], records: Iterable[dict[str, Any]], largest: int, null: str = "", end: str = "\r\n"
) -> Iterator[IO[bytes]]:
    """Write records to files of about so many bytes: UTF-8 without a mark.

    Args:
        null: what stands for null.
        end: of a line.
    """
    file: IO[str] | None = None
    for number, record in enumerate(records):
        if file is None or (number % _LOOK == 0 and file.tell() > largest):
            if file is not None:
                yield _rewound(file)
            file = tempfile.TemporaryFile("w+", encoding="utf-8", newline="")  # noqa: SIM115
            write = csv.writer(file, lineterminator=end).writerow
            write(header)
        values = [record[name] for name in header]
        write([v if type(v) is str else null if v is None else cell(v) for v in values])
    if file is not None:
        yield _rewound(file)


def cell(value: Any, null: str = "") -> str:
    """A value as a file has it; numbers are plain decimals."""
    if value is None or isinstance(value, str):
        return null if value is None else value
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value)
    return f"{Decimal(text):f}" if "e" in text else text  # never 1e-05


def _rewound(file: IO[str]) -> IO[bytes]:
    file.flush()
    file.seek(0)
    return file.buffer  # type: ignore[attr-defined,no-any-return]
