{% test are_metrics(model) %}
{#- What is_metric asks of one metric, asked of all of them at once: one row per instance and period, a value exactly where the
    status is reported, a reason exactly where it is not, and every value within the range of the metric's yml (`min_value`, 0
    where it says none, and `max_value`). Metric and problem are told at the run's end. -#}
{%- set metrics = customer_health.metric_registry() -%}
with

numbered as (

    select
        *,
        count(*) over (partition by metric_name, instance_id, period_start) as rows_of_grain,
        case metric_name
            {%- for metric in metrics if metric.min_value %}
            when '{{ metric.name }}' then {{ metric.min_value }}
            {%- endfor %}
            when '' then null
            else 0
        end as lowest,
        case metric_name
            {%- for metric in metrics if metric.max_value is defined %}
            when '{{ metric.name }}' then {{ metric.max_value }}
            {%- endfor %}
            when '' then 0
        end as highest
    from {{ model }}

),

judged as (

    select
        *,
        case
            when rows_of_grain > 1 then 'more than one row of the instance and period'
            when instance_id is null then 'instance_id is null'
            when period_start is null then 'period_start is null'
            when coalesce(value_status, '') not in ('reported', 'not_reported', 'failed', 'not_supported', 'not_applicable')
                then 'value_status is ' || coalesce(value_status, 'null')
            when value_status = 'reported' and metric_value is null then 'reported, and metric_value is null'
            when value_status != 'reported' and metric_value is not null then 'a metric_value that is not reported'
            when value_status = 'reported' and value_reason is not null then 'reported, and there is a value_reason'
            when value_status != 'reported' and value_reason is null then 'no metric_value, and value_reason is null'
            when metric_value < lowest then 'metric_value is below its min_value'
            when metric_value > highest then 'metric_value is above its max_value'
        end as problem
    from numbered

)

select metric_name, problem, count(*) as row_count, min(instance_id) as first_instance_id, min(period_start) as first_period_start
from judged
where problem is not null
group by metric_name, problem
{% endtest %}
