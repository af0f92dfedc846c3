-- Who is said to report has a ping in the period, who is said to have stopped had one before, who never reported had
-- none; and every instance that reported on a subscription is counted on exactly one.
with

coverage as (

    select * from {{ ref('fct_reporting_coverage') }}

),

activity as (

    select * from {{ ref('fct_instance_activity') }}

),

contradictions as (

    select subscription_id as subject, period_start, reporting_reason
    from coverage
    where is_reporting != (instance_count > 0)
        or has_production_ping != (production_instance_count > 0)
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
        count(case when ping_count > 0 and original_subscription_id is not null then 1 end) as instances
    from activity
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
