with

versions as (

    select * from {{ ref('stg_crm__subscriptions') }}

),

lineages as (

    select * from {{ ref('int_subscription_lineages') }}

),

periods as (

    select * from {{ ref('int_periods') }}

),

candidates as (

    select
        lineages.original_subscription_id,
        lineages.first_start_date,
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
    from lineages
    inner join periods
        on lineages.first_start_date <= periods.measurement_date
    inner join versions
        on lineages.original_subscription_id = versions.original_subscription_id
        and versions.start_date <= periods.measurement_date

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
