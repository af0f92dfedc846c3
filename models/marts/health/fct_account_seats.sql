{#- Seats are added over different subscriptions only, and only over those that know both numbers of a ratio. -#}
with

seats as (

    select * from {{ ref('int_subscription_seats') }}

),

account_periods as (

    select * from {{ ref('int_account_periods') }}

),

summed as (

    select
        account_id,
        period_start,
        count(*) as subscriptions,
        count(case when activated_seats is not null and licensed_seats is not null then 1 end)
            as subscriptions_with_seats,
        sum(licensed_seats) as sold_seats,
        sum(case when activated_seats is not null then licensed_seats end) as licensed_seats,
        sum(case when licensed_seats is not null then activated_seats end) as activated_seats,
        sum(umau) as umau,
        case when count(distinct umau_source) > 1 then 'mixed' else min(umau_source) end as umau_source,
        sum(case when activated_seats is not null then unique_active end) as engaged_users,
        sum(case when unique_active is not null then activated_seats end) as engageable_seats,
        sum(inactive_activated_seats) as inactive_activated_seats,
        sum(seats_over_license) as seats_over_license
    from seats
    group by account_id, period_start

),

account_seats as (

    select
        account_periods.account_id,
        account_periods.period_start,
        coalesce(summed.subscriptions, 0) as subscriptions,
        coalesce(summed.subscriptions_with_seats, 0) as subscriptions_with_seats,
        summed.sold_seats,
        summed.licensed_seats,
        summed.activated_seats,
        summed.umau,
        summed.umau_source,
        {{ shown_ratio(ratio('summed.activated_seats', 'summed.licensed_seats')) }} as license_utilization,
        {{ shown_ratio(ratio('summed.engaged_users', 'summed.engageable_seats')) }} as user_engagement,
        summed.inactive_activated_seats,
        summed.seats_over_license
    from account_periods
    left join summed
        on account_periods.account_id = summed.account_id
        and account_periods.period_start = summed.period_start

)

select * from account_seats
