"""What the scripts behind `make registry` do with what they made: write it, or say that a file is out of date."""

from __future__ import annotations

import sys
from pathlib import Path


def settle(tool: str, wanted: dict[Path, str], project: Path, *, check: bool) -> int:
    """Writes each file that is not as wanted, or with `check` says so; returns the exit status."""
    changed = [
        path
        for path, text in wanted.items()
        if not (project / path).exists() or (project / path).read_text(encoding="utf-8", errors="replace") != text
    ]
    for path in changed:
        if check:
            sys.stderr.write(f"{tool}: {path} is out of date; run `make registry`\n")
        else:
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            (project / path).write_text(wanted[path], encoding="utf-8")
            sys.stdout.write(f"{tool}: wrote {path}\n")
    return 1 if check and changed else 0
