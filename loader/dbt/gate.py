"""The gate: whether dbt's latest run built and tested what is about to be sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from loader.dbt.artifacts import Artifacts, PublishModel, value_kind
from loader.dbt.profile import read_yaml
from loader.errors import MisuseError, RefusedError
from loader.warehouse import State

_GOOD = ("success", "pass", "warn", "no-op", "reused")
_SHOWN = 5


def check_gate(artifacts: Artifacts, models: Sequence[PublishModel], state: State) -> None:
    """Refuse rows that are not known to be good.

    Args:
        artifacts: of dbt's latest run.
        models: to be published.
        state: says which invocation wrote to the warehouse last.

    Raises:
        RefusedError: with the names of what failed, was skipped, was not tested, or does not belong together.
    """
    _same_run(artifacts, state)
    reasons = [*_bad_results(artifacts, models), *_changed_contracts(artifacts, models, state)]
    if reasons:
        more = f" (and {len(reasons) - _SHOWN} more)" if len(reasons) > _SHOWN else ""
        raise RefusedError(
            f"The gate is closed: {'; '.join(reasons[:_SHOWN])}{more}. Nothing was sent;"
            " run `dbt build` until it passes, or publish with --no-gate."
        )


def _same_run(artifacts: Artifacts, state: State) -> None:
    invocation = artifacts.run_results["metadata"].get("invocation_id")
    latest = state.latest_invocation()
    if latest is None:
        raise RefusedError(
            "The gate is closed: the warehouse does not say which dbt run wrote it (no rows in"
            f" {state.table('dbt_invocations')}, which the project's on-run-end hook writes). Run `dbt build`."
        )
    if latest != invocation:
        raise RefusedError(
            f"The gate is closed: the warehouse was last written by dbt invocation {latest}, but"
            f" {artifacts.folder / 'run_results.json'} is of invocation {invocation}. Run `dbt build` here, or use"
            " the artifacts of the run that wrote the warehouse."
        )


def _bad_results(artifacts: Artifacts, models: Sequence[PublishModel]) -> Iterator[str]:
    manifest = artifacts.manifest
    results = {r["unique_id"]: str(r.get("status")) for r in artifacts.run_results.get("results", [])}
    names = {**manifest.get("sources", {}), **manifest["nodes"], **manifest.get("unit_tests", {})}
    upstream = _upstream(manifest, [m.unique_id for m in models])
    for unique_id in sorted(upstream):
        status = results.get(unique_id)
        if status is not None and status not in _GOOD:
            yield f"{_name(names, unique_id)} ended as {status}"
    untested = []
    for unique_id, node in _tests(manifest):
        if not _subjects(node) & upstream:
            continue
        status = results.get(unique_id)
        if status is None and node["resource_type"] == "test":
            untested.append(node["name"])
        elif status is not None and status not in _GOOD:
            yield f"test {node['name']} ended as {status}"
    if untested:
        some = ", ".join(sorted(untested)[:_SHOWN])
        more = ", ..." if len(untested) > _SHOWN else ""
        yield f"{len(untested)} tests were not part of the latest run ({some}{more})"


def _tests(manifest: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for unique_id, node in {**manifest["nodes"], **manifest.get("unit_tests", {})}.items():
        if node["resource_type"] in ("test", "unit_test"):
            yield unique_id, node


def _subjects(test: dict[str, Any]) -> set[str]:
    """What a test is about: the node it is declared on, else everything it reads."""
    attached = test.get("attached_node")
    return {attached} if attached else set(test.get("depends_on", {}).get("nodes", []))


def _upstream(manifest: dict[str, Any], start: Iterable[str]) -> set[str]:
    parents = manifest.get("parent_map", {})
    found, todo = set(), list(start)
    while todo:
        unique_id = todo.pop()
        if unique_id not in found:
            found.add(unique_id)
            todo += parents.get(unique_id, [])
    return found


def _name(nodes: dict[str, Any], unique_id: str) -> str:
    return str(nodes.get(unique_id, {}).get("name", unique_id))


def _changed_contracts(artifacts: Artifacts, models: Sequence[PublishModel], state: State) -> Iterator[str]:
    """A contract that is not the relation's any more: in the manifest, or in the yml since."""
    for model in models:
        columns = state.columns(model.relation)
        if not columns:
            yield f"{model.name} has no relation in the warehouse"
            continue
        for name, kind in model.kinds.items():
            there = columns.get(name.lower())
            if there is None:
                yield f"{model.name}: the contract has the column {name}, the relation has not"
            elif _comparable(value_kind(there)) != _comparable(kind):
                yield f"{model.name}: the contract has {name} as {kind}, the relation as {there}"
        if _edited(artifacts, model):
            yield f"{model.name}: its yml has changed since dbt's latest run"


def _comparable(kind: str | None) -> str | None:
    """Warehouses report whole numbers as decimals."""
    return "number" if kind in ("integer", "decimal") else kind


def _edited(artifacts: Artifacts, model: PublishModel) -> bool:
    """Whether the yml beside the model says otherwise than the manifest; where it cannot be read, no."""
    path = artifacts.project_dir / model.patch_path.partition("://")[2]
    if not model.patch_path or not path.is_file():
        return False
    try:
        loaded = read_yaml(path, "The file")
    except MisuseError:
        return True
    node = artifacts.manifest["nodes"][model.unique_id]
    for given in loaded.get("models", []):
        if given.get("name") != model.name:
            continue
        types = {c["name"]: str(c.get("data_type", "")) for c in given.get("columns", [])}
        known = {name: str(c.get("data_type") or "") for name, c in node["columns"].items()}
        publish = ((given.get("config") or {}).get("meta") or {}).get("publish")
        if "{{" in f"{types} {publish}":
            return False
        return types != known or (publish is not None and publish != node["config"]["meta"].get("publish"))
    return False
