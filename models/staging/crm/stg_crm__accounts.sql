with

accounts as (

    select * from {{ raw_rows(source('crm', 'accounts')) }}

),

cleaned as (

    select
        {{ clean_text('account_id') }} as account_id,
        {{ clean_text('account_name') }} as account_name,
        {{ clean_text('parent_account_id') }} as parent_account_id,
        {{ clean_text('segment') }} as segment,
        {{ clean_text('region') }} as region,
        {{ clean_text('csm_email') }} as csm_email
    from accounts

)

select * from cleaned
