{#- A quartile of n values in order lies at place 1 + (n - 1) * share, between two values by the straight line. Without one of
    the accounts it lies at 1 + (n - 2) * share of the rest: the least that can be is when the largest left, the most when the
    smallest did, whoever else may leave. -#}
with

ranks as (

    select * from {{ ref('int_benchmark_ranks') }}

),

quartiles as (

    select * from {{ ref('benchmark_quartiles') }}

),

sized as (

    select
        cell_kind,
        segment,
        product_tier,
        benchmark,
        period_start,
        max(accounts) as accounts,
        max(group_accounts) as largest_group
    from ranks
    group by cell_kind, segment, product_tier, benchmark, period_start

),

placed as (

    select
        sized.*,
        quartiles.quartile,
        1 + (sized.accounts - 1) * quartiles.share_below as place,
        1 + (sized.accounts - 2) * quartiles.share_below as place_without_one
    from sized
    cross join quartiles
    where sized.accounts > 2

),

floored as (

    select
        *,
        floor(place) as lower_place,
        place - floor(place) as part,
        floor(place_without_one) as lower_without_one,
        place_without_one - floor(place_without_one) as part_without_one
    from placed

),

picked as (

    select
        floored.cell_kind,
        floored.segment,
        floored.product_tier,
        floored.benchmark,
        floored.period_start,
        floored.accounts,
        floored.largest_group,
        floored.quartile,
        {#- The weights of the values add up to 1 in each of the three sums. #}
        sum(ranks.own_value * case
            when ranks.place = floored.lower_place then 1 - floored.part
            when ranks.place = floored.lower_place + 1 then floored.part
            else 0
        end) as quartile_value,
        sum(ranks.own_value * case
            when ranks.place = floored.lower_without_one then 1 - floored.part_without_one
            when ranks.place = floored.lower_without_one + 1 then floored.part_without_one
            else 0
        end) as least_without_one,
        sum(ranks.own_value * case
            when ranks.place = floored.lower_without_one + 1 then 1 - floored.part_without_one
            when ranks.place = floored.lower_without_one + 2 then floored.part_without_one
            else 0
        end) as most_without_one
    from floored
    inner join ranks
        on floored.cell_kind = ranks.cell_kind
        and floored.benchmark = ranks.benchmark
        and floored.segment = ranks.segment
        and floored.product_tier = ranks.product_tier
    group by
        floored.cell_kind,
        floored.segment,
        floored.product_tier,
        floored.benchmark,
        floored.period_start,
        floored.accounts,
        floored.largest_group,
        floored.quartile

)

select * from picked
