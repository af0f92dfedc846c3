"""The project as dbt parses it, once for all benches that build in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import quick_dbt  # noqa: F401 - dbt is quicker by it
from dbt.cli.main import dbtRunnerResult

FILES = ("dbt_project.yml", "models", "macros", "seeds", "snapshots", "tests")
PLAIN = re.compile(r"[\w/.-]+")
TARGETS: dict[Path, Path] = {}
KNOWN: dict[Any, tuple[dict[str, tuple[int, int]], Path, dbtRunnerResult]] = {}


def parsed(
    project: Path, raw: Path, variables: str, parse: Callable[[], dbtRunnerResult], *, anew: bool
) -> dbtRunnerResult:
    """What dbt parsed, with this raw folder in it; dbt parses when a file changed, or when it is asked to.

    A folder's name that needs care is dbt's to write, and is parsed; any other is put where the last one stood.
    """
    plain = bool(PLAIN.fullmatch(str(raw)))
    key = (project, variables, None if plain else raw)
    files = files_of(project)
    known, before, result = KNOWN.get(key, ({}, raw, dbtRunnerResult(False)))
    if known != files or anew:
        result = parse()
    elif before != raw:
        point_at(result.result, str(before), str(raw))
    KNOWN[key] = (files if result.success else {}, raw, result)
    return result


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
