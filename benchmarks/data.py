"""Raw folders at real size by the project's own generator, with and without their last week."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.report import REPO

AS_OF = "2026-06-30"


def generate(out: Path, accounts: int, months: int) -> Path:
    """A folder by `python -m sample`, with payloads of some 50 KB and 1,300 keys."""
    options = {"out": out, "accounts": accounts, "months": months, "payload-keys": 1300, "gzip": "none", "as-of": AS_OF}
    arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    subprocess.run([sys.executable, "-m", "sample", *arguments], cwd=REPO, check=True, stdout=subprocess.DEVNULL)
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


def pings(raw: Path) -> list[Path]:
    """The weekly files, in order of week."""
    return sorted((raw / "service_pings").rglob("*.jsonl"), key=lambda path: (path.name, path))


def gigabytes(raw: Path) -> float:
    """The weekly files, in 10^9 bytes."""
    return sum(path.stat().st_size for path in pings(raw)) / 1e9


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
