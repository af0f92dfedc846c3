{#- Adoption of each use case by an account, with its step on the customer's path. -#}
with

rollup_groups as (

    select * from {{ ref('int_rollup_groups') }}

),

use_cases as (

    select * from {{ ref('use_cases') }}

),

settings as (

    select * from {{ ref('int_settings') }}

),

colored as (

    select
        rollup_groups.account_id,
        rollup_groups.period_start,
        rollup_groups.is_standing,
        use_cases.use_case,
        use_cases.label,
        use_cases.step,
        use_cases.adoption_level,
        use_cases.level_rank,
        use_cases.advice,
        rollup_groups.score,
        {{ score_color('rollup_groups.score') }} as color,
        rollup_groups.is_not_applicable,
        rollup_groups.unscored_reason
    from rollup_groups
    cross join settings
    inner join use_cases
        on rollup_groups.score_group = use_cases.use_case

),

judged as (

    select
        *,
        {{ adoption_status('color', 'is_not_applicable') }} as adoption_status
    from colored

),

stepped as (

    select
        *,
        coalesce(sum(case when adoption_status in ('in_progress', 'not_adopted') then 1 else 0 end) over (
            partition by account_id, period_start, is_standing
            order by step
            rows between unbounded preceding and 1 preceding
        ), 0) as open_steps_below
    from judged

)

select * from stepped
