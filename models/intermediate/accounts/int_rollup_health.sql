{#- The scores of an account as they are shown, in every period and in its standing: the groups, their colors, and how much
    of the weight and of the revenue they rest on. -#}
{%- set groups = score_group_names() -%}
with

rollup_scores as (

    select * from {{ ref('int_rollup_scores') }}

),

rollup_groups as (

    select * from {{ ref('int_rollup_groups') }}

),

subscriptions as (

    select * from {{ ref('int_rollup_subscriptions') }}

),

settings as (

    select * from {{ ref('int_settings') }}

),

pivoted as (

    select
        account_id,
        period_start,
        is_standing,
        nullif({{ dbt.listagg(
            measure="case when score is null then score_group || ' ' || unscored_reason end",
            delimiter_text="', '", order_by_clause='order by driver_order'
        ) }}, '') as unscored_groups,
        {%- for group in groups %}
        max(case when score_group = '{{ group }}' then unscored_reason end) as {{ group }}_reason,
        max(case when score_group = '{{ group }}' then score end) as {{ group }}_score{{ ',' if not loop.last }}
        {%- endfor %}
    from rollup_groups
    group by account_id, period_start, is_standing

),

reporting as (

    select
        account_id,
        period_start,
        is_standing,
        min(weight_basis) as weight_basis,
        sum(case when overall_score is not null then subscription_weight else 0 end)
        / nullif(sum(subscription_weight), 0) as arr_reporting_share
    from subscriptions
    group by account_id, period_start, is_standing

),

rollup_health as (

    select
        rollup_scores.account_id,
        rollup_scores.period_start,
        rollup_scores.is_standing,
        rollup_scores.is_complete_period,
        {{ shown_score('rollup_scores.overall_score') }} as overall_score,
        {{ score_color('rollup_scores.overall_score') }} as overall_color,
        {%- for group in groups %}
        {{ shown_score('pivoted.' ~ group ~ '_score') }} as {{ group }}_score,
        {{ score_color('pivoted.' ~ group ~ '_score') }} as {{ group }}_color,
        pivoted.{{ group }}_reason,
        {%- endfor %}
        {{ shown_score('rollup_scores.weight_present') }} as weight_present,
        reporting.weight_basis,
        {{ shown_ratio('reporting.arr_reporting_share') }} as arr_reporting_share,
        rollup_scores.unscored_reason,
        pivoted.unscored_groups
    from rollup_scores
    cross join settings
    inner join pivoted
        on rollup_scores.account_id = pivoted.account_id
        and rollup_scores.period_start = pivoted.period_start
        and rollup_scores.is_standing = pivoted.is_standing
    left join reporting
        on rollup_scores.account_id = reporting.account_id
        and rollup_scores.period_start = reporting.period_start
        and rollup_scores.is_standing = reporting.is_standing

)

select * from rollup_health
