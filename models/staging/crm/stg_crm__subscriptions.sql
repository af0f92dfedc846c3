{{ config(materialized='table') }}
with

subscriptions as (

    select * from {{ ref('base_crm__subscriptions_judged') }}
    where row_finding is null

),

roots as (

    select * from {{ ref('base_crm__subscription_roots') }}

),

versions as (

    select
        subscriptions.subscription_id,
        row_number() over (
            partition by subscriptions.subscription_id order by subscriptions.start_date
        ) as segment_number,
        roots.root_id as original_subscription_id,
        subscriptions.account_id,
        upper(substr(subscriptions.tier, 1, 1)) || substr(subscriptions.tier, 2) as product_tier,
        subscriptions.tier,
        coalesce(subscriptions.is_trial, false) as is_trial,
        subscriptions.seats,
        subscriptions.start_date,
        subscriptions.end_date,
        subscriptions.status,
        subscriptions.cancelled_on,
        coalesce(subscriptions.status = 'cancelled' or subscriptions.cancelled_on <= {{ as_of() }}, false) as is_cancelled,
        subscriptions.arr
    from subscriptions
    inner join roots
        on subscriptions.subscription_id = roots.subscription_id

)

select * from versions
