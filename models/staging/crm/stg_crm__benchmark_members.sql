{#- Apart from stg_crm__accounts, which is snapshotted: consent is what it is today, and has no past. -#}
with

accounts as (

    select * from {{ ref('base_crm__accounts') }}

),

members as (

    select account_id
    from accounts
    where row_finding is null and in_benchmarks

)

select * from members
