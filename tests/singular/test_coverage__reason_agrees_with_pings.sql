-- Who is said to report has a ping in the period, who is said to have stopped had one before, who never reported had
-- none; in the period that is open, who has had no turn yet reports if it reported in the period before. And every
-- instance that named a subscription in its pings is counted on exactly that one.
with

coverage as (

    select
        *,
        coalesce(
            lag(instance_count) over (partition by original_subscription_id order by period_start), 0
        ) as instances_before,
        coalesce(
            lag(production_instance_count) over (partition by original_subscription_id order by period_start), 0
        ) as production_instances_before
    from {{ ref('fct_reporting_coverage') }}

),

pings as (

    select * from {{ ref('int_pings') }}
    where exclusion is null and original_subscription_id is not null

),

contradictions as (

    select subscription_id as subject, period_start, reporting_reason
    from coverage
    where (is_complete_period and is_reporting != (instance_count > 0))
        or (is_complete_period and has_production_ping != (production_instance_count > 0))
        or (not is_reporting and instance_count > 0)
        or (is_reporting and instance_count = 0 and instances_before = 0)
        or (has_production_ping and production_instance_count = 0 and production_instances_before = 0)
        or production_instance_count > instance_count
        or (reporting_reason = 'reporting' and not is_reporting)
        or (reporting_reason in ('never_reported', 'stopped_reporting') and is_reporting)
        or (reporting_reason = 'never_reported' and latest_ping_at is not null)
        or (reporting_reason = 'stopped_reporting' and latest_ping_at is null)

),

covered as (

    select period_start, sum(instance_count) as instances
    from coverage
    group by period_start

),

reported as (

    select
        period_start,
        count(distinct original_subscription_id || ' ' || instance_id) as instances
    from pings
    group by period_start

),

uncounted as (

    select 'all instances' as subject, coalesce(covered.period_start, reported.period_start) as period_start,
        'counted' as reporting_reason
    from covered
    full outer join reported
        on covered.period_start = reported.period_start
    where coalesce(covered.instances, 0) != coalesce(reported.instances, 0)

),

findings as (

    select * from contradictions
    union all
    select * from uncounted

)

select * from findings
