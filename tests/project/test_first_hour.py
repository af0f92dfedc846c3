"""A stranger's first hour, as docs/first-hour.md tells it.

In `make test` the page's builds are dbt's own in this process, of the models alone; everything else is done as it stands.
From a fresh clone, by make and with all data tests, it is long.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from dbt_bench import REPO, Bench
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


class BuiltHere(Walk):
    """A reader whose `make build` is dbt in this process."""

    models: Path

    def _run(self, commands: str) -> None:
        before, *builds = re.split(r"^make build VARS='(.*)'$", commands, flags=re.MULTILINE)
        super()._run(before)
        printed = [self.printed]
        for variables, after in zip(builds[::2], builds[1::2], strict=True):
            printed.append(self._build(yaml.safe_load(variables)))
            super()._run(after)
            printed.append(self.printed)
        self.printed = "\n".join(printed)

    def _build(self, variables: dict[str, str]) -> str:
        bench = Bench(self.home / "bench", Path(self.environment["RAW_PATH"]), self.models, **variables)
        bench.writes_json = True
        self.environment |= {"DBT_TARGET_PATH": str(bench.home / "target"), "DUCKDB_PATH": str(bench.database)}
        return bench.build().said


def take_all(walk: Walk) -> None:
    """Every step of the page."""
    found = steps(PAGE)
    assert {step.kind for step in found} == {"file", "run", "shows"}
    for step in found:
        walk.take(step)


def test_what_the_page_shows_is_what_its_files_give(tmp_path: Path, models: Path) -> None:
    assert PAGE.read_text(encoding="utf-8").count("\nmake build VARS=") == 2, "what is built here is found by its words"
    walk = BuiltHere(clone(tmp_path), tmp_path, dict(os.environ))
    walk.models = models
    take_all(walk)


@pytest.mark.long
def test_the_first_hour_goes_as_the_page_says(tmp_path: Path) -> None:
    take_all(Walk(clone(tmp_path), tmp_path, dict(os.environ)))
