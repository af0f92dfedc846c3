{#- The SQL of a metric that is about to be removed: no value any more, so that the next publish clears its field
    (CONTRIBUTING.md, "Rename or remove a metric"). -#}
{% macro retired_metric() -%}
    select
        instance_id,
        period_start,
        cast(null as double) as metric_value,
        'not_reported' as value_status,
        case when ping_id is null then 'no_ping' else 'metric_removed' end as value_reason
    from {{ ref('int_instance_periods') }}
{%- endmacro %}
