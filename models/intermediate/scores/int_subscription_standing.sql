{#- Where a subscription stands on as_of: what its standing row says, and if it has none, why (docs/rules.md 1). -#}
with

eligibility as (

    select * from {{ ref('int_subscription_eligibility') }}
    where is_current

),

previous as (

    {#- While the current period is open, the one before says who reports. #}
    select * from {{ ref('int_subscription_eligibility') }}
    where ineligible_reason = 'instance_type'

),

group_scores as (

    select * from {{ ref('int_subscription_groups') }}

),

settings as (

    select * from {{ ref('int_settings') }}

),

judged as (

    select
        eligibility.original_subscription_id,
        eligibility.subscription_id,
        eligibility.account_id,
        eligibility.period_start,
        eligibility.is_complete_period,
        eligibility.is_in_force,
        case
            when newest.is_standing and eligibility.is_in_force then newest.period_start
            else eligibility.period_start
        end as standing_period_start,
        eligibility.is_in_force and coalesce(newest.is_standing and newest.overall_score is not null, false)
            as is_scored,
        eligibility.days_since_start < settings.onboarding_days as is_onboarding,
        newest.overall_score,
        newest.last_ping_at,
        newest.last_scored_ping_at,
        coalesce(eligibility.unlabelled_instance_id, previous.unlabelled_instance_id) as unlabelled_instance_id,
        coalesce(eligibility.unlabelled_hostname, previous.unlabelled_hostname) as unlabelled_hostname,
        case
            when eligibility.ineligible_reason != 'no_ping' then eligibility.ineligible_reason
            {#- A row with a ping says itself what is missing; only its first days may be over by now. #}
            when newest.is_standing and newest.ineligible_reason is null then null
            when eligibility.ineligible_reason is null then null
            when previous.ineligible_reason is not null then previous.ineligible_reason
            when {{ days_between('cast(newest.last_scored_ping_at as date)', as_of()) }} > settings.stale_after_days
                then 'stale'
            else 'no_ping'
        end as ineligible_now
    from eligibility
    cross join settings
    left join {{ ref('int_standing_rows') }} as newest
        on eligibility.original_subscription_id = newest.original_subscription_id
    left join previous
        on eligibility.original_subscription_id = previous.original_subscription_id
        and eligibility.previous_period_start = previous.period_start
        and eligibility.ineligible_reason = 'no_ping'
        and eligibility.awaited_production_instances = 0
        and not eligibility.is_complete_period

),

row_reasons as (

    select
        original_subscription_id,
        period_start,
        min(case when not is_not_applicable then first_precedence end) as first_precedence
    from group_scores
    group by original_subscription_id, period_start

),

standing as (

    select
        judged.original_subscription_id,
        judged.subscription_id,
        judged.account_id,
        judged.period_start,
        judged.is_complete_period,
        judged.is_in_force,
        judged.standing_period_start,
        judged.is_scored,
        case when judged.is_scored then judged.overall_score end as overall_score,
        case when not judged.is_scored then judged.ineligible_now end as reason_override,
        case when not judged.is_scored then coalesce(judged.ineligible_now, statuses.value_reason, 'tier') end
            as unscored_reason,
        judged.is_onboarding,
        judged.is_in_force
        and judged.is_onboarding
        and not judged.is_scored
        and max(case when judged.is_scored then 1 else 0 end) over (partition by judged.account_id) = 1
            as is_left_out,
        case when judged.is_scored then judged.last_ping_at end as scored_ping_at,
        judged.last_scored_ping_at,
        judged.unlabelled_instance_id,
        judged.unlabelled_hostname
    from judged
    left join row_reasons
        on judged.original_subscription_id = row_reasons.original_subscription_id
        and judged.standing_period_start = row_reasons.period_start
    left join {{ ref('value_statuses') }} as statuses
        on row_reasons.first_precedence = statuses.precedence

)

select * from standing
