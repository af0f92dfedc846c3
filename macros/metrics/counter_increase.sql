{#- By how much counters that only ever grow did grow (docs/rules.md 5): a period ping's value less the previous reported
    one's. Over a gap of several periods the increase is spread by days and marked as estimated. `counters` names a CTE of
    reported values (instance_id, metric_name, period_start, metric_value); a CTE instance_periods must be there, too. No
    variable is in it, for views of metrics are not made again when one changes. -#}
{% macro counter_increases(counters) -%}
    with

    dated as (

        select
            counters.instance_id,
            counters.metric_name,
            counters.period_start,
            counters.metric_value,
            cast(instance_periods.last_ping_at as date) as ping_date
        from {{ counters }} as counters
        inner join instance_periods
            on counters.instance_id = instance_periods.instance_id
            and counters.period_start = instance_periods.period_start

    ),

    compared as (

        select
            *,
            lag(period_start) over (partition by instance_id, metric_name order by period_start) as earlier_period_start,
            lag(ping_date) over (partition by instance_id, metric_name order by period_start) as earlier_ping_date,
            lag(metric_value) over (partition by instance_id, metric_name order by period_start) as earlier_value
        from dated

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
                'least(flows.ping_date, instance_periods.measurement_date)'
            ) }} as days_in_period
        from flows
        inner join instance_periods
            on flows.instance_id = instance_periods.instance_id
            and instance_periods.period_start <= flows.period_start
            and instance_periods.period_start > coalesce(
                flows.earlier_period_start, {{ days_later('flows.period_start', -1) }}
            )

    )

    select
        instance_id,
        metric_name,
        period_start,
        case
            when difference < 0 then null
            when not is_estimated then difference
            else difference * days_in_period / nullif(days, 0)
        end as increase,
        case when difference >= 0 then difference / nullif(days, 0) end as increase_per_day,
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
{%- endmacro %}

{#- A derived metric: by how much an all-time counter grew in the period. A silent period stays without a value here; the
    estimate for it is in fct_counter_increases. -#}
{% macro counter_increase(metric) -%}
    with

    metrics as (

        select * from {{ ref('metric_' ~ metric) }}

    ),

    instance_periods as (

        select * from {{ ref('int_instance_periods') }}

    ),

    reported as (

        select
            instance_id,
            period_start,
            '{{ metric }}' as metric_name,
            metric_value
        from metrics
        where value_status = 'reported'

    ),

    increases as (

        {{ customer_health.counter_increases('reported') | indent(8) }}

    )

    select
        metrics.instance_id,
        metrics.period_start,
        increases.increase as metric_value,
        case
            when metrics.value_status != 'reported' then metrics.value_status
            else increases.value_status
        end as value_status,
        case
            when metrics.value_status != 'reported' then metrics.value_reason
            else increases.value_reason
        end as value_reason
    from metrics
    left join increases
        on metrics.instance_id = increases.instance_id
        and metrics.period_start = increases.period_start
        and metrics.value_status = 'reported'
{%- endmacro %}
