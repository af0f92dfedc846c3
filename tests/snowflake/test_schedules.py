"""The schedules in examples/scheduling are right as far as can be seen without their services."""

from __future__ import annotations

import ast
import hashlib
import hmac
import importlib.util
import json
import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import yaml
from snowflake_bench import REPO

FOLDER = REPO / "examples" / "scheduling"


def load(name: str) -> ModuleType:
    """Import an example by its path."""
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _Operator:
    def __init__(self, **options: Any) -> None:
        self.options, self.after = options, []

    def __rshift__(self, other: _Operator) -> _Operator:
        self.after.append(other)
        return other


class _Final(Exception):  # noqa: N818
    """Stands for AirflowFailException."""


class _Dag(SimpleNamespace):
    def __enter__(self) -> _Dag:
        return self

    def __exit__(self, *_: object) -> None:
        return None


@pytest.fixture
def dag(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The DAG file, imported with Airflow's own classes, or stand-ins that take the same arguments."""
    if importlib.util.find_spec("airflow") is None:
        modules = {
            "airflow.exceptions": {"AirflowException": RuntimeError, "AirflowFailException": _Final},
            "airflow.sdk": {"DAG": _Dag},
            "airflow.providers.standard.operators.bash": {"BashOperator": _Operator},
            "airflow.providers.standard.operators.python": {
                "PythonOperator": _Operator,
                "ShortCircuitOperator": _Operator,
            },
            "pendulum": {"datetime": lambda *parts, tz: (*parts, tz)},
        }
        for name in modules:
            parts = name.split(".")
            for depth in range(1, len(parts) + 1):
                monkeypatch.setitem(sys.modules, ".".join(parts[:depth]), ModuleType(parts[depth - 1]))
        for name, attributes in modules.items():
            for key, value in attributes.items():
                setattr(sys.modules[name], key, value)
    return load("airflow_dag")


def test_the_dag_publishes_after_the_build_and_one_run_at_a_time(dag: ModuleType) -> None:
    assert dag.dag.max_active_runs == 1
    assert dag.dag.catchup is False
    if isinstance(dag.build, _Operator):
        assert dag.due.after == [dag.build]
        assert dag.build.after == [dag.publish]
        assert dag.build.options["retries"] == 0


@pytest.mark.parametrize(("code", "ended"), [(0, None), (1, "_Final"), (2, "_Final"), (3, "_Final"), (4, "again")])
def test_the_dag_does_not_retry_what_only_people_can_mend(
    dag: ModuleType, monkeypatch: pytest.MonkeyPatch, code: int, ended: str | None
) -> None:
    monkeypatch.setattr(dag, "PUBLISH", ["bash", "-c", f"exit {code}"])
    monkeypatch.setattr(dag, "PROJECT", str(REPO))
    if ended is None:
        dag.publish_rows()
        return
    with pytest.raises(Exception, match="publish") as caught:
        dag.publish_rows()
    final = "Fail" in type(caught.value).__name__ or isinstance(caught.value, _Final)
    assert final == (ended == "_Final")


PARSE = """
from airflow.dag_processing.dagbag import DagBag
bag = DagBag({folder!r})
assert not bag.import_errors, bag.import_errors
after = {{task.task_id: sorted(task.downstream_task_ids) for task in bag.dags["customer_health"].tasks}}
assert after == {{"due": ["build"], "build": ["publish"], "publish": []}}, after
"""


@pytest.mark.long
@pytest.mark.skipif("AIRFLOW_PYTHON" not in os.environ, reason="AIRFLOW_PYTHON names no Python that has Airflow 3")
def test_airflows_own_parser_takes_the_dag(tmp_path: Path) -> None:
    """`pip install apache-airflow==3.3.2` in an environment of its own: its pins are not this project's."""
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "airflow_dag.py").write_bytes((FOLDER / "airflow_dag.py").read_bytes())
    ended = subprocess.run(
        [os.environ["AIRFLOW_PYTHON"], "-c", PARSE.format(folder=str(tmp_path / "dags"))],
        env={**os.environ, "AIRFLOW_HOME": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-3000:]


def test_examples_are_python() -> None:
    for file in FOLDER.glob("*.py"):
        ast.parse(file.read_text(encoding="utf-8"))


def test_github_actions_build_before_they_publish_and_never_twice_at_once() -> None:
    workflow = yaml.safe_load((FOLDER / "github_actions.yml").read_text(encoding="utf-8"))
    names = [step.get("name") for step in workflow["jobs"]["build-and-publish"]["steps"]]
    assert names.index("build") < names.index("publish")
    assert workflow["concurrency"]["cancel-in-progress"] is False
    roles = {
        s["env"]["SNOWFLAKE_ROLE"]
        for s in workflow["jobs"]["build-and-publish"]["steps"]
        if "SNOWFLAKE_ROLE" in s.get("env", {})
    }
    assert roles == {"CUSTOMER_HEALTH_TRANSFORMER", "CUSTOMER_HEALTH_LOADER"}


def cron_lines() -> list[str]:
    """The schedules of the crontab, those that are commented out included."""
    lines = (FOLDER / "crontab").read_text(encoding="utf-8").splitlines()
    return [line.removeprefix("# ") for line in lines if "build_and_publish.sh" in line]


def test_the_crontab_has_each_cadence_and_one_is_active() -> None:
    pattern = r"(\S+ \S+ \S+ \S+ \S+)  (?:TARGET=duckdb )?\S+build_and_publish.sh (\w+)"
    found = {re.match(pattern, line).groups() for line in cron_lines()}
    assert found == {("0 5 * * 1", "weekly"), ("0 5 * * 1", "two_weekly"), ("0 5 1 * *", "monthly")}
    text = (FOLDER / "crontab").read_text(encoding="utf-8")
    assert len(re.findall(r"^\d.*build_and_publish", text, re.MULTILINE)) == 1


STUB = """#!/usr/bin/env bash
echo "$(basename "$0") $SNOWFLAKE_USER $*" >> calls
[ "$(basename "$0")" = dbt ] && exit "$(cat build_code)"
code=$(head -1 publish_codes); sed -i 1d publish_codes; exit "$code"
"""


@pytest.mark.parametrize(
    ("build_code", "publish_codes", "ended", "calls", "told"),
    [
        (0, [0], 0, ["dbt", "python"], ""),
        (1, [], 1, ["dbt"], "build ended with 1"),
        (0, [3], 3, ["dbt", "python"], "publish ended with 3"),
        (0, [4, 0], 0, ["dbt", "python", "python"], ""),
        (0, [4, 4, 4], 4, ["dbt", "python", "python", "python"], "publish ended with 4"),
        (0, [4, 1], 1, ["dbt", "python", "python"], "publish ended with 1"),
    ],
)
def test_the_script_publishes_after_a_good_build_and_tells_what_a_person_must_see(
    tmp_path: Path, build_code: int, publish_codes: list[int], ended: int, calls: list[str], told: str
) -> None:
    tools = tmp_path / ".venv" / "bin"
    tools.mkdir(parents=True)
    for name in ("dbt", "python"):
        (tools / name).write_text(STUB, encoding="utf-8")
        (tools / name).chmod(0o755)
    for name in ("dbt", "publisher"):
        (tmp_path / f"{name}.env").write_text(f"SNOWFLAKE_USER={name}\n", encoding="utf-8")
    (tmp_path / "build_code").write_text(str(build_code), encoding="utf-8")
    (tmp_path / "publish_codes").write_text("".join(f"{code}\n" for code in publish_codes), encoding="utf-8")
    settings = {
        "PROJECT": str(tmp_path), "SETTINGS": str(tmp_path), "LOCK": str(tmp_path / "lock"), "WAIT": "0",
        "TARGET": "duckdb",
    }  # fmt: skip
    run = subprocess.run(
        [str(FOLDER / "build_and_publish.sh"), "weekly"],
        env={**os.environ, **settings}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    made = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    assert (run.returncode, [call.split()[0] for call in made]) == (ended, calls), run.stderr
    assert all(call.split()[1] == ("dbt" if call.startswith("dbt") else "publisher") for call in made)
    assert all("--target duckdb" in call for call in made)
    assert (told in run.stderr) if told else run.stderr == ""


def test_every_build_is_of_the_period_that_ended_and_grants_the_loader_its_role() -> None:
    """A table that dbt makes anew has no grants. A period that began this morning says nothing yet."""
    for name in ("build_and_publish.sh", "github_actions.yml", "airflow_dag.py", "dbt_cloud_webhook.py"):
        text = (FOLDER / name).read_text(encoding="utf-8")
        assert "dbt build" in text, name
        assert "--vars '{as_of: yesterday, loader_role: CUSTOMER_HEALTH_LOADER}'" in text, name


def test_each_cadence_is_in_the_readme_for_each_scheduler() -> None:
    rows = [line.split("|") for line in (FOLDER / "README.md").read_text(encoding="utf-8").splitlines()]
    table = {row[1].split("`")[1]: row for row in rows if len(row) > 5 and "`" in row[1]}
    assert set(table) == {"crontab", "github_actions.yml", "airflow_dag.py", "dbt_cloud_webhook.py"}
    assert all(cell.strip() for row in table.values() for cell in row[1:-1])


def test_the_webhook_takes_only_signed_events_of_a_successful_run_of_its_job() -> None:
    webhook = load("dbt_cloud_webhook")
    event = {"accountId": 7, "data": {"jobId": "12", "runId": "99", "runStatusCode": 10}}
    body = json.dumps(event).encode()
    signature = hmac.new(b"s", body, hashlib.sha256).hexdigest()
    assert webhook.is_signed(body, signature, "s")
    assert not webhook.is_signed(body + b" ", signature, "s")
    assert not webhook.is_signed(body, hmac.new(b"", body, hashlib.sha256).hexdigest(), "")
    assert webhook.run_to_publish(event, "12") == ("7", "99")
    assert webhook.run_to_publish(event, "13") is None
    event["data"]["runStatusCode"] = 20
    assert webhook.run_to_publish(event, "12") is None


def test_the_webhook_tries_again_only_what_stopped_part_way_and_tells(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    webhook = load("dbt_cloud_webhook")
    monkeypatch.setattr(webhook, "WAIT_SECONDS", 0)
    for codes, ended, told in (([0], 0, 0), ([4, 0], 0, 0), ([3], 3, 1), ([4, 4, 4], 4, 1)):
        left = list(codes)
        monkeypatch.setattr(webhook, "publish", lambda account, run, left=left: left.pop(0))
        caplog.clear()
        assert webhook.publish_and_tell("7", "99") == ended
        assert left == []
        assert len(caplog.records) == told


def test_two_weekly_is_the_same_week_everywhere(dag: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    webhook = load("dbt_cloud_webhook")
    monkeypatch.setattr(dag, "CADENCE", "two_weekly")
    for day, due in ((date(2020, 1, 6), True), (date(2020, 1, 13), False), (date(2026, 6, 29), True)):
        assert dag.is_due(day) is due
        assert webhook.is_due(day, 2) is due
        seconds = (day - date(1970, 1, 1)).days * 86400
        assert ((seconds - 1578268800) // 604800 % 2 == 0) is due
    assert webhook.is_due(date(2020, 1, 13), 1)
    for name in ("build_and_publish.sh", "github_actions.yml"):
        assert "- 1578268800) / 604800 %" in (FOLDER / name).read_text(encoding="utf-8")
