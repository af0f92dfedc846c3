{#- Each account's score in sentences: where it stands and what holds it down, by how much it changed, what changed in
    behaviour, what changed in what can be seen; each is left out when it is empty. -#}
with

standing_texts as (

    select * from {{ ref('int_account_standing_texts') }}
    where not is_standing

),

account_scores as (

    select * from {{ ref('int_rollup_scores') }}
    where not is_standing

),

score_changes as (

    select * from {{ ref('int_account_score_changes') }}

),

behaviour_texts as (

    select * from {{ ref('int_account_behaviour_texts') }}

),

visibility_texts as (

    select * from {{ ref('int_account_visibility_texts') }}

),

worded as (

    select
        score_changes.*,
        standing_texts.standing_text,
        case
            when account_scores.overall_score is null then null
            when not account_scores.is_complete_period then 'The period is not over yet.'
            when score_changes.score_change is null then 'The previous period had no score to compare with.'
            when round(score_changes.score_change, 2) = 0 then 'Unchanged since the previous period.'
            else {{ shown_points('abs(score_changes.score_change)') }} || ' points '
                || case when score_changes.score_change < 0 then 'down' else 'up' end
                || ' since the previous period'
                || case
                    when score_changes.is_mostly_driver then ', mostly through ' || score_groups.label
                    when behaviour_texts.behaviour_text is null then ', none of it by behaviour'
                    else ''
                end
                || '.'
        end as total_text,
        case when score_changes.score_change is not null then behaviour_texts.behaviour_text end as behaviour_text,
        visibility_texts.visibility_text
    from account_scores
    inner join score_changes
        on account_scores.account_id = score_changes.account_id
        and account_scores.period_start = score_changes.period_start
    inner join standing_texts
        on account_scores.account_id = standing_texts.account_id
        and account_scores.period_start = standing_texts.period_start
    left join {{ ref('score_groups') }} as score_groups
        on score_changes.main_driver = score_groups.score_group
    left join behaviour_texts
        on account_scores.account_id = behaviour_texts.account_id
        and account_scores.period_start = behaviour_texts.period_start
    left join visibility_texts
        on account_scores.account_id = visibility_texts.account_id
        and account_scores.period_start = visibility_texts.period_start

),

changes as (

    select
        *,
        total_text || coalesce(' ' || behaviour_text, '') || coalesce(' ' || visibility_text, '') as change_text
    from worded

),

explanations as (

    select
        account_id,
        period_start,
        score_change,
        main_driver,
        driver_change,
        change_text,
        standing_text || coalesce(' ' || change_text, '') as explanation
    from changes

)

select * from explanations
