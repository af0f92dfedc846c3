{#- Every ping with its subscription, its account and the plan that the instance ran. A lineage that has not started by the
    ping's day is none: the account is known, the subscription is not. -#}
with

pings as (

    select * from {{ ref('int_pings_classified') }}

),

ping_licenses as (

    select * from {{ ref('int_ping_licenses') }}

),

versions as (

    select * from {{ ref('int_subscriptions_known') }}

),

versions_begun as (

    select
        pings.ping_id,
        versions.subscription_id,
        versions.original_subscription_id,
        versions.account_id,
        versions.tier,
        versions.seats,
        versions.start_date,
        versions.end_date,
        versions.is_cancelled,
        {{ is_in_force('versions', 'pings.ping_date') }} as is_in_force
    from ping_licenses
    inner join pings
        on ping_licenses.ping_id = pings.ping_id
    inner join versions
        on ping_licenses.original_subscription_id = versions.original_subscription_id
        and versions.start_date <= pings.ping_date
        and {{ is_known('versions', measurement_day('pings.ping_date')) }}

),

version_at_ping as (

    select * from versions_begun
    qualify {{ version_rank('ping_id') }} = 1

),

mapped as (

    select
        pings.*,
        ping_licenses.license_match,
        coalesce(ping_licenses.has_multiple_matches, false) as has_multiple_matches,
        version_at_ping.original_subscription_id,
        version_at_ping.subscription_id,
        coalesce(version_at_ping.account_id, ping_licenses.account_id) as account_id,
        coalesce(version_at_ping.is_in_force, false) as is_in_force,
        case when version_at_ping.is_in_force then version_at_ping.seats end as subscription_seats,
        ping_licenses.license_seats,
        case
            when pings.exclusion is not null then pings.exclusion
            when version_at_ping.is_in_force then null
            when ping_licenses.license_match is not null then 'no_active_subscription'
            when coalesce(pings.license_subscription_id, pings.license_sha256, pings.license_md5) is null
                then 'no_license'
            else 'license_unknown'
        end as unmapped_reason,
        case
            when pings.license_expires_at < pings.ping_date then 'free'
            when pings.license_trial and pings.license_trial_ends_on < pings.ping_date
                then coalesce(version_at_ping.tier, 'free')
            when pings.license_plan in ('starter', 'premium', 'ultimate') then pings.license_plan
            else coalesce(editions.tier, 'unknown')
        end as tier,
        case
            when pings.license_trial and coalesce(pings.ping_date <= pings.license_trial_ends_on, true)
                then greatest(coalesce(plan_tiers.tier_rank, -1), coalesce(edition_tiers.tier_rank, -1))
        end as trial_tier_rank
    from pings
    left join ping_licenses
        on pings.ping_id = ping_licenses.ping_id
    left join version_at_ping
        on pings.ping_id = version_at_ping.ping_id
    left join {{ ref('editions') }} as editions
        on upper(pings.edition) = editions.edition
    left join {{ ref('product_tiers') }} as edition_tiers
        on editions.tier = edition_tiers.tier
    left join {{ ref('product_tiers') }} as plan_tiers
        on pings.license_plan = plan_tiers.tier

),

judged as (

    {#- The last ping received in a period is the one that counts for its instance there (docs/rules.md 1). #}
    select
        mapped.*,
        tiers.tier_rank,
        mapped.exclusion is null and row_number() over (
            partition by mapped.instance_id, mapped.period_start, mapped.exclusion is null
            order by mapped.received_at desc, mapped.recorded_at desc nulls last, mapped.ping_id desc
        ) = 1 as is_period_ping,
        count(case when mapped.exclusion is null then 1 end) over (
            partition by mapped.instance_id, mapped.period_start
        ) as ping_count
    from mapped
    left join {{ ref('product_tiers') }} as tiers
        on mapped.tier = tiers.tier

)

select * from judged
