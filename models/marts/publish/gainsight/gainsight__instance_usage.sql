{%- set metrics = metric_registry() | selectattr('gainsight_field') | list -%}
with

activity as (

    select * from {{ ref('fct_instance_activity') }}
    where account_id is not null

),

metric_values as (

    select * from {{ ref('mart_instance_metrics_wide') }}

),

usage as (

    select
        cast(activity.instance_id as {{ dbt.type_string() }}) as instance_id,
        cast(activity.period_start as date) as period_start,
        cast(activity.account_id as {{ dbt.type_string() }}) as account_id,
        cast(activity.instance_type as {{ dbt.type_string() }}) as instance_type,
        cast(activity.activity_status as {{ dbt.type_string() }}) as activity_status,
        cast(activity.last_ping_at as {{ dbt.type_timestamp() }}) as last_ping_at,
        cast(activity.version as {{ dbt.type_string() }}) as version,
        cast(activity.ping_count as double) as ping_count,
        cast(activity.licensed_seats as double) as licensed_seats,
        cast(activity.activated_seats as double) as activated_seats,
        cast(activity.active_users as double) as active_users,
        cast(activity.active_users_source as {{ dbt.type_string() }}) as active_users_source,
        cast(activity.active_users_change as double) as active_users_change,
        cast(activity.expected_active_users as double) as expected_active_users
        {%- for metric in metrics %},
        cast(metric_values.{{ metric.name }} as double) as {{ metric.name }}
        {%- endfor %}
    from activity
    left join metric_values
        on activity.instance_id = metric_values.instance_id
        and activity.period_start = metric_values.period_start

)

select * from usage
