{#- Which version of a subscription counts on a day (docs/rules.md 2): start and end are both inside. -#}
{% macro is_in_force(versions, day) -%}
    (
        {{ versions }}.start_date <= {{ day }}
        and ({{ versions }}.end_date is null or {{ day }} <= {{ versions }}.end_date)
        and coalesce({{ versions }}.status, '') != 'cancelled'
    )
{%- endmacro %}

{#- 1 for the version to take: one in force (latest start, then id), else the last that ended (latest end, then start).
    Needs is_in_force, start_date, end_date and subscription_id in scope. -#}
{% macro version_rank(partition_by) -%}
    row_number() over (
        partition by {{ partition_by }}
        order by
            case when is_in_force then 0 else 1 end,
            case when is_in_force then start_date end desc nulls last,
            case when not is_in_force then end_date end desc nulls last,
            start_date desc,
            subscription_id
    )
{%- endmacro %}
