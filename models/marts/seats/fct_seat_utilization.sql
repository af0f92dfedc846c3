with

seats as (

    select * from {{ ref('int_subscription_seats') }}

),

points as (

    select * from {{ ref('int_subscription_points') }}

),

projections as (

    select * from {{ ref('int_seat_projections') }}

),

utilization as (

    select
        seats.subscription_id,
        seats.original_subscription_id,
        seats.account_id,
        seats.period_start,
        seats.is_complete_period,
        seats.primary_instance_id,
        seats.licensed_seats,
        seats.licensed_seats_source,
        seats.seats_mismatch,
        seats.activated_seats,
        seats.activated_seats_source,
        seats.umau,
        seats.umau_source,
        {{ shown_ratio('utilization.measure_value') }} as license_utilization,
        {{ shown_ratio('engagement.measure_value') }} as user_engagement,
        seats.inactive_activated_seats,
        seats.seats_over_license,
        seats.months_since_start,
        utilization.points as license_utilization_score,
        utilization.color as license_utilization_color,
        engagement.points as user_engagement_score,
        engagement.color as user_engagement_color,
        projections.projected_activated_seats,
        projections.projected_activated_seats_low,
        projections.projected_activated_seats_high,
        projections.projected_seats_over_license,
        projections.projection_points,
        projections.projection_missing_reason,
        coalesce(utilization.value_reason, engagement.value_reason) as missing_reason,
        engagement.value_reason as engagement_missing_reason
    from seats
    inner join points as utilization
        on seats.original_subscription_id = utilization.original_subscription_id
        and seats.period_start = utilization.period_start
        and utilization.measure = '{{ known('measure', 'license_utilization') }}'
    inner join points as engagement
        on seats.original_subscription_id = engagement.original_subscription_id
        and seats.period_start = engagement.period_start
        and engagement.measure = '{{ known('measure', 'user_engagement') }}'
    left join projections
        on seats.original_subscription_id = projections.original_subscription_id
        and seats.period_start = projections.period_start

)

select * from utilization
