"""The gate refuses rows that are not known to be good, with names; nothing is sent."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from harness import Bench, Ended, run_dbt


def edit(bench: Bench, name: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Change one of dbt's artifacts."""
    path = bench.folder / "target" / name
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def refused(bench: Bench) -> Ended:
    """Publish, which the gate refuses."""
    before = len(bench.box.calls)
    ended = bench.publish()
    assert ended.code == 3, ended.err
    assert len(bench.box.calls) == before
    gate, outcome, code = bench.sql(
        "select gate, outcome, exit_code from main_publish.publish_runs order by started_at desc limit 1"
    )[0]
    assert (gate, outcome, code) == ("refused", "refused", 3)
    assert ended.err.strip().splitlines()[-1] == ended.json["error"]
    return ended


def result(document: dict[str, Any], part: str) -> dict[str, Any]:
    """The result of the node with this in its name."""
    return next(each for each in document["results"] if part in each["unique_id"])


@pytest.mark.parametrize("status", ["error", "fail", "skipped", "runtime error"])
def test_a_publish_model_that_did_not_succeed_is_named(bench: Bench, status: str) -> None:
    edit(
        bench, "run_results.json", lambda d: result(d, "model.mini_project.gainsight__instances").update(status=status)
    )
    assert f"gainsight__instances ended as {status}" in refused(bench).json["error"]


def test_a_test_that_failed_is_named(bench: Bench) -> None:
    edit(bench, "run_results.json", lambda d: result(d, "unique_gainsight__company_health").update(status="fail"))
    assert "test unique_gainsight__company_health_account_id ended as fail" in refused(bench).json["error"]


def test_a_test_that_warned_is_no_reason(bench: Bench) -> None:
    edit(bench, "run_results.json", lambda d: result(d, "unique_gainsight__company_health").update(status="warn"))
    assert bench.publish().code == 0


def test_a_test_that_was_not_run_is_named(bench: Bench) -> None:
    def drop(document: dict[str, Any]) -> None:
        document["results"].remove(result(document, "not_null_gainsight__instances"))

    edit(bench, "run_results.json", drop)
    error = refused(bench).json["error"]
    assert "1 tests were not part of the latest run (not_null_gainsight__instances_instance_id)" in error


def test_a_model_upstream_counts(bench: Bench) -> None:
    def add(document: dict[str, Any]) -> None:
        document["results"].append({"unique_id": "model.mini_project.int_upstream", "status": "error"})

    def link(document: dict[str, Any]) -> None:
        document["parent_map"]["source.mini_project.plain.instances"] = ["model.mini_project.int_upstream"]

    edit(bench, "run_results.json", add)
    edit(bench, "manifest.json", link)
    assert "int_upstream ended as error" in refused(bench).json["error"]


SNAPSHOT = "snapshot.mini_project.snap_instances"


def read_a_snapshot(document: dict[str, Any]) -> None:
    """A publish model reads a snapshot."""
    document["nodes"][SNAPSHOT] = {"name": "snap_instances", "resource_type": "snapshot"}
    document["parent_map"]["model.mini_project.gainsight__instances"].append(SNAPSHOT)


@pytest.mark.parametrize("status", ["error", "skipped"])
def test_a_snapshot_upstream_counts(bench: Bench, status: str) -> None:
    edit(bench, "run_results.json", lambda d: d["results"].append({"unique_id": SNAPSHOT, "status": status}))
    edit(bench, "manifest.json", read_a_snapshot)
    assert f"snap_instances ended as {status}" in refused(bench).json["error"]


def test_a_run_that_took_no_snapshots_passes(bench: Bench) -> None:
    """As `dbt run` followed by `dbt test` is."""
    edit(bench, "manifest.json", read_a_snapshot)
    assert bench.publish().code == 0


@pytest.mark.parametrize("part", ["model.mini_project.gainsight__instances", "not_null_gainsight__instances"])
def test_an_error_anywhere_in_the_run_closes_the_gate_for_all(bench: Bench, part: str) -> None:
    """A side test that fails may be the only one that sees what is wrong with the rest."""
    edit(bench, "run_results.json", lambda d: result(d, part).update(status="error"))
    ended = bench.publish("--select", "gainsight__company_health")
    assert (ended.code, bench.box.calls) == (3, [])
    assert "gainsight__instances" in ended.json["error"]


def test_a_test_of_something_else_that_was_not_run_is_no_reason(bench: Bench) -> None:
    def drop(document: dict[str, Any]) -> None:
        document["results"].remove(result(document, "not_null_gainsight__instances"))

    edit(bench, "run_results.json", drop)
    assert bench.publish("--select", "gainsight__company_health").code == 0


