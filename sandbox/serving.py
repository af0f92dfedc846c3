"""Serving a sandbox until a signal: what the commands of all of them share."""

from __future__ import annotations

import signal
import sqlite3
import sys
import threading
from collections.abc import Callable

from sandbox.base import LocalSystem

FOLDER = ".sandbox"


def serve(make: Callable[[], LocalSystem]) -> int:
    """Serve what `make` makes until SIGINT or SIGTERM.

    Returns:
        0 after a signal, 2 when it could not start.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        box = make()
    except (OSError, ValueError, KeyError, sqlite3.Error) as error:
        print(f"The sandbox cannot start: {error}", file=sys.stderr)
        return 2
    with box:
        print(f"Serving {box.url} (objects, rows and calls are shown there)", flush=True)
        stop.wait()
    print("Stopped; the rows are kept.")
    return 0
