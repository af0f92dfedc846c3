"""The gate: whether what is about to be sent was built and tested as a whole, and nothing of dbt's runs failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from loader.dbt.artifacts import Artifacts, PublishModel, value_kind
from loader.dbt.profile import read_yaml
from loader.errors import MisuseError, RefusedError
from loader.warehouse import State
from loader.warehouse.invocations import Invocation, invocations, latest_invocation

_GOOD = ("success", "pass", "warn", "no-op", "reused")
_BUILT = ("model", "seed")
"""What `dbt run` (with `dbt seed`) makes; it takes no snapshots, and a failed one closes the gate all the same."""
_COUNT = ("build", "run", "test", "seed", "snapshot", "retry")
"""Commands that change or judge relations; `docs generate`, `compile`, `show` and the like do neither."""
_SHOWN = 5


@dataclass(frozen=True)
class Latest:
    """How a node ended when it ran last, and in which invocation: 0 is the newest."""

    status: str
    age: int


def check_gate(artifacts: Artifacts, models: Sequence[PublishModel], state: State) -> None:
    """Refuse rows that are not known to be good.

    Args:
        artifacts: of dbt's latest run.
        models: to be published.
        state: says which invocations wrote to the warehouse, and how each node ended.

    Raises:
        RefusedError: with the names of what failed, was skipped, was not tested, or does not belong together.
    """
    try:
        runs = _runs(artifacts, state)
    except RefusedError as error:
        raise RefusedError(f"{error} It stops {', '.join(sorted(each.name for each in models))}.") from None
    reasons = [*_bad_results(artifacts, models, runs), *_changed_contracts(artifacts, models, state)]
    if reasons:
        more = f" (and {len(reasons) - _SHOWN} more)" if len(reasons) > _SHOWN else ""
        raise RefusedError(
            f"The gate is closed: {'; '.join(reasons[:_SHOWN])}{more}. Nothing was sent;"
            " run `dbt build` until it passes, or publish with --no-gate."
        )


def _runs(artifacts: Artifacts, state: State) -> list[Invocation]:
    """dbt's runs on this warehouse, newest first; the newest as run_results.json has it."""
    metadata = artifacts.run_results["metadata"]
    command = str((artifacts.run_results.get("args") or {}).get("which") or "build")
    latest, known = latest_invocation(state), invocations(state)
    if latest is None:
        raise RefusedError(
            "The gate is closed: the warehouse does not say which dbt run wrote it (no rows in"
            f" {state.table('dbt_invocations')}, which the project's on-run-end hook writes). Run `dbt build`."
        )
    of_file = metadata.get("invocation_id")
    if command in _COUNT and latest != of_file:
        raise RefusedError(
            f"The gate is closed: the warehouse was last written by dbt invocation {latest}, but"
            f" {artifacts.folder / 'run_results.json'} is of invocation {of_file}. Run `dbt build` here, or use"
            " the artifacts of the run that wrote the warehouse."
        )
    newest = next((each for each in known if each.id == latest), None)
    if command not in _COUNT:
        if newest is None:
            raise RefusedError(
                f"The gate is closed: run_results.json is of `dbt {command}`, and nothing else says how dbt invocation"
                f" {latest} ended. Run `dbt build`."
            )
        return known
    statuses = {r["unique_id"]: str(r.get("status")) for r in artifacts.run_results.get("results", [])}
    if newest is None:
        return [Invocation(latest, command, state.now(), True, statuses=statuses), *known]
    return [replace(each, statuses=statuses) if each is newest else each for each in known]


def _latest_of_each(runs: Sequence[Invocation]) -> dict[str, Latest]:
    found: dict[str, Latest] = {}
    for age, run in enumerate(runs):
        for unique_id, status in run.statuses.items():
            found.setdefault(unique_id, Latest(status, age))
    return found


def _bad_results(artifacts: Artifacts, models: Sequence[PublishModel], runs: Sequence[Invocation]) -> Iterator[str]:
    manifest, latest = artifacts.manifest, _latest_of_each(runs)
    names = {**manifest.get("sources", {}), **manifest["nodes"], **manifest.get("unit_tests", {})}
    upstream = _upstream(manifest, [m.unique_id for m in models])
    tests = {unique_id: node for unique_id, node in _tests(manifest) if _subjects(node) & upstream}
    for unique_id, known in sorted(latest.items()):
        if known.status in _GOOD or not (known.age == 0 or unique_id in names):
            continue
        if known.status != "skipped" or unique_id in upstream or unique_id in tests:
            kind = "test " if names.get(unique_id, {}).get("resource_type") in ("test", "unit_test") else ""
            yield f"{kind}{_name(names, unique_id)} ended as {known.status}"
    built = {u for u in upstream if names.get(u, {}).get("resource_type") in _BUILT and not _is_ephemeral(names[u])}
    yield from _half_built(manifest, names, built, latest)
    yield from _unfinished(runs, [latest[each].age for each in built if each in latest])
    untested = [node["name"] for unique_id, node in tests.items() if _untested(unique_id, node, upstream, latest)]
    if untested:
        yield f"{len(untested)} tests were not part of the latest run ({_listed(untested)})"


def _half_built(
    manifest: Mapping[str, Any], names: Mapping[str, Any], built: set[str], latest: Mapping[str, Latest]
) -> Iterator[str]:
    """Relations that are older than what they read, or of which nothing says that they were built."""
    if missing := [_name(names, each) for each in built if each not in latest]:
        yield f"{len(missing)} relations were never built by a run that is recorded ({_listed(missing)})"
    stale = [
        f"{_name(names, child)} before {_name(names, parent)}"
        for child in built & latest.keys()
        for parent in manifest.get("parent_map", {}).get(child, [])
        if parent in built and parent in latest and latest[child].age > latest[parent].age
    ]
    if stale:
        yield f"{len(stale)} relations were built before what they read was built again ({_listed(stale)})"


def _unfinished(runs: Sequence[Invocation], ages: Sequence[int]) -> Iterator[str]:
    """Runs that began to build and did not end, unless all that counts was built since."""
    for age, run in enumerate(runs):
        if not run.completed and run.command != "test" and any(each > age for each in ages):
            yield f"dbt invocation {run.id} began at {run.at:%Y-%m-%d %H:%M:%S} UTC and did not come to its end"
            return


def _untested(unique_id: str, node: Mapping[str, Any], upstream: set[str], latest: Mapping[str, Latest]) -> bool:
    """Whether a data test did not run since what it is about was built."""
    if node["resource_type"] != "test":
        return False
    if unique_id not in latest:
        return True
    ages = [latest[each].age for each in _subjects(node) & upstream if each in latest]
    return latest[unique_id].age > min(ages, default=latest[unique_id].age)


def _tests(manifest: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for unique_id, node in {**manifest["nodes"], **manifest.get("unit_tests", {})}.items():
        if node["resource_type"] in ("test", "unit_test"):
            yield unique_id, node


def _subjects(test: Mapping[str, Any]) -> set[str]:
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


def _is_ephemeral(node: Mapping[str, Any]) -> bool:
    return (node.get("config") or {}).get("materialized") == "ephemeral"


def _name(nodes: Mapping[str, Any], unique_id: str) -> str:
    return str(nodes.get(unique_id, {}).get("name", unique_id.rpartition(".")[2]))


def _listed(names: Iterable[str]) -> str:
    found = sorted(names)
    return ", ".join(found[:_SHOWN]) + (", ..." if len(found) > _SHOWN else "")


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
