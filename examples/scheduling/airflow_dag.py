"""Build the customer-health mart, then publish it.

Both tasks need the project's folder and its `target/` (the gate reads dbt's artifacts), so they run on one
worker or on a
shared disk. Exit codes 1, 2 and 3 of `publish` are not retried: somebody has to look.
"""

from __future__ import annotations

import subprocess
from datetime import timedelta

import pendulum
from airflow.exceptions import AirflowException, AirflowFailException

try:
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.providers.standard.operators.python import PythonOperator
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.operators.bash import BashOperator
    from airflow.operators.python import PythonOperator

PROJECT = "/opt/customer_health"
SCHEDULES = {
    "weekly": "0 5 * * 1",
    # Pings arrive weekly; the even weeks are counted from Monday 2020-01-06, as the grain `two_weeks` is.
    "two_weekly": timedelta(days=14),
    "monthly": "0 5 1 * *",
}
PUBLISH = [".venv/bin/python", "-m", "loader", "--target", "snowflake", "publish"]


def publish_rows() -> None:
    """Run the publisher. Its exit code decides whether trying again can help."""
    code = subprocess.run(PUBLISH, cwd=PROJECT, check=False).returncode  # noqa: S603
    if code in (1, 2, 3):
        raise AirflowFailException(f"publish ended with {code}: see examples/scheduling/README.md")
    if code != 0:
        raise AirflowException(f"publish stopped part-way ({code}); it is safe to run again")


with DAG(
    dag_id="customer_health",
    description="dbt build -> gate -> publish",
    schedule=SCHEDULES["weekly"],
    start_date=pendulum.datetime(2020, 1, 6, 5, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "data", "retries": 2, "retry_delay": timedelta(minutes=15)},
    tags=["customer_health"],
) as dag:
    build = BashOperator(
        task_id="build",
        bash_command=(
            f"cd {PROJECT} && .venv/bin/dbt build --target snowflake --exclude-resource-type unit_test"
            " --vars '{loader_role: CUSTOMER_HEALTH_LOADER}'"
        ),
        append_env=True,
        execution_timeout=timedelta(hours=2),
        retries=0,
    )
    publish = PythonOperator(task_id="publish", python_callable=publish_rows, execution_timeout=timedelta(hours=12))
    build >> publish
