{#- By how much all-time counters grew (docs/rules.md 5): this standing ping's value less the previous reported one's. Over a
    gap of several periods the increase is spread by days and marked as estimated. -#}
with

metrics as (

    select * from {{ ref('int_metrics') }}
    where time_frame = 'all' and not is_derived

),

instance_periods as (

    select * from {{ ref('int_instance_periods') }}

),

ping_metrics as (

    select * from {{ ref('int_ping_metrics') }}
    where value_status = 'reported'

),

reported as (

    select
        ping_metrics.instance_id,
        ping_metrics.metric_name,
        ping_metrics.period_start,
        ping_metrics.metric_value,
        cast(instance_periods.last_ping_at as date) as ping_date
    from ping_metrics
    inner join metrics
        on ping_metrics.metric_name = metrics.metric_name
    inner join instance_periods
        on ping_metrics.instance_id = instance_periods.instance_id
        and ping_metrics.period_start = instance_periods.period_start

),

compared as (

    select
        *,
        lag(period_start) over (partition by instance_id, metric_name order by period_start) as earlier_period_start,
        lag(ping_date) over (partition by instance_id, metric_name order by period_start) as earlier_ping_date,
        lag(metric_value) over (partition by instance_id, metric_name order by period_start) as earlier_value
    from reported

),

flows as (

    select
        *,
        metric_value - earlier_value as difference,
        greatest({{ days_between('earlier_ping_date', 'ping_date') }}, 1) as days
    from compared

),

spread as (

    select
        flows.instance_id,
        flows.metric_name,
        instance_periods.period_start,
        flows.earlier_value,
        flows.difference,
        flows.days,
        instance_periods.previous_period_start > flows.earlier_period_start
        or instance_periods.period_start < flows.period_start as is_estimated,
        {{ days_between(
            'case when instance_periods.previous_period_start = flows.earlier_period_start then flows.earlier_ping_date'
            ~ ' else ' ~ days_later('instance_periods.period_start', -1) ~ ' end',
            'least(flows.ping_date, ' ~ period_end('instance_periods.period_start') ~ ')'
        ) }} as days_in_period
    from flows
    inner join instance_periods
        on flows.instance_id = instance_periods.instance_id
        and instance_periods.period_start <= flows.period_start
        and instance_periods.period_start > coalesce(
            flows.earlier_period_start, {{ days_later('flows.period_start', -1) }}
        )

),

increases as (

    select
        instance_id,
        metric_name,
        period_start,
        case
            when difference < 0 then null
            when not is_estimated then difference
            else difference * days_in_period / days
        end as increase,
        case when difference >= 0 then difference / days end as increase_per_day,
        coalesce(is_estimated, false) as is_estimated,
        case
            when earlier_value is null then 'not_reported'
            when difference < 0 then 'failed'
            else 'reported'
        end as value_status,
        case
            when earlier_value is null then 'no_previous_value'
            when difference < 0 then 'counter_reset'
        end as value_reason
    from spread

)

select * from increases
