{#- Every measure that an account's score rests on in a complete period or in the calendar period before it, and what became of
    it. A change of points is behaviour where subscription, instance and measure are the same on both sides and judged by one
    band: a subscription comes of age, so the earlier value is judged once more, by the band of the later age. -#}
with

shares as (

    select * from {{ ref('int_account_measure_shares') }}
    where not is_standing

),

periods as (

    select * from {{ ref('int_account_periods') }}
    where is_complete_period and not is_standing

),

paired as (

    select
        periods.account_id,
        periods.period_start,
        shares.original_subscription_id,
        shares.measure,
        max(shares.score_group) as score_group,
        max(shares.driver_order) as driver_order,
        max(case when shares.period_start = periods.period_start then shares.share end) as share,
        max(case when shares.period_start = periods.period_start then shares.yellow_from end) as yellow_from,
        max(case when shares.period_start = periods.period_start then shares.green_from end) as green_from,
        {{ dbt.bool_or('shares.period_start = periods.period_start and shares.yellow_inclusive') }} as yellow_inclusive,
        {{ dbt.bool_or('shares.period_start = periods.period_start and shares.green_inclusive') }} as green_inclusive,
        {%- for column in ['measure_value', 'points', 'color'] %}
        max(case when shares.period_start < periods.period_start then shares.{{ column }} end) as earlier_{{ column }},
        max(case when shares.period_start = periods.period_start then shares.{{ column }} end)
            as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from periods
    inner join shares
        on periods.account_id = shares.account_id
        and shares.period_start in (periods.period_start, periods.previous_period_start)
    group by periods.account_id, periods.period_start, shares.original_subscription_id, shares.measure

),

rejudged as (

    select
        *,
        {{ band_color('earlier_measure_value', 'paired') }} as rejudged_color,
        max(earlier_points) over (
            partition by account_id, period_start, original_subscription_id
        ) is not null as was_scored,
        max(points) over (
            partition by account_id, period_start, original_subscription_id
        ) is not null as is_scored
    from paired

),

kinds as (

    select
        rejudged.*,
        score_points.points as rejudged_points,
        case
            when not rejudged.was_scored then 'subscription_came'
            when not rejudged.is_scored then 'subscription_went'
            when primary_instances.was_switched then 'instance_switched'
            when rejudged.earlier_points is null then 'measure_came'
            when rejudged.points is null then 'measure_went'
            else 'compared'
        end as pair_kind
    from rejudged
    left join {{ ref('score_points') }} as score_points
        on rejudged.rejudged_color = score_points.color
    left join {{ ref('int_primary_instances') }} as primary_instances
        on rejudged.original_subscription_id = primary_instances.original_subscription_id
        and rejudged.period_start = primary_instances.period_start

),

measure_changes as (

    select
        *,
        case when pair_kind = 'compared' then share * (points - rejudged_points) end as behaviour_effect
    from kinds

)

select * from measure_changes
