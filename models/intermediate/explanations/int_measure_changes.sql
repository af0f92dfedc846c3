{#- What became of every measure that an account's score rests on, against the calendar period before. A change of points is
    behaviour where subscription, instance and measure are the same on both sides and judged by one band. -#}
with

pairs as (

    select * from {{ ref('int_measure_pairs') }}

),

primary_instances as (

    select * from {{ ref('int_primary_instances') }}

),

scored as (

    select distinct
        account_id,
        period_start,
        original_subscription_id
    from {{ ref('int_account_measure_shares') }}
    where not is_standing

),

judged as (

    select
        pairs.*,
        case
            when earlier.original_subscription_id is null then 'subscription_came'
            when today.original_subscription_id is null then 'subscription_went'
            when primary_instances.was_switched then 'instance_switched'
            when pairs.earlier_points is null then 'measure_came'
            when pairs.points is null then 'measure_went'
            else 'compared'
        end as pair_kind
    from pairs
    left join scored as today
        on pairs.account_id = today.account_id
        and pairs.original_subscription_id = today.original_subscription_id
        and pairs.period_start = today.period_start
    left join scored as earlier
        on pairs.account_id = earlier.account_id
        and pairs.original_subscription_id = earlier.original_subscription_id
        and pairs.previous_period_start = earlier.period_start
    left join primary_instances
        on pairs.original_subscription_id = primary_instances.original_subscription_id
        and pairs.period_start = primary_instances.period_start

),

measure_changes as (

    select
        *,
        case when pair_kind = 'compared' then share * (points - rejudged_points) end as behaviour_effect,
        case when pair_kind = 'compared' then share * (rejudged_points - earlier_points) end as band_effect
    from judged

)

select * from measure_changes
