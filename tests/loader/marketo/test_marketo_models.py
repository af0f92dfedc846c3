"""The project's own publish models against an instance that has what their contracts say: they fit, arrive and stay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import one_run
import pytest
from rig_marketo import MarketoRig

from loader.dbt.artifacts import Artifacts, PublishModel, value_kind
from loader.engine.check import findings
from loader.engine.destination import Destination, Facts
from loader.engine.publish import Publisher, Request, metered
from loader.engine.reconcile import Reconciler
from sandbox.marketo import Switches
from scripts.salesforce import read_nodes

REPO = Path(__file__).parents[3]
VALUES = {
    "text": "'text'",
    "double": "62.5",
    "integer": "67",
    "boolean": "true",
    "date": "date '2026-06-30'",
    "timestamp": "timestamp '2026-06-30 01:16:30.25'",
}


def node(entry: dict[str, Any], account_object: str) -> dict[str, Any]:
    """A publish model as dbt's manifest has it, with var marketo_account_object as given."""
    publish = entry["publish"]
    if publish["object"] == "Company":
        publish = {**publish, "object": account_object}
    known = {"resource_type": "model", "name": entry["name"], "unique_id": f"model.x.{entry['name']}"}
    config = {"meta": {"publish": publish}, "contract": {"enforced": True}}
    columns = {each["name"]: each for each in entry["columns"]}
    return {**known, "database": "", "schema": "main", "config": config, "columns": columns}


def project(folder: Path, account_object: str) -> list[PublishModel]:
    """The models to publish, each with a row that has every value and one that has none but its key."""
    nodes = {
        one["unique_id"]: one for one in (node(each, account_object) for each in read_nodes(REPO, "marketo__*.yml"))
    }
    (folder / "target").mkdir()
    manifest = {"metadata": {}, "nodes": nodes}
    (folder / "target" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with duckdb.connect(str(folder / "mart.duckdb")) as connection:
        for one in nodes.values():
            typed = {name: str(each["data_type"]) for name, each in one["columns"].items()}
            columns = ", ".join(f"{name} {kind}" for name, kind in typed.items())
            connection.execute(f"create table {one['name']} ({columns})")
            full = [
                "'A1'" if name.startswith("account_") else VALUES[str(value_kind(kind))] for name, kind in typed.items()
            ]
            bare = ["'A2'" if name == "account_id" else "null" for name in typed]
            for row in (full, bare):
                connection.execute(f"insert into {one['name']} values ({', '.join(row)})")
    return Artifacts(folder).publish_models(destination="marketo")


def checked(destination: Destination, models: list[PublishModel]) -> list[Any]:
    found = [*findings(destination, models)]
    for each in models:
        found += destination.doubts(each, Facts({}, {}, {}))
    return found


@pytest.mark.parametrize("account_object", ["Company", "accountHealth_c"])
def test_the_models_fit_arrive_and_read_back_as_they_were_sent(
    rig: MarketoRig, tmp_path: Path, account_object: str
) -> None:
    models = project(tmp_path, account_object)
    assert [each.object for each in models] == [account_object, "customerHealthFlags_c"]
    rig.instance.provision(tmp_path / "target" / "manifest.json")
    if account_object != "Company":
        rig.instance.switches = Switches(native_sync="disabled")
    destination = rig.destination()
    with one_run.opened(tmp_path / "mart.duckdb", destination) as state:
        with metered(destination, state):
            assert checked(destination, models) == []
        ended = Publisher(destination, state, Request(gate=False)).run(Artifacts(tmp_path), models)
        assert (ended.accepted, ended.rejected) == (4, 0)
    destination = rig.destination()
    with one_run.opened(tmp_path / "mart.duckdb", destination) as state, metered(destination, state):
        assert list(Reconciler(destination, state).differences(models)) == []
    full, bare = sorted(rig.instance.rows(account_object), key=lambda row: str(row["externalCompanyId"]))
    assert (full["customerAccountId"], full["healthLastPing"], full["utilizationPct"]) == (
        "A1",
        "2026-06-30T01:16:30Z",
        67,
    )
    assert {bare[name] for name in ("healthScore", "utilizationPct", "healthLastPing", "healthColor")} == {None}


def test_no_field_of_the_flags_is_about_a_person() -> None:
    (flags,) = (each for each in read_nodes(REPO, "marketo__smart_list_flags.yml"))
    assert not {
        each for each in flags["publish"]["fields"] if any(word in each for word in ("mail", "name", "csm", "host"))
    }
