{#- The value of every objective's metric in every period that it runs, the value it began with, and why there is none. -#}
with

objectives as (

    select * from {{ ref('stg_crm__objectives') }}

),

periods as (

    select * from {{ ref('int_periods') }}

),

account_values as (

    select * from {{ ref('int_account_values') }}
    where not is_standing

),

standing_values as (

    {#- No verdict rests on who has pinged first in a period that is open. #}
    select * from {{ ref('int_account_values') }}
    where is_standing

),

statuses as (

    select * from {{ ref('value_statuses') }}

),

account_reasons as (

    {#- An account without a primary instance has no values at all; its subscriptions say why. #}
    select
        eligibility.account_id,
        eligibility.period_start,
        min(statuses.precedence) as first_precedence
    from {{ ref('int_subscription_eligibility') }} as eligibility
    inner join statuses
        on eligibility.ineligible_reason = statuses.value_reason
    group by eligibility.account_id, eligibility.period_start

),

running as (

    select
        objectives.*,
        periods.period_start,
        periods.measurement_date,
        periods.is_complete_period
    from objectives
    inner join periods
        on periods.period_start >= {{ period_start('objectives.starts_on') }}
        and periods.period_start <= {{ period_start('coalesce(objectives.due_on, ' ~ as_of() ~ ')') }}
        and objectives.starts_on <= {{ as_of() }}

),

starts as (

    {#- Measured at the start: the last value before it, else that of the period it lies in. #}
    select
        objectives.objective_id,
        coalesce(before_start.metric_value, at_start.metric_value) as measured_baseline
    from objectives
    inner join periods
        on periods.period_start = {{ period_start('objectives.starts_on') }}
    left join account_values as before_start
        on objectives.account_id = before_start.account_id
        and objectives.metric_name = before_start.metric_name
        and periods.previous_period_start = before_start.period_start
    left join account_values as at_start
        on objectives.account_id = at_start.account_id
        and objectives.metric_name = at_start.metric_name
        and periods.period_start = at_start.period_start

),

objective_values as (

    select
        running.*,
        starts.measured_baseline,
        case when running.is_complete_period then account_values.metric_value
            else coalesce(standing_values.metric_value, account_values.metric_value) end as current_value,
        case
            when account_values.metric_value is not null then null
            when not running.is_complete_period and standing_values.metric_value is not null then null
            when not running.is_complete_period and coalesce(account_values.missing_reason, statuses.value_reason) = 'no_ping'
                then 'open_period'
            else coalesce(account_values.missing_reason, statuses.value_reason, 'no_active_subscription')
        end as value_missing_reason
    from running
    left join starts
        on running.objective_id = starts.objective_id
    left join account_values
        on running.account_id = account_values.account_id
        and running.period_start = account_values.period_start
        and running.metric_name = account_values.metric_name
    left join standing_values
        on running.account_id = standing_values.account_id
        and running.period_start = standing_values.period_start
        and running.metric_name = standing_values.metric_name
    left join account_reasons
        on running.account_id = account_reasons.account_id
        and running.period_start = account_reasons.period_start
    left join statuses
        on account_reasons.first_precedence = statuses.precedence

)

select * from objective_values
