with

account_values as (

    select
        account_id,
        period_start,
        is_complete_period,
        metric_name,
        metric_value,
        reporting_subscriptions,
        missing_reason
    from {{ ref('int_account_values') }}
    where not is_standing

)

select * from account_values
