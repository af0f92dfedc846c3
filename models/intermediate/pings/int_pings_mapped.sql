{{ config(materialized='view') }}
{#- A lineage that has not started by the ping's day is none: the account is known, the subscription is not. -#}
with

pings as (

    select * from {{ ref('int_pings_classified') }}

),

matches as (

    select * from {{ ref('int_ping_license_matches') }}

),

ping_licenses as (

    select * from {{ ref('int_ping_licenses') }}

),

versions as (

    select * from {{ ref('int_subscriptions_known') }}

),

candidate_versions as (

    select
        matches.ping_id,
        versions.subscription_id,
        versions.account_id,
        versions.tier,
        versions.seats,
        versions.start_date,
        versions.end_date,
        versions.is_cancelled,
        {{ is_in_force('versions', 'matches.ping_date') }} as is_in_force
    from matches
    inner join versions
        on matches.original_subscription_id = versions.original_subscription_id
        and versions.start_date <= matches.ping_date
        and {{ is_known('versions', 'matches.measurement_date') }}

),

version_at_ping as (

    select * from candidate_versions
    qualify {{ version_rank('ping_id') }} = 1

),

mapped as (

    select
        pings.*,
        matches.license_match,
        coalesce(matches.has_multiple_matches, false) as has_multiple_matches,
        case when version_at_ping.ping_id is not null then matches.original_subscription_id end as original_subscription_id,
        version_at_ping.subscription_id,
        coalesce(version_at_ping.account_id, matches.account_id) as account_id,
        coalesce(version_at_ping.is_in_force, false) as is_in_force,
        version_at_ping.tier as subscription_tier,
        case when version_at_ping.is_in_force then version_at_ping.seats end as subscription_seats,
        ping_licenses.license_seats,
        case
            when pings.exclusion is not null then pings.exclusion
            when version_at_ping.is_in_force then null
            when matches.ping_id is not null then 'no_active_subscription'
            when coalesce(pings.license_subscription_id, pings.license_sha256, pings.license_md5) is null
                then 'no_license'
            else 'license_unknown'
        end as unmapped_reason
    from pings
    left join matches
        on pings.ping_id = matches.ping_id
    left join version_at_ping
        on pings.ping_id = version_at_ping.ping_id
    left join ping_licenses
        on pings.ping_id = ping_licenses.ping_id

)

select * from mapped
