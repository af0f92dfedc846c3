-- Every signal has a subject and a message with nothing left to fill in, and was raised no earlier than its rule allows;
-- and the account it is raised for has a row of health to go with it. Only how many people use what has ended may be
-- unknown. An episode begins once, and a row is carried only into a period that is open.
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

periods as (

    select * from {{ ref('int_periods') }}

),

unreadable as (

    select health_signals.*
    from health_signals
    left join rules
        on health_signals.signal = rules.signal
    left join account_health
        on health_signals.account_id = account_health.account_id
        and health_signals.period_start = account_health.period_start
    left join periods
        on health_signals.period_start = periods.period_start
    left join health_signals as earlier
        on health_signals.account_id = earlier.account_id
        and health_signals.signal = earlier.signal
        and periods.previous_period_start = earlier.period_start
    where health_signals.subject is null
        or health_signals.is_new != (earlier.account_id is null)
        or health_signals.is_carried = periods.is_complete_period
        or health_signals.message is null
        or health_signals.message like '%{subject}%'
        or health_signals.message like '%{previous}%'
        or health_signals.message like '%{current}%'
        or (health_signals.message like '%unknown value%'
            and health_signals.signal != '{{ known('signal', 'expired_in_use') }}')
        or rules.signal is null
        or health_signals.periods_running < rules.min_periods
        or account_health.account_id is null

)

select * from unreadable
