{%- set groups = score_group_names() -%}
with

health as (

    select * from {{ ref('int_rollup_health') }}
    where not is_standing

),

explanations as (

    select * from {{ ref('int_account_explanations') }}

),

account_health as (

    select
        health.account_id,
        health.period_start,
        health.is_complete_period,
        health.overall_score,
        health.overall_color,
        {%- for group in groups %}
        health.{{ group }}_score,
        health.{{ group }}_color,
        {%- endfor %}
        health.weight_present,
        health.weight_basis,
        health.arr_reporting_share,
        {{ shown_score('explanations.score_change') }} as score_change,
        case
            when explanations.score_change is not null then null
            when not health.is_complete_period then 'open_period'
            else coalesce(health.unscored_reason, 'no_previous_value')
        end as score_change_reason,
        explanations.main_driver,
        {{ shown_score('explanations.driver_change') }} as main_driver_change,
        explanations.explanation,
        health.unscored_reason,
        health.unscored_groups
    from health
    inner join explanations
        on health.account_id = explanations.account_id
        and health.period_start = explanations.period_start

)

select * from account_health
