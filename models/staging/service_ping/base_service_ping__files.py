"""Every file under service_pings, with the reason for each that cannot be read.

DuckDB's own listing passes over links, names with a backslash and whatever is no ordinary file, and it fails as a whole
at one name that is not UTF-8. So the folder is walked here; only a store (s3://) is listed by DuckDB.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PINGS = "service_pings"
SETTLED = 10
"""Seconds after which a second change cannot bear the time of the first: file systems date changes by up to 2 s."""


def model(dbt: Any, session: Any) -> Any:
    """Rows (file_name, problem, file_state).

    Names are as seen from the raw folder, problem is null where a file can be read.
    """
    raw = dbt.config.get("meta")["raw_path"]
    if "://" in raw:
        place = raw.rstrip("/")
        found = session.sql("select file from glob(?)", params=[f"{place}/{PINGS}/**"]).fetchall()
        files = [(path[len(place) + 1 :], None, None) for (path,) in found]
    else:
        folder = Path(os.path.normpath(Path(raw).expanduser()))
        walked = walk(folder / PINGS)
        files = [(as_text(path.relative_to(folder)), problem, state_of(path)) for path, problem in walked]
    columns = [list(column) for column in zip(*files, strict=True)] or [[], [], []]
    return session.sql(
        "select unnest($1::varchar[]) as file_name, unnest($2::varchar[]) as problem,"
        " unnest($3::varchar[]) as file_state",
        params=columns,
    )


def walk(top: Path) -> Iterator[tuple[Path, str | None]]:
    """(path, problem) of all that lies below. A folder is entered once, and a link to it after all others."""
    waiting, links, entered = [top], [], set()
    while waiting or links:
        folder = waiting.pop() if waiting else links.pop(0)
        if folder.resolve() in entered:
            yield folder, "a link to a folder that is read already"
            continue
        entered.add(folder.resolve())
        try:
            paths = sorted(folder.iterdir())
        except OSError as error:
            yield folder, f"cannot be opened: {error.strerror}"
            continue
        for path in paths:
            if is_folder(path):
                (links if path.is_symlink() else waiting).append(path)
            else:
                yield path, problem_of(path)


def is_folder(path: Path) -> bool:
    """Whether it is one, or a link to one."""
    try:
        return path.is_dir()
    except OSError:
        return False


def problem_of(path: Path) -> str | None:
    """Why DuckDB could not read a file; none if it can. In a pattern it takes a backslash for a separator."""
    if as_text(path) != str(path):
        return "its name is not UTF-8: rename it"
    if "\\" in str(path) and any(sign in str(path) for sign in "[*?"):
        return "its path holds a backslash beside [, * or ?: rename it"
    try:
        if path.exists() and not path.is_file():
            return "not an ordinary file"
        with path.open("rb"):
            return None
    except OSError as error:
        return f"cannot be opened: {error.strerror}"


def state_of(path: Path) -> str | None:
    """What changes whenever somebody writes to the file; nothing while it may be written to."""
    try:
        found = path.stat()
    except OSError:
        return None
    if time.time() - max(found.st_mtime, found.st_ctime) < SETTLED:
        return None
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino}"


def as_text(path: Path) -> str:
    """A path as a database can hold it: bytes that are not UTF-8 become \\x.."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
