{#- Who reports and who does not, for every subscription and period: silence is a row. Every ping counts for the subscription
    that it names, not only the last one of an instance in a period. -#}
{%- set still_counts = 'not counted.is_complete_period and '
    ~ days_between('cast(counted.latest_ping_at as date)', as_of()) ~ ' <= settings.stale_after_days' -%}
with

subscription_periods as (

    select * from {{ ref('int_subscription_periods') }}

),

pings as (

    select * from {{ ref('int_pings') }}
    where exclusion is null and original_subscription_id is not null

),

instance_periods as (

    select * from {{ ref('int_instance_periods') }}
    where original_subscription_id is not null

),

types as (

    select * from {{ ref('int_instance_types') }}

),

settings as (

    select * from {{ ref('int_settings') }}

),

reported as (

    select
        pings.original_subscription_id,
        pings.period_start,
        count(distinct pings.instance_id) as instance_count,
        count(distinct case when types.instance_type = 'Production' then pings.instance_id end)
            as production_instance_count,
        max(pings.received_at) as last_ping_at
    from pings
    inner join types
        on pings.instance_id = types.instance_id
        and pings.period_start = types.period_start
    group by pings.original_subscription_id, pings.period_start

),

production as (

    select
        instance_periods.original_subscription_id,
        instance_periods.period_start,
        count(case when instance_periods.ping_id is not null and not instance_periods.is_scorable then 1 end)
            as outside_term_instances,
        count(case when instance_periods.is_awaited then 1 end) as awaited_production_instances
    from instance_periods
    inner join types
        on instance_periods.instance_id = types.instance_id
        and instance_periods.period_start = types.period_start
    where types.instance_type = 'Production'
    group by instance_periods.original_subscription_id, instance_periods.period_start

),

counted as (

    select
        subscription_periods.*,
        coalesce(reported.instance_count, 0) as instance_count,
        coalesce(reported.production_instance_count, 0) as production_instance_count,
        coalesce(production.outside_term_instances, 0) as outside_term_instances,
        coalesce(production.awaited_production_instances, 0) as awaited_production_instances,
        reported.last_ping_at,
        max(reported.last_ping_at) over (
            partition by subscription_periods.original_subscription_id
            order by subscription_periods.period_start
            rows between unbounded preceding and current row
        ) as latest_ping_at,
        lag(reported.instance_count) over (
            partition by subscription_periods.original_subscription_id order by subscription_periods.period_start
        ) as previous_instances,
        lag(reported.production_instance_count) over (
            partition by subscription_periods.original_subscription_id order by subscription_periods.period_start
        ) as previous_production_instances
    from subscription_periods
    left join reported
        on subscription_periods.original_subscription_id = reported.original_subscription_id
        and subscription_periods.period_start = reported.period_start
    left join production
        on subscription_periods.original_subscription_id = production.original_subscription_id
        and subscription_periods.period_start = production.period_start

),

covered as (

    select
        counted.*,
        counted.instance_count > 0
        or coalesce({{ still_counts }} and counted.previous_instances > 0, false) as is_reporting,
        counted.production_instance_count > 0
        or coalesce({{ still_counts }} and counted.previous_production_instances > 0, false) as has_production_ping
    from counted
    cross join settings

)

select * from covered
