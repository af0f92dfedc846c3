{{ config(materialized='view') }}
with

rollup_groups as (

    select * from {{ ref('int_rollup_groups') }}
    where not is_standing

)

select * from rollup_groups
