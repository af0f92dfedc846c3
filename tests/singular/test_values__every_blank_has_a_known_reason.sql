-- A metric, an increase or a measure has a value exactly where its status is reported, so that nothing missing passes for
-- 0; and every pair of status and reason is one of the vocabulary in seed value_statuses. (A ratio is shown although it is
-- too early to score it; then it has no points.)
with

metric_values as (

    select * from {{ ref('fct_metric_values') }}

),

counter_increases as (

    select * from {{ ref('fct_counter_increases') }}

),

measure_scores as (

    select * from {{ ref('fct_measure_scores') }}

),

statuses as (

    select * from {{ ref('value_statuses') }}

),

combinations as (

    select metric_name as value_name, value_status, value_reason, metric_value is not null as has_value
    from metric_values
    group by metric_name, value_status, value_reason, metric_value is not null
    union all
    select metric_name, value_status, value_reason, increase is not null
    from counter_increases
    group by metric_name, value_status, value_reason, increase is not null
    union all
    select measure, value_status, value_reason, measure_value is not null
    from measure_scores
    where value_status != 'too_early'
    group by measure, value_status, value_reason, measure_value is not null
    union all
    select measure, value_status, value_reason, points is not null
    from measure_scores
    where value_status = 'too_early'
    group by measure, value_status, value_reason, points is not null

),

contradictions as (

    select combinations.*
    from combinations
    left join statuses
        on combinations.value_status = statuses.value_status
        and coalesce(combinations.value_reason, '') = coalesce(statuses.value_reason, '')
    where statuses.value_status is null
        or combinations.has_value != (combinations.value_status = 'reported')

)

select * from contradictions
