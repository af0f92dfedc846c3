{{ config(materialized='view') }}
{#- The subscription that a ping's licence fields name: the surest field first. One order for both windows, so that rows are
    sorted once. -#}
{%- set best_first = "partition by ping_id order by match_order, case when is_in_force then 0 else 1 end,"
    ~ " case when is_cancelled then 1 else 0 end, start_date desc, subscription_id" %}
with

pings as (

    select
        *,
        {{ measurement_day('ping_date') }} as measurement_date
    from {{ ref('stg_service_ping__pings') }}

),

versions as (

    select * from {{ ref('int_subscriptions_known') }}

),

licenses as (

    select * from {{ ref('int_licenses_known') }}

),

candidates as (

    select ping_id, ping_date, measurement_date, 1 as match_order, 'subscription_id' as license_match,
        license_subscription_id as subscription_id
    from pings
    where license_subscription_id is not null
    union all
    select pings.ping_id, pings.ping_date, pings.measurement_date, 2, 'sha256', licenses.subscription_id
    from pings
    inner join licenses
        on pings.license_sha256 = licenses.license_sha256
        and {{ is_known('licenses', 'pings.measurement_date') }}
    union all
    select pings.ping_id, pings.ping_date, pings.measurement_date, 3, 'md5', licenses.subscription_id
    from pings
    inner join licenses
        on pings.license_md5 = licenses.license_md5
        and {{ is_known('licenses', 'pings.measurement_date') }}

),

known as (

    select distinct
        candidates.*,
        versions.original_subscription_id,
        versions.account_id,
        versions.start_date,
        versions.end_date,
        versions.is_cancelled,
        {{ is_in_force('versions', 'candidates.ping_date') }} as is_in_force
    from candidates
    inner join versions
        on candidates.subscription_id = versions.subscription_id
        and {{ is_known('versions', 'candidates.measurement_date') }}

),

matches as (

    select
        ping_id,
        ping_date,
        measurement_date,
        license_match,
        subscription_id as matched_subscription_id,
        original_subscription_id,
        account_id,
        coalesce(lead(match_order) over ({{ best_first }}) = match_order, false) as has_multiple_matches
    from known
    qualify row_number() over ({{ best_first }}) = 1

)

select * from matches
