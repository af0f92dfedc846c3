{#- Who reports and who does not, for every subscription and period: silence is a row. -#}
with

subscription_periods as (

    select * from {{ ref('int_subscription_periods') }}

),

instance_periods as (

    select * from {{ ref('int_instance_periods') }}

),

types as (

    select * from {{ ref('int_instance_types') }}

),

counted as (

    select
        instance_periods.original_subscription_id,
        instance_periods.period_start,
        count(instance_periods.ping_id) as instance_count,
        count(case when types.instance_type = 'Production' then instance_periods.ping_id end)
            as production_instance_count,
        count(case when types.instance_type = 'Production' then 1 end) as known_production_instances,
        max(instance_periods.last_ping_at) as last_ping_at
    from instance_periods
    inner join types
        on instance_periods.instance_id = types.instance_id
        and instance_periods.period_start = types.period_start
    where instance_periods.original_subscription_id is not null
    group by instance_periods.original_subscription_id, instance_periods.period_start

),

covered as (

    select
        subscription_periods.*,
        coalesce(counted.instance_count, 0) as instance_count,
        coalesce(counted.production_instance_count, 0) as production_instance_count,
        coalesce(counted.known_production_instances, 0) as known_production_instances,
        counted.last_ping_at,
        max(counted.last_ping_at) over (
            partition by subscription_periods.original_subscription_id
            order by subscription_periods.period_start
            rows between unbounded preceding and current row
        ) as latest_ping_at,
        counted.original_subscription_id is not null as has_ever_reported
    from subscription_periods
    left join counted
        on subscription_periods.original_subscription_id = counted.original_subscription_id
        and subscription_periods.period_start = counted.period_start

)

select * from covered
