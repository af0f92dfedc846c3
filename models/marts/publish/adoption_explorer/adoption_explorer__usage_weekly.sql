{%- set metrics = metric_registry() | selectattr('gainsight_field') | selectattr('key_paths') | list -%}
with

instance_weeks as (

    select * from {{ ref('int_instance_weeks') }}

),

companies as (

    select account_id from {{ ref('adoption_explorer__company_info') }}

),

instances as (

    select * from {{ ref('dim_instances') }}

),

week_values as (

    select
        instance_id,
        week_start
        {%- for metric in metrics %},
        max(case when metric_name = '{{ metric.name }}' then metric_value end) as {{ metric.name }}
        {%- endfor %},
        nullif({{ dbt.listagg(
            measure="case when value_reason is not null then metric_name || ' ' || value_reason end",
            delimiter_text="', '", order_by_clause='order by metric_name'
        ) }}, '') as missing_metrics
    from {{ ref('int_week_values') }}
    group by instance_id, week_start

),

usage as (

    select
        cast(instance_weeks.account_id as {{ dbt.type_string() }}) as account_id,
        cast(instance_weeks.instance_id as {{ dbt.type_string() }}) as instance_id,
        cast(instance_weeks.week_start as date) as week_start,
        instance_weeks.is_complete_week,
        cast(instances.hostname as {{ dbt.type_string() }}) as hostname,
        cast(instances.instance_type as {{ dbt.type_string() }}) as instance_type,
        cast(instance_weeks.version as {{ dbt.type_string() }}) as version,
        cast(instance_weeks.last_ping_at as {{ dbt.type_timestamp() }}) as last_ping_at,
        cast(instance_weeks.ping_count as double) as ping_count,
        cast(case
            when instance_weeks.ping_id is null then 'no_ping'
            else week_values.missing_metrics
        end as {{ dbt.type_string() }}) as missing_reason
        {%- for metric in metrics %},
        cast(week_values.{{ metric.name }} as double) as {{ metric.name }}
        {%- endfor %}
    from instance_weeks
    inner join companies
        on instance_weeks.account_id = companies.account_id
    left join instances
        on instance_weeks.instance_id = instances.instance_id
    left join week_values
        on instance_weeks.instance_id = week_values.instance_id
        and instance_weeks.week_start = week_values.week_start

)

select * from usage
