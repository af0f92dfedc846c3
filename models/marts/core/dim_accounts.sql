with

accounts as (

    select * from {{ ref('stg_crm__accounts') }}

)

select * from accounts
