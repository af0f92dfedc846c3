{{ config(materialized='table') }}
{#- original_subscription_id may name the version before instead of the first one: it is followed to the root, over 64
    versions; what has not ended there runs in a circle. -#}
{%- set steps = 6 -%}
with

subscriptions as (

    select * from {{ ref('base_crm__subscriptions') }}
    where subscription_id is not null

),

step_0 as (

    select
        subscription_id as id,
        coalesce(
            min(case when original_subscription_id != subscription_id then original_subscription_id end),
            subscription_id
        ) as end_id
    from subscriptions
    group by subscription_id

),

{{ followed_to_the_end(steps) }}
roots as (

    select
        walked.id as subscription_id,
        coalesce(first_steps.end_id != walked.end_id, false) as is_in_circle,
        case when coalesce(first_steps.end_id != walked.end_id, false) then walked.id else walked.end_id end as root_id
    from step_{{ steps }} as walked
    left join step_0 as first_steps
        on walked.end_id = first_steps.id

)

select * from roots
