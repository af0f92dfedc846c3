with

accounts as (

    select * from {{ ref('base_crm__accounts') }}

),

kept as (

    select
        account_id,
        account_name,
        parent_account_id,
        segment,
        region,
        csm_email
    from accounts
    where row_finding is null

)

select * from kept
