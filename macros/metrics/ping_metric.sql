{#- The whole SQL of a plain counter: its values as int_ping_metrics found them in the payload at the key paths of
    the model's own `config.meta.metric`. Output: instance_id, period_start, metric_value, value_status, value_reason. -#}
{% macro ping_metric() -%}
    {%- if execute -%}{%- do customer_health.metric_meta(model) -%}{%- endif -%}
    select
        instance_id,
        period_start,
        metric_value,
        value_status,
        value_reason
    from {{ ref('int_ping_metrics') }}
    where metric_name = '{{ model.name[7:] }}'
{%- endmacro %}

{#- The metric names of the committed registry, in its order. -#}
{% macro metric_names() %}
    {%- set names = [] -%}
    {%- for line in customer_health.metric_models().split('\n') if line | trim -%}
        {%- do names.append((line | trim)[7:]) -%}
    {%- endfor -%}
    {{ return(names) }}
{% endmacro %}
