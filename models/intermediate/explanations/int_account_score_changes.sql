{#- The change of an account's score since the calendar period before, the group that moved it most, and how much of it comes
    of what people do (int_measure_changes) and how much of what can be seen of them. -#}
with

account_scores as (

    select * from {{ ref('int_rollup_scores') }}
    where not is_standing

),

contributions as (

    select * from {{ ref('int_score_contributions') }}
    where contribution_change is not null
    qualify row_number() over (
        partition by account_id, period_start
        order by round(abs(contribution_change), 9) desc, driver_order
    ) = 1

),

settings as (

    select * from {{ ref('int_settings') }}

),

effects as (

    select
        account_id,
        period_start,
        score_group,
        coalesce(sum(behaviour_effect), 0) as behaviour_effect
    from {{ ref('int_measure_changes') }}
    group by account_id, period_start, score_group

),

totals as (

    select
        account_id,
        period_start,
        sum(behaviour_effect) as behaviour_effect
    from effects
    group by account_id, period_start

),

changed as (

    select
        account_scores.account_id,
        account_scores.period_start,
        account_scores.overall_score - earlier.overall_score as score_change,
        case when round(abs(contributions.contribution_change), 9) > 0 then contributions.score_group end
            as main_driver,
        contributions.contribution_change as driver_change,
        account_scores.overall_score - earlier.overall_score - coalesce(totals.behaviour_effect, 0) as other_effect,
        effects.behaviour_effect as driver_behaviour_effect
    from account_scores
    left join account_scores as earlier
        on account_scores.account_id = earlier.account_id
        and account_scores.previous_period_start = earlier.period_start
        and account_scores.is_complete_period
    left join contributions
        on account_scores.account_id = contributions.account_id
        and account_scores.period_start = contributions.period_start
    left join totals
        on account_scores.account_id = totals.account_id
        and account_scores.period_start = totals.period_start
    left join effects
        on account_scores.account_id = effects.account_id
        and account_scores.period_start = effects.period_start
        and contributions.score_group = effects.score_group

),

score_changes as (

    select
        changed.account_id,
        changed.period_start,
        changed.score_change,
        changed.main_driver,
        changed.driver_change,
        changed.other_effect,
        {#- Of the change's sign, at least half of it, and no more than it: in the score, and by behaviour. #}
        coalesce(
            round(abs(changed.score_change), 9) > 0
            and {{ rounded('changed.driver_change / nullif(changed.score_change, 0)') }}
            between settings.mostly_min_share and 1
            and {{ rounded('changed.driver_behaviour_effect / nullif(changed.score_change, 0)') }}
            between settings.mostly_min_share and 1,
            false
        ) as is_mostly_driver
    from changed
    cross join settings

)

select * from score_changes
