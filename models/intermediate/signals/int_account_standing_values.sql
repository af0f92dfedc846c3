{#- A metric over an account as of now, whoever has pinged first in a period that is open: over the rows on which its
    subscriptions stand. -#}
with

metrics as (

    select * from {{ ref('int_metrics') }}

),

standing_rows as (

    select * from {{ ref('int_standing_rows') }}
    where is_standing

),

eligibility as (

    select * from {{ ref('int_subscription_eligibility') }}
    where is_current and is_in_force

),

metric_values as (

    select * from {{ ref('fct_metric_values') }}

),

account_values as (

    select
        eligibility.account_id,
        eligibility.period_start,
        metric_values.metric_name,
        {{ account_value('metrics.unit', 'metric_values.metric_value') }} as metric_value
    from eligibility
    inner join standing_rows
        on eligibility.original_subscription_id = standing_rows.original_subscription_id
    inner join metric_values
        on standing_rows.instance_id = metric_values.instance_id
        and standing_rows.period_start = metric_values.period_start
    inner join metrics
        on metric_values.metric_name = metrics.metric_name
    group by eligibility.account_id, eligibility.period_start, metric_values.metric_name, metrics.unit

)

select * from account_values
