with

pings as (

    select * from {{ ref('int_pings') }}

),

unmapped as (

    select
        ping_id,
        received_at,
        uuid,
        hostname,
        unmapped_reason
    from pings
    where unmapped_reason is not null

)

select * from unmapped
