"""`python -m sandbox salesforce`: a local org as a server of its own."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from sandbox.salesforce import ids
from sandbox.salesforce.box import Org
from sandbox.salesforce.settings import Limits
from sandbox.serving import FOLDER, read_accounts, seeded, serve, with_common


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM.

    Returns:
        0 after a signal, 2 when it could not start.
    """
    options = _parser().parse_args(arguments)
    return serve(lambda: _made(options))


def seed_accounts(org: Org, path: Path) -> int:
    """Add an Account for every account of `accounts.csv` that has none yet, and count them.

    Its id is the account's in the file, where that can be a record's id; AccountNumber is it in any case, and so is
    every custom external id that Account has.

    Raises:
        ValueError: when the file lacks a column.
    """
    known = {row["AccountNumber"] for row in org.rows("Account")}
    keys = ("AccountNumber", *org.external_ids("Account"))
    records = [
        {"Name": name[:255], **dict.fromkeys(keys, account_id), **_id_of(account_id)}
        for account_id, name in read_accounts(path).items()
        if account_id not in known
    ]
    return len(org.insert("Account", records))


def _id_of(account_id: str) -> dict[str, str]:
    return {"Id": account_id} if account_id.startswith("001") and ids.full(account_id) else {}


def _made(options: argparse.Namespace) -> Org:
    key = options.public_key.read_text(encoding="utf-8") if options.public_key else None
    org = Org(
        options.db,
        client_id=os.environ.get("SALESFORCE_CLIENT_ID", "").strip() or "local",
        client_secret=os.environ.get("SALESFORCE_CLIENT_SECRET", "").strip() or "local",
        public_key=key,
        username=options.username,
        limits=Limits(calls_per_day=options.calls_per_day),
        port=options.port,
        bulk_seconds=options.bulk_seconds,
    )
    if options.metadata.exists():
        print(f"{len(org.deploy(options.metadata))} objects and fields added from {options.metadata}")
    elif options.manifest.exists():
        print(f"{len(org.provision(options.manifest))} objects and fields added from {options.manifest}")
    else:
        print(f"No {options.metadata} and no {options.manifest}: only the objects that are there already")
    seeded(options.accounts, lambda path: seed_accounts(org, path), "accounts")
    return org


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox salesforce",
        description="A local Salesforce on loopback. Its consumer key and secret are SALESFORCE_CLIENT_ID and"
        " SALESFORCE_CLIENT_SECRET, or local and local.",
    )
    add = with_common(parser, 8766, "salesforce.sqlite", Limits().calls_per_day).add_argument
    metadata, manifest = Path(FOLDER) / "metadata", Path("target/manifest.json")
    add("--metadata", type=Path, default=metadata, help="folder of metadata to deploy (%(default)s)")
    add("--manifest", type=Path, default=manifest, help="without that, the dbt manifest to make it from")
    add("--public-key", type=Path, help="PEM that the signature of a JWT is verified with")
    add("--username", default="integration@example.com", help="the user that a JWT may speak for (%(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
