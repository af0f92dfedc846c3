"""What the customer report reads, as SQL over the marts. `{only}` stands for a condition on `account_id`.

No query selects a score, a color, a weight, a signal, revenue, a manager or anything of another account.
"""

from __future__ import annotations

SHOWN_PERIODS = 13

ACCOUNTS = """
    select own.account_id, own.account_name, own.product_tier, own.is_in_crm, own.period_start
    from {marts}.mart_account_periods as own
    where own.is_current and {only}
    order by lower(own.account_name), own.account_id
"""

PERIODS = f"""
    select
        own.account_id, own.period_start, own.is_current, own.is_complete_period, own.sold_seats,
        own.licensed_seats, own.activated_seats, own.seats_missing_reason, own.active_users,
        own.active_users_source, own.active_users_missing_reason, own.adopted_count,
        own.adoption_missing_reason
    from {{marts}}.mart_account_periods as own
    inner join (
        select period_start from {{marts}}.mart_account_periods
        group by period_start order by period_start desc limit {SHOWN_PERIODS}
    ) as shown
        on own.period_start = shown.period_start
    where {{only}}
    order by own.period_start
"""

SUBSCRIPTIONS = """
    select
        own.account_id, own.subscription_id, own.product_tier, own.is_trial, own.seats,
        own.start_date, own.end_date
    from {marts}.dim_subscriptions as own
    where own.is_active and {only}
    order by own.end_date nulls last, own.subscription_id
"""

USE_CASES = """
    select
        own.account_id, own.use_case, own.label, own.step, own.adoption_status,
        own.missing_reason, own.advice
    from {marts}.mart_account_use_cases as own
    where {only}
    order by own.step, own.use_case
"""

MEASURES = """
    select
        own.account_id, own.score_group as use_case, own.measure, texts.label, texts.value_format, texts.finding,
        sum(own.numerator) as numerator, sum(own.denominator) as denominator,
        count(*) as subscriptions, max(own.green_from) as adopted_from,
        min(case when own.green_inclusive then 1 else 0 end) as is_inclusive
    from {marts}.fct_measure_scores as own
    inner join {marts}.mart_subscription_standing as standing
        on own.original_subscription_id = standing.original_subscription_id
        and own.period_start = coalesce(standing.standing_period_start, standing.period_start)
        and standing.is_in_force
    inner join {seeds}.use_cases as use_cases
        on own.score_group = use_cases.use_case
    left join {seeds}.measure_texts as texts
        on own.measure = texts.measure
    where own.is_counted and own.value_reason is null and {only}
    group by own.account_id, own.score_group, own.measure, texts.label, texts.value_format, texts.finding
    order by own.measure
"""

GOALS = """
    select
        own.account_id, own.objective_id, own.objective_name, metrics.label as metric_label,
        own.starts_on, own.due_on, own.direction, own.baseline_value, own.current_value,
        own.target_value, own.progress, own.status, own.missing_reason, own.elapsed_missing_reason
    from {marts}.fct_objective_progress as own
    inner join (
        select objective_id, max(period_start) as period_start from {marts}.fct_objective_progress group by objective_id
    ) as newest
        on own.objective_id = newest.objective_id and own.period_start = newest.period_start
    left join {marts}.dim_metrics as metrics
        on own.metric_name = metrics.metric_name
    where {only}
    order by own.due_on nulls last, own.objective_id
"""

INSTANCES = """
    select
        own.account_id, own.instance_id, own.hostname, own.uuid, own.instance_type, own.version,
        own.edition, own.newest_major_version, own.major_versions_behind, own.last_ping_at,
        own.days_since_last_ping, counted.instance_id is not null as is_counted
    from {marts}.dim_instances as own
    left join (
        select distinct primary_instance_id as instance_id from {marts}.mart_subscription_standing
        where is_in_force and primary_instance_id is not null
    ) as counted
        on own.instance_id = counted.instance_id
    where {only}
    order by is_counted desc, own.days_since_last_ping nulls last, own.hostname, own.instance_id
"""

COUNTERS = """
    select
        own.account_id, own.instance_id, metrics.metric_name, metrics.label, metrics.stage, metrics.unit,
        metrics.key_paths, facts.metric_value, facts.value_status, facts.value_reason
    from {marts}.dim_instances as own
    inner join (
        select instance_id, max(period_start) as period_start from {marts}.fct_instance_activity
        where last_ping_at is not null group by instance_id
    ) as latest
        on own.instance_id = latest.instance_id
    inner join {marts}.fct_metric_values as facts
        on latest.instance_id = facts.instance_id and latest.period_start = facts.period_start
    inner join {marts}.dim_metrics as metrics
        on facts.metric_name = metrics.metric_name
    where {only}
    order by metrics.stage, lower(metrics.label), metrics.metric_name
"""

PEERS = """
    select
        own.account_id, own.benchmark, own.label, own.value_format, own.period_start,
        own.is_member, own.own_value, own.own_missing_reason, own.cell_kind, own.segment,
        own.product_tier, own.lower_quartile, own.median, own.upper_quartile,
        own.peers_missing_reason
    from {marts}.mart_peer_benchmarks as own
    where {only}
    order by own.place, own.benchmark
"""

TOPICS = {
    "periods": PERIODS,
    "subscriptions": SUBSCRIPTIONS,
    "use_cases": USE_CASES,
    "measures": MEASURES,
    "goals": GOALS,
    "instances": INSTANCES,
    "counters": COUNTERS,
    "peers": PEERS,
}

REASONS = "select reason, told, remedy from {seeds}.customer_reasons"
TEXTS = """
    select
        texts.text_name,
        replace(
            replace(texts.text, '{{benchmark_min_accounts}}', cast(cast(fewest.setting_value as integer) as varchar)),
            '{{benchmark_lag_months}}', cast(cast(lag_months.setting_value as integer) as varchar)
        ) as text
    from {seeds}.report_texts as texts
    cross join {seeds}.health_settings as fewest
    cross join {seeds}.health_settings as lag_months
    where fewest.setting = 'benchmark_min_accounts' and lag_months.setting = 'benchmark_lag_months'
"""
