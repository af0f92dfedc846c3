with

group_scores as (

    select * from {{ ref('int_subscription_groups') }}

),

use_cases as (

    select * from {{ ref('use_cases') }}

),

settings as (

    select * from {{ ref('int_settings') }}

),

stage_adoption as (

    select
        group_scores.subscription_id,
        group_scores.original_subscription_id,
        group_scores.account_id,
        group_scores.period_start,
        group_scores.is_complete_period,
        use_cases.use_case,
        use_cases.stage,
        {{ shown_score('group_scores.score') }} as score,
        {{ shown_score('group_scores.score - earlier.score') }} as score_trend,
        group_scores.color,
        {{ adoption_status('group_scores.color', 'group_scores.is_not_applicable') }} as adoption_status,
        group_scores.measures_present,
        group_scores.measures_total,
        group_scores.unscored_reason
    from group_scores
    cross join settings
    inner join use_cases
        on group_scores.score_group = use_cases.use_case
    left join group_scores as earlier
        on group_scores.original_subscription_id = earlier.original_subscription_id
        and group_scores.score_group = earlier.score_group
        and earlier.period_start
        = {{ periods_later('group_scores.period_start', '-cast(settings.trend_periods as integer)') }}

)

select * from stage_adoption
