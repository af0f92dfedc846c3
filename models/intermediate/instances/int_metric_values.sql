{#- Every metric model's rows in one relation: what seats, scores, signals and objectives read. Nothing below it reads the
    values of a ping, so that a metric that an analyst changes changes what customers are judged by. -#}
{%- set names = metric_names() -%}
with

metric_values as (

    {%- for name in names %}
    select instance_id, period_start, '{{ name }}' as metric_name, metric_value, value_status, value_reason
    from {{ ref('metric_' ~ name) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from metric_values
