{{ config(materialized='view') }}
{#- What a ping's licence fields lead to: the subscription, by the surest field first, and the licence record that its own hash
    names. An id that the CRM exports no longer leads to the versions that name it as their original one; one in several rows
    (a ramp deal) is one. -#}
{%- set best_first = "partition by ping_id order by match_order, is_in_force desc, is_cancelled, start_date desc,"
    ~ " subscription_id" %}
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

named_licenses as (

    {%- for hash in ['sha256', 'md5'] %}
    select pings.ping_id, pings.ping_date, pings.measurement_date, {{ loop.index + 1 }} as match_order,
        '{{ hash }}' as license_match, licenses.subscription_id, licenses.license_id, licenses.seats, licenses.starts_at
    from pings
    inner join {{ ref('int_licenses_known') }} as licenses
        on pings.license_{{ hash }} = licenses.license_{{ hash }}
        and {{ is_known('licenses', 'pings.measurement_date') }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

candidates as (

    select ping_id, ping_date, measurement_date, match_order, license_match, subscription_id from named_licenses
    union all
    select ping_id, ping_date, measurement_date, 1, 'subscription_id', license_subscription_id from pings
    where license_subscription_id is not null

),

named_versions as (

    select subscription_id as named_id, * from versions
    union all
    select ids.subscription_id, versions.*
    from {{ ref('stg_crm__subscription_ids') }} as ids
    inner join versions
        on ids.original_subscription_id = versions.original_subscription_id
    where not ids.has_version

),

known as (

    select
        candidates.ping_id,
        candidates.match_order,
        candidates.license_match,
        candidates.subscription_id,
        named_versions.original_subscription_id,
        min(named_versions.account_id) as account_id,
        max(case when {{ is_in_force('named_versions', 'candidates.ping_date') }} then 1 else 0 end) as is_in_force,
        min(case when named_versions.is_cancelled then 1 else 0 end) as is_cancelled,
        max(named_versions.start_date) as start_date
    from candidates
    inner join named_versions
        on candidates.subscription_id = named_versions.named_id
        and {{ is_known('named_versions', 'candidates.measurement_date') }}
    group by
        candidates.ping_id, candidates.match_order, candidates.license_match, candidates.subscription_id,
        named_versions.original_subscription_id

),

matches as (

    select
        *,
        coalesce(lead(match_order) over ({{ best_first }}) = match_order, false) as has_multiple_matches
    from known
    qualify row_number() over ({{ best_first }}) = 1

),

records as (

    select * from named_licenses
    qualify row_number() over (
        partition by ping_id order by match_order, starts_at desc nulls last, license_id
    ) = 1

),

ping_licenses as (

    select
        coalesce(matches.ping_id, records.ping_id) as ping_id,
        matches.license_match,
        matches.original_subscription_id,
        matches.account_id,
        coalesce(matches.has_multiple_matches, false) as has_multiple_matches,
        records.license_id,
        records.seats as license_seats
    from matches
    full outer join records
        on matches.ping_id = records.ping_id

)

select * from ping_licenses
