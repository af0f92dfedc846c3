"""Build the customer-health mart, then publish it.

Both tasks need the project's folder and its `target/` (the gate reads dbt's artifacts), so they run on one worker or on
a shared disk. They are two users of Snowflake with two keys. Exit codes 1, 2 and 3 of `publish` are not retried:
somebody has to look.
"""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, date, datetime, timedelta

import pendulum
from airflow.exceptions import AirflowException, AirflowFailException

try:
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.providers.standard.operators.python import PythonOperator, ShortCircuitOperator
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.operators.bash import BashOperator
    from airflow.operators.python import PythonOperator, ShortCircuitOperator

PROJECT = "/opt/customer_health"
CADENCE = "weekly"  # or "two_weekly" or "monthly"
SCHEDULES = {"weekly": "0 5 * * 1", "two_weekly": "0 5 * * 1", "monthly": "0 5 1 * *"}
BUILD_AS = {
    "SNOWFLAKE_USER": "CUSTOMER_HEALTH_DBT",
    "SNOWFLAKE_ROLE": "CUSTOMER_HEALTH_TRANSFORMER",
    "SNOWFLAKE_PRIVATE_KEY_PATH": "/etc/customer_health/transformer.p8",
}
PUBLISH_AS = {
    "SNOWFLAKE_USER": "CUSTOMER_HEALTH_PUBLISHER",
    "SNOWFLAKE_ROLE": "CUSTOMER_HEALTH_LOADER",
    "SNOWFLAKE_PRIVATE_KEY_PATH": "/etc/customer_health/publisher.p8",
}
PUBLISH = [".venv/bin/python", "-m", "loader", "--target", "snowflake", "publish"]


def is_due(day: date | None = None) -> bool:
    """Two-weekly runs are those of even weeks, counted from Monday 2020-01-06 as the grain `two_weeks` is."""
    weeks = ((day or datetime.now(UTC).date()) - date(2020, 1, 6)).days // 7
    return CADENCE != "two_weekly" or weeks % 2 == 0


def publish_rows() -> None:
    """Run the publisher. Its exit code decides whether trying again can help."""
    code = subprocess.run(PUBLISH, cwd=PROJECT, env={**os.environ, **PUBLISH_AS}, check=False).returncode  # noqa: S603
    if code in (1, 2, 3):
        raise AirflowFailException(f"publish ended with {code}: see examples/scheduling/README.md")
    if code != 0:
        raise AirflowException(f"publish stopped part-way ({code}); it is safe to run again")


with DAG(
    dag_id="customer_health",
    description="dbt build -> gate -> publish",
    schedule=SCHEDULES[CADENCE],
    start_date=pendulum.datetime(2020, 1, 6, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "data", "retries": 2, "retry_delay": timedelta(minutes=15)},
    tags=["customer_health"],
) as dag:
    due = ShortCircuitOperator(task_id="due", python_callable=is_due)
    build = BashOperator(
        task_id="build",
        bash_command=(
            f"cd {PROJECT} && .venv/bin/dbt build --target snowflake --exclude-resource-type unit_test"
            " --vars '{as_of: yesterday, loader_role: CUSTOMER_HEALTH_LOADER}'"
        ),
        env=BUILD_AS,
        append_env=True,
        execution_timeout=timedelta(hours=2),
        retries=0,
    )
    publish = PythonOperator(task_id="publish", python_callable=publish_rows, execution_timeout=timedelta(hours=12))
    due >> build >> publish
