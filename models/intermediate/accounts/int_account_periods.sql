{#- Every account and period from its first subscription on; an account without one has its current period. -#}
with

accounts as (

    select * from {{ ref('int_accounts_known') }}

),

subscription_periods as (

    select * from {{ ref('int_subscription_periods') }}

),

periods as (

    select * from {{ ref('int_periods') }}

),

first_periods as (

    select
        account_id,
        min(period_start) as first_period_start
    from subscription_periods
    group by account_id

),

account_periods as (

    select
        accounts.account_id,
        periods.period_start,
        periods.previous_period_start,
        periods.measurement_date,
        periods.is_current,
        periods.is_complete_period
    from accounts
    left join first_periods
        on accounts.account_id = first_periods.account_id
    inner join periods
        on periods.period_start >= coalesce(first_periods.first_period_start, {{ period_start(as_of()) }})
        and {{ is_known('accounts', 'periods.measurement_date') }}

)

select * from account_periods
