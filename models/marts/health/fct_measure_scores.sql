with

points as (

    select * from {{ ref('int_subscription_points') }}

),

measure_scores as (

    select
        subscription_id,
        original_subscription_id,
        account_id,
        period_start,
        is_complete_period,
        measure,
        score_group,
        is_counted,
        cast('{{ var("threshold_set") }}' as {{ dbt.type_string() }}) as threshold_set,
        numerator,
        denominator,
        {{ shown_ratio('measure_value') }} as measure_value,
        points,
        color,
        value_status,
        value_reason,
        yellow_from,
        yellow_inclusive,
        green_from,
        green_inclusive
    from points

)

select * from measure_scores
