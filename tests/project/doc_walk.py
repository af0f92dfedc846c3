"""Does what a page of the docs tells a reader to do: writes its files, runs its commands, compares what they print.

A step is a fenced block behind a comment that a reader does not see:

    <!-- file: raw/accounts.csv -->    the block is that file's content
    <!-- run -->                       the block's commands run in the project's folder
    <!-- shows -->                     each line stands in what the last commands printed, in this order
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

STEP = re.compile(r"<!-- (file: (?P<path>\S+)|run|shows) -->\n+```(?P<language>\w*)\n(?P<body>.*?)```", re.DOTALL)


@dataclass(frozen=True)
class Step:
    """One block: what to do with it, its path where it is a file, its text and the language that this is in."""

    kind: str
    path: str
    body: str
    language: str


def steps(page: Path) -> list[Step]:
    """The steps of a page in their order."""
    text = page.read_text(encoding="utf-8")
    return [Step(m[1].split(":")[0], m["path"] or "", m["body"], m["language"]) for m in STEP.finditer(text)]


def squeezed(line: str) -> str:
    """A line without the widths of its columns."""
    return " ".join(line.split())


class Walk:
    """A reader at a terminal.

    Args:
        project: folder of the clone, in which commands run.
        home: the reader's home, in which files are written.
        environment: of the commands; what a block exports holds for those behind it.
    """

    def __init__(self, project: Path, home: Path, environment: dict[str, str]) -> None:
        self.project, self.home = project, home
        self.environment = {**environment, "HOME": str(home)}
        self.printed = ""

    def take(self, step: Step) -> None:
        """Does one step; fails as the reader would notice it."""
        if step.kind == "file":
            path = self.home / step.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step.body, encoding="utf-8")
        elif step.kind == "run":
            self._run(step.body)
        else:
            self._compare(step.body)

    def _run(self, commands: str) -> None:
        after = self.home / ".environment"
        ended = subprocess.run(
            ["bash", "-c", f"set -e\n{commands}\nenv -0 > {after}"],
            cwd=self.project, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        self.printed = ended.stdout + ended.stderr
        assert ended.returncode == 0, f"{commands}\n{self.printed[-4000:]}"
        pairs = (entry.split("=", 1) for entry in after.read_text(encoding="utf-8").split("\0") if "=" in entry)
        self.environment = {name: value for name, value in pairs if name not in ("_", "SHLVL", "PWD", "OLDPWD")}

    def _compare(self, wanted: str) -> None:
        lines = [squeezed(line) for line in self.printed.splitlines()]
        position = 0
        for line in filter(None, map(squeezed, wanted.splitlines())):
            found = [at for at in range(position, len(lines)) if line in lines[at]]
            assert found, f"{line!r} is not in what was printed:\n{self.printed[-4000:]}"
            position = found[0] + 1
