{#- How much of an account's overall score each measure of each subscription is: weight of the group over the weight that is
    there, times the subscription's part of the group, times one over the measures that the group has. The shares of a
    roll-up add up to 1, share times points to its score. -#}
with

subscriptions as (

    select * from {{ ref('int_rollup_subscriptions') }}

),

rollup_groups as (

    select
        *,
        round(sum(weight) over (partition by account_id, period_start, is_standing), 6) as weight_present
    from {{ ref('int_rollup_groups') }}
    where score is not null

),

points as (

    select * from {{ ref('int_subscription_points') }}
    where is_counted and points is not null

),

counted as (

    select
        subscriptions.account_id,
        subscriptions.period_start,
        subscriptions.is_standing,
        subscriptions.original_subscription_id,
        subscriptions.source_period_start,
        subscriptions.subscription_weight,
        points.measure,
        points.score_group,
        points.numerator,
        points.denominator,
        points.measure_value,
        points.points,
        points.color,
        points.subscription_id,
        points.yellow_from,
        points.yellow_inclusive,
        points.green_from,
        points.green_inclusive,
        count(*) over (
            partition by subscriptions.account_id, subscriptions.period_start, subscriptions.is_standing,
                subscriptions.original_subscription_id, points.score_group
        ) as measures_present
    from subscriptions
    inner join points
        on subscriptions.original_subscription_id = points.original_subscription_id
        and subscriptions.source_period_start = points.period_start

),

weighed as (

    select
        *,
        subscription_weight / nullif(measures_present, 0)
        / nullif(sum(subscription_weight / nullif(measures_present, 0)) over (
            partition by account_id, period_start, is_standing, score_group
        ), 0) as share_of_group
    from counted

),

shares as (

    select
        weighed.account_id,
        weighed.period_start,
        weighed.is_standing,
        weighed.original_subscription_id,
        weighed.source_period_start,
        weighed.measure,
        weighed.score_group,
        rollup_groups.driver_order,
        weighed.numerator,
        weighed.denominator,
        weighed.measure_value,
        weighed.points,
        weighed.color,
        weighed.subscription_id,
        weighed.yellow_from,
        weighed.yellow_inclusive,
        weighed.green_from,
        weighed.green_inclusive,
        {{ rounded(
            'weighed.share_of_group * rollup_groups.weight / nullif(rollup_groups.weight_present, 0)', 12
        ) }} as share
    from weighed
    inner join rollup_groups
        on weighed.account_id = rollup_groups.account_id
        and weighed.period_start = rollup_groups.period_start
        and weighed.is_standing = rollup_groups.is_standing
        and weighed.score_group = rollup_groups.score_group
        and rollup_groups.weight_present > 0

)

select * from shares
