with

excluded_pings as (

    select * from {{ ref('base_service_ping__excluded_pings') }}
    where row_finding is null

),

used as (

    select
        ping_id,
        reason
    from excluded_pings

)

select * from used
