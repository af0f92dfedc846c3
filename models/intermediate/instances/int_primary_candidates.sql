{#- The instances that may stand for a subscription in a period, the best first: one that a person labelled Production before
    one that only looks like it, then people active, seats activated, the latest ping, the smallest id (docs/rules.md 4). -#}
with

seats as (

    select * from {{ ref('int_instance_seats') }}

),

types as (

    select * from {{ ref('int_instance_types') }}

),

periods as (

    select * from {{ ref('int_periods') }}

),

production as (

    select
        seats.original_subscription_id,
        seats.period_start,
        periods.period_number,
        seats.is_complete_period,
        seats.instance_id,
        seats.umau,
        seats.activated_seats,
        seats.last_ping_at,
        case when types.instance_type_source = 'label' then 0 else 1 end as label_rank
    from seats
    inner join periods
        on seats.period_start = periods.period_start
    inner join types
        on seats.instance_id = types.instance_id
        and seats.period_start = types.period_start
    where seats.ping_id is not null
        and types.instance_type = 'Production'
        and seats.is_scorable

),

placed as (

    select
        *,
        row_number() over (
            partition by original_subscription_id, period_start
            order by
                label_rank, umau desc nulls last, activated_seats desc nulls last, last_ping_at desc, instance_id
        ) as place,
        min(label_rank) over (partition by original_subscription_id, period_start) as best_label_rank
    from production

),

candidates as (

    select * from placed
    where label_rank = best_label_rank

)

select * from candidates
