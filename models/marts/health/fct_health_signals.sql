{#- Of several subjects the worst one is named. An episode is a signal's run of periods without a gap, whoever is its subject. -#}
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

runs as (

    select * from {{ ref('int_signal_runs') }}

),

worst as (

    select
        runs.*,
        min(runs.held_since) over (partition by runs.account_id, runs.period_start, runs.signal) as first_held,
        rules.severity,
        rules.message,
        rules.value_format,
        periods.period_number,
        case
            when runs.subject = 'overall' then 'The overall score'
            else coalesce(
                upper(substr(score_groups.label, 1, 1)) || substr(score_groups.label, 2), runs.subject
            )
        end as subject_label
    from runs
    inner join rules
        on runs.signal = rules.signal
    inner join periods
        on runs.period_start = periods.period_start
    left join score_groups
        on runs.subject = score_groups.score_group
    left join runs as louder
        on rules.not_while = louder.signal
        and runs.account_id = louder.account_id
        and runs.period_start = louder.period_start
    where louder.signal is null
    qualify row_number() over (
        partition by runs.account_id, runs.period_start, runs.signal
        order by
            case when rules.worst = 'low' then runs.current_value else -runs.current_value end,
            runs.subject
    ) = 1

),

neighbours as (

    select
        *,
        period_number - row_number() over (partition by account_id, signal order by period_start) as episode
    from worst

),

episodes as (

    select
        *,
        first_value(first_held) over (
            partition by account_id, signal, episode
            order by period_start
            rows between unbounded preceding and unbounded following
        ) as episode_start,
        min(period_start) over (partition by account_id, signal, episode) as first_period_start
    from neighbours

),

signals as (

    select
        episodes.account_id,
        episodes.period_start,
        not episodes.is_carried as is_complete_period,
        episodes.signal,
        episodes.severity,
        episodes.subject,
        episodes.previous_value,
        episodes.current_value,
        episodes.period_start = episodes.first_period_start as is_new,
        episodes.episode_start,
        episodes.period_number - started.period_number + case when episodes.is_carried then 0 else 1 end
            as periods_running,
        episodes.is_carried,
        replace(
            replace(
                replace(episodes.message, '{subject}', episodes.subject_label),
                '{previous}', {{ shown_value('episodes.previous_value', 'episodes.value_format') }}
            ),
            '{current}', {{ shown_value('episodes.current_value', 'episodes.value_format') }}
        ) as message
    from episodes
    inner join periods as started
        on episodes.episode_start = started.period_start

)

select * from signals
