{#- A derived metric: by how much an all-time counter grew in the period, from int_counter_increases. A silent period stays
    without a value here; the estimate for it is in fct_counter_increases. -#}
{% macro counter_increase(metric) -%}
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
    from {{ ref('metric_' ~ metric) }} as metrics
    left join {{ ref('int_counter_increases') }} as increases
        on metrics.instance_id = increases.instance_id
        and metrics.period_start = increases.period_start
        and increases.metric_name = '{{ metric }}'
        and metrics.value_status = 'reported'
{%- endmacro %}
