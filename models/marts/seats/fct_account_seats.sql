with

account_seats as (

    select
        account_id,
        period_start,
        is_complete_period,
        subscriptions,
        subscriptions_with_seats,
        sold_seats,
        licensed_seats,
        activated_seats,
        umau,
        umau_source,
        license_utilization,
        user_engagement,
        inactive_activated_seats,
        seats_over_license
    from {{ ref('int_rollup_seats') }}
    where not is_standing

)

select * from account_seats
