-- The newest ping is at most var ping_freshness_days old on as_of: files go on arriving. Otherwise every figure grows old
-- without a word, and after stale_after_days all scores are gone.
{{ config(severity='warn') }}
with

pings as (

    select * from {{ ref('int_pings') }}

),

newest as (

    select max(received_at) as newest_ping_at
    from pings

),

too_old as (

    select
        newest_ping_at,
        {{ as_of() }} as as_of,
        {{ days_between('cast(newest_ping_at as date)', as_of()) }} as days_without_ping
    from newest
    where newest_ping_at is null
        or {{ days_between('cast(newest_ping_at as date)', as_of()) }} > {{ var('ping_freshness_days') }}

)

select * from too_old
