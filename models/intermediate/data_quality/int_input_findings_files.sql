{#- Pings that are read and not looked at, for they arrived after as_of: at a past as_of all that came since, else those with
    an arrival that lies in the future. What cannot be read as a ping is in quarantined_pings. -#}
with

kinds as (

    select * from {{ ref('finding_kinds') }}

),

leaves as (

    select * from {{ ref('base_service_ping__leaves') }}
    where key_path = '' and ping_id is not null

),

found as (

    select
        'service_pings' as source,
        ping_id as row_key,
        'received_at' as column_name,
        'after_as_of' as finding,
        cast(cast(min(received_at) as date) as {{ dbt.type_string() }}) as value
    from leaves
    group by ping_id
    having cast(min(received_at) as date) > {{ as_of() }}

),

findings as (

    {{ told_findings('found', 'kinds') }}

)

select * from findings
