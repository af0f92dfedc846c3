{#- Every id by which a subscription may be named: those of its rows, and those that its rows name as their original one though
    the CRM exports them no longer. -#}
with

roots as (

    select * from {{ ref('base_crm__subscription_roots') }}

),

versions as (

    select * from {{ ref('stg_crm__subscriptions') }}

),

known_roots as (

    select distinct original_subscription_id as root_id from versions

),

known_ids as (

    select distinct subscription_id from versions

),

named as (

    select subscription_id, root_id from roots
    union
    select root_id, root_id from roots

),

ids as (

    select
        named.subscription_id,
        named.root_id as original_subscription_id,
        known_ids.subscription_id is not null as has_version
    from named
    inner join known_roots
        on named.root_id = known_roots.root_id
    left join known_ids
        on named.subscription_id = known_ids.subscription_id

)

select * from ids
