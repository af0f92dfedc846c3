"""Everything that is read from the warehouse: the only module with SQL.

Each list of `Mart` holds plain rows (dicts) with the columns named here. A table or a
column that does not exist yet gives no rows or None, except where `required`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from dashboard.clock import Clock, make_clock
from dashboard.errors import DashboardError
from dashboard.source import Relation, Row, Source

LISTED_LINES = 50

ACCOUNTS = ("account_id", "account_name", "parent_account_id", "segment", "region", "csm_email")
SUBSCRIPTIONS = (
    "subscription_id", "original_subscription_id", "account_id", "product_tier", "is_trial",
    "end_date", "is_active", "arr",
)  # fmt: skip
INSTANCES = (
    "instance_id", "uuid", "hostname", "account_id", "subscription_id", "instance_type",
    "instance_type_source", "suggested_instance_type", "version", "edition", "tier", "last_ping_at",
    "days_since_last_ping",
)  # fmt: skip
ACTIVITY = (
    "instance_id", "period_start", "account_id", "instance_type", "last_ping_at", "activated_seats",
    "active_users", "active_users_source", "active_users_change", "activity_status",
)  # fmt: skip
COVERAGE = (
    "subscription_id", "original_subscription_id", "account_id", "period_start", "is_reporting",
    "has_production_ping", "latest_ping_at", "reporting_reason",
)  # fmt: skip
SEATS = (
    "subscription_id", "original_subscription_id", "account_id", "period_start", "licensed_seats",
    "activated_seats", "umau", "umau_source", "inactive_activated_seats", "seats_over_license",
    "projected_activated_seats", "projected_activated_seats_low", "projected_activated_seats_high",
    "projected_seats_over_license", "missing_reason",
)  # fmt: skip
ACCOUNT_SEATS = (
    "account_id", "period_start", "subscriptions", "subscriptions_with_seats", "sold_seats",
    "licensed_seats", "activated_seats", "umau", "umau_source", "license_utilization", "user_engagement",
    "inactive_activated_seats", "seats_over_license",
)  # fmt: skip
CHECKS = ("check_name", "subject", "affected", "total", "share", "meaning", "drill_down")
MEASURES = (
    "subscription_id", "original_subscription_id", "account_id", "period_start", "measure",
    "score_group", "is_counted", "numerator", "denominator", "measure_value", "points", "color",
    "value_status", "value_reason",
)  # fmt: skip
STAGES = ("subscription_id", "account_id", "period_start", "use_case", "adoption_status")
ADOPTION = (
    "account_id", "period_start", "adopted_use_cases", "in_progress_use_cases", "adopted_count",
    "adoption_level", "next_use_case", "next_use_case_advice",
)  # fmt: skip
HEALTH = (
    "account_id", "period_start", "overall_score", "overall_color",
    "weight_present", "arr_reporting_share", "score_change", "main_driver", "unscored_reason",
    "explanation",
)  # fmt: skip
# An account's standing has the columns of its period rows, and its seats beside them.
STANDING = (
    *HEALTH, *(column for column in ADOPTION if column not in HEALTH),
    *(column for column in ACCOUNT_SEATS if column not in (*HEALTH, "umau", "umau_source")),
    "active_users", "active_users_source", "standing_period_start", "comparison_period_start",
    "left_out_subscriptions",
)  # fmt: skip
SIGNALS = (
    "account_id", "period_start", "signal", "severity", "subject", "message",
)  # fmt: skip
OBJECTIVES = (
    "objective_id", "objective_name", "account_id", "period_start", "metric_name", "current_value",
    "target_value", "progress", "status", "due_on", "missing_reason",
)  # fmt: skip
METRICS = (
    "metric_name", "label", "stage", "use_case", "unit", "time_frame", "key_paths", "min_version",
    "tier", "description",
)  # fmt: skip


@dataclass
class Mart:
    """The rows the page is made of, and the mart's time axis."""

    clock: Clock
    accounts: list[Row] = field(default_factory=list)
    standing: list[Row] = field(default_factory=list)
    health: list[Row] = field(default_factory=list)
    adoption: list[Row] = field(default_factory=list)
    stages: list[Row] = field(default_factory=list)
    seats: list[Row] = field(default_factory=list)
    coverage: list[Row] = field(default_factory=list)
    measures: list[Row] = field(default_factory=list)
    subscriptions: list[Row] = field(default_factory=list)
    instances: list[Row] = field(default_factory=list)
    activity: list[Row] = field(default_factory=list)
    signals: list[Row] = field(default_factory=list)
    objectives: list[Row] = field(default_factory=list)
    metrics: list[Row] = field(default_factory=list)
    metric_statuses: list[Row] = field(default_factory=list)
    unmapped: list[Row] = field(default_factory=list)
    quarantined: list[Row] = field(default_factory=list)
    quarantined_lines: list[Row] = field(default_factory=list)
    checks: list[Row] = field(default_factory=list)
    value_statuses: list[Row] = field(default_factory=list)
    use_cases: list[Row] = field(default_factory=list)
    score_groups: list[Row] = field(default_factory=list)
    settings: dict[str, float] = field(default_factory=dict)


