"""`python -m dashboard report`: write reports for customers."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import click

from dashboard.formats import plural


@click.command()
@click.option("--account", "ids", multiple=True, metavar="ID", help="Of this account; may be given several times.")
@click.option("--all", "everybody", is_flag=True, help="Of every account that the CRM has and that had a subscription.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder that gets a folder per account.")
@click.option("--sender", default="", help="Your company, as the page's head names it.")
def report(ids: Sequence[str], everybody: bool, out: Path | None, sender: str) -> None:
    """Write one static page per account, for the customer itself, with its data as CSV.

    The mart is the one that your dbt profile names (DUCKDB_PATH, DBT_TARGET). Exit code 0: all are written; 1: some are
    not, and which is said; 2: none.
    """
    if bool(ids) == everybody:
        raise click.UsageError("say which accounts: --account ID, or --all")
    if out is None:
        raise click.UsageError("say where to: --out DIR")
    logging.getLogger("streamlit.runtime.caching.cache_data_api").addFilter(lambda _: False)  # it misses its server
    try:
        from dashboard.report.run import run
    except ImportError as error:
        raise RefusedError(f"{error.name} is not installed; make report installs it.") from error
    from dashboard.app.data import DataError, MissingError

    try:
        written, failed = run(list(dict.fromkeys(ids)), out, sender, lambda text: click.echo(text, err=True))
    except MissingError as error:
        raise RefusedError(f"The mart is not whole: {error} Run `make build` and look at its end.") from error
    except (DataError, OSError) as error:
        raise RefusedError(str(error)) from error
    click.echo(f"{plural(written, 'report')} in {out}: open report.html in a browser, no server needed.")
    if failed:
        raise RefusedError(f"{plural(failed, 'account')} failed; the others are written.", code=1)


class RefusedError(click.ClickException):
    """Ends the command with a message."""

    def __init__(self, message: str, code: int = 2) -> None:
        """Take the message and the exit code."""
        super().__init__(message)
        self.exit_code = code
