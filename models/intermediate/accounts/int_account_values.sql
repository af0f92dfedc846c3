{#- A metric over an account's primary instances: counts are added, ratios averaged, a flag is on when it is on anywhere. Only
    reported values count. Of every period, and of the standing: over the rows on which its subscriptions stand, whoever has
    pinged first in a period that is open. -#}
with

metrics as (

    select * from {{ ref('int_metrics') }}

),

eligibility as (

    select * from {{ ref('int_subscription_eligibility') }}

),

metric_values as (

    select * from {{ ref('int_metric_values') }}

),

statuses as (

    select * from {{ ref('value_statuses') }}

),

counted as (

    select
        eligibility.account_id,
        eligibility.period_start,
        eligibility.is_complete_period,
        false as is_standing,
        primary_instances.instance_id,
        primary_instances.period_start as source_period_start
    from eligibility
    inner join {{ ref('int_primary_instances') }} as primary_instances
        on eligibility.original_subscription_id = primary_instances.original_subscription_id
        and eligibility.period_start = primary_instances.period_start
    union all
    select
        eligibility.account_id,
        eligibility.period_start,
        eligibility.is_complete_period,
        true as is_standing,
        standing_rows.instance_id,
        standing_rows.period_start as source_period_start
    from eligibility
    inner join {{ ref('int_standing_rows') }} as standing_rows
        on eligibility.original_subscription_id = standing_rows.original_subscription_id
    where eligibility.is_current and eligibility.is_in_force and standing_rows.is_standing

),

summed as (

    select
        counted.account_id,
        counted.period_start,
        counted.is_complete_period,
        counted.is_standing,
        metric_values.metric_name,
        {{ account_value('metrics.unit', 'metric_values.metric_value') }} as metric_value,
        count(metric_values.metric_value) as reporting_subscriptions,
        min(case when metric_values.metric_value is null then statuses.precedence end) as first_precedence
    from counted
    inner join metric_values
        on counted.instance_id = metric_values.instance_id
        and counted.source_period_start = metric_values.period_start
    inner join metrics
        on metric_values.metric_name = metrics.metric_name
    left join statuses
        on metric_values.value_reason = statuses.value_reason
    group by
        counted.account_id, counted.period_start, counted.is_complete_period, counted.is_standing,
        metric_values.metric_name, metrics.unit

),

account_values as (

    select
        summed.account_id,
        summed.period_start,
        summed.is_complete_period,
        summed.is_standing,
        summed.metric_name,
        summed.metric_value,
        summed.reporting_subscriptions,
        case when summed.metric_value is null then statuses.value_reason end as missing_reason
    from summed
    left join statuses
        on summed.first_precedence = statuses.precedence

)

select * from account_values
