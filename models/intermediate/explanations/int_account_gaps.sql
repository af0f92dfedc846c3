{#- The measure that holds an account's score down most, and what it takes to its next band (docs/rules.md 6). -#}
with

shares as (

    select * from {{ ref('int_account_measure_shares') }}

),

points as (

    select max(points) as best_points from {{ ref('score_points') }}

),

losses as (

    select
        shares.*,
        shares.share * (points.best_points - shares.points) as loss,
        count(distinct shares.original_subscription_id) over (
            partition by shares.account_id, shares.period_start, shares.is_standing
        ) as subscription_count
    from shares
    cross join points

),

worst as (

    select * from losses
    where round(loss, 9) > 0
    qualify row_number() over (
        partition by account_id, period_start, is_standing
        order by round(loss, 9) desc, driver_order, measure, original_subscription_id
    ) = 1

),

bounded as (

    select
        *,
        color = 'red' and (
            yellow_from != green_from or yellow_inclusive != green_inclusive
        ) as is_yellow_next
    from worst

),

aimed as (

    select
        *,
        case when is_yellow_next then 'yellow' else 'green' end as next_color,
        case when is_yellow_next then yellow_from else green_from end as next_from,
        case when is_yellow_next then yellow_inclusive else green_inclusive end as is_next_inclusive
    from bounded

),

gaps as (

    select
        account_id,
        period_start,
        is_standing,
        case when subscription_count > 1 then subscription_id end as named_subscription_id,
        measure,
        loss,
        numerator,
        denominator,
        measure_value,
        color,
        next_color,
        next_from,
        is_next_inclusive,
        {#- A count has no denominator and is whole: the next one above a bound that is not inside. #}
        case
            when denominator is not null then ceil({{ rounded('next_from * denominator', 6) }})
            when is_next_inclusive then ceil(next_from)
            else floor(next_from) + 1
        end as needed
    from aimed

)

select * from gaps
