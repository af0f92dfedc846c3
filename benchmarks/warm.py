"""dbt with its start and the project's parsing behind it: each command runs in a process forked from that one.

`python -m benchmarks.warm OUTPUT ARGUMENTS` parses with these arguments of dbt, then runs each line of its stdin, a
JSON list of a command's own arguments, and prints what that cost.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType

from benchmarks.data import AS_OF
from benchmarks.dbt import Cost, Home, watched
from benchmarks.report import REPO


class Warm:
    """A process that waits for commands for one home; a context manager, which ends it.

    The home's project must stay as it is meanwhile: it is not parsed again.
    """

    def __init__(self, home: Home, raw: Path) -> None:
        self.home = home
        home.prepare(raw)
        self._output = home.folder / "output.txt"
        arguments = [sys.executable, "-m", "benchmarks.warm", str(self._output), *home.arguments(AS_OF)]
        environment = {**os.environ, **home.settings()}
        self._process = subprocess.Popen(
            arguments, env=environment, cwd=REPO, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Warm:
        self._answer()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def dbt(self, raw: Path, *command: str) -> Cost:
        """Runs dbt on a raw folder; raises RuntimeError with its output when it fails."""
        self.home.prepare(raw)
        assert self._process.stdin
        print(json.dumps(command), file=self._process.stdin, flush=True)
        return replace(Cost(**self._answer()), nodes=self.home.span())

    def _answer(self) -> dict[str, float]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line.startswith("{"):
            raise RuntimeError(f"dbt: {self._output.read_text(encoding='utf-8')[-3000:]}")
        found: dict[str, float] = json.loads(line)
        return found


def main(output: Path, arguments: list[str]) -> None:
    """Parse, then answer until stdin ends; a command that fails ends it, too."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    with output.open("wb") as file:  # dbt's own words, and those of its children
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest

    parsed = dbtRunner().invoke(["--quiet", "parse", *arguments])
    if not isinstance(parsed.result, Manifest):
        sys.exit(f"{parsed.exception}")
    print("{}", file=answers)
    gc.freeze()
    for line in sys.stdin:
        started = time.perf_counter()
        if not (child := os.fork()):
            done = dbtRunner(manifest=parsed.result).invoke(["--quiet", *json.loads(line), *arguments])
            if done.exception:
                print(done.exception, flush=True)
            os._exit(not done.success)
        code, cost = watched(child, started)
        if code:
            sys.exit(f"{line}: {code}")
        print(json.dumps(asdict(cost)), file=answers)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
