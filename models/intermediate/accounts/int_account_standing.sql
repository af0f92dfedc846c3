{#- Where an account stands on as_of: the standing roll-up of its scores, adoption and seats in one row. -#}
{%- set groups = score_group_names() -%}
with

health as (

    select * from {{ ref('int_rollup_health') }}
    where is_standing

),

adoption as (

    select * from {{ ref('int_rollup_adoption') }}
    where is_standing

),

seats as (

    select * from {{ ref('int_rollup_seats') }}
    where is_standing

),

group_reasons as (

    select
        account_id,
        max(case when score_group = '{{ known('score_group', 'license_utilization') }}' then unscored_reason end) as utilization_reason,
        max(case when score_group = '{{ known('score_group', 'user_engagement') }}' then unscored_reason end) as engagement_reason
    from {{ ref('int_rollup_groups') }}
    where is_standing
    group by account_id

),

counts as (

    select * from {{ ref('int_standing_counts') }}

),

periods as (

    select
        max(case when is_complete_period then period_start end) as last_complete_period_start
    from {{ ref('int_periods') }}

),

account_standing as (

    select
        health.account_id,
        {{ as_of() }} as as_of,
        health.period_start,
        health.is_complete_period,
        periods.last_complete_period_start as comparison_period_start,
        coalesce(counts.standing_period_start, health.period_start) as standing_period_start,
        cast(counts.figures_at as date) as figures_as_of,
        counts.last_scored_ping_at,
        coalesce(counts.subscriptions_in_force, 0) as subscriptions_in_force,
        coalesce(counts.subscriptions_scored, 0) as subscriptions_scored,
        counts.left_out_subscriptions,
        health.overall_score,
        health.overall_color,
        {%- for group in groups %}
        health.{{ group }}_score,
        health.{{ group }}_color,
        {%- endfor %}
        health.weight_present,
        health.weight_basis,
        health.arr_reporting_share,
        health.unscored_reason,
        health.unscored_groups,
        counts.unlabelled_instance_id,
        counts.unlabelled_hostname,
        adoption.adopted_use_cases,
        adoption.in_progress_use_cases,
        adoption.adopted_count,
        adoption.is_platform_customer,
        adoption.adoption_level,
        adoption.adoption_missing_reason,
        adoption.next_use_case,
        adoption.next_use_case_advice,
        seats.subscriptions,
        seats.subscriptions_with_seats,
        seats.sold_seats,
        seats.licensed_seats,
        seats.activated_seats,
        case when seats.activated_seats is null then group_reasons.utilization_reason end as seats_missing_reason,
        seats.umau as active_users,
        seats.umau_source as active_users_source,
        case when seats.umau is null then group_reasons.engagement_reason end as active_users_missing_reason,
        seats.license_utilization,
        seats.user_engagement,
        seats.inactive_activated_seats,
        seats.seats_over_license
    from health
    cross join periods
    inner join adoption
        on health.account_id = adoption.account_id
    inner join seats
        on health.account_id = seats.account_id
    inner join group_reasons
        on health.account_id = group_reasons.account_id
    left join counts
        on health.account_id = counts.account_id

)

select * from account_standing
