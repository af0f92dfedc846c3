{#- The instances that may be the primary one of a subscription in a period, the best first, and how long each would stay: while
    it is a candidate in every period, and no other has had more active people in a complete period and in the one before it
    (docs/rules.md 4). -#}
{%- set over_periods = "over (partition by original_subscription_id, instance_id order by period_number" -%}
with

seats as (

    select * from {{ ref('int_instance_seats') }}
    where ping_id is not null and is_scorable

),

placed as (

    {#- One that a person labelled before one that only looks like Production, then people, seats, the latest ping, the id. #}
    select
        seats.original_subscription_id,
        seats.period_start,
        periods.period_number,
        seats.is_complete_period,
        seats.instance_id,
        seats.umau,
        case when types.instance_type_source = 'label' then 0 else 1 end as label_rank,
        row_number() over (
            partition by seats.original_subscription_id, seats.period_start
            order by
                case when types.instance_type_source = 'label' then 0 else 1 end,
                seats.umau desc nulls last, seats.activated_seats desc nulls last, seats.last_ping_at desc,
                seats.instance_id
        ) as place
    from seats
    inner join {{ ref('int_periods') }} as periods
        on seats.period_start = periods.period_start
    inner join {{ ref('int_instance_types') }} as types
        on seats.instance_id = types.instance_id
        and seats.period_start = types.period_start
    where types.instance_type = 'Production'
    qualify rank() over (
        partition by seats.original_subscription_id, seats.period_start
        order by case when types.instance_type_source = 'label' then 0 else 1 end
    ) = 1

),

followed as (

    select
        *,
        coalesce(lag(period_number) {{ over_periods }}) = period_number - 1, false) as is_next,
        lag(umau) {{ over_periods }}) as earlier_umau
    from placed

),

overtaken as (

    select
        held.original_subscription_id,
        held.instance_id,
        held.period_number,
        challengers.instance_id as overtaken_by
    from followed as held
    inner join followed as challengers
        on held.original_subscription_id = challengers.original_subscription_id
        and held.period_number = challengers.period_number
        and held.umau < challengers.umau
        and held.earlier_umau < challengers.earlier_umau
    where held.is_complete_period and held.is_next and challengers.is_next
    qualify row_number() over (
        partition by held.original_subscription_id, held.instance_id, held.period_number
        order by challengers.place
    ) = 1

),

runs as (

    select
        followed.*,
        overtaken.overtaken_by,
        sum(case when followed.is_next and overtaken.overtaken_by is null then 0 else 1 end) over (
            partition by followed.original_subscription_id, followed.instance_id
            order by followed.period_number
            rows between unbounded preceding and current row
        ) as run_number,
        lead(overtaken.overtaken_by) over (
            partition by followed.original_subscription_id, followed.instance_id
            order by followed.period_number
        ) as next_overtaken_by
    from followed
    left join overtaken
        on followed.original_subscription_id = overtaken.original_subscription_id
        and followed.instance_id = overtaken.instance_id
        and followed.period_number = overtaken.period_number

),

candidates as (

    select
        original_subscription_id,
        period_start,
        period_number,
        instance_id,
        label_rank,
        place,
        max(period_number) over (partition by original_subscription_id, instance_id, run_number) as last_period,
        {#- Only the first period of a run can be one in which it was overtaken: that ended the run before. #}
        max(next_overtaken_by) over (partition by original_subscription_id, instance_id, run_number) as overtaken_by
    from runs

)

select * from candidates
