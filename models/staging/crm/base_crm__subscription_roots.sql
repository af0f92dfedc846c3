{{ config(materialized='table') }}
{#- original_subscription_id may name the version before instead of the first one: it is followed to the root. Each step
    doubles the way walked, so chains of 64 versions end at their root; what has not ended there runs in a circle. -#}
{%- set steps = 6 -%}
with

subscriptions as (

    select * from {{ ref('base_crm__subscriptions') }}
    where subscription_id is not null

),

step_0 as (

    select
        subscription_id,
        coalesce(
            min(case when original_subscription_id != subscription_id then original_subscription_id end),
            subscription_id
        ) as root_id
    from subscriptions
    group by subscription_id

),
{%- for step in range(1, steps + 1) %}

step_{{ step }} as (

    select
        walked.subscription_id,
        coalesce(further.root_id, walked.root_id) as root_id
    from step_{{ step - 1 }} as walked
    left join step_{{ step - 1 }} as further
        on walked.root_id = further.subscription_id

),
{%- endfor %}

roots as (

    select
        walked.subscription_id,
        coalesce(first_steps.root_id != walked.root_id, false) as is_in_circle,
        case when coalesce(first_steps.root_id != walked.root_id, false) then walked.subscription_id else walked.root_id end
            as root_id
    from step_{{ steps }} as walked
    left join step_0 as first_steps
        on walked.root_id = first_steps.subscription_id

)

select * from roots
