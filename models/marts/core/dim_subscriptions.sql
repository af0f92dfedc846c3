{#- One id in several rows (a ramp deal) shows the one in force, else the last that started. -#}
with

versions as (

    select * from {{ ref('int_subscriptions_known') }}
    where is_latest

),

judged as (

    select
        *,
        min(start_date) over (partition by original_subscription_id) as first_start_date,
        is_known_now and {{ is_in_force('versions', as_of()) }} as is_in_force
    from versions

),

chosen as (

    select * from judged
    qualify {{ version_rank('subscription_id') }} = 1

),

subscriptions as (

    select
        subscription_id,
        original_subscription_id,
        account_id,
        product_tier,
        is_trial,
        seats,
        start_date,
        end_date,
        status,
        cancelled_on,
        is_cancelled,
        first_start_date,
        is_in_force as is_active,
        arr,
        is_known_now as is_in_crm
    from chosen

)

select * from subscriptions
