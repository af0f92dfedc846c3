{#- What somebody should act on now: one row per account, signal and episode. Whether a call was made of it already, the
    loader knows (docs/rules.md 8). -#}
with

signals as (

    select * from {{ ref('mart_running_signals') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

severities as (

    select * from {{ ref('cta_severities') }}
    where makes_cta

),

titles as (

    select * from {{ ref('cta_signals') }}

),

priorities as (

    select * from {{ ref('cta_priorities') }}

),

prioritised as (

    select
        signals.*,
        priorities.priority
    from signals
    left join priorities
        on signals.severity = priorities.severity
        and signals.arr >= priorities.min_arr
    qualify row_number() over (
        partition by signals.account_id, signals.signal order by priorities.min_arr desc nulls last
    ) = 1

),

calls as (

    select
        cast(running.account_id || '/' || running.signal || '/' || cast(running.episode_start as {{ dbt.type_string() }})
            as {{ dbt.type_string() }}) as reference_id,
        cast(running.account_id as {{ dbt.type_string() }}) as account_id,
        cast(running.signal as {{ dbt.type_string() }}) as signal,
        cast(running.previous_episode_end as date) as previous_episode_end,
        cast(titles.title as {{ dbt.type_string() }}) as call_name,
        cast(running.message || coalesce(' ' || running.explanation, '') as {{ dbt.type_string() }}) as comments,
        cast(accounts.csm_email as {{ dbt.type_string() }}) as owner_email,
        {{ days_later(as_of(), 'severities.due_days') }} as due_date,
        cast(titles.cta_type as {{ dbt.type_string() }}) as cta_type,
        cast(titles.reason as {{ dbt.type_string() }}) as reason,
        cast(running.priority as {{ dbt.type_string() }}) as priority,
        cast(row_number() over (
            order by severities.due_days, running.arr desc, running.account_id, running.signal
        ) as bigint) as call_rank
    from prioritised as running
    inner join severities
        on running.severity = severities.severity
    inner join titles
        on running.signal = titles.signal
    left join accounts
        on running.account_id = accounts.account_id

)

select * from calls
