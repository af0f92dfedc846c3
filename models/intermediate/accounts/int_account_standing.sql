{#- Where an account stands on as_of: the standing roll-up of its scores, adoption and seats in one row. -#}
{%- set groups = score_group_names() -%}
with

health as (

    select * from {{ ref('int_rollup_health') }}
    where is_standing

),

subscriptions as (

    select * from {{ ref('int_subscription_standing') }}

),

unlabelled as (

    select account_id, unlabelled_instance_id, unlabelled_hostname
    from subscriptions
    where unlabelled_instance_id is not null
    qualify row_number() over (partition by account_id order by original_subscription_id) = 1

),

counted as (

    {#- What the standing rests on: subscriptions in force and scored, how new their rows are, who is left out. #}
    select
        account_id,
        max(case when is_scored then standing_period_start end) as standing_period_start,
        max(scored_ping_at) as figures_at,
        max(last_scored_ping_at) as last_scored_ping_at,
        count(case when is_in_force then 1 end) as subscriptions_in_force,
        count(case when is_scored then 1 end) as subscriptions_scored,
        nullif({{ dbt.listagg(
            measure='case when is_left_out then subscription_id end',
            delimiter_text="', '", order_by_clause='order by subscription_id'
        ) }}, '') as left_out_subscriptions
    from subscriptions
    group by account_id

),

periods as (

    select max(case when is_complete_period then period_start end) as last_complete_period_start
    from {{ ref('int_periods') }}

),

account_standing as (

    select
        health.account_id,
        {{ as_of() }} as as_of,
        health.period_start,
        health.is_complete_period,
        periods.last_complete_period_start as comparison_period_start,
        coalesce(counted.standing_period_start, health.period_start) as standing_period_start,
        cast(counted.figures_at as date) as figures_as_of,
        counted.last_scored_ping_at,
        coalesce(counted.subscriptions_in_force, 0) as subscriptions_in_force,
        coalesce(counted.subscriptions_scored, 0) as subscriptions_scored,
        counted.left_out_subscriptions,
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
        unlabelled.unlabelled_instance_id,
        unlabelled.unlabelled_hostname,
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
        case when seats.activated_seats is null then health.{{ known('score_group', 'license_utilization') }}_reason end
            as seats_missing_reason,
        seats.umau as active_users,
        seats.umau_source as active_users_source,
        case when seats.umau is null then health.{{ known('score_group', 'user_engagement') }}_reason end
            as active_users_missing_reason,
        seats.license_utilization,
        seats.user_engagement,
        seats.inactive_activated_seats,
        seats.seats_over_license
    from health
    cross join periods
    inner join {{ ref('int_rollup_adoption') }} as adoption
        on health.account_id = adoption.account_id and adoption.is_standing
    inner join {{ ref('int_rollup_seats') }} as seats
        on health.account_id = seats.account_id and seats.is_standing
    left join counted
        on health.account_id = counted.account_id
    left join unlabelled
        on health.account_id = unlabelled.account_id

)

select * from account_standing