def test_a_warehouse_of_another_run_is_refused(bench: Bench) -> None:
    bench.sql("insert into main_publish.dbt_invocations values ('other', timestamp '2999-01-01')")
    error = refused(bench).json["error"]
    assert "last written by dbt invocation other" in error
    assert error.endswith("It stops gainsight__company_health, gainsight__instance_usage, gainsight__instances.")


def test_a_warehouse_that_says_nothing_is_refused(bench: Bench) -> None:
    bench.sql("drop table main_publish.dbt_invocations")
    error = refused(bench).json["error"]
    assert "does not say which dbt run wrote it" in error
    assert "It stops gainsight__company_health," in error


def test_missing_results_are_refused(bench: Bench) -> None:
    (bench.folder / "target" / "run_results.json").unlink()
    assert "run `dbt build` first" in refused(bench).json["error"]


def test_a_relation_without_a_column_of_the_contract_is_refused(bench: Bench) -> None:
    bench.sql("alter table gainsight__instances drop column version")
    assert "the contract has the column version" in refused(bench).json["error"]


def test_a_relation_with_another_type_is_refused(bench: Bench) -> None:
    bench.sql("alter table gainsight__instances alter licensed_seats type varchar")
    assert "the contract has licensed_seats as integer" in refused(bench).json["error"]


def test_a_yml_that_was_edited_since_the_run_is_refused(bench: Bench) -> None:
    path = bench.folder / "models" / "schema.yml"
    path.write_text(path.read_text().replace("version: Version__gc", "version: Other__gc"))
    assert "gainsight__instances: its yml has changed" in refused(bench).json["error"]


def test_skipping_the_gate_is_said_and_recorded(bench: Bench) -> None:
    bench.sql("drop table main_publish.dbt_invocations")
    ended = bench.publish("--no-gate")
    assert ended.code == 0
    assert "THE GATE IS SKIPPED" in ended.err
    assert bench.sql("select gate from main_publish.publish_runs") == [("skipped (--no-gate)",)]


