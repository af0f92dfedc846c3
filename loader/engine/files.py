"""Records as CSV files."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import IO, Any


def csv_files(header: list[str], records: Iterable[dict[str, Any]], largest: int) -> Iterator[IO[bytes]]:
    """Write records to files of about so many bytes: UTF-8 without a mark, an empty cell for null."""
    file: IO[str] | None = None
    for record in records:
        if file is None or file.tell() > largest:
            if file is not None:
                yield _rewound(file)
            file = tempfile.TemporaryFile("w+", encoding="utf-8", newline="")  # noqa: SIM115
            csv.writer(file).writerow(header)
        csv.writer(file).writerow([_cell(record[name]) for name in header])
    if file is not None:
        yield _rewound(file)


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}"  # never 1e-05
    return "" if value is None else value


def _rewound(file: IO[str]) -> IO[bytes]:
    file.flush()
    file.seek(0)
    return file.buffer  # type: ignore[attr-defined,no-any-return]
