with

contributions as (

    select * from {{ ref('int_score_contributions') }}

),

score_groups as (

    select * from {{ ref('score_groups') }}

),

labelled as (

    select
        contributions.account_id,
        contributions.period_start,
        contributions.is_complete_period,
        contributions.score_group,
        score_groups.label,
        contributions.contribution,
        contributions.contribution_change
    from contributions
    inner join score_groups
        on contributions.score_group = score_groups.score_group

)

select * from labelled
