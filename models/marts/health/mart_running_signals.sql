{#- An episode's number is its first period; what came before tells a new episode from one whose start late pings moved. -#}
with

signals as (

    select * from {{ ref('fct_health_signals') }}

),

standing as (

    select * from {{ ref('mart_account_standing') }}

),

revenue as (

    select
        account_id,
        sum(arr) as arr
    from {{ ref('dim_subscriptions') }}
    where is_active
    group by account_id

),

running as (

    select
        signals.account_id,
        signals.signal,
        signals.severity,
        signals.subject,
        signals.episode_start,
        signals.periods_running,
        signals.message,
        {#- A signal is of the current period, the standing may rest on an earlier one: then it says of which day. #}
        case
            when standing.standing_period_start < standing.period_start and standing.figures_as_of is not null
                then 'Last figures, of ' || cast(standing.figures_as_of as {{ dbt.type_string() }}) || ': '
            else ''
        end || standing.explanation as explanation,
        cast(coalesce(revenue.arr, 0) as double) as arr
    from signals
    inner join standing
        on signals.account_id = standing.account_id
        and signals.period_start = standing.period_start
    left join revenue
        on signals.account_id = revenue.account_id

),

episodes_before as (

    select
        running.account_id,
        running.signal,
        max(signals.period_start) as previous_episode_end
    from running
    inner join signals
        on running.account_id = signals.account_id
        and running.signal = signals.signal
        and running.episode_start > signals.period_start
    group by running.account_id, running.signal

),

running_signals as (

    select
        running.*,
        episodes_before.previous_episode_end
    from running
    left join episodes_before
        on running.account_id = episodes_before.account_id
        and running.signal = episodes_before.signal

)

select * from running_signals
