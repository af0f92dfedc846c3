"""A publish model as wide as the real one, filled with invented rows: a small project that the loader can publish.

The model is the repository's own `gainsight__instance_usage`: its yml gives columns, types, fields and look-up. The
manifest is written from it, so that no dbt run stands between the measurements.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml

from benchmarks.report import REPO
from loader.dbt.artifacts import Artifacts, PublishModel
from loader.dbt.profile import Target
from loader.warehouse import Mart, State

MODEL = "gainsight__instance_usage"
PERIODS = 20
COMPANIES = 1000
_CONTRACT = REPO / "models" / "marts" / "publish" / "gainsight" / f"{MODEL}.yml"
_PROFILE = """
customer_health:
  target: duckdb
  outputs:
    duckdb: {{type: duckdb, path: "{database}", schema: main, threads: 2}}
"""
_SPECIAL = {
    "instance_id": "md5(cast(i as varchar))",
    "period_start": "cast(date '2025-01-01' + to_months(cast(p as integer)) as date)",
    "account_id": f"'A' || (i % {COMPANIES})",
    "instance_type": "case when i % 4 = 0 then 'Non-Production' else 'Production' end",
    "activity_status": "case when (i + p) % 9 = 0 then 'below_expectation' else 'as_expected' end",
    "version": "'17.' || (p % 12) || '.' || (i % 5)",
}


@dataclass(frozen=True)
class Project:
    """A folder with a manifest, a profile and a DuckDB file."""

    folder: Path

    @property
    def database(self) -> Path:
        """The DuckDB file."""
        return self.folder / "mart.duckdb"

    @property
    def model(self) -> PublishModel:
        """The publish model."""
        return Artifacts(self.folder).publish_models((MODEL,))[0]

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Run SQL on the mart's file."""
        with duckdb.connect(str(self.database)) as connection:
            return connection.execute(statement).fetchall()

    @contextmanager
    def state(self, *, write: bool) -> Iterator[State]:
        """The loader's state tables in the mart's file."""
        state = State(Target("duckdb", "main", {"path": str(self.database)}), "gainsight", "bench", write=write)
        try:
            yield state
        finally:
            state.close()


def make_project(folder: Path, rows: int) -> Project:
    """A new project, its mart filled with so many rows (a multiple of PERIODS), nothing published.

    Args:
        folder: is emptied first.
        rows: instances times periods.
    """
    model = project_folder(folder, _CONTRACT.read_text(encoding="utf-8"))
    project = Project(folder)
    columns = ", ".join(f"{_value(n, c)} as {c['name']}" for n, c in enumerate(model["columns"]))
    project.sql(f"create table {MODEL} as select {columns} from range({rows // PERIODS}) r(i), range({PERIODS}) s(p)")
    return project


def project_folder(folder: Path, contract: str) -> dict[str, Any]:
    """A folder with a manifest of the one model of this yml, and a profile; returns the model."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "target").mkdir(parents=True)
    model: dict[str, Any] = yaml.safe_load(contract)["models"][0]
    (folder / "target" / "manifest.json").write_text(json.dumps(_manifest(model)), encoding="utf-8")
    (folder / "dbt_project.yml").write_text("name: bench\nprofile: customer_health\n", encoding="utf-8")
    (folder / "profiles.yml").write_text(_PROFILE.format(database=folder / "mart.duckdb"), encoding="utf-8")
    return model


def publish_all(project: Project) -> None:
    """Fill the state as if every row stood at the destination."""
    model = project.model
    with project.state(write=True) as state:
        shape = Mart(state).shape(model)
        state.dialect.execute("set memory_limit = '4GB'")
        state.dialect.execute(
            f"insert into {state.table('publish_state')} select 'gainsight', {model.object!r}, {shape.key},"
            f" {shape.hash}, '1I02' || upper(md5(m.instance_id || m.period_start))[:32], true, now()::timestamp,"
            f" md5('run'), {shape.nulls}, 'bench' from {shape.relation}"
        )


def change(project: Project, one_in: int) -> None:
    """Change one row in so many."""
    project.sql(
        f"update {MODEL} set ping_count = coalesce(ping_count, 0) + 1000"
        f" where rowid in (select rowid from {MODEL} where rowid % {one_in} = 3)"
    )


def api_query(model: PublishModel) -> str:
    """SQL of the rows as the API takes them, for clients that do not map or look up.

    Dates are ISO text and a Company's id is made from the account's, as `server.company_id` makes it.
    """
    forms = {"date": "cast({} as varchar)", "timestamp": "strftime({}, '%Y-%m-%dT%H:%M:%S.%gZ')"}
    parts = [f'{forms.get(model.kinds[c], "{}").format(c)} as "{f}"' for c, f in model.fields.items()]
    parts += [f"'1P02' || upper(md5({each.column}))[:32] as \"{each.field}\"" for each in model.lookups]
    return f"select {', '.join(parts)} from {MODEL}"


def _manifest(model: dict[str, Any]) -> dict[str, Any]:
    node = {
        "resource_type": "model",
        "name": model["name"],
        "unique_id": f"model.bench.{model['name']}",
        "schema": "main",
        "config": model["config"],
        "columns": {each["name"]: {"name": each["name"], "data_type": each["data_type"]} for each in model["columns"]},
    }
    return {"metadata": {}, "nodes": {node["unique_id"]: node}}


def _value(number: int, column: dict[str, str]) -> str:
    """SQL of an invented value; one metric in ten is null, as most instances lack some."""
    name, kind = column["name"], column["data_type"]
    if name in _SPECIAL:
        return _SPECIAL[name]
    if kind == "timestamp":
        return "timestamp '2025-01-15 03:04:05.123456' + to_months(cast(p as integer)) + to_seconds(i % 100000)"
    if kind == "varchar":
        return f"'{name} ' || (i % 50)"
    return f"case when (i + {number}) % 10 > 0 then cast(hash(i, p, {number}) % 100000 as double) end"
