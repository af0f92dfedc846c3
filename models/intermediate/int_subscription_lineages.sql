with

versions as (

    select * from {{ ref('stg_crm__subscriptions') }}

),

lineages as (

    select
        original_subscription_id,
        min(start_date) as first_start_date
    from versions
    where start_date <= {{ as_of() }}
    group by original_subscription_id

)

select * from lineages
