with

versions as (

    select * from {{ ref('stg_crm__subscriptions') }}

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
        min(start_date) over (partition by original_subscription_id) as first_start_date,
        {{ is_in_force('versions', as_of()) }} as is_active,
        arr
    from versions

)

select * from subscriptions
