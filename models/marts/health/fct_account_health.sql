{%- set groups = known('score_group', ['license_utilization', 'user_engagement', 'scm', 'ci', 'cd', 'devsecops']) -%}
with

account_scores as (

    select * from {{ ref('int_account_scores') }}

),

account_groups as (

    select * from {{ ref('int_account_groups') }}

),

subscription_scores as (

    select * from {{ ref('int_subscription_scores') }}

),

explanations as (

    select * from {{ ref('int_account_explanations') }}

),

settings as (

    select * from {{ ref('int_settings') }}

),

pivoted as (

    select
        account_id,
        period_start,
        {%- for group in groups %}
        max(case when score_group = '{{ group }}' then score end) as {{ group }}_score{{ ',' if not loop.last }}
        {%- endfor %}
    from account_groups
    group by account_id, period_start

),

reporting as (

    select
        account_id,
        period_start,
        min(weight_basis) as weight_basis,
        sum(case when overall_score is not null then subscription_weight else 0 end)
        / nullif(sum(subscription_weight), 0) as arr_reporting_share
    from subscription_scores
    group by account_id, period_start

),

account_health as (

    select
        account_scores.account_id,
        account_scores.period_start,
        {{ shown_score('account_scores.overall_score') }} as overall_score,
        {{ score_color('account_scores.overall_score') }} as overall_color,
        {%- for group in groups %}
        {{ shown_score('pivoted.' ~ group ~ '_score') }} as {{ group }}_score,
        {{ score_color('pivoted.' ~ group ~ '_score') }} as {{ group }}_color,
        {%- endfor %}
        {{ shown_score('account_scores.weight_present') }} as weight_present,
        reporting.weight_basis,
        {{ shown_ratio('reporting.arr_reporting_share') }} as arr_reporting_share,
        {{ shown_score('explanations.score_change') }} as score_change,
        explanations.main_driver,
        {{ shown_score('explanations.driver_change') }} as main_driver_change,
        explanations.explanation,
        account_scores.unscored_reason
    from account_scores
    cross join settings
    inner join pivoted
        on account_scores.account_id = pivoted.account_id
        and account_scores.period_start = pivoted.period_start
    left join reporting
        on account_scores.account_id = reporting.account_id
        and account_scores.period_start = reporting.period_start
    inner join explanations
        on account_scores.account_id = explanations.account_id
        and account_scores.period_start = explanations.period_start

)

select * from account_health
