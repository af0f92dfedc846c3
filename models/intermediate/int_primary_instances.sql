{#- The one instance that stands for a subscription in a period; seats are never added over instances (docs/rules.md 4). -#}
with

seats as (

    select * from {{ ref('int_instance_seats') }}

),

types as (

    select * from {{ ref('int_instance_types') }}

),

primary_instances as (

    select
        seats.original_subscription_id,
        seats.period_start,
        seats.instance_id,
        seats.is_ultimate_trial,
        seats.last_ping_at,
        seats.activated_seats,
        seats.unique_active,
        seats.umau,
        seats.umau_source,
        seats.licensed_seats,
        seats.licensed_seats_source,
        seats.seats_mismatch
    from seats
    inner join types
        on seats.instance_id = types.instance_id
        and seats.period_start = types.period_start
    where seats.ping_id is not null
        and types.instance_type = 'Production'
        and seats.is_scorable
    qualify row_number() over (
        partition by seats.original_subscription_id, seats.period_start
        order by seats.activated_seats desc nulls last, seats.last_ping_at desc, seats.instance_id
    ) = 1

)

select * from primary_instances
