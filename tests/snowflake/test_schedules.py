"""The schedules in examples/scheduling are right as far as can be seen without their services."""

from __future__ import annotations

import ast
import hashlib
import hmac
import importlib.util
import json
import re
import sys
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
            "airflow.providers.standard.operators.python": {"PythonOperator": _Operator},
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


def test_cron_lines_have_five_fields_and_one_lock() -> None:
    lines = (FOLDER / "weekly.cron").read_text(encoding="utf-8").splitlines()
    active = [line for line in lines if re.match(r"[\d*]", line)]
    assert len(active) == 1
    assert re.match(r"\d+ \d+ \* \* 1  ", active[0])
    assert "flock -n" in active[0]
    assert active[0].index("dbt build") < active[0].index("&& .venv/bin/python -m loader")


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
