{#- Whether a subscription's measures may be scored in a period at all, and if not, why (docs/rules.md 6). -#}
with

coverage as (

    select * from {{ ref('int_subscription_coverage') }}

),

primary_instances as (

    select * from {{ ref('int_primary_instances') }}

),

settings as (

    select * from {{ ref('int_settings') }}

),

gates as (

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
        primary_instances.instance_id as primary_instance_id,
        (coverage.is_in_force and coverage.tier = 'ultimate')
        or coalesce(primary_instances.is_ultimate_trial, false) as devsecops_applies,
        case
            when not coverage.is_in_force then 'no_active_subscription'
            {#- A Production instance did ping, but on a day outside every term. #}
            when primary_instances.instance_id is null and coverage.production_instance_count > 0
                then 'no_active_subscription'
            when primary_instances.instance_id is null
                and coverage.instance_count > 0
                and coverage.known_production_instances = 0
                then 'instance_type'
            when coverage.days_since_start < settings.onboarding_days then 'onboarding'
            when primary_instances.instance_id is null then 'no_ping'
        end as gate_reason
    from coverage
    cross join settings
    left join primary_instances
        on coverage.original_subscription_id = primary_instances.original_subscription_id
        and coverage.period_start = primary_instances.period_start

)

select * from gates
