"""Who reports, from what, and how seats are used, as SQL over the marts."""

from __future__ import annotations

from dashboard.app.data import Mart, Rows
from dashboard.app.queries import EVERYBODY, Slice, last_periods

HOW = """case
                when coverage.reporting_reason = 'reporting' and coverage.has_production_ping then 'production'
                when coverage.reporting_reason = 'reporting' then 'other_type'
                else coverage.reporting_reason
            end"""
"""SQL: how a subscription in force reports."""

NEWEST = """with newest as (
            select instance_id, max(period_start) as newest_start,
                max(case when last_ping_at is not null then period_start end) as ping_start
            from {marts}.fct_instance_activity group by instance_id
        ),
        counted as (
            select distinct primary_instance_id as instance_id from {marts}.mart_subscription_standing
            where is_in_force and primary_instance_id is not null
        )"""
"""SQL: of each instance the newest period, and the one of its last ping; and the instances that count."""


def who_reports(mart: Mart, chosen: Slice = EVERYBODY) -> Rows:
    """Subscriptions in force by how they report, in each of the last periods, oldest first."""
    where, values = chosen.condition("periods")
    return mart.rows(
        f"""
        select coverage.period_start, {HOW} as how, count(*) as subscriptions
        from {{marts}}.fct_reporting_coverage as coverage
        inner join {{marts}}.mart_account_periods as periods
            on coverage.account_id = periods.account_id and coverage.period_start = periods.period_start
        inner join ({last_periods()}) as shown
            on coverage.period_start = shown.period_start
        where coverage.reporting_reason != 'no_active_subscription' and {where}
        group by coverage.period_start, {HOW}
        order by coverage.period_start, how
        """,
        *values,
    )


def ended(mart: Mart, chosen: Slice = EVERYBODY) -> Rows:
    """Subscriptions that are no longer in force: how many there are, and how many still report."""
    where, values = chosen.condition("periods")
    return mart.rows(
        f"""
        select count(*) as subscriptions, sum(case when coverage.is_reporting then 1 else 0 end) as reporting
        from {{marts}}.fct_reporting_coverage as coverage
        inner join {{marts}}.mart_account_periods as periods
            on coverage.account_id = periods.account_id and coverage.period_start = periods.period_start
        where coverage.reporting_reason = 'no_active_subscription' and periods.is_current and {where}
        """,
        *values,
    )


def unscored(mart: Mart, chosen: Slice = EVERYBODY) -> Rows:
    """Accounts without a score as they stand, by the reason."""
    where, values = chosen.condition("periods")
    return mart.rows(
        f"""
        select periods.unscored_reason, count(*) as accounts, sum(periods.arr) as arr
        from {{marts}}.mart_account_periods as periods
        where periods.is_current and periods.overall_score is null and {where}
        group by periods.unscored_reason
        order by accounts desc, periods.unscored_reason
        """,
        *values,
    )


def levels(mart: Mart, chosen: Slice = EVERYBODY) -> Rows:
    """Accounts as they stand by the level of adoption that they reached; where nothing is measured, by the reason."""
    where, values = chosen.condition("periods")
    reason = "case when periods.adoption_level is null then periods.adoption_missing_reason end"
    return mart.rows(
        f"""
        select periods.adoption_level, {reason} as missing_reason, count(*) as accounts
        from {{marts}}.mart_account_periods as periods
        where periods.is_current and {where}
        group by periods.adoption_level, {reason}
        order by max(periods.adopted_count) desc nulls last, accounts desc, missing_reason
        """,
        *values,
    )


def seats(mart: Mart, chosen: Slice = EVERYBODY) -> Rows:
    """Subscriptions in force as they stand: of which all three numbers are known, and the others by the reason."""
    where, values = chosen.condition("periods")
    known = (
        "standing.licensed_seats is not null and standing.activated_seats is not null"
        " and standing.inactive_activated_seats is not null"
    )
    reason = f"case when {known} then null else coalesce(standing.missing_reason, 'unknown') end"
    return mart.rows(
        f"""
        select
            {reason} as missing_reason,
            count(*) as subscriptions,
            sum(standing.licensed_seats) as licensed,
            sum(case when {known} then standing.activated_seats end) as activated,
            sum(case when {known} then standing.inactive_activated_seats end) as idle
        from {{marts}}.mart_subscription_standing as standing
        inner join {{marts}}.mart_account_periods as periods
            on standing.account_id = periods.account_id and periods.is_current
        where standing.is_in_force and {where}
        group by {reason}
        order by missing_reason nulls first
        """,
        *values,
    )


def instances(mart: Mart, chosen: Slice = EVERYBODY, account_id: str | None = None) -> Rows:
    """Instances with the figures of the last period in which each sent a ping; a counted one is marked."""
    where, values = chosen.condition("periods")
    if account_id is not None:
        where, values = f"{where} and periods.account_id = ?", [*values, account_id]
    return mart.rows(
        f"""
        {NEWEST}
        select
            instances.instance_id, instances.hostname, instances.uuid, instances.instance_type,
            instances.instance_type_source, instances.suggested_instance_type, instances.renamed_from_hostname,
            instances.version, instances.edition, instances.last_ping_at, instances.days_since_last_ping,
            instances.subscription_id, counted.instance_id is not null as is_counted, periods.account_id,
            periods.account_name, periods.csm_email, figures.period_start, figures.licensed_seats,
            figures.activated_seats, figures.active_users, figures.active_users_source, latest.activity_status,
            seats.value_reason as seats_missing_reason, people.value_reason as active_users_missing_reason
        from {{marts}}.dim_instances as instances
        inner join {{marts}}.mart_account_periods as periods
            on instances.account_id = periods.account_id and periods.is_current
        left join counted on instances.instance_id = counted.instance_id
        left join newest on instances.instance_id = newest.instance_id
        left join {{marts}}.fct_instance_activity as figures
            on instances.instance_id = figures.instance_id and newest.ping_start = figures.period_start
        left join {{marts}}.fct_instance_activity as latest
            on instances.instance_id = latest.instance_id and newest.newest_start = latest.period_start
        left join {{marts}}.fct_metric_values as seats
            on figures.instance_id = seats.instance_id and figures.period_start = seats.period_start
            and seats.metric_name = 'activated_seats'
        left join {{marts}}.fct_metric_values as people
            on figures.instance_id = people.instance_id and figures.period_start = people.period_start
            and people.metric_name = 'unique_active_28_days_user'
        where {where}
        order by lower(periods.account_name), periods.account_id, is_counted desc,
            instances.days_since_last_ping nulls last, instances.hostname, instances.instance_id
        """,
        *values,
    )
