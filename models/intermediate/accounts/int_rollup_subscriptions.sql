{#- Which row of which subscription counts in which roll-up of an account, and how much: by ARR, else by licensed seats,
    else all alike (docs/rules.md 6). A period takes the rows of that period, the standing each one's own newest. -#}
with

scores as (

    select * from {{ ref('int_subscription_scores') }}

),

standing as (

    select * from {{ ref('int_subscription_standing') }}
    where is_in_force and not is_left_out

),

counted as (

    select
        account_id,
        period_start,
        false as is_standing,
        original_subscription_id,
        period_start as source_period_start,
        overall_score,
        cast(null as {{ dbt.type_string() }}) as reason_override,
        arr,
        licensed_seats
    from scores
    union all
    select
        standing.account_id,
        standing.period_start,
        true as is_standing,
        standing.original_subscription_id,
        standing.standing_period_start as source_period_start,
        standing.overall_score,
        standing.reason_override,
        scores.arr,
        coalesce(sources.licensed_seats, scores.licensed_seats) as licensed_seats
    from standing
    inner join scores
        on standing.original_subscription_id = scores.original_subscription_id
        and standing.period_start = scores.period_start
    left join scores as sources
        on standing.original_subscription_id = sources.original_subscription_id
        and standing.standing_period_start = sources.period_start

),

compared as (

    select
        *,
        max(coalesce(arr, 0)) over (partition by account_id, period_start, is_standing) as largest_arr,
        max(coalesce(licensed_seats, 0)) over (partition by account_id, period_start, is_standing) as largest_seats
    from counted

),

weighted as (

    select
        account_id,
        period_start,
        is_standing,
        original_subscription_id,
        source_period_start,
        overall_score,
        reason_override,
        case
            when largest_arr > 0 then 'arr'
            when largest_seats > 0 then 'seats'
            else 'equal'
        end as weight_basis,
        cast(case
            when largest_arr > 0 then coalesce(arr, 0)
            when largest_seats > 0 then coalesce(licensed_seats, 0)
            else 1
        end as double) as subscription_weight
    from compared

)

select * from weighted
