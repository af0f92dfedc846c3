{#- What each group adds to an account's overall score, and how that changed since the previous calendar period.
    contribution = weight / weight present x group score; the changes add up to the change of the score. -#}
with

account_groups as (

    select * from {{ ref('int_rollup_groups') }}
    where not is_standing

),

account_scores as (

    select * from {{ ref('int_rollup_scores') }}
    where not is_standing

),

contributions as (

    select
        account_groups.account_id,
        account_groups.period_start,
        account_groups.previous_period_start,
        account_groups.is_complete_period,
        account_groups.score_group,
        account_groups.driver_order,
        account_scores.overall_score,
        coalesce(
            account_groups.weight * account_groups.score / nullif(account_scores.weight_present, 0), 0
        ) as contribution
    from account_groups
    inner join account_scores
        on account_groups.account_id = account_scores.account_id
        and account_groups.period_start = account_scores.period_start

),

changed as (

    select
        contributions.account_id,
        contributions.period_start,
        contributions.is_complete_period,
        contributions.score_group,
        contributions.driver_order,
        contributions.contribution,
        case
            when contributions.is_complete_period
                and contributions.overall_score is not null
                and earlier.overall_score is not null
                then contributions.contribution - earlier.contribution
        end as contribution_change
    from contributions
    left join contributions as earlier
        on contributions.account_id = earlier.account_id
        and contributions.score_group = earlier.score_group
        and contributions.previous_period_start = earlier.period_start

)

select * from changed
