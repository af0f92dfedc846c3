"""Command line: python -m sample."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from sample.generate import MIN_ACCOUNTS, generate
from sample.model import Options
from sample.writer import OutputError

MAX_KEYS = 1300


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date like 2026-06-30") from None


def parser() -> argparse.ArgumentParser:
    """The options, each with its default."""
    cli = argparse.ArgumentParser(
        prog="python -m sample",
        description="Write realistic raw input for the mart, and truth.json with what must come "
        "out of it. Equal options give identical bytes.",
    )
    add = cli.add_argument
    add("--out", type=Path, default=Path("sample/raw"), help="folder to write (%(default)s)")
    add("--accounts", type=int, default=Options.accounts, help="customers (%(default)s)")
    add("--seed", type=int, default=Options.seed, help="another seed, other customers (%(default)s)")
    add("--months", type=int, default=Options.months, help="months of history (%(default)s)")
    add("--as-of", type=_day, metavar="DATE", help="last day, like 2026-06-30 (today, UTC)")
    add(
        "--payload-keys",
        type=int,
        default=Options.payload_keys,
        help=f"keys per ping (%(default)s); {MAX_KEYS} is real size, about 50 KB",
    )
    add(
        "--gzip",
        choices=("older", "all", "none"),
        default=Options.gzip,
        help="which weekly files to compress (%(default)s: all but the last three months)",
    )
    add("--force", action="store_true", help="replace a folder that this generator wrote")
    return cli


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 when written, 2 when the options or the folder do not allow it."""
    cli = parser()
    given = cli.parse_args(arguments)
    if given.accounts < MIN_ACCOUNTS:
        cli.error(f"--accounts {given.accounts}: the named accounts alone need {MIN_ACCOUNTS}")
    if given.months < 3:
        cli.error(f"--months {given.months}: at least 3 calendar months are needed")
    if not 1 <= given.payload_keys <= MAX_KEYS:
        cli.error(f"--payload-keys {given.payload_keys}: between 1 and {MAX_KEYS}")
    options = Options(
        out=given.out,
        as_of=given.as_of or datetime.now(UTC).date(),
        accounts=given.accounts,
        seed=given.seed,
        months=given.months,
        payload_keys=given.payload_keys,
        gzip=given.gzip,
    )
    try:
        summary = generate(options, force=given.force)
    except (OutputError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(summary)
    return 0


if __name__ == "__main__":
    sys.exit(main())
