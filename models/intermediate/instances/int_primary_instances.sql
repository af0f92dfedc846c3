{#- The one instance that counts for a subscription in a period; seats are never added over instances (docs/rules.md 4). The best
    candidate begins; when it ends, the one that overtook it follows, else the best that there is then. In a period that is
    still open nobody takes over from an instance whose ping is only still to come. -#}
with recursive

candidates as (

    select * from {{ ref('int_primary_candidates') }}

),

seats as (

    select * from {{ ref('int_instance_seats') }}

),

awaited as (

    select
        seats.original_subscription_id,
        seats.period_start,
        seats.instance_id,
        case when types.instance_type_source = 'label' then 0 else 1 end as label_rank
    from seats
    inner join {{ ref('int_instance_types') }} as types
        on seats.instance_id = types.instance_id
        and seats.period_start = types.period_start
    where seats.is_awaited and seats.is_scorable and types.instance_type = 'Production'

),

tenures as (

    {#- One step per change, not per period. #}
    select
        candidates.original_subscription_id,
        candidates.instance_id,
        candidates.period_number as first_period,
        candidates.last_period,
        candidates.overtaken_by
    from candidates
    left join candidates as earlier
        on candidates.original_subscription_id = earlier.original_subscription_id
        and candidates.period_number = earlier.period_number + 1
        and earlier.place = 1
    where candidates.place = 1 and earlier.original_subscription_id is null
    union all
    select
        tenures.original_subscription_id,
        successors.instance_id,
        successors.period_number,
        successors.last_period,
        successors.overtaken_by
    from tenures
    inner join candidates as successors
        on tenures.original_subscription_id = successors.original_subscription_id
        and tenures.last_period + 1 = successors.period_number
        and case when tenures.overtaken_by is null then successors.place = 1
            else tenures.overtaken_by = successors.instance_id end

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
        and candidates.period_number between tenures.first_period and tenures.last_period
    left join tenures as previous
        on candidates.original_subscription_id = previous.original_subscription_id
        and candidates.period_number - 1 between previous.first_period and previous.last_period
    left join awaited
        on previous.original_subscription_id = awaited.original_subscription_id
        and previous.instance_id = awaited.instance_id
        and candidates.period_start = awaited.period_start
        and awaited.label_rank <= candidates.label_rank
    where awaited.instance_id is null

),

primary_instances as (

    select
        held.*,
        seats.trial_tier_rank,
        seats.last_ping_at,
        seats.activated_seats,
        seats.activated_seats_source,
        seats.activated_seats_reason,
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
