"""`python -m dashboard`: what is written for others than the app's users."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from dashboard.report.cli import report


@click.group()
def cli() -> None:
    """The customer health dashboard: `make dashboard` opens the app; this writes reports for customers."""


cli.add_command(report)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is 0, or another one with a message on stderr."""
    try:
        ended = cli.main(arguments, prog_name="python -m dashboard", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    return ended if isinstance(ended, int) else 0


if __name__ == "__main__":
    sys.exit(main())
