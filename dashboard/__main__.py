"""`python -m dashboard`: write the page."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from dashboard.errors import DashboardError
from dashboard.page import write
from dashboard.queries import read_mart
from dashboard.source import DuckDbSource


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is 0, or 2 with a message on stderr."""
    options = _parser().parse_args(arguments)
    try:
        source = DuckDbSource(options.database, options.schema)
        try:
            page = write(read_mart(source, options.periods), options.out, options.title)
        finally:
            source.close()
    except (DashboardError, OSError) as error:
        print(f"dashboard: {error}", file=sys.stderr)
        return 2
    print(f"{page} ({page.stat().st_size / 1e6:.1f} MB): open it in a browser, no server needed.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dashboard",
        description="Write the customer health dashboard, one static HTML file.",
    )
    database = os.environ.get("DUCKDB_PATH", "customer_health.duckdb")
    parser.add_argument(
        "--database",
        type=Path,
        default=Path(database),
        help="the DuckDB file (default: %(default)s)",
    )
    parser.add_argument("--schema", default="main", help="the target schema (default: %(default)s)")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("build/dashboard"),
        help="the folder to write to (default: %(default)s)",
    )
    parser.add_argument(
        "--periods",
        type=_at_least_one,
        default=18,
        help="periods in the trends (default: %(default)s)",
    )
    parser.add_argument("--title", default="Customer health", help="the heading (default: %(default)s)")
    return parser


def _at_least_one(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return count


if __name__ == "__main__":
    sys.exit(main())
