{% test is_metric(model, min_value=none, max_value=none) %}
{#- What every metric model owes: one row per instance and period, a value exactly where the status is reported, a reason
    exactly where it is not, and every value within the accepted range. -#}
with

numbered as (

    select
        *,
        count(*) over (partition by instance_id, period_start) as rows_of_grain
    from {{ model }}

)

select *
from numbered
where rows_of_grain > 1
    or instance_id is null
    or period_start is null
    or coalesce(value_status, '') not in ('reported', 'not_reported', 'failed', 'not_supported', 'not_applicable')
    or (coalesce(value_status, '') = 'reported') != (metric_value is not null)
    or (coalesce(value_status, '') = 'reported') = (value_reason is not null)
    {%- if min_value is not none %}
    or metric_value < {{ min_value }}
    {%- endif %}
    {%- if max_value is not none %}
    or metric_value > {{ max_value }}
    {%- endif %}
{% endtest %}
