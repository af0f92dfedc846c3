"""Raw folders at real size: four years by the project's own generator, and copies of a part with other identities."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import REPO

AS_OF = "2026-06-30"
HEAD = 4096
IDENTITIES = re.compile(
    rb'"(ping_id|uuid|license_md5|license_sha256|license_subscription_id)":"(?=[^"])',
)
COLUMNS = {
    "account_id", "parent_account_id", "subscription_id", "original_subscription_id",
    "license_id", "license_md5", "license_sha256", "uuid", "objective_id", "ping_id",
}  # fmt: skip


@dataclass(frozen=True)
class Size:
    """What a raw folder holds."""

    bytes: int
    pings: int

    @property
    def gigabytes(self) -> float:
        """In 10^9 bytes."""
        return self.bytes / 1e9


def generate(out: Path, accounts: int, months: int) -> Path:
    """A folder by `python -m sample`, with payloads of some 50 KB and 1,300 keys."""
    options = {"out": out, "accounts": accounts, "months": months, "payload-keys": 1300, "gzip": "none", "as-of": AS_OF}
    arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    subprocess.run([sys.executable, "-m", "sample", *arguments], cwd=REPO, check=True, stdout=subprocess.DEVNULL)
    return out


def multiply(source: Path, out: Path, copies: int) -> Path:
    """`source` and copies of it as other customers.

    Every id, uuid and licence hash of copy n begins with `xn`, as no hash does. The first set's files are linked, not
    copied. Accounts, subscriptions and licences are multiplied too, so that the work behind the extraction grows as the
    payloads do.
    """
    with ProcessPoolExecutor() as pool:
        done = []
        for copy in range(copies):
            for path in pings(source):
                target = out / "service_pings" / f"copy={copy}" / path.relative_to(source / "service_pings")
                target.parent.mkdir(parents=True, exist_ok=True)
                if copy:
                    done.append(pool.submit(_copy_pings, path, target, f"x{copy}".encode()))
                else:
                    os.link(path, target)
        for each in done:
            each.result()
    for path in source.glob("*.csv"):
        _multiply_csv(path, out / path.name, copies)
    return out


def linked(source: Path, out: Path, copies: int) -> Path:
    """The first `copies` of a multiplied folder, as links."""
    for copy in range(copies):
        for path in (source / "service_pings" / f"copy={copy}").rglob("*.jsonl"):
            target = out / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, target)
    for path in source.glob("*.csv"):
        rows = list(csv.reader(path.open(encoding="utf-8", newline="")))
        kept = [row for row in rows if not any(re.match(rf"x[{copies}-9]", cell) for cell in row[:3])]
        with (out / path.name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(kept)
    return out


def empty(source: Path, out: Path) -> Path:
    """The same files with headers alone, and one ping: what dbt costs before there is anything to do."""
    first = pings(source)[0]
    target = out / "service_pings" / first.name
    target.parent.mkdir(parents=True)
    with first.open(encoding="utf-8") as lines:
        target.write_text(next(lines), encoding="utf-8")
    for path in source.glob("*.csv"):
        with path.open(encoding="utf-8") as lines:
            (out / path.name).write_text(next(lines), encoding="utf-8")
    return out


def without_last_week(source: Path, out: Path) -> list[Path]:
    """Links the same folder without the files of its last week, and returns those."""
    held = [path for path in pings(source) if _day(path) <= AS_OF]
    last = max(_day(path) for path in held)
    _linked(source, [path for path in held if _day(path) < last], out)
    return [path for path in held if _day(path) == last]


def with_files(source: Path, more: Sequence[Path], out: Path) -> Path:
    """The same folder and some files more."""
    return _linked(source, [*pings(source), *more], out)


def last_months(source: Path, out: Path, months: int) -> Path:
    """The same installations, seen for the last `months` only."""
    kept = sorted({path.parent.name for path in pings(source)})[-months:]
    return _linked(source, [path for path in pings(source) if path.parent.name in kept], out)


def pings(raw: Path) -> list[Path]:
    """The weekly files, in order of week."""
    return sorted((raw / "service_pings").rglob("*.jsonl"), key=lambda path: (path.name, path))


def size(raw: Path) -> Size:
    """Bytes and lines of the weekly files."""
    lines = sum(chunk.count(b"\n") for path in pings(raw) for chunk in _chunks(path))
    return Size(bytes_of(raw), lines)


def bytes_of(raw: Path) -> int:
    """Bytes of the weekly files."""
    return sum(path.stat().st_size for path in pings(raw))


def _day(path: Path) -> str:
    return path.stem[-10:]


def _linked(source: Path, files: Sequence[Path], out: Path) -> Path:
    """These files by month, as links, and the tables of `source`."""
    for path in files:
        target = out / "service_pings" / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(path, target)
    for path in source.glob("*.csv"):
        shutil.copy(path, out)
    return out


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(1 << 24):
            yield chunk


def _copy_pings(path: Path, target: Path, prefix: bytes) -> None:
    with path.open("rb") as lines, target.open("wb") as out:
        for line in lines:
            out.write(IDENTITIES.sub(rb"\g<0>" + prefix, line[:HEAD]))
            out.write(line[HEAD:])


def _multiply_csv(path: Path, target: Path, copies: int) -> None:
    with path.open(encoding="utf-8", newline="") as file, target.open("w", encoding="utf-8", newline="") as out:
        rows = csv.reader(file)
        header = next(rows)
        writer = csv.writer(out)
        writer.writerow(header)
        held = list(rows)
        for copy in range(copies):
            for row in held:
                cells = zip(header, row, strict=True)
                writer.writerow(
                    [f"x{copy}{cell}" if copy and cell and name in COLUMNS else cell for name, cell in cells]
                )
