-- Every signal has a subject and a message with nothing left to fill in, and was raised no earlier than its rule allows;
-- and the account it is raised for has a row of health to go with it.
with

health_signals as (

    select * from {{ ref('fct_health_signals') }}

),

rules as (

    select * from {{ ref('signal_rules') }}

),

account_health as (

    select * from {{ ref('fct_account_health') }}

),

unreadable as (

    select health_signals.*
    from health_signals
    left join rules
        on health_signals.signal = rules.signal
    left join account_health
        on health_signals.account_id = account_health.account_id
        and health_signals.period_start = account_health.period_start
    where health_signals.subject is null
        or health_signals.message is null
        or health_signals.message like '%{subject}%'
        or health_signals.message like '%{previous}%'
        or health_signals.message like '%{current}%'
        or health_signals.message like '%unknown value%'
        or rules.signal is null
        or health_signals.periods_running < rules.min_periods
        or account_health.account_id is null

)

select * from unreadable
