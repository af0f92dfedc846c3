with

leaves as (

    select * from {{ ref('base_service_ping__leaves') }}

),

pings as (

    select * from {{ ref('stg_service_ping__pings') }}

),

metric_values as (

    select
        leaves.ping_id,
        leaves.key_path,
        leaves.raw_value
    from leaves
    inner join pings
        on leaves.ping_id = pings.ping_id
        and leaves.received_at = pings.received_at
        and leaves.source_file is not distinct from pings.source_file
    where leaves.key_path != ''

)

select * from metric_values
