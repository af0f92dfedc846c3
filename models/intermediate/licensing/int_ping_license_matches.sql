{{ config(materialized='view') }}
{#- The subscription that a ping's licence fields name: the surest field first. An id that the CRM exports no longer stands for
    the versions that name it as their original one; one in several rows (a ramp deal) is one. One order for both windows. -#}
{%- set best_first = "partition by ping_id order by match_order, is_in_force desc, is_cancelled, start_date desc,"
    ~ " subscription_id" %}
with

pings as (

    select
        *,
        {{ measurement_day('ping_date') }} as measurement_date
    from {{ ref('stg_service_ping__pings') }}

),

ids as (

    select * from {{ ref('stg_crm__subscription_ids') }}

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

named as (

    select subscription_id as named_id, * from versions
    union all
    select ids.subscription_id, versions.*
    from ids
    inner join versions
        on ids.original_subscription_id = versions.original_subscription_id
    where not ids.has_version

),

judged as (

    select
        candidates.*,
        named.original_subscription_id,
        named.account_id,
        named.start_date,
        case when {{ is_in_force('named', 'candidates.ping_date') }} then 1 else 0 end as is_in_force,
        case when named.is_cancelled then 1 else 0 end as is_cancelled
    from candidates
    inner join named
        on candidates.subscription_id = named.named_id
        and {{ is_known('named', 'candidates.measurement_date') }}

),

known as (

    select
        ping_id,
        ping_date,
        measurement_date,
        match_order,
        license_match,
        subscription_id,
        original_subscription_id,
        min(account_id) as account_id,
        max(is_in_force) as is_in_force,
        min(is_cancelled) as is_cancelled,
        max(start_date) as start_date
    from judged
    group by ping_id, ping_date, measurement_date, match_order, license_match, subscription_id, original_subscription_id

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
