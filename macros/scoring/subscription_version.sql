{#- Which version of a subscription counts on a day (docs/rules.md 2): start and end are both inside. A cancelled one runs
    until its term ends, or until cancelled_on; var cancelled_subscriptions: never gives the other reading. -#}
{% macro is_in_force(versions, day) -%}
    (
        {{ versions }}.start_date <= {{ day }}
        and ({{ versions }}.end_date is null or {{ day }} <= {{ versions }}.end_date)
        and ({{ versions }}.cancelled_on is null or {{ day }} <= {{ versions }}.cancelled_on)
        {%- if var('cancelled_subscriptions') == 'never' %}
        and not coalesce({{ versions }}.is_cancelled, false)
        {%- endif %}
    )
{%- endmacro %}

{#- 1 for the version to take: one in force (one that is not cancelled first, then the latest start, then the id), else the
    last that ended (latest end, then start). Needs is_in_force, is_cancelled, start_date, end_date and subscription_id. -#}
{% macro version_rank(partition_by) -%}
    row_number() over (
        partition by {{ partition_by }}
        order by
            case when is_in_force then 0 else 1 end,
            case when is_in_force and is_cancelled then 1 else 0 end,
            case when is_in_force then start_date end desc nulls last,
            case when not is_in_force then end_date end desc nulls last,
            start_date desc,
            subscription_id
    )
{%- endmacro %}
