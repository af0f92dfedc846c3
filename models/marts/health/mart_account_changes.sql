{#- Signals are those of fct_health_signals, carried into an open period; all else is the difference of two complete
    periods in a row. What has no rank in the seed was not measured, and is neither better nor worse. -#}
{%- set columns -%}
account_id, period_start, change_kind, change_name, subject, severity, direction, state, since_period_start, message
{%- endset -%}
with

periods as (

    select *, period_start = max(case when is_complete_period then period_start end) over () as is_newest_complete
    from {{ ref('int_periods') }}

),

signals as (

    {#- A carried row repeats the last complete period's: it is as new as that one. #}
    select
        signals.account_id,
        signals.period_start,
        'signal' as change_kind,
        signals.signal as change_name,
        signals.subject,
        signals.severity,
        cast(null as {{ dbt.type_string() }}) as direction,
        case when signals.is_new or (signals.is_carried and earlier.is_new) then 'new' else 'running' end as state,
        signals.episode_start as since_period_start,
        signals.message
    from {{ ref('fct_health_signals') }} as signals
    inner join periods
        on signals.period_start = periods.period_start
    left join {{ ref('fct_health_signals') }} as earlier
        on signals.account_id = earlier.account_id
        and signals.signal = earlier.signal
        and periods.previous_period_start = earlier.period_start

),

statuses as (

    select account_id, period_start, 'score' as change_kind, 'overall_color' as change_name, 'overall' as subject,
        'The overall color' as subject_label, overall_color as status
    from {{ ref('int_rollup_health') }}
    where not is_standing
    union all
    select account_id, period_start, 'adoption', use_case, use_case, label, adoption_status
    from {{ ref('int_account_use_cases') }}
    where not is_standing
    union all
    select account_id, period_start, 'objective', objective_id, objective_id, 'The objective ' || objective_name, status
    from {{ ref('fct_objective_progress') }}
    union all
    select account_id, period_start, 'reporting', 'is_reporting', original_subscription_id,
        'Usage data of ' || subscription_id, case when is_reporting then 'arriving' else 'missing' end
    from {{ ref('fct_reporting_coverage') }}
    where reporting_reason != 'no_active_subscription'

),

ranked as (

    select
        statuses.*, ranks.status_rank, ranks.label, periods.previous_period_start
    from statuses
    inner join {{ ref('change_statuses') }} as ranks
        on statuses.change_kind = ranks.change_kind
        and statuses.status = ranks.status
    inner join periods
        on statuses.period_start = periods.period_start
    where periods.is_complete_period

),

changes as (

    select
        ranked.account_id,
        ranked.period_start,
        ranked.change_kind,
        ranked.change_name,
        ranked.subject,
        cast(null as {{ dbt.type_string() }}) as severity,
        case when ranked.status_rank > earlier.status_rank then 'better' else 'worse' end as direction,
        'new' as state,
        ranked.period_start as since_period_start,
        ranked.subject_label || ' is ' || ranked.label || ' (before: ' || earlier.label || ').' as message
    from ranked
    inner join ranked as earlier
        on ranked.account_id = earlier.account_id
        and ranked.change_kind = earlier.change_kind
        and ranked.change_name = earlier.change_name
        and ranked.subject = earlier.subject
        and ranked.previous_period_start = earlier.period_start
    where ranked.status_rank != earlier.status_rank

),

both_kinds as (

    select {{ columns }} from signals
    union all
    select {{ columns }} from changes

),

account_changes as (

    select
        both_kinds.*,
        case
            when both_kinds.change_kind = 'signal' then periods.is_current
            else periods.is_newest_complete
        end as is_current
    from both_kinds
    inner join periods
        on both_kinds.period_start = periods.period_start

)

select * from account_changes
