{#- Means and medians only: many counters are estimates of distinct people and must not be added up. -#}
with

metric_values as (

    select * from {{ ref('fct_metric_values') }}

),

instance_periods as (

    select * from {{ ref('int_instance_periods') }}
    where ping_id is not null

),

types as (

    select * from {{ ref('int_instance_types') }}
    where instance_type = 'Production'

),

by_tier as (

    select
        metric_values.period_start,
        instance_periods.tier,
        metric_values.metric_name,
        count(*) as production_instances,
        count(metric_values.metric_value) as reporting_instances,
        {{ shown_ratio('avg(metric_values.metric_value)') }} as mean_value,
        {{ shown_ratio('median(metric_values.metric_value)') }} as median_value
    from metric_values
    inner join instance_periods
        on metric_values.instance_id = instance_periods.instance_id
        and metric_values.period_start = instance_periods.period_start
    inner join types
        on metric_values.instance_id = types.instance_id
        and metric_values.period_start = types.period_start
    group by metric_values.period_start, instance_periods.tier, metric_values.metric_name

)

select * from by_tier
