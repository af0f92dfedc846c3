{%- set metrics = metric_registry() | selectattr('gainsight_field') | selectattr('key_paths') | list -%}
-- Where a week and a period rest on the same ping, the published metrics are the same.
with

weeks as (

    select * from {{ ref('adoption_explorer__usage_weekly') }}

),

periods as (

    select * from {{ ref('gainsight__instance_usage') }}

),

findings as (

    select
        weeks.instance_id,
        weeks.week_start,
        periods.period_start
    from weeks
    inner join periods
        on weeks.instance_id = periods.instance_id
        and weeks.last_ping_at = periods.last_ping_at
    where
        false
        {%- for metric in metrics %}
        or weeks.{{ metric.name }} is distinct from periods.{{ metric.name }}
        {%- endfor %}

)

select * from findings
