{{ config(severity='warn') }}
-- Rows of a seat source that name a subscription which the CRM never had are not used, and nobody else would say so.
with

reports as (

    {{ seat_reports() }}

),

subscriptions as (

    select * from {{ ref('int_subscriptions_known') }}

),

unknown as (

    select reports.*
    from reports
    left join subscriptions
        on reports.subscription_id = subscriptions.subscription_id
    where subscriptions.subscription_id is null

)

select * from unknown
