with

increases as (

    select * from {{ ref('int_counter_increases') }}

)

select * from increases
