{{ config(materialized='view') }}
with

rollup_scores as (

    select * from {{ ref('int_rollup_scores') }}
    where not is_standing

)

select * from rollup_scores
