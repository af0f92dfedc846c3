{{ config(materialized='view') }}
with

metric_values as (

    select * from {{ ref('int_metric_values') }}

)

select * from metric_values
