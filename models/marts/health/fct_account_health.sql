{%- set groups = ['license_utilization', 'user_engagement', 'scm', 'ci', 'cd', 'devsecops'] -%}
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

drivers as (

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
        round(account_scores.overall_score, 2) as overall_score,
        {{ score_color('account_scores.overall_score') }} as overall_color,
        {%- for group in groups %}
        round(pivoted.{{ group }}_score, 2) as {{ group }}_score,
        {{ score_color('pivoted.' ~ group ~ '_score') }} as {{ group }}_color,
        {%- endfor %}
        round(account_scores.weight_present, 2) as weight_present,
        reporting.weight_basis,
        round(reporting.arr_reporting_share, 4) as arr_reporting_share,
        round(account_scores.overall_score - earlier.overall_score, 2) as score_change,
        case when abs(drivers.contribution_change) > 0 then drivers.score_group end as main_driver,
        account_scores.unscored_reason
    from account_scores
    cross join settings
    inner join pivoted
        on account_scores.account_id = pivoted.account_id
        and account_scores.period_start = pivoted.period_start
    left join reporting
        on account_scores.account_id = reporting.account_id
        and account_scores.period_start = reporting.period_start
    left join account_scores as earlier
        on account_scores.account_id = earlier.account_id
        and account_scores.previous_period_start = earlier.period_start
    left join drivers
        on account_scores.account_id = drivers.account_id
        and account_scores.period_start = drivers.period_start

)

select * from account_health
