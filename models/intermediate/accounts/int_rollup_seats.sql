{#- Seats are added over different subscriptions only, and only over those that know both numbers of a ratio. A period adds
    all subscriptions of the account; the standing adds each one's own standing row, without those that are left out. -#}
with

seats as (

    select * from {{ ref('int_subscription_seats') }}

),

rollups as (

    select * from {{ ref('int_account_periods') }}

),

standing as (

    select * from {{ ref('int_subscription_standing') }}

),

counted as (

    select
        account_id, period_start, false as is_standing, licensed_seats as seats_now, licensed_seats, activated_seats,
        umau, umau_source, unique_active, inactive_activated_seats, seats_over_license
    from seats
    union all
    select
        standing.account_id,
        standing.period_start,
        true as is_standing,
        seats_now.licensed_seats as seats_now,
        {%- set columns = [
            'licensed_seats', 'activated_seats', 'umau', 'umau_source', 'unique_active', 'inactive_activated_seats',
            'seats_over_license',
        ] %}
        {%- for column in columns %}
        case when not standing.is_left_out then seats.{{ column }} end as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from standing
    inner join seats
        on standing.original_subscription_id = seats.original_subscription_id
        and standing.standing_period_start = seats.period_start
    inner join seats as seats_now
        on standing.original_subscription_id = seats_now.original_subscription_id
        and standing.period_start = seats_now.period_start

),

summed as (

    select
        account_id,
        period_start,
        is_standing,
        count(*) as subscriptions,
        count(case when activated_seats is not null and licensed_seats is not null then 1 end)
            as subscriptions_with_seats,
        sum(seats_now) as sold_seats,
        sum(case when activated_seats is not null then licensed_seats end) as licensed_seats,
        sum(case when licensed_seats is not null then activated_seats end) as activated_seats,
        sum(umau) as umau,
        case when count(distinct umau_source) > 1 then 'mixed' else min(umau_source) end as umau_source,
        sum(case when activated_seats is not null then unique_active end) as engaged_users,
        sum(case when unique_active is not null then activated_seats end) as engageable_seats,
        sum(inactive_activated_seats) as inactive_activated_seats,
        sum(seats_over_license) as seats_over_license
    from counted
    group by account_id, period_start, is_standing

),

rollup_seats as (

    select
        rollups.account_id,
        rollups.period_start,
        rollups.is_standing,
        rollups.is_complete_period,
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
    from rollups
    left join summed
        on rollups.account_id = summed.account_id
        and rollups.period_start = summed.period_start
        and rollups.is_standing = summed.is_standing

)

select * from rollup_seats
