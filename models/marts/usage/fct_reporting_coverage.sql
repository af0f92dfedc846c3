with

coverage as (

    select * from {{ ref('int_subscription_coverage') }}

),

reasoned as (

    select
        subscription_id,
        original_subscription_id,
        account_id,
        period_start,
        is_complete_period,
        is_reporting,
        has_production_ping,
        instance_count,
        production_instance_count,
        latest_ping_at,
        case
            when not is_in_force then 'no_active_subscription'
            when is_reporting then 'reporting'
            when latest_ping_at is null then 'never_reported'
            else 'stopped_reporting'
        end as reporting_reason
    from coverage

)

select * from reasoned
