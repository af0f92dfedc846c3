{#- Every account and period from its first subscription on; an account without one has its current period. And once more
    where each stands on as_of, so that what is shown for a month and what is shown for now come about in the same way. -#}
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
        periods.is_complete_period,
        false as is_standing
    from accounts
    left join first_periods
        on accounts.account_id = first_periods.account_id
    inner join periods
        on (periods.period_start >= first_periods.first_period_start
            or (periods.is_current and first_periods.account_id is null))
        and {{ is_known('accounts', 'periods.measurement_date') }}

),

with_standing as (

    select * from account_periods
    union all
    select account_id, period_start, previous_period_start, measurement_date, is_current, is_complete_period,
        true as is_standing
    from account_periods
    where is_current

)

select * from with_standing
