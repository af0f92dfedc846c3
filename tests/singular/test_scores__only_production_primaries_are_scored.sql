-- A measure has a value or points only where the subscription has a primary instance that sent a ping in the period and
-- is of type Production; and never before the end of the first days or where the plan does not include it.
with

measure_scores as (

    select * from {{ ref('fct_measure_scores') }}

),

seat_utilization as (

    select * from {{ ref('fct_seat_utilization') }}

),

activity as (

    select * from {{ ref('fct_instance_activity') }}

),

wrongly_scored as (

    select
        measure_scores.subscription_id,
        measure_scores.period_start,
        measure_scores.measure,
        measure_scores.measure_value,
        measure_scores.points,
        measure_scores.value_status,
        seat_utilization.primary_instance_id,
        activity.instance_type,
        activity.ping_count
    from measure_scores
    left join seat_utilization
        on measure_scores.original_subscription_id = seat_utilization.original_subscription_id
        and measure_scores.period_start = seat_utilization.period_start
    left join activity
        on seat_utilization.primary_instance_id = activity.instance_id
        and seat_utilization.period_start = activity.period_start
    where (
        (measure_scores.measure_value is not null or measure_scores.points is not null)
        and (coalesce(activity.instance_type, '') != 'Production' or activity.ping_count = 0)
    )
        or (measure_scores.points is not null and measure_scores.value_status != 'reported')

)

select * from wrongly_scored
