-- Spreading an increase over silent periods neither makes nor loses anything: as long as a counter never went down, its
-- increases add up to the last reported value less the first, but for the last figures of very large numbers.
with

counter_increases as (

    select * from {{ ref('fct_counter_increases') }}

),

metric_values as (

    select * from {{ ref('fct_metric_values') }}
    where value_status = 'reported'

),

summed as (

    select
        instance_id,
        metric_name,
        sum(increase) as total_increase,
        min(period_start) as first_period_start,
        max(period_start) as last_period_start
    from counter_increases
    group by instance_id, metric_name
    having count(case when value_reason = 'counter_reset' then 1 end) = 0

),

differences as (

    select
        summed.instance_id,
        summed.metric_name,
        summed.total_increase,
        first_values.metric_value as first_value,
        last_values.metric_value as last_value
    from summed
    left join metric_values as first_values
        on summed.instance_id = first_values.instance_id
        and summed.metric_name = first_values.metric_name
        and summed.first_period_start = first_values.period_start
    left join metric_values as last_values
        on summed.instance_id = last_values.instance_id
        and summed.metric_name = last_values.metric_name
        and summed.last_period_start = last_values.period_start
    where first_values.metric_value is null
        or last_values.metric_value is null
        or abs(coalesce(summed.total_increase, 0) - (last_values.metric_value - first_values.metric_value))
        > 0.001 + 0.000000001 * abs(last_values.metric_value)

)

select * from differences
