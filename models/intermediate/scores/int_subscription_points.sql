{#- Points and color of every measure from the bands of the threshold set. Only licence utilization depends on the age of
    the subscription; where an age has no band yet, it is too early. -#}
{%- do check_threshold_set(ref('score_bands')) -%}
with

measures as (

    select * from {{ ref('int_subscription_measures') }}

),

bands as (

    select * from {{ ref('score_bands') }}
    where threshold_set = '{{ var("threshold_set") }}'

),

scored_measures as (

    select * from {{ ref('scored_measures') }}
    where threshold_set = '{{ var("threshold_set") }}'

),

points as (

    select * from {{ ref('score_points') }}

),

youngest_bands as (

    select
        measure,
        min(age_from) as first_age
    from bands
    group by measure

),

banded as (

    select
        measures.*,
        bands.yellow_from,
        bands.yellow_inclusive,
        bands.green_from,
        bands.green_inclusive,
        scored_measures.measure is not null as is_counted,
        measures.value_status = 'reported' and measures.months_since_start < youngest_bands.first_age
            as is_below_first_band,
        case when measures.value_status = 'reported' then {{ band_color('measures.measure_value', 'bands') }} end as color
    from measures
    left join scored_measures
        on measures.measure = scored_measures.measure
    left join youngest_bands
        on measures.measure = youngest_bands.measure
    left join bands
        on measures.measure = bands.measure
        and measures.months_since_start >= bands.age_from
        and (bands.age_to is null or measures.months_since_start < bands.age_to)

),

pointed as (

    select
        banded.original_subscription_id,
        banded.subscription_id,
        banded.account_id,
        banded.period_start,
        banded.is_complete_period,
        banded.measure,
        banded.score_group,
        banded.is_counted,
        banded.is_not_applicable,
        banded.numerator,
        banded.denominator,
        banded.measure_value,
        banded.color,
        points.points,
        banded.yellow_from,
        banded.yellow_inclusive,
        banded.green_from,
        banded.green_inclusive,
        case when banded.is_below_first_band then 'too_early' else banded.value_status end as value_status,
        case when banded.is_below_first_band then 'age_below_first_band' else banded.value_reason end as value_reason
    from banded
    left join points
        on banded.color = points.color

)

select * from pointed
