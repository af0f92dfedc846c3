{#- A signal counts once it has held for the rule's min_periods in a row; of several subjects the worst one is named. -#}
with

rules as (

    select * from {{ ref('signal_rules') }}

),

score_groups as (

    select * from {{ ref('score_groups') }}

),

periods as (

    select * from {{ ref('int_periods') }}

),

raised as (

    select account_id, period_start, signal, subject, subject_key, previous_value, current_value
    from {{ ref('int_signals_subscription') }}
    union all
    select account_id, period_start, signal, subject, subject_key, previous_value, current_value
    from {{ ref('int_signals_account') }}

),

islands as (

    select
        raised.*,
        periods.period_number - row_number() over (
            partition by raised.account_id, raised.signal, raised.subject_key
            order by raised.period_start
        ) as island
    from raised
    inner join periods
        on raised.period_start = periods.period_start

),

running as (

    select
        *,
        row_number() over (partition by account_id, signal, subject_key, island order by period_start)
            as periods_running
    from islands

),

worst as (

    select
        running.*,
        rules.severity,
        rules.message,
        rules.value_format,
        case
            when running.subject = 'overall' then 'The overall score'
            else coalesce(
                upper(substr(score_groups.label, 1, 1)) || substr(score_groups.label, 2), running.subject
            )
        end as subject_label
    from running
    inner join rules
        on running.signal = rules.signal
        and running.periods_running >= rules.min_periods
    left join score_groups
        on running.subject = score_groups.score_group
    qualify row_number() over (
        partition by running.account_id, running.period_start, running.signal
        order by
            case when rules.worst = 'low' then running.current_value else -running.current_value end,
            running.subject
    ) = 1

),

signals as (

    select
        account_id,
        period_start,
        signal,
        severity,
        subject,
        previous_value,
        current_value,
        periods_running,
        replace(
            replace(
                replace(message, '{subject}', subject_label),
                '{previous}', {{ shown_value('previous_value', 'value_format') }}
            ),
            '{current}', {{ shown_value('current_value', 'value_format') }}
        ) as message
    from worst

)

select * from signals