@pytest.fixture(scope="module")
def project(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the mini project on which dbt is run again, with a row in each source."""
    folder = tmp_path_factory.mktemp("gate") / "project"
    shutil.copytree(built, folder)
    with duckdb.connect(str(folder / "mini.duckdb")) as connection:
        connection.execute("insert into plain.companies values ('A1', 'green', 1, date '2026-01-01')")
    return folder


def test_run_then_test_passes_and_run_alone_does_not(project: Path, make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    bench.companies(5)
    run_dbt(project, "run")
    shutil.copytree(project / "target", bench.folder / "target", dirs_exist_ok=True)
    shutil.copy(project / "mini.duckdb", bench.database)
    assert "4 tests were not part of the latest run" in refused(bench).json["error"]
    run_dbt(project, "test")
    shutil.copytree(project / "target", bench.folder / "target", dirs_exist_ok=True)
    shutil.copy(project / "mini.duckdb", bench.database)
    assert bench.publish().code == 0


def test_a_failed_test_of_dbt_itself_closes_the_gate(project: Path, make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    with duckdb.connect(str(project / "mini.duckdb")) as connection:
        connection.execute("insert into plain.companies values ('A1', 'red', 2, date '2026-01-01')")
    run_dbt(project, "build")
    shutil.copytree(project / "target", bench.folder / "target", dirs_exist_ok=True)
    shutil.copy(project / "mini.duckdb", bench.database)
    assert "unique_gainsight__company_health_account_id ended as fail" in refused(bench).json["error"]


def facts(bench: Bench, age: str, **given: Any) -> None:
    """One more invocation in the warehouse, so long after the build."""
    values = {"command": "run", "completed": True, "statuses": {}, **given}
    bench.sql(
        "insert into main_publish.dbt_results select ?, ?, began_at + cast(? as interval), case when ? then completed_at +"
        " cast(? as interval) end, as_of, grain, null, ? from main_publish.dbt_results limit 1",
        [f"later {age}", values["command"], age, values["completed"], age, json.dumps(values["statuses"])],
    )


def adopted(bench: Bench, age: str, command: str) -> None:
    """The later invocation is the one that run_results.json is of; its own nodes are those of the warehouse."""
    known = json.loads(
        bench.sql("select statuses from main_publish.dbt_results where invocation_id = ?", [f"later {age}"])[0][0]
    )
    bench.sql(
        "insert into main_publish.dbt_invocations select ?, max(completed_at) + cast(? as interval)"
        " from main_publish.dbt_invocations",
        [f"later {age}", age],
    )

    def change(document: dict[str, Any]) -> None:
        document["metadata"]["invocation_id"] = f"later {age}"
        document["args"]["which"] = command
        document["results"] = [{"unique_id": each, "status": status} for each, status in known.items()]

    edit(bench, "run_results.json", change)


def data_tests(bench: Bench) -> dict[str, str]:
    """All data tests, passed."""
    manifest = json.loads((bench.folder / "target" / "manifest.json").read_text())
    return {each: "pass" for each, node in manifest["nodes"].items() if node["resource_type"] == "test"}


def test_a_run_that_failed_and_tests_that_pass_on_the_old_tables_do_not_open_the_gate(bench: Bench) -> None:
    """Seen: 300 rows were published."""
    facts(bench, "1 hour", statuses={"model.mini_project.gainsight__instances": "error"})
    facts(bench, "2 hours", command="test", statuses=data_tests(bench))
    adopted(bench, "2 hours", "test")
    assert "gainsight__instances ended as error" in refused(bench).json["error"]


def test_a_side_test_that_failed_in_an_earlier_run_and_did_not_run_again_closes_the_gate(bench: Bench) -> None:
    name = next(each for each in data_tests(bench) if "unique_gainsight__company_health" in each)
    facts(bench, "1 hour", command="test", statuses={name: "fail"})
    facts(bench, "2 hours", command="test", statuses={k: v for k, v in data_tests(bench).items() if k != name})
    adopted(bench, "2 hours", "test")
    ended = bench.publish("--select", "gainsight__instances")
    assert (ended.code, "ended as fail" in ended.json["error"]) == (3, True)


def test_a_build_that_began_and_did_not_end_closes_the_gate(bench: Bench) -> None:
    """Killed, or running still: some relations are new, others are not."""
    facts(bench, "1 hour", completed=False)
    assert "did not come to its end" in refused(bench).json["error"]


def test_tests_that_ran_before_what_they_test_was_built_again_do_not_count(bench: Bench) -> None:
    facts(bench, "1 hour", statuses={"model.mini_project.gainsight__instances": "success"})
    adopted(bench, "1 hour", "run")
    assert "1 tests were not part of the latest run (not_null_gainsight__instances" in refused(bench).json["error"]
    facts(bench, "2 hours", command="test", statuses=data_tests(bench))
    adopted(bench, "2 hours", "test")
    assert bench.publish().code == 0


def test_a_seed_or_snapshot_that_was_loaded_after_what_reads_it_closes_the_gate(bench: Bench) -> None:
    for kind in ("seed", "snapshot"):

        def link(document: dict[str, Any], kind: str = kind) -> None:
            name = f"{kind}.mini_project.bands"
            document["nodes"][name] = {"resource_type": kind, "name": "bands", "config": {}}
            document["parent_map"]["model.mini_project.gainsight__instances"].append(name)

        edit(bench, "manifest.json", link)
        facts(bench, "1 hour", command=kind, statuses={f"{kind}.mini_project.bands": "success"})
    adopted(bench, "1 hour", "snapshot")
    assert "gainsight__instances before bands" in refused(bench).json["error"]


@pytest.mark.parametrize("command", ["generate", "compile", "show", "run-operation"])
def test_commands_that_change_nothing_do_not_close_the_gate(bench: Bench, command: str) -> None:
    """They write run_results.json all the same."""

    def change(document: dict[str, Any]) -> None:
        document["metadata"]["invocation_id"] = "of another command"
        document["args"]["which"] = command
        document["results"] = []

    edit(bench, "run_results.json", change)
    assert bench.publish().code == 0


OF_DBT = {
    "generate": ("docs", "generate"),
    "compile": ("compile",),
    "show": ("show", "--select", "gainsight__instances"),
    "run-operation": ("run-operation", "invocations_that_count"),
}


@pytest.mark.parametrize("command", OF_DBT)
def test_commands_of_dbt_itself_that_change_nothing_do_not_close_the_gate(bench: Bench, command: str) -> None:
    """Each writes run_results.json anew, and nothing in the warehouse."""
    recorded = bench.sql("select * from main_publish.dbt_results")
    run_dbt(bench.folder, *OF_DBT[command])
    written = json.loads((bench.folder / "target" / "run_results.json").read_text())
    assert written["args"]["which"] == command
    assert bench.sql("select * from main_publish.dbt_results") == recorded
    assert bench.publish().code == 0
