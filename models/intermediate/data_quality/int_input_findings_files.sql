{#- Pings that are read and not looked at, for they arrived after as_of (at a past as_of all that came since, else those with
    an arrival that lies in the future), and rows of excluded_pings that take no ping out. What cannot be read as a ping is
    in quarantined_pings. -#}
with

kinds as (

    select * from {{ ref('finding_kinds') }}

),

leaves as (

    select * from {{ ref('base_service_ping__leaves') }}
    where key_path = '' and ping_id is not null

),

exclusions as (

    select * from {{ ref('base_service_ping__excluded_pings') }}

),

excluded_pings as (

    select * from {{ ref('stg_service_ping__excluded_pings') }}

),

arrived as (

    select
        ping_id,
        cast(min(received_at) as date) as first_day
    from leaves
    group by ping_id

),

found as (

    select
        'service_pings' as source,
        ping_id as row_key,
        'received_at' as column_name,
        'after_as_of' as finding,
        cast(first_day as {{ dbt.type_string() }}) as value
    from arrived
    where first_day > {{ as_of() }}
    union all
    {{ column_findings('exclusions', 'excluded_pings', ['row']) }}
    union all
    select 'excluded_pings', excluded_pings.ping_id, 'ping_id', 'ping_unknown', excluded_pings.reason
    from excluded_pings
    left join arrived
        on excluded_pings.ping_id = arrived.ping_id
    where arrived.ping_id is null

),

findings as (

    {{ told_findings('found', 'kinds') }}

)

select * from findings
