{{ config(materialized='table') }}
-- depends_on: {{ ref('base_service_ping__leaves') }}
with

inputs as (

    select * from {{ ref('base_service_ping__inputs') }}

),

extracted as (

    select entry_type, entry_name, entry_version
    from inputs

)

select * from extracted
