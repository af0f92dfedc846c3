{#- Per period: how many period pings hold each metric, how many failed to count it, how many instances have no type, how
    many clocks are off. And in the current one, how many of those that reported lately are overdue: when files stop to arrive it
    is all of them. -#}
with

settings as (

    select * from {{ ref('int_settings') }}

),

pings as (

    select * from {{ ref('int_pings') }}
    where exclusion is null

),

reporting as (

    select * from {{ ref('int_instance_periods') }}
    where ping_id is not null

),

ping_metrics as (

    select ping_metrics.*
    from {{ ref('int_ping_metrics') }} as ping_metrics
    inner join reporting
        on ping_metrics.instance_id = reporting.instance_id
        and ping_metrics.period_start = reporting.period_start

),

aged as (

    select
        instance_id,
        {{ days_between('cast(max(received_at) as date)', as_of()) }} as days_since_last_ping
    from pings
    group by instance_id

),

counted as (

    select
        period_start,
        '{{ known('data_quality_check', 'metric_present') }}' as check_name,
        metric_name as subject,
        count(metric_value) as affected,
        count(*) as total
    from ping_metrics
    group by period_start, metric_name
    union all
    select
        period_start,
        '{{ known('data_quality_check', 'metric_sentinel') }}',
        metric_name,
        count(case when value_reason like 'sentinel%' then 1 end),
        count(*)
    from ping_metrics
    group by period_start, metric_name
    union all
    select
        reporting.period_start,
        '{{ known('data_quality_check', 'unlabelled_instance') }}',
        '',
        count(case when types.instance_type = 'Unknown' then 1 end),
        count(*)
    from reporting
    inner join {{ ref('int_instance_types') }} as types
        on reporting.instance_id = types.instance_id
        and reporting.period_start = types.period_start
    where reporting.account_id is not null
    group by reporting.period_start
    union all
    select
        pings.period_start,
        '{{ known('data_quality_check', 'clock_off') }}',
        '',
        count(case
            when (pings.recorded_at_suspect and pings.recorded_at is not null)
                or pings.recorded_at
                < {{ dbt.dateadd('day', '-cast(settings.clock_off_days as integer)', 'pings.received_at') }}
                then 1
        end),
        count(*)
    from pings
    cross join settings
    group by pings.period_start
    union all
    select
        (select periods.period_start from {{ ref('int_periods') }} as periods where periods.is_current),
        '{{ known('data_quality_check', 'overdue_instance') }}',
        '',
        count(case when aged.days_since_last_ping > settings.awaited_days then 1 end),
        count(*)
    from aged
    cross join settings
    where aged.days_since_last_ping <= settings.stale_after_days

)

select * from counted
