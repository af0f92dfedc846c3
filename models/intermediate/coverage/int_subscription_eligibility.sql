{#- Whether a subscription's measures may be scored in a period at all, and if not, why (docs/rules.md 6). -#}
with

coverage as (

    select * from {{ ref('int_subscription_coverage') }}

),

primary_instances as (

    select * from {{ ref('int_primary_instances') }}

),

unlabelled as (

    select
        seats.original_subscription_id,
        seats.period_start,
        seats.instance_id,
        case when seats.hostname = '' then seats.uuid else seats.hostname end as hostname
    from {{ ref('int_instance_seats') }} as seats
    inner join {{ ref('int_instance_types') }} as types
        on seats.instance_id = types.instance_id
        and seats.period_start = types.period_start
    where types.instance_type = 'Unknown'
        and seats.ping_id is not null
        and seats.original_subscription_id is not null
    qualify row_number() over (
        partition by seats.original_subscription_id, seats.period_start
        order by seats.umau desc nulls last, seats.activated_seats desc nulls last, seats.instance_id
    ) = 1

),

settings as (

    select * from {{ ref('int_settings') }}

),

eligibility as (

    select
        coverage.original_subscription_id,
        coverage.subscription_id,
        coverage.account_id,
        coverage.period_start,
        coverage.previous_period_start,
        coverage.measurement_date,
        coverage.is_current,
        coverage.is_complete_period,
        coverage.is_in_force,
        coverage.arr,
        coverage.end_date,
        coverage.months_since_start,
        coverage.days_since_start,
        coverage.latest_ping_at,
        coverage.awaited_production_instances,
        primary_instances.instance_id as primary_instance_id,
        greatest(
            coalesce(case when coverage.is_in_force then tiers.tier_rank end, -1),
            coalesce(primary_instances.trial_tier_rank, -1)
        ) as plan_rank,
        case
            when not coverage.is_in_force then 'no_active_subscription'
            {#- A Production instance did ping, but on a day outside every term. #}
            when primary_instances.instance_id is null
                and coverage.outside_term_instances > 0
                and coverage.awaited_production_instances = 0
                then 'no_active_subscription'
            {#- Somebody reports, and it is not the Production server, which fell silent or is not known. #}
            when primary_instances.instance_id is null
                and coverage.instance_count > 0
                and coverage.production_instance_count = 0
                and coverage.awaited_production_instances = 0
                then 'instance_type'
            when coverage.days_since_start < settings.onboarding_days then 'onboarding'
            when primary_instances.instance_id is null then 'no_ping'
        end as ineligible_reason
    from coverage
    cross join settings
    left join {{ ref('product_tiers') }} as tiers
        on coverage.tier = tiers.tier
    left join primary_instances
        on coverage.original_subscription_id = primary_instances.original_subscription_id
        and coverage.period_start = primary_instances.period_start

),

named as (

    select
        eligibility.*,
        case when eligibility.ineligible_reason = 'instance_type' then unlabelled.instance_id end
            as unlabelled_instance_id,
        case when eligibility.ineligible_reason = 'instance_type' then unlabelled.hostname end as unlabelled_hostname
    from eligibility
    left join unlabelled
        on eligibility.original_subscription_id = unlabelled.original_subscription_id
        and eligibility.period_start = unlabelled.period_start

)

select * from named
