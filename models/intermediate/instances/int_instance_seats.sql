{#- Seats and active users of every instance and period. The four user numbers never fill in for one another. -#}
{%- set inputs = {
    'activated_seats': known('metric', 'activated_seats'),
    'unique_active': known('metric', 'unique_active_28_days_user'),
    'umau_events': known('metric', 'umau_28_days_user'),
    'licensed_seats_ping': known('metric', 'licensed_seats_ping'),
} -%}
with

instance_periods as (

    select * from {{ ref('int_instance_periods') }}

),

metric_values as (

    select * from {{ ref('int_metric_values') }}
    where metric_name in ('{{ inputs.values() | join("', '") }}')

),

pivoted as (

    select
        instance_id,
        period_start,
        {%- for column, metric in inputs.items() %}
        max(case when metric_name = '{{ metric }}' then metric_value end) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from metric_values
    group by instance_id, period_start

),

with_licenses as (

    select
        instance_periods.*,
        pivoted.activated_seats,
        pivoted.unique_active,
        pivoted.umau_events,
        pivoted.licensed_seats_ping,
        coalesce(
            instance_periods.subscription_seats, instance_periods.license_seats, pivoted.licensed_seats_ping
        ) as licensed_seats,
        case
            when instance_periods.subscription_seats is not null then 'subscription'
            when instance_periods.license_seats is not null then 'license'
            when pivoted.licensed_seats_ping is not null then 'ping'
        end as licensed_seats_source,
        coalesce(pivoted.unique_active, pivoted.umau_events) as umau,
        case
            when pivoted.unique_active is not null then 'unique_active'
            when pivoted.umau_events is not null then 'events'
        end as umau_source
    from instance_periods
    left join pivoted
        on instance_periods.instance_id = pivoted.instance_id
        and instance_periods.period_start = pivoted.period_start

),

shared as (

    select
        *,
        licensed_seats_ping is not null and licensed_seats_ping != licensed_seats as seats_mismatch,
        {{ ratio('activated_seats', 'licensed_seats') }} as activated_share,
        {{ ratio('umau', 'licensed_seats') }} as active_share
    from with_licenses

)

select * from shared
