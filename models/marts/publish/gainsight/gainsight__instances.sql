{%- set reasons = {
    'activated': known('metric', 'activated_seats'), 'active': known('metric', 'unique_active_28_days_user'),
} -%}
with

instances as (

    select * from {{ ref('dim_instances') }}
    where account_id is not null

),

current_activity as (

    select * from {{ ref('fct_instance_activity') }}
    where last_ping_at is not null
    qualify row_number() over (partition by instance_id order by period_start desc) = 1

),

metric_reasons as (

    select
        instance_id,
        period_start,
        {%- for column, metric in reasons.items() %}
        max(case when metric_name = '{{ metric }}' then value_reason end) as {{ column }}_reason{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('fct_metric_values') }}
    where metric_name in ('{{ reasons.values() | join("', '") }}')
    group by instance_id, period_start

),

settings as (

    select * from {{ ref('int_settings') }}

),

published as (

    select
        cast(instances.instance_id as {{ dbt.type_string() }}) as instance_id,
        cast(instances.account_id as {{ dbt.type_string() }}) as account_id,
        cast(instances.uuid as {{ dbt.type_string() }}) as uuid,
        cast(instances.hostname as {{ dbt.type_string() }}) as hostname,
        cast(instances.subscription_id as {{ dbt.type_string() }}) as subscription_id,
        cast(instances.instance_type as {{ dbt.type_string() }}) as instance_type,
        cast(instances.instance_type_source as {{ dbt.type_string() }}) as instance_type_source,
        cast(instances.suggested_instance_type as {{ dbt.type_string() }}) as suggested_instance_type,
        cast(instances.suggestion_reason as {{ dbt.type_string() }}) as suggestion_reason,
        cast(instances.renamed_from_hostname as {{ dbt.type_string() }}) as renamed_from_hostname,
        instances.is_tied_to_active_subscription,
        cast(instances.version as {{ dbt.type_string() }}) as version,
        cast(instances.edition as {{ dbt.type_string() }}) as edition,
        cast(instances.tier as {{ dbt.type_string() }}) as tier,
        cast(instances.first_ping_at as {{ dbt.type_timestamp() }}) as first_ping_at,
        cast(instances.last_ping_at as {{ dbt.type_timestamp() }}) as last_ping_at,
        {%- set is_fresh = 'instances.days_since_last_ping <= settings.stale_after_days' %}
        cast(case when {{ is_fresh }} then current_activity.licensed_seats end as double) as licensed_seats,
        cast(case when {{ is_fresh }} then current_activity.activated_seats end as double) as activated_seats,
        cast(case when {{ is_fresh }} then current_activity.active_users end as double) as active_users,
        cast(case when {{ is_fresh }} then current_activity.active_users_source end as {{ dbt.type_string() }})
            as active_users_source,
        cast(case
            when not {{ is_fresh }} then 'stale'
            when current_activity.activated_seats is null then metric_reasons.activated_reason
            when current_activity.active_users is null then metric_reasons.active_reason
            when current_activity.licensed_seats is null then 'seats_unknown'
        end as {{ dbt.type_string() }}) as missing_reason
    from instances
    cross join settings
    inner join current_activity
        on instances.instance_id = current_activity.instance_id
    left join metric_reasons
        on current_activity.instance_id = metric_reasons.instance_id
        and current_activity.period_start = metric_reasons.period_start

)

select * from published
