{#- Signals that have held for their rule's min_periods in a row, by subject. Only complete periods raise one; the open one
    carries on what the last complete period had, unless the state of the day contradicts it (docs/rules.md 8). -#}
with

rules as (

    select * from {{ ref('signal_rules') }}

),

periods as (

    select * from {{ ref('int_periods') }}

),

raised as (

    {%- for model in ['int_signals_subscription', 'int_signals_scores', 'int_signals_terms', 'int_signals_unlabelled',
        'int_signals_versions'] %}
    select account_id, period_start, signal, subject, subject_key, previous_value, current_value
    from {{ ref(model) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

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
    where periods.is_complete_period

),

running as (

    select
        *,
        row_number() over (partition by account_id, signal, subject_key, island order by period_start)
            as periods_running,
        min(period_start) over (partition by account_id, signal, subject_key, island) as held_since
    from islands

),

held as (

    select running.*
    from running
    inner join rules
        on running.signal = rules.signal
        and running.periods_running >= rules.min_periods

),

carried as (

    select
        held.account_id,
        periods.period_start,
        held.signal,
        held.subject,
        held.subject_key,
        held.previous_value,
        held.current_value,
        held.periods_running,
        held.held_since
    from periods
    inner join held
        on periods.previous_period_start = held.period_start
    inner join rules
        on held.signal = rules.signal
    left join raised as today
        on periods.period_start = today.period_start
        and held.account_id = today.account_id
        and held.signal = today.signal
        and held.subject_key = today.subject_key
    where periods.is_current and not periods.is_complete_period
        and (rules.cleared_by = 'period' or today.signal is not null)

),

runs as (

    select account_id, period_start, signal, subject, subject_key, previous_value, current_value, periods_running,
        held_since, false as is_carried
    from held
    union all
    select account_id, period_start, signal, subject, subject_key, previous_value, current_value, periods_running,
        held_since, true as is_carried
    from carried

)

select * from runs
