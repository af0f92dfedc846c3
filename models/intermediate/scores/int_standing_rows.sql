{#- The row that speaks for a subscription on as_of: its own newest with a score that is not stale, else the newest with a
    ping that is not. A row whose primary instance is not Production any more, or reports on another subscription by now,
    does not stand. -#}
with

eligibility as (

    select * from {{ ref('int_subscription_eligibility') }}

),

scores as (

    select * from {{ ref('int_subscription_scores') }}

),

primary_instances as (

    select * from {{ ref('int_primary_instances') }}

),

instances_now as (

    select
        instance_periods.instance_id,
        instance_periods.original_subscription_id,
        types.instance_type
    from {{ ref('int_instance_periods') }} as instance_periods
    inner join {{ ref('int_instance_types') }} as types
        on instance_periods.instance_id = types.instance_id
        and instance_periods.period_start = types.period_start
    where instance_periods.is_current

),

settings as (

    select * from {{ ref('int_settings') }}

),

pinged as (

    select
        primary_instances.original_subscription_id,
        primary_instances.period_start,
        primary_instances.instance_id,
        primary_instances.last_ping_at,
        scores.overall_score,
        eligibility.ineligible_reason,
        max(primary_instances.last_ping_at) over (partition by primary_instances.original_subscription_id)
            as last_scored_ping_at,
        instances_now.instance_type = 'Production'
        and coalesce(instances_now.original_subscription_id, primary_instances.original_subscription_id)
        = primary_instances.original_subscription_id
        and {{ days_between('cast(primary_instances.last_ping_at as date)', as_of()) }} <= settings.stale_after_days
            as is_standing
    from primary_instances
    cross join settings
    inner join eligibility
        on primary_instances.original_subscription_id = eligibility.original_subscription_id
        and primary_instances.period_start = eligibility.period_start
    inner join instances_now
        on primary_instances.instance_id = instances_now.instance_id
    left join scores
        on primary_instances.original_subscription_id = scores.original_subscription_id
        and primary_instances.period_start = scores.period_start

),

newest as (

    select * from pinged
    qualify row_number() over (
        partition by original_subscription_id
        order by
            case when is_standing and overall_score is not null then 0 when is_standing then 1 else 2 end,
            period_start desc
    ) = 1

)

select * from newest
