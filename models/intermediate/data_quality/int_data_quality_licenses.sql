{#- Per period with pings: licences that had started, and how many of them lead to no subscription or end before they start. -#}
with

licenses as (

    select * from {{ ref('int_licenses_known') }}

),

subscriptions as (

    select * from {{ ref('int_subscriptions_known') }}

),

periods as (

    select * from {{ ref('int_periods') }}

),

ping_periods as (

    select distinct period_start from {{ ref('int_pings') }}

),

known_subscriptions as (

    select distinct periods.period_start, subscriptions.subscription_id
    from ping_periods
    inner join periods
        on ping_periods.period_start = periods.period_start
    inner join subscriptions
        on {{ is_known('subscriptions', 'periods.measurement_date') }}

),

judged as (

    select
        periods.period_start,
        known_subscriptions.subscription_id is null as has_no_subscription,
        coalesce(licenses.starts_at > licenses.expires_at, false) as ends_before_start
    from ping_periods
    inner join periods
        on ping_periods.period_start = periods.period_start
    inner join licenses
        on coalesce(licenses.starts_at, periods.measurement_date) <= periods.measurement_date
        and {{ is_known('licenses', 'periods.measurement_date') }}
    left join known_subscriptions
        on licenses.subscription_id = known_subscriptions.subscription_id
        and periods.period_start = known_subscriptions.period_start

),

counted as (

    select
        period_start,
        '{{ known('data_quality_check', 'license_without_subscription') }}' as check_name,
        '' as subject,
        count(case when has_no_subscription then 1 end) as affected,
        count(*) as total
    from judged
    group by period_start
    union all
    select
        period_start,
        '{{ known('data_quality_check', 'license_starts_after_end') }}',
        '',
        count(case when ends_before_start then 1 end),
        count(*)
    from judged
    group by period_start

)

select * from counted
