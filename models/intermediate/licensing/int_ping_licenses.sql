{{ config(materialized='view') }}
{#- The licence record that the ping's own hash names, whichever way the subscription was matched. -#}
with

pings as (

    select
        *,
        {{ measurement_day('ping_date') }} as measurement_date
    from {{ ref('stg_service_ping__pings') }}

),

licenses as (

    select * from {{ ref('int_licenses_known') }}

),

candidates as (

    select pings.ping_id, 1 as match_order, licenses.license_id, licenses.seats, licenses.starts_at
    from pings
    inner join licenses
        on pings.license_sha256 = licenses.license_sha256
        and {{ is_known('licenses', 'pings.measurement_date') }}
    union all
    select pings.ping_id, 2, licenses.license_id, licenses.seats, licenses.starts_at
    from pings
    inner join licenses
        on pings.license_md5 = licenses.license_md5
        and {{ is_known('licenses', 'pings.measurement_date') }}

),

chosen as (

    select
        ping_id,
        license_id,
        seats as license_seats
    from candidates
    qualify row_number() over (
        partition by ping_id order by match_order, starts_at desc nulls last, license_id
    ) = 1

)

select * from chosen
