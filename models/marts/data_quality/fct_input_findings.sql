with

findings as (

    select * from {{ ref('int_input_findings') }}

)

select * from findings
