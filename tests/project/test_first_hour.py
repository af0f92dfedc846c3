"""A stranger's first hour, as docs/first-hour.md tells it, from a fresh clone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from dbt_bench import REPO
from doc_walk import Walk, steps

PAGE = REPO / "docs" / "first-hour.md"


def clone(home: Path) -> Path:
    """The files of this checkout that git knows, and no other, with this environment: installing it has its own test in CI."""
    project = home / "customer-health"
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPO, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    for name in filter(None, listed):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        if (REPO / name).exists():
            shutil.copy2(REPO / name, project / name)
            os.utime(project / name, (0, 0))  # older than the environment, so that make does not install it again
    (project / ".venv").symlink_to(sys.prefix)
    return project


def test_the_first_hour_goes_as_the_page_says(tmp_path: Path) -> None:
    walk = Walk(clone(tmp_path), tmp_path, dict(os.environ))
    found = steps(PAGE)
    assert {step.kind for step in found} == {"file", "run", "shows"}
    for step in found:
        walk.take(step)
