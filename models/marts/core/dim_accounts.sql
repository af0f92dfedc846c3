with

states as (

    select * from {{ ref('int_accounts_known') }}

),

accounts as (

    select
        account_id,
        account_name,
        parent_account_id,
        segment,
        region,
        csm_email,
        is_known_now as is_in_crm
    from states
    where is_latest

)

select * from accounts
