{#- How far an account has come on the path, in every period and in its standing (docs/rules.md 7). -#}
with

account_use_cases as (

    select * from {{ ref('int_account_use_cases') }}

),

settings as (

    select * from {{ ref('int_settings') }}

),

statuses as (

    select
        value_reason,
        precedence
    from {{ ref('value_statuses') }}

),

reasoned as (

    select
        account_use_cases.*,
        statuses.precedence
    from account_use_cases
    left join statuses
        on account_use_cases.unscored_reason = statuses.value_reason

),

summed as (

    select
        account_id,
        period_start,
        is_standing,
        {%- for status in ['adopted', 'in_progress'] %}
        {{ dbt.listagg(
            measure="case when adoption_status = '" ~ status ~ "' then use_case end",
            delimiter_text="','", order_by_clause='order by step'
        ) }} as {{ status }}_use_cases,
        {%- endfor %}
        case when count(score) > 0 then count(case when adoption_status = 'adopted' then 1 end) end as adopted_count,
        max(case when adoption_status = 'adopted' and open_steps_below = 0 then level_rank end) as reached_rank,
        min(case when adoption_status in ('in_progress', 'not_adopted') then step end) as next_step,
        case
            when count(score) = 0
                then coalesce(min(case when not is_not_applicable then precedence end), min(precedence))
        end as missing_rank
    from reasoned
    group by account_id, period_start, is_standing

),

rollup_adoption as (

    select
        summed.account_id,
        summed.period_start,
        summed.is_standing,
        coalesce(summed.adopted_use_cases, '') as adopted_use_cases,
        coalesce(summed.in_progress_use_cases, '') as in_progress_use_cases,
        summed.adopted_count,
        summed.adopted_count >= settings.platform_adoption_success as is_platform_customer,
        {#- none is a finding: something was measured, and no step is adopted. #}
        case when summed.adopted_count is not null then coalesce(reached.adoption_level, 'none') end as adoption_level,
        statuses.value_reason as adoption_missing_reason,
        next_steps.use_case as next_use_case,
        next_steps.advice as next_use_case_advice
    from summed
    cross join settings
    left join {{ ref('use_cases') }} as reached
        on summed.reached_rank = reached.level_rank
    left join {{ ref('use_cases') }} as next_steps
        on summed.next_step = next_steps.step
    left join statuses
        on summed.missing_rank = statuses.precedence

)

select * from rollup_adoption
