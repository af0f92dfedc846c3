{#- Seats of every subscription and period, from its primary instance; without one, only the seats sold are known. -#}
with

gates as (

    select * from {{ ref('int_subscription_gates') }}

),

subscription_periods as (

    select * from {{ ref('int_subscription_periods') }}

),

primary_instances as (

    select * from {{ ref('int_primary_instances') }}

),

seats as (

    select
        gates.original_subscription_id,
        gates.subscription_id,
        gates.account_id,
        gates.period_start,
        gates.measurement_date,
        gates.is_current,
        gates.is_complete_period,
        gates.months_since_start,
        gates.end_date,
        gates.primary_instance_id,
        case
            when primary_instances.instance_id is not null then primary_instances.licensed_seats
            when gates.is_in_force then subscription_periods.seats
        end as licensed_seats,
        case
            when primary_instances.instance_id is not null then primary_instances.licensed_seats_source
            when gates.is_in_force and subscription_periods.seats is not null then 'subscription'
        end as licensed_seats_source,
        primary_instances.activated_seats,
        primary_instances.unique_active,
        primary_instances.umau,
        primary_instances.umau_source,
        coalesce(primary_instances.seats_mismatch, false) as seats_mismatch,
        case
            when primary_instances.activated_seats is not null and primary_instances.unique_active is not null
                then greatest(primary_instances.activated_seats - primary_instances.unique_active, 0)
        end as inactive_activated_seats,
        case
            when primary_instances.activated_seats is not null and primary_instances.licensed_seats is not null
                then greatest(primary_instances.activated_seats - primary_instances.licensed_seats, 0)
        end as seats_over_license
    from gates
    inner join subscription_periods
        on gates.original_subscription_id = subscription_periods.original_subscription_id
        and gates.period_start = subscription_periods.period_start
    left join primary_instances
        on gates.original_subscription_id = primary_instances.original_subscription_id
        and gates.period_start = primary_instances.period_start

)

select * from seats
