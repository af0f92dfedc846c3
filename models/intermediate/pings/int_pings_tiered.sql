with

pings as (

    select * from {{ ref('int_pings_mapped') }}

),

editions as (

    select * from {{ ref('editions') }}

),

product_tiers as (

    select * from {{ ref('product_tiers') }}

),

tiered as (

    select
        pings.*,
        case
            when pings.license_expires_at < pings.ping_date then 'free'
            when pings.license_trial and pings.license_trial_ends_on < pings.ping_date
                then coalesce(pings.subscription_tier, 'free')
            when pings.license_plan in ('starter', 'premium', 'ultimate') then pings.license_plan
            else coalesce(editions.tier, 'unknown')
        end as tier,
        coalesce(pings.license_trial, false)
        and (pings.license_plan = 'ultimate' or editions.tier = 'ultimate')
        and (pings.license_trial_ends_on is null or pings.ping_date <= pings.license_trial_ends_on)
            as is_ultimate_trial
    from pings
    left join editions
        on upper(pings.edition) = editions.edition

),

ranked as (

    select
        tiered.*,
        product_tiers.tier_rank
    from tiered
    left join product_tiers
        on tiered.tier = product_tiers.tier

)

select * from ranked
