"""A sandbox's command as a process of its own, for tests."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextmanager
def served(
    system: str, tmp_path: Path, *options: str, kill: bool = False
) -> Iterator[tuple[str, str, subprocess.Popen[str]]]:
    """What `python -m sandbox <system>` printed, its address, and the process."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(f"{system.upper()}_")}
    command = [sys.executable, "-m", "sandbox", system, "--port", "0", *options]
    process = subprocess.Popen(
        command, cwd=tmp_path, env={**environment, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True
    )
    lines: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Serving"):
            break
    url = re.search(r"http://127\.0\.0\.1:\d+", "".join(lines))
    try:
        assert url is not None, lines
        yield "".join(lines), url[0], process
    finally:
        process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        process.wait(timeout=60)


def not_started(system: str, tmp_path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """How the command ended that could not start."""
    return subprocess.run(
        [sys.executable, "-m", "sandbox", system, "--port", "0", *options],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
