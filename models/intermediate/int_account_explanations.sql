{#- A sentence or two on each account's score, from its change and the group that moved it most. -#}
with

account_scores as (

    select * from {{ ref('int_account_scores') }}

),

contributions as (

    select * from {{ ref('int_score_contributions') }}
    where contribution_change is not null
    qualify row_number() over (
        partition by account_id, period_start
        order by round(abs(contribution_change), 9) desc, driver_order
    ) = 1

),

score_groups as (

    select * from {{ ref('score_groups') }}

),

statuses as (

    select * from {{ ref('value_statuses') }}

),

settings as (

    select * from {{ ref('int_settings') }}

),

changed as (

    select
        account_scores.account_id,
        account_scores.period_start,
        account_scores.overall_score,
        {{ score_color('account_scores.overall_score') }} as overall_color,
        account_scores.weight_present,
        account_scores.is_complete_period,
        account_scores.overall_score - earlier.overall_score as score_change,
        case when round(abs(contributions.contribution_change), 9) > 0 then contributions.score_group end
            as main_driver,
        contributions.contribution_change as driver_change,
        score_groups.label as driver_label,
        account_scores.unscored_reason,
        statuses.meaning as unscored_meaning,
        earlier.overall_score is null as is_first
    from account_scores
    cross join settings
    left join account_scores as earlier
        on account_scores.account_id = earlier.account_id
        and account_scores.previous_period_start = earlier.period_start
        and account_scores.is_complete_period
    left join contributions
        on account_scores.account_id = contributions.account_id
        and account_scores.period_start = contributions.period_start
    left join score_groups
        on contributions.score_group = score_groups.score_group
    left join statuses
        on account_scores.unscored_reason = statuses.value_reason

),

explained as (

    select
        account_id,
        period_start,
        score_change,
        main_driver,
        driver_change,
        case
            when overall_score is null then 'No score: ' || unscored_meaning || '.'
            else 'Score ' || {{ shown_points('overall_score') }} || ' (' || overall_color || ')'
                || case
                    when not is_complete_period then '; the period is not over yet.'
                    when is_first then '; the previous period had no score to compare with.'
                    when round(score_change, 2) = 0 and main_driver is null then ', unchanged.'
                    when round(score_change, 2) = 0
                        then ', unchanged, although ' || driver_label || ' moved ('
                            || case when driver_change < 0 then '-' else '+' end
                            || {{ shown_points('abs(driver_change)') }} || ').'
                    else ', ' || {{ shown_points('abs(score_change)') }} || ' points '
                        || case when score_change < 0 then 'down' else 'up' end
                        || ' since the previous period, mostly through ' || driver_label
                        || ' (' || case when driver_change < 0 then '-' else '+' end
                        || {{ shown_points('abs(driver_change)') }} || ').'
                end
                || case
                    when round(weight_present, 6) < 1
                        then ' Measured: ' || cast(cast(round(100 * weight_present) as integer)
                            as {{ dbt.type_string() }}) || '% of the score''s weight.'
                    else ''
                end
        end as explanation
    from changed

)

select * from explained
