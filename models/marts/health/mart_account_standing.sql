with

standing as (

    select * from {{ ref('int_account_standing') }}

),

explanations as (

    select * from {{ ref('int_account_explanations') }}

),

texts as (

    select * from {{ ref('int_account_standing_texts') }}
    where is_standing

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
        {{ shown_score('explanations.driver_change') }} as main_driver_change,
        texts.standing_text
        || coalesce(' Left out in their first days: ' || standing.left_out_subscriptions || '.', '')
        || case
            when explanations.score_change is not null
                then ' In the period from ' || cast(standing.comparison_period_start as {{ dbt.type_string() }}) || ': '
                    || explanations.change_text
            else ''
        end as explanation
    from standing
    left join explanations
        on standing.account_id = explanations.account_id
        and standing.comparison_period_start = explanations.period_start
    inner join texts
        on standing.account_id = texts.account_id

)

select * from account_standing