def read_mart(source: Source, periods: int = 18) -> Mart:
    """Read what the page shows.

    Args:
        source: the warehouse.
        periods: how many periods the trends go back, the current one included.

    Raises:
        DashboardError: the mart is not built, or holds no period.
    """
    reader = _Reader(source)
    accounts = reader.read("dim_accounts", ACCOUNTS, required=True)
    instances = reader.read("dim_instances", INSTANCES)
    mart = Mart(clock=_clock(reader, instances, periods), accounts=accounts, instances=instances)
    _read_history(reader, mart)
    _read_current(reader, mart)
    _read_metrics(reader, mart)
    _read_quality(reader, mart)
    return mart


class _Reader:
    """Selects from relations that may lack columns, or not exist at all."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._relations = source.relations()

    def relation(self, name: str) -> Relation | None:
        return self._relations.get(name)

    def read(self, name: str, columns: tuple[str, ...], where: str = "", *, required: bool = False) -> list[Row]:
        relation = self.relation(name)
        if relation is None:
            if required:
                raise DashboardError(f"There is no table {name}: build the mart first (`make build`).")
            return []
        chosen = [column if column in relation.columns else f"null as {column}" for column in columns]
        condition = f" where {where}" if where else ""
        return self._source.rows(f"select {', '.join(chosen)} from {relation.sql_name}{condition}")

    def read_standing(self, name: str, columns: tuple[str, ...], current: date) -> list[Row]:
        """The rows that speak for the subscriptions today, dated to the current period."""
        relation, standing = self.relation(name), self.relation("mart_subscription_standing")
        if relation is None or standing is None:
            return []
        chosen = [
            f"facts.{column}" if column in relation.columns else f"null as {column}"
            for column in columns
            if column != "period_start"
        ]
        return self._source.rows(
            f"select {', '.join(chosen)}, date '{current.isoformat()}' as period_start "
            f"from {relation.sql_name} as facts inner join {standing.sql_name} as standing "
            "on facts.original_subscription_id = standing.original_subscription_id "
            "and facts.period_start = standing.standing_period_start"
        )

    def run(self, sql: str, *names: str) -> list[Row]:
        """Rows of `sql`, whose `{name}` stand for relations; none if one of them is absent."""
        found = {name: relation for name in names if (relation := self.relation(name))}
        if len(found) < len(names):
            return []
        return self._source.rows(sql.format(**{name: rel.sql_name for name, rel in found.items()}))


def _clock(reader: _Reader, instances: list[Row], periods: int) -> Clock:
    reader.read("fct_account_health", HEALTH[:1], "1 = 0", required=True)
    found = reader.run("select distinct period_start from {fct_account_health}", "fct_account_health")
    started = reader.run(
        "select min(period_start) as first_period from {fct_instance_activity}",
        "fct_instance_activity",
    )
    first = started[0]["first_period"] if started else None
    known = [row["period_start"] for row in found]
    if not known:
        raise DashboardError("fct_account_health is empty: there is no subscription to show.")
    shown = [period for period in known if first is None or period >= first]
    return make_clock(shown or known, _as_of(instances), periods)


def _as_of(instances: list[Row]) -> date | None:
    """The mart's date: an instance's last ping and its age in days add up to it."""
    for row in instances:
        last, days = row["last_ping_at"], row["days_since_last_ping"]
        if last is not None and days is not None:
            return (last.date() if isinstance(last, datetime) else last) + timedelta(days=int(days))
    return None


def _since(period: date) -> str:
    return f"period_start >= date '{period.isoformat()}'"


def _read_history(reader: _Reader, mart: Mart) -> None:
    window = _since(mart.clock.periods[0])
    mart.use_cases = reader.read("use_cases", ("use_case", "label", "step", "advice"))
    mart.score_groups = reader.read("score_groups", ("score_group", "field_name"))
    scores = tuple(f"{row['score_group']}_{part}" for row in mart.score_groups for part in ("score", "color"))
    mart.standing = reader.read("mart_account_standing", (*STANDING, *scores), required=True)
    mart.health = _with_standing(mart, reader.read("fct_account_health", (*HEALTH, *scores), window))
    mart.adoption = _with_standing(mart, reader.read("fct_account_adoption", ADOPTION, window))
    mart.seats = reader.read_standing("fct_seat_utilization", SEATS, mart.clock.current)
    mart.seats += reader.read("fct_seat_utilization", SEATS, f"{window} and {_until(mart.clock.current)}")
    mart.coverage = reader.read("fct_reporting_coverage", COVERAGE, window)


def _with_standing(mart: Mart, rows: list[Row]) -> list[Row]:
    """Rows of the periods before, and the standing in the current one's place."""
    return [*(row for row in rows if row["period_start"] != mart.clock.current), *mart.standing]


