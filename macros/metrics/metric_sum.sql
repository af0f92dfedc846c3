{#- Derived metrics of several others, per instance and period. `needs` says when there is a value: with 'all' the first
    missing part's reason is kept; with 'any' absent parts are left out, but one that failed fails the whole. -#}
{% macro metric_sum(metrics, needs='any') -%}
    {{ customer_health.combined_metrics(metrics, needs, 'sum(parts.metric_value)') }}
{%- endmacro %}

{#- How many of the metrics are above zero. -#}
{% macro metric_kinds(metrics, needs='any') -%}
    {{ customer_health.combined_metrics(metrics, needs, 'count(case when parts.metric_value > 0 then 1 end)') }}
{%- endmacro %}

{#- The largest of them: of counts of distinct people, which must not be added, the least that they are together. -#}
{% macro metric_largest(metrics, needs='any') -%}
    {{ customer_health.combined_metrics(metrics, needs, 'max(parts.metric_value)') }}
{%- endmacro %}

{% macro combined_metrics(metrics, needs, combination) -%}
    {%- if needs not in ['all', 'any'] -%}
        {{ exceptions.raise_compiler_error("needs is '" ~ needs ~ "'; it must be 'all' or 'any'") }}
    {%- endif -%}
    with

    parts as (

        {%- for metric in metrics %}
        select * from {{ ref('metric_' ~ metric) }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}

    ),

    statuses as (

        select * from {{ ref('value_statuses') }}

    ),

    combined as (

        select
            parts.instance_id,
            parts.period_start,
            cast({{ combination }} as double) as combined_value,
            {%- if needs == 'all' %}
            min(case when parts.metric_value is null then statuses.precedence end) as first_precedence
            {%- else %}
            coalesce(
                min(case when parts.value_status = 'failed' then statuses.precedence end),
                case when count(parts.metric_value) = 0 then coalesce(
                    min(case when parts.value_status = 'not_reported' then statuses.precedence end),
                    (select precedence from statuses where value_reason = 'key_absent')
                ) end
            ) as first_precedence
            {%- endif %}
        from parts
        left join statuses
            on parts.value_reason = statuses.value_reason
        group by parts.instance_id, parts.period_start

    )

    select
        combined.instance_id,
        combined.period_start,
        case when combined.first_precedence is null then combined.combined_value end as metric_value,
        coalesce(statuses.value_status, 'reported') as value_status,
        statuses.value_reason
    from combined
    left join statuses
        on combined.first_precedence = statuses.precedence
{%- endmacro %}
