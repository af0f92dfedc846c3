"""`python -m sandbox marketo`: a local instance as a server of its own."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from sandbox.marketo.box import Instance
from sandbox.marketo.schema import COMPANY
from sandbox.marketo.settings import CALLS_PER_DAY, Limits, Switches
from sandbox.serving import read_accounts, seeded, serve, with_common


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM.

    Returns:
        0 after a signal, 2 when it could not start.
    """
    options = _parser().parse_args(arguments)
    return serve(lambda: _made(options))


def seed_companies(box: Instance, path: Path) -> int:
    """Add a Company for every account of `accounts.csv` that has none yet, and count them.

    Raises:
        ValueError: when the file lacks a column.
    """
    known = {row["externalCompanyId"] for row in box.rows(COMPANY)}
    records = [
        {"externalCompanyId": account_id, "company": name[:255]}
        for account_id, name in read_accounts(path).items()
        if account_id not in known
    ]
    return len(box.insert(COMPANY, records))


def _made(options: argparse.Namespace) -> Instance:
    box = Instance(
        options.db,
        client_id=os.environ.get("MARKETO_CLIENT_ID", "").strip() or "local",
        client_secret=os.environ.get("MARKETO_CLIENT_SECRET", "").strip() or "local",
        switches=Switches(native_sync=options.native_sync),
        limits=Limits.off() if options.limits == "off" else Limits(calls_per_day=options.calls_per_day),
        port=options.port,
        bulk_seconds=options.bulk_seconds,
    )
    if options.manifest.exists():
        print(f"{len(box.provision(options.manifest))} objects and fields added from {options.manifest}")
    else:
        print(f"No {options.manifest}: only the objects that are there already")
    seeded(options.accounts, lambda path: seed_companies(box, path), "companies")
    return box


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox marketo",
        description="A local Marketo on loopback. Its client id and secret are MARKETO_CLIENT_ID and"
        " MARKETO_CLIENT_SECRET, or local and local.",
    )
    add = with_common(parser, 8767, "marketo.sqlite", CALLS_PER_DAY).add_argument
    manifest = Path("target/manifest.json")
    add("--manifest", type=Path, default=manifest, help="dbt manifest to take objects from (%(default)s)")
    add("--native-sync", choices=("none", "read_only", "disabled"), default="none", help="of a CRM (%(default)s)")
    add("--limits", choices=("on", "off"), default="on", help="on calls in 20 seconds, in a day and at once")
    return parser


if __name__ == "__main__":
    sys.exit(main())
