-- Whoever meets an empty figure in fct_seat_utilization finds the reason in the same row, and a row whose figures and
-- scores are all there gives none. The projection has a reason of its own.
with

seat_utilization as (

    select * from {{ ref('fct_seat_utilization') }}

),

judged as (

    select
        *,
        primary_instance_id is null or activated_seats is null or licensed_seats is null or umau is null
        or license_utilization is null or license_utilization_score is null or inactive_activated_seats is null
        or user_engagement is null or user_engagement_score is null or seats_over_license is null
            as has_a_blank
    from seat_utilization

),

unexplained as (

    select *
    from judged
    where has_a_blank != (missing_reason is not null)
        or (user_engagement_score is null) != (engagement_missing_reason is not null)
        or (projected_activated_seats is null) != (projection_missing_reason is not null)
        or (projected_activated_seats_low is null) != (projection_missing_reason is not null)
        or (projected_activated_seats_high is null) != (projection_missing_reason is not null)
        or projected_activated_seats not between projected_activated_seats_low and projected_activated_seats_high
        or (license_utilization_score is null) != (license_utilization_color is null)
        or (user_engagement_score is null) != (user_engagement_color is null)

)

select * from unexplained
