{#- The one instance that stands for a subscription in a period; seats are never added over instances (docs/rules.md 4). In a
    period that is still open nobody takes over from an instance whose ping is only still to come. -#}
with

tenures as (

    select * from {{ ref('int_primary_tenures') }}

),

candidates as (

    select * from {{ ref('int_primary_candidates') }}

),

seats as (

    select * from {{ ref('int_instance_seats') }}

),

types as (

    select * from {{ ref('int_instance_types') }}

),

awaited as (

    select
        seats.original_subscription_id,
        seats.period_start,
        seats.instance_id,
        case when types.instance_type_source = 'label' then 0 else 1 end as label_rank
    from seats
    inner join types
        on seats.instance_id = types.instance_id
        and seats.period_start = types.period_start
    where seats.is_awaited
        and types.instance_type = 'Production'
        and seats.is_scorable

),

held as (

    select
        candidates.original_subscription_id,
        candidates.period_start,
        candidates.instance_id,
        previous.instance_id as previous_instance_id,
        previous.instance_id is not null and previous.instance_id != tenures.instance_id as was_switched
    from tenures
    inner join candidates
        on tenures.original_subscription_id = candidates.original_subscription_id
        and tenures.instance_id = candidates.instance_id
        and candidates.period_number between tenures.from_period and tenures.to_period
    left join tenures as previous
        on candidates.original_subscription_id = previous.original_subscription_id
        and candidates.period_number - 1 between previous.from_period and previous.to_period
    left join awaited
        on previous.original_subscription_id = awaited.original_subscription_id
        and previous.instance_id = awaited.instance_id
        and candidates.period_start = awaited.period_start
        and awaited.label_rank <= candidates.label_rank
    where awaited.instance_id is null

),

primary_instances as (

    select
        held.original_subscription_id,
        held.period_start,
        held.instance_id,
        held.previous_instance_id,
        held.was_switched,
        seats.is_ultimate_trial,
        seats.last_ping_at,
        seats.activated_seats,
        seats.unique_active,
        seats.umau,
        seats.umau_source,
        seats.licensed_seats,
        seats.licensed_seats_source,
        seats.seats_mismatch
    from held
    inner join seats
        on held.instance_id = seats.instance_id
        and held.period_start = seats.period_start

)

select * from primary_instances
