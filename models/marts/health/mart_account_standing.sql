with

standing as (

    select * from {{ ref('int_account_standing') }}

),

explanations as (

    select * from {{ ref('int_account_explanations') }}

),

account_standing as (

    select
        standing.*,
        {{ shown_score('explanations.score_change') }} as score_change,
        case
            when explanations.score_change is not null then null
            else coalesce(standing.unscored_reason, 'no_previous_value')
        end as score_change_reason,
        explanations.main_driver,
        {{ shown_score('explanations.driver_change') }} as main_driver_change
    from standing
    left join explanations
        on standing.account_id = explanations.account_id
        and standing.comparison_period_start = explanations.period_start

)

select * from account_standing
