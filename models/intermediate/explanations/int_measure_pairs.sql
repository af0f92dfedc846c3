{#- Every measure that an account's score rests on in a complete period or in the calendar period before it, both side by
    side; and what the earlier value is worth by the band of the later age, since a subscription comes of age. -#}
with

shares as (

    select * from {{ ref('int_account_measure_shares') }}
    where not is_standing

),

periods as (

    select * from {{ ref('int_account_periods') }}
    where is_complete_period

),

gates as (

    select * from {{ ref('int_subscription_gates') }}

),

bands as (

    select * from {{ ref('score_bands') }}
    where threshold_set = '{{ var("threshold_set") }}'

),

score_points as (

    select * from {{ ref('score_points') }}

),

paired as (

    select
        periods.account_id,
        periods.period_start,
        periods.previous_period_start,
        shares.original_subscription_id,
        shares.measure,
        max(shares.score_group) as score_group,
        max(shares.driver_order) as driver_order,
        max(case when shares.period_start = periods.period_start then shares.share end) as share,
        {%- for column in ['measure_value', 'points', 'color'] %}
        max(case when shares.period_start < periods.period_start then shares.{{ column }} end) as earlier_{{ column }},
        max(case when shares.period_start = periods.period_start then shares.{{ column }} end)
            as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from periods
    inner join shares
        on periods.account_id = shares.account_id
        and shares.period_start in (periods.period_start, periods.previous_period_start)
    group by
        periods.account_id, periods.period_start, periods.previous_period_start, shares.original_subscription_id,
        shares.measure

),

rejudged as (

    select
        paired.*,
        {{ band_color('paired.earlier_measure_value', 'bands') }} as rejudged_color
    from paired
    left join gates
        on paired.original_subscription_id = gates.original_subscription_id
        and paired.period_start = gates.period_start
    left join bands
        on paired.measure = bands.measure
        and gates.months_since_start >= bands.age_from
        and (bands.age_to is null or gates.months_since_start < bands.age_to)

),

measure_pairs as (

    select
        rejudged.*,
        score_points.points as rejudged_points
    from rejudged
    left join score_points
        on rejudged.rejudged_color = score_points.color

)

select * from measure_pairs
