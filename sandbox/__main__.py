"""`python -m sandbox`: the sandbox as a server of its own, for the demo."""

from __future__ import annotations

import argparse
import csv
import os
import secrets
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from sandbox.box import Sandbox
from sandbox.serving import FOLDER, read_accounts, serve
from sandbox.settings import Limits

_FOLDER = Path(FOLDER)


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; `salesforce` or `marketo` as the first word serves that system.

    Returns:
        0 after a signal, 2 when it could not start.
    """
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["salesforce"]:
        from sandbox.salesforce.__main__ import main as salesforce

        return salesforce(given[1:])
    if given[:1] == ["marketo"]:
        from sandbox.marketo.__main__ import main as marketo

        return marketo(given[1:])
    options = _parser().parse_args(given)
    return serve(lambda: _made(options))


def read_or_make_key(path: Path) -> str:
    """The access key: the environment's, else the file's, else a new one in the file (mode 600)."""
    given = os.environ.get("GAINSIGHT_ACCESS_KEY", "").strip()
    if given:
        return given
    if not path.exists() or not path.read_text(encoding="utf-8").strip():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
    return path.read_text(encoding="utf-8").strip()


def seed_companies(box: Sandbox, path: Path) -> int:
    """Add a Company for every account of `accounts.csv` that has none yet, and count them.

    Raises:
        ValueError: when the file lacks a column.
    """
    known = {row["SfdcAccountId"] for row in box.rows("Company")}
    records = [
        {"Name": name[:250], "SfdcAccountId": account_id}
        for account_id, name in read_accounts(path).items()
        if account_id not in known
    ]
    return len(box.insert("Company", records))


def seed_users(box: Sandbox, path: Path) -> int:
    """Add a user for every csm_email of `accounts.csv` that has none yet, and count them."""
    known = {row["Email"] for row in box.rows("gsuser")}
    with path.open(encoding="utf-8", newline="") as file:
        emails = {(row.get("csm_email") or "").strip() for row in csv.DictReader(file)} - known - {""}
    return len([box.add_user(email.partition("@")[0], email) for email in sorted(emails)])


def _made(options: argparse.Namespace) -> Sandbox:
    box = Sandbox(
        options.db,
        access_key=read_or_make_key(options.access_key_file),
        client_id=os.environ.get("GAINSIGHT_CLIENT_ID"),
        client_secret=os.environ.get("GAINSIGHT_CLIENT_SECRET"),
        limits=_limits(options),
        port=options.port,
        clock=_clock(options.as_of),
    )
    _fill(box, options)
    return box


def _clock(day: date | None) -> Callable[[], float]:
    """Now, or the same time of another day."""
    behind = (datetime.now(UTC).date() - day).days * 86_400 if day else 0
    return lambda: time.time() - behind


def _fill(box: Sandbox, options: argparse.Namespace) -> None:
    if options.manifest.exists():
        added = box.provision(options.manifest)
        print(f"{len(added)} objects and fields added from {options.manifest}")
    else:
        print(f"No {options.manifest}: only the objects that are there already")
    if options.companies.exists():
        print(f"{seed_companies(box, options.companies)} companies added from {options.companies}")
        print(f"{seed_users(box, options.companies)} users added from it")
    else:
        print(f"No {options.companies}: no company added")
    for given in options.bulk_job:
        job_id, _, rest = given.partition("=")
        name, _, keys = rest.partition(":")
        box.create_bulk_job(job_id, name, keys=keys.split(",") if keys else ())
    if not os.environ.get("GAINSIGHT_ACCESS_KEY", "").strip():
        print(f"The access key is in {options.access_key_file}")


def _limits(options: argparse.Namespace) -> Limits:
    if options.limits == "off":
        return Limits.off()
    return Limits(
        calls_per_window=options.calls_per_window,
        window_seconds=options.window_seconds,
        calls_per_day=options.calls_per_day,
        bulk_window_seconds=options.bulk_window_seconds,
    )


def _parser() -> argparse.ArgumentParser:
    default = Limits()
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="A local Gainsight on loopback. Its access key is GAINSIGHT_ACCESS_KEY, or"
        " one kept in a file; GAINSIGHT_CLIENT_ID and GAINSIGHT_CLIENT_SECRET set the M2M pair."
        " `python -m sandbox salesforce` serves a local Salesforce instead, `python -m sandbox marketo` a Marketo.",
    )
    add = parser.add_argument
    add("--port", type=int, default=8765, help="port on 127.0.0.1; 0 is any free one (%(default)s)")
    add("--db", type=Path, default=_FOLDER / "gainsight.sqlite", help="file of the rows")
    manifest = Path("target/manifest.json")
    add("--manifest", type=Path, default=manifest, help="dbt manifest to take objects from")
    companies = Path("sample/raw/accounts.csv")
    add("--companies", type=Path, default=companies, help="accounts.csv to make companies from")
    add(
        "--access-key-file",
        type=Path,
        default=_FOLDER / "access_key",
        help="where the access key is kept when GAINSIGHT_ACCESS_KEY is not set",
    )
    add("--as-of", type=date.fromisoformat, metavar="DATE", help="the day it is there, for dates of records (today)")
    add("--limits", choices=("on", "off"), default="on", help="limits of contract section 7")
    add("--calls-per-window", type=int, default=default.calls_per_window, help="%(default)s")
    add("--window-seconds", type=float, default=default.window_seconds, help="%(default)s")
    add("--calls-per-day", type=int, default=default.calls_per_day, help="%(default)s")
    bulk = default.bulk_window_seconds
    add("--bulk-window-seconds", type=float, default=bulk, help="%(default)s")
    add(
        "--bulk-job",
        action="append",
        default=[],
        metavar="ID=OBJECT:KEY,KEY",
        help="an upsert job of the bulk API whose CSV headers are field names; repeatable",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
