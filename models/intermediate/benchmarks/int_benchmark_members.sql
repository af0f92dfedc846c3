{#- parent_account_id is followed to the head of the group, over 16 levels; accounts in a circle stand for groups of their own. -#}
{%- set steps = 4 -%}
with

accounts as (

    select * from {{ ref('int_accounts_known') }}
    where is_latest and is_known_now

),

members as (

    select * from {{ ref('stg_crm__benchmark_members') }}

),

plans as (

    {#- The highest plan in force today. #}
    select
        subscriptions.account_id,
        max(tiers.tier_rank) as tier_rank
    from {{ ref('int_subscription_periods') }} as subscriptions
    inner join {{ ref('product_tiers') }} as tiers
        on subscriptions.tier = tiers.tier
    where subscriptions.is_current and subscriptions.is_in_force
    group by subscriptions.account_id

),

step_0 as (

    select
        account_id as id,
        coalesce(parent_account_id, account_id) as end_id
    from accounts

),

{{ followed_to_the_end(steps) }}
placed as (

    select
        accounts.account_id,
        accounts.segment,
        tiers.tier as product_tier,
        heads.end_id as group_id,
        members.account_id is not null as is_member
    from accounts
    inner join step_{{ steps }} as heads
        on accounts.account_id = heads.id
    left join members
        on accounts.account_id = members.account_id
    left join plans
        on accounts.account_id = plans.account_id
    left join {{ ref('product_tiers') }} as tiers
        on plans.tier_rank = tiers.tier_rank

)

select * from placed
