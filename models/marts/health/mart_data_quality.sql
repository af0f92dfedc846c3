with

settings as (

    select * from {{ ref('int_settings') }}

),

checks as (

    select * from {{ ref('data_quality_checks') }}

),

periods as (

    select * from {{ ref('int_periods') }}

),

pings as (

    select * from {{ ref('int_pings_tiered') }}
    where exclusion is null

),

reporting as (

    select * from {{ ref('fct_instance_activity') }}
    where ping_count > 0

),

standing_values as (

    select metric_values.*
    from {{ ref('fct_metric_values') }} as metric_values
    inner join reporting
        on metric_values.instance_id = reporting.instance_id
        and metric_values.period_start = reporting.period_start

),

known_subscriptions as (

    select distinct subscription_id from {{ ref('stg_crm__subscriptions') }}

),

licenses as (

    select
        licenses.*,
        known_subscriptions.subscription_id is null as has_no_subscription
    from {{ ref('stg_crm__licenses') }} as licenses
    left join known_subscriptions
        on licenses.subscription_id = known_subscriptions.subscription_id

),

ping_periods as (

    select distinct period_start from pings

),

counted as (

    select period_start, 'metric_present' as check_name, metric_name as subject,
        count(metric_value) as affected, count(*) as total
    from standing_values
    group by period_start, metric_name
    union all
    select period_start, 'metric_sentinel', metric_name,
        count(case when value_reason like 'sentinel%' then 1 end), count(*)
    from standing_values
    group by period_start, metric_name
    union all
    select period_start, 'unlabelled_instance', '',
        count(case when instance_type = 'Unknown' then 1 end), count(*)
    from reporting
    where account_id is not null
    group by period_start
    union all
    select periods.period_start, 'license_without_subscription', '',
        count(case when licenses.has_no_subscription then 1 end), count(*)
    from ping_periods
    inner join periods
        on ping_periods.period_start = periods.period_start
    inner join licenses
        on coalesce(licenses.starts_at, periods.measurement_date) <= periods.measurement_date
    group by periods.period_start
    union all
    select periods.period_start, 'license_starts_after_end', '',
        count(case when licenses.starts_at > licenses.expires_at then 1 end), count(*)
    from ping_periods
    inner join periods
        on ping_periods.period_start = periods.period_start
    cross join licenses
    group by periods.period_start
    union all
    select pings.period_start, 'clock_off', '',
        count(case
            when pings.recorded_at > {{ dbt.dateadd('day', 'cast(settings.clock_off_days as integer)', 'pings.received_at') }}
                or pings.recorded_at
                < {{ dbt.dateadd('day', '-cast(settings.clock_off_days as integer)', 'pings.received_at') }}
                then 1
        end),
        count(*)
    from pings
    cross join settings
    group by pings.period_start

),

shared as (

    select
        counted.period_start,
        counted.check_name,
        counted.subject,
        counted.affected,
        counted.total,
        round({{ ratio('counted.affected', 'counted.total') }}, 4) as share,
        checks.meaning,
        checks.drill_down
    from counted
    inner join checks
        on counted.check_name = checks.check_name

)

select * from shared
