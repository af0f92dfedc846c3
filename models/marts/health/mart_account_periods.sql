{#- One row says all of an account in a period, so that no two views can differ: complete periods as they ended, and the
    standing in place of the one that holds as_of. -#}
{%- set groups = score_group_names() -%}
with

health as (

    select * from {{ ref('int_rollup_health') }}

),

contracts as (

    {#- What is in force today, whatever the period: a slice by plan follows the same customers over time. #}
    select
        subscriptions.account_id,
        count(*) as subscriptions_in_force,
        sum(subscriptions.arr) as arr,
        min(case when not subscriptions.is_trial then subscriptions.end_date end) as next_renewal_on,
        max(tiers.tier_rank) as tier_rank
    from {{ ref('dim_subscriptions') }} as subscriptions
    left join {{ ref('product_tiers') }} as tiers
        on lower(subscriptions.product_tier) = tiers.tier
    where subscriptions.is_active
    group by subscriptions.account_id

),

account_periods as (

    select
        health.account_id,
        accounts.account_name,
        accounts.parent_account_id,
        accounts.segment,
        accounts.region,
        accounts.csm_email,
        accounts.is_in_crm,
        tiers.tier as product_tier,
        contracts.arr,
        contracts.next_renewal_on,
        coalesce(contracts.subscriptions_in_force, 0) as subscriptions_in_force,
        health.period_start,
        health.is_standing as is_current,
        health.is_complete_period,
        standing.standing_period_start,
        standing.figures_as_of,
        standing.left_out_subscriptions,
        health.overall_score,
        health.overall_color,
        health.unscored_reason,
        health.unscored_groups,
        {%- for group in groups %}
        health.{{ group }}_score,
        health.{{ group }}_color,
        {%- endfor %}
        health.weight_present,
        health.weight_basis,
        health.arr_reporting_share,
        case when health.is_standing then standing.comparison_period_start else health.period_start end
            as score_change_period_start,
        case when health.is_standing then standing.score_change else {{ shown_score('explanations.score_change') }} end
            as score_change,
        case
            when health.is_standing then standing.score_change_reason
            when explanations.score_change is null then coalesce(health.unscored_reason, 'no_previous_value')
        end as score_change_reason,
        case when health.is_standing then standing.main_driver else explanations.main_driver end as main_driver,
        case when health.is_standing then standing.explanation else explanations.explanation end as explanation,
        adoption.adopted_use_cases,
        adoption.in_progress_use_cases,
        adoption.adopted_count,
        adoption.adoption_level,
        adoption.adoption_missing_reason,
        adoption.next_use_case,
        adoption.next_use_case_advice,
        seats.sold_seats,
        seats.licensed_seats,
        seats.activated_seats,
        case when seats.activated_seats is null then health.{{ known('score_group', 'license_utilization') }}_reason end
            as seats_missing_reason,
        seats.license_utilization,
        seats.umau as active_users,
        seats.umau_source as active_users_source,
        case when seats.umau is null then health.{{ known('score_group', 'user_engagement') }}_reason end
            as active_users_missing_reason,
        seats.user_engagement,
        seats.inactive_activated_seats,
        seats.seats_over_license
    from health
    inner join {{ ref('int_periods') }} as periods
        on health.period_start = periods.period_start
    inner join {{ ref('int_rollup_adoption') }} as adoption
        on health.account_id = adoption.account_id
        and health.period_start = adoption.period_start
        and health.is_standing = adoption.is_standing
    inner join {{ ref('int_rollup_seats') }} as seats
        on health.account_id = seats.account_id
        and health.period_start = seats.period_start
        and health.is_standing = seats.is_standing
    inner join {{ ref('dim_accounts') }} as accounts
        on health.account_id = accounts.account_id
    left join {{ ref('mart_account_standing') }} as standing
        on health.account_id = standing.account_id and health.is_standing
    left join {{ ref('int_account_explanations') }} as explanations
        on health.account_id = explanations.account_id
        and health.period_start = explanations.period_start
    left join contracts
        on health.account_id = contracts.account_id
    left join {{ ref('product_tiers') }} as tiers
        on contracts.tier_rank = tiers.tier_rank
    where health.is_standing or not periods.is_current

)

select * from account_periods
