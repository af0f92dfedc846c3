{#- A metric over an account's primary instances: counts are added, ratios averaged, a flag is on when it is on anywhere.
    Only reported values count. -#}
with

metrics as (

    select * from {{ ref('int_metrics') }}

),

primary_instances as (

    select * from {{ ref('int_primary_instances') }}

),

eligibility as (

    select * from {{ ref('int_subscription_eligibility') }}

),

metric_values as (

    select * from {{ ref('fct_metric_values') }}

),

statuses as (

    select * from {{ ref('value_statuses') }}

),

account_values as (

    select
        eligibility.account_id,
        metric_values.period_start,
        eligibility.is_complete_period,
        metric_values.metric_name,
        {{ account_value('metrics.unit', 'metric_values.metric_value') }} as metric_value,
        count(metric_values.metric_value) as reporting_subscriptions,
        min(case when metric_values.metric_value is null then statuses.precedence end)
            as first_precedence
    from metric_values
    inner join metrics
        on metric_values.metric_name = metrics.metric_name
    left join statuses
        on metric_values.value_reason = statuses.value_reason
    inner join primary_instances
        on metric_values.instance_id = primary_instances.instance_id
        and metric_values.period_start = primary_instances.period_start
    inner join eligibility
        on primary_instances.original_subscription_id = eligibility.original_subscription_id
        and primary_instances.period_start = eligibility.period_start
    group by
        eligibility.account_id,
        metric_values.period_start,
        eligibility.is_complete_period,
        metric_values.metric_name,
        metrics.unit

),

reasoned as (

    select
        account_values.account_id,
        account_values.period_start,
        account_values.is_complete_period,
        account_values.metric_name,
        account_values.metric_value,
        account_values.reporting_subscriptions,
        case when account_values.metric_value is null then statuses.value_reason end as missing_reason
    from account_values
    left join statuses
        on account_values.first_precedence = statuses.precedence

)

select * from reasoned