def _until(period: date) -> str:
    return f"period_start < date '{period.isoformat()}'"


def _read_current(reader: _Reader, mart: Mart) -> None:
    now = _since(mart.clock.current)
    mart.measures = reader.read_standing("fct_measure_scores", MEASURES, mart.clock.current)
    mart.stages = reader.read_standing("fct_stage_adoption", STAGES, mart.clock.current)
    mart.subscriptions = reader.read("dim_subscriptions", SUBSCRIPTIONS)
    mart.activity = reader.read("fct_instance_activity", ACTIVITY, now)
    mart.signals = reader.read("fct_health_signals", SIGNALS, now)
    mart.objectives = reader.read("fct_objective_progress", OBJECTIVES, _since(mart.clock.periods[0]))
    mart.value_statuses = reader.read("value_statuses", ("value_reason", "meaning"))
    settings = reader.read("health_settings", ("setting", "setting_value"))
    mart.settings = {row["setting"]: float(row["setting_value"]) for row in settings}


def _read_metrics(reader: _Reader, mart: Mart) -> None:
    mart.metrics = reader.read("dim_metrics", METRICS)
    mart.metric_statuses = reader.run(
        f"""
        select
            metric_values.metric_name,
            metric_values.value_status,
            metric_values.value_reason,
            count(*) as instances,
            median(metric_values.metric_value) as median_value,
            avg(metric_values.metric_value) as mean_value,
            min(metric_values.metric_value) as lowest,
            max(metric_values.metric_value) as highest
        from {{fct_metric_values}} as metric_values
        inner join {{fct_instance_activity}} as activity
            on metric_values.instance_id = activity.instance_id
            and metric_values.period_start = activity.period_start
        where activity.instance_type = 'Production'
            and activity.last_ping_at is not null
            and metric_values.period_start = date '{mart.clock.current.isoformat()}'
        group by metric_values.metric_name, metric_values.value_status, metric_values.value_reason
        """,
        "fct_metric_values",
        "fct_instance_activity",
    )


def _read_quality(reader: _Reader, mart: Mart) -> None:
    mart.unmapped = reader.run(
        f"""
        select
            unmapped_reason,
            count(*) as pings,
            count(distinct coalesce(uuid, '') || ' ' || coalesce(hostname, '')) as instances,
            sum(case when received_at >= date '{mart.clock.current.isoformat()}' then 1 else 0 end)
                as pings_now,
            max(received_at) as last_received_at
        from {{fct_unmapped_pings}}
        group by unmapped_reason
        order by pings desc, unmapped_reason
        """,
        "fct_unmapped_pings",
    )
    mart.quarantined = reader.run(
        "select reason, count(*) as lines from {quarantined_pings} group by reason order by lines desc, reason",
        "quarantined_pings",
    )
    mart.quarantined_lines = reader.run(
        "select source_file, line_number, reason from {quarantined_pings} "
        f"order by source_file desc, line_number limit {LISTED_LINES}",
        "quarantined_pings",
    )
    latest = reader.run("select max(period_start) as period_start from {mart_data_quality}", "mart_data_quality")
    if latest and latest[0]["period_start"]:
        mart.checks = reader.read("mart_data_quality", CHECKS, _since(latest[0]["period_start"]))
