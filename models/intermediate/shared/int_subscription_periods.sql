with

versions as (

    select * from {{ ref('int_subscriptions_known') }}

),

periods as (

    select * from {{ ref('int_periods') }}

),

candidates as (

    select
        versions.original_subscription_id,
        min(versions.start_date) over (partition by versions.original_subscription_id, periods.period_start)
            as first_start_date,
        periods.period_start,
        periods.previous_period_start,
        periods.measurement_date,
        periods.is_current,
        periods.is_complete_period,
        versions.subscription_id,
        versions.account_id,
        versions.product_tier,
        versions.tier,
        versions.is_trial,
        versions.seats,
        versions.start_date,
        versions.end_date,
        versions.is_cancelled,
        versions.arr,
        {{ is_in_force('versions', 'periods.measurement_date') }} as is_in_force
    from periods
    inner join versions
        on versions.start_date <= periods.measurement_date
        and {{ is_known('versions', 'periods.measurement_date') }}

),

chosen as (

    select
        *,
        {{ completed_months('first_start_date', 'measurement_date') }} as months_since_start,
        {{ days_between('first_start_date', 'measurement_date') }} as days_since_start
    from candidates
    qualify {{ version_rank('original_subscription_id, period_start') }} = 1

)

select * from chosen
