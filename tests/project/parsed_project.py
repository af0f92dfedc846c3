"""The project as dbt parses it, once for all benches that build in it, and once for all suites and copies.

The first that parses the project as it stands leaves what dbt saved in build/parsed; whoever parses it, or a copy, goes on from
there as dbt does from its last run: what differs from the saved files is parsed, the rest is known.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import quick_dbt  # noqa: F401 - dbt is quicker by it
from dbt.cli.main import dbtRunnerResult

FILES = ("dbt_project.yml", "models", "macros", "seeds", "snapshots", "tests/generic", "tests/singular")
PLAIN = re.compile(r"[\w/.-]+")
TARGETS: dict[Path, Path] = {}
NOWHERE = Path("/nowhere/raw")
REPO = Path(__file__).parents[2]
SAVED = REPO / "build" / "parsed"
KINDS = {REPO: "whole"}
"""What a project holds: all, or the models alone."""
AS_IT_STANDS = {REPO}
"""Projects that nobody changes; of others nothing is left for the next."""
KNOWN: dict[Any, tuple[dict[str, tuple[int, int]], Path, dbtRunnerResult]] = {}


def parsed(
    project: Path, raw: Path, variables: str, parse: Callable[[Path], dbtRunnerResult], *, anew: bool
) -> dbtRunnerResult:
    """What dbt parsed, with this raw folder in it; dbt parses when a file changed, or when it is asked to.

    A folder's name that needs care is dbt's to write, and is parsed; any other is put where the last one stood, at first
    one that is nowhere.
    """
    plain = bool(PLAIN.fullmatch(str(raw)))
    key = (project, variables, None if plain else raw)
    files = files_of(project)
    known, before, result = KNOWN.get(key, ({}, raw, dbtRunnerResult(False)))
    if known != files or anew:
        before = raw if anew or not plain or "raw_path" in variables else NOWHERE
        result = parse(before)
    if result.success and before != raw:
        point_at(result.result, str(before), str(raw))
    KNOWN[key] = (files if result.success else {}, raw, result)
    return result


Listener = Callable[[Any], None]


@contextmanager
def from_the_last(project: Path, target: Path, listen: Listener) -> Iterator[Listener]:
    """While dbt parses a project into a target for the first time; who is to listen. What dbt warned of is said again."""
    own, kind = target / "partial_parse.msgpack", KINDS.get(project)
    if kind is None or own.exists():
        yield listen
        return
    for folder in (target, SAVED):
        folder.mkdir(parents=True, exist_ok=True)
    saved = SAVED / f"{kind}-{fingerprint()}.msgpack"
    known: list[str] = []
    said: list[str] = []

    def note(event: Any) -> None:
        listen(event)
        said.extend([event.info.msg] if event.info.level == "warn" else [])

    with (SAVED / f"{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the others wait for the first
        if project in AS_IT_STANDS and not saved.exists():
            yield note
            if own.exists():
                _save(own, saved, kind, said)
            return
        if saved.exists():
            shutil.copy(saved, own)
            known = json.loads(saved.with_suffix(".json").read_text(encoding="utf-8"))
    yield note
    for text in known:
        if text not in said:
            listen(SimpleNamespace(info=SimpleNamespace(level="warn", msg=text)))


def _save(own: Path, saved: Path, kind: str, warnings: list[str]) -> None:
    for old in SAVED.glob(f"{kind}-*"):
        old.unlink()
    saved.with_suffix(".json").write_text(json.dumps(warnings), encoding="utf-8")
    shutil.copy(own, saved)


@cache
def fingerprint() -> str:
    """Of the project's files as they stand."""
    found = hashlib.sha256()
    for name in sorted(files_of(REPO)):
        found.update(os.fsencode(name) + b"\0" + Path(name).read_bytes() + b"\0")
    return found.hexdigest()[:16]


def files_of(project: Path) -> dict[str, tuple[int, int]]:
    """Everything that dbt parses, with its size and time of change."""
    parts = [project / part for part in FILES]
    files = [path for part in parts for path in (part.rglob("*") if part.is_dir() else [part]) if path.is_file()]
    return {str(path): ((found := path.stat()).st_size, found.st_mtime_ns) for path in files}


def point_at(manifest: Any, before: str, after: str) -> None:
    """Another raw folder: where the files of the sources are, and what the model that lists files is told."""
    for source in manifest.sources.values():
        if location := source.meta.get("external_location"):
            assert f"'{before}/" in location
            source.meta["external_location"] = location.replace(f"'{before}/", f"'{after}/")
    manifest.nodes["model.customer_health.base_service_ping__files"].config.meta["raw_path"] = after


def forget_compiled(manifest: Any) -> None:
    """As after parsing: dbt takes an ephemeral model that an earlier run of this manifest put into another for there still."""
    for node in manifest.nodes.values():
        if getattr(node, "compiled", False):
            node.compiled, node.compiled_code, node.extra_ctes, node.extra_ctes_injected = False, None, [], False
