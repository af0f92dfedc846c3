-- Several instances on one licence do not multiply its seats: a subscription's numbers are those of its one primary
-- instance, and an account's are the sum over its subscriptions, each counted once: in a period's figures that period's,
-- in the published ones each subscription's own standing row.
with

seat_utilization as (

    select * from {{ ref('fct_seat_utilization') }}

),

activity as (

    select * from {{ ref('fct_instance_activity') }}

),

account_seats as (

    select * from {{ ref('fct_account_seats') }}

),

company_health as (

    select * from {{ ref('gainsight__company_health') }}

),

standing as (

    select * from {{ ref('int_subscription_standing') }}

),

subscription_differences as (

    select
        seat_utilization.subscription_id as subject,
        seat_utilization.period_start
    from seat_utilization
    left join activity
        on seat_utilization.primary_instance_id = activity.instance_id
        and seat_utilization.period_start = activity.period_start
    where seat_utilization.primary_instance_id is not null
        and (
            activity.instance_id is null
            or coalesce(seat_utilization.licensed_seats, -1) != coalesce(activity.licensed_seats, -1)
            or coalesce(seat_utilization.activated_seats, -1) != coalesce(activity.activated_seats, -1)
            or coalesce(seat_utilization.umau, -1) != coalesce(activity.active_users, -1)
        )

),

primaries as (

    select
        seat_utilization.account_id,
        seat_utilization.period_start,
        sum(activity.licensed_seats) as licensed_seats,
        sum(activity.activated_seats) as activated_seats
    from seat_utilization
    inner join activity
        on seat_utilization.primary_instance_id = activity.instance_id
        and seat_utilization.period_start = activity.period_start
    where activity.licensed_seats is not null and activity.activated_seats is not null
    group by seat_utilization.account_id, seat_utilization.period_start

),

account_differences as (

    select
        account_seats.account_id as subject,
        account_seats.period_start
    from account_seats
    left join primaries
        on account_seats.account_id = primaries.account_id
        and account_seats.period_start = primaries.period_start
    {#- Sums of parts of a seat depend on their order in the last figure. #}
    where abs(coalesce(account_seats.licensed_seats, -1) - coalesce(primaries.licensed_seats, -1)) > 0.001
        or abs(coalesce(account_seats.activated_seats, -1) - coalesce(primaries.activated_seats, -1)) > 0.001

),

standing_seats as (

    select
        standing.account_id,
        sum(seat_utilization.licensed_seats) as licensed_seats,
        sum(seat_utilization.activated_seats) as activated_seats
    from standing
    inner join seat_utilization
        on standing.original_subscription_id = seat_utilization.original_subscription_id
        and standing.standing_period_start = seat_utilization.period_start
    where not standing.is_left_out
        and seat_utilization.licensed_seats is not null
        and seat_utilization.activated_seats is not null
    group by standing.account_id

),

published_differences as (

    select
        company_health.account_id as subject,
        company_health.health_period as period_start
    from company_health
    left join standing_seats
        on company_health.account_id = standing_seats.account_id
    where abs(coalesce(company_health.licensed_seats, -1) - coalesce(standing_seats.licensed_seats, -1)) > 0.001
        or abs(coalesce(company_health.activated_seats, -1) - coalesce(standing_seats.activated_seats, -1)) > 0.001

),

differences as (

    select * from subscription_differences
    union all
    select * from account_differences
    union all
    select * from published_differences

)

select * from differences
