with

standing as (

    select * from {{ ref('int_subscription_standing') }}

),

utilization as (

    select * from {{ ref('fct_seat_utilization') }}

),

subscription_standing as (

    select
        standing.subscription_id,
        standing.original_subscription_id,
        standing.account_id,
        {{ as_of() }} as as_of,
        standing.period_start,
        standing.is_in_force,
        standing.standing_period_start,
        standing.is_scored,
        {{ shown_score('standing.overall_score') }} as overall_score,
        standing.unscored_reason,
        standing.is_onboarding,
        standing.is_left_out,
        utilization.primary_instance_id,
        standing.scored_ping_at,
        standing.last_scored_ping_at,
        standing.unlabelled_instance_id,
        standing.unlabelled_hostname,
        utilization.licensed_seats,
        utilization.activated_seats,
        utilization.umau,
        utilization.umau_source,
        utilization.license_utilization,
        utilization.user_engagement,
        utilization.inactive_activated_seats,
        utilization.seats_over_license,
        case
            when utilization.missing_reason is not null then coalesce(standing.reason_override, utilization.missing_reason)
        end as missing_reason
    from standing
    inner join utilization
        on standing.original_subscription_id = utilization.original_subscription_id
        and standing.standing_period_start = utilization.period_start

)

select * from subscription_standing
