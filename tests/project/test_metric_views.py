"""Each metric has a view by its name, for people who look at one."""

from __future__ import annotations

from dbt_bench import REPO, Mart

COLUMNS = "instance_id, period_start, metric_value, value_status, value_reason"


def test_each_metric_has_a_view_that_holds_its_rows_of_the_mart(sample_mart: Mart) -> None:
    views = {name for schema, name in sample_mart.relations() if schema == "main_metrics"}
    assert views == {path.stem for path in (REPO / "models" / "metrics").rglob("metric_*.sql")}
    for name in ("metric_activated_seats", "metric_ci_builds_per_activated_seat"):
        rows = sample_mart.rows(f"select {COLUMNS} from main_metrics.{name} order by 1, 2")
        metric = name.removeprefix("metric_")
        facts = sample_mart.rows(f"select {COLUMNS} from fct_metric_values where metric_name = ? order by 1, 2", metric)
        assert rows == facts != []
