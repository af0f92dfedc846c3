with

accounts as (

    select * from {{ ref('dim_accounts') }}

),

instance_weeks as (

    select * from {{ ref('int_instance_weeks') }}

),

companies as (

    select account_id from {{ ref('adoption_explorer__company_info') }}

),

instances as (

    select
        instance_weeks.account_id,
        instance_weeks.instance_id,
        count(*) as weeks,
        max(instance_weeks.last_ping_at) as last_ping_at
    from instance_weeks
    group by instance_weeks.account_id, instance_weeks.instance_id

),

subjects as (

    select
        account_id,
        instance_id,
        weeks,
        last_ping_at
    from instances
    union all
    select
        accounts.account_id,
        cast(null as {{ dbt.type_string() }}) as instance_id,
        0 as weeks,
        cast(null as {{ dbt.type_timestamp() }}) as last_ping_at
    from accounts
    left join instances
        on accounts.account_id = instances.account_id
    where instances.account_id is null

),

left_out as (

    select
        cast(coalesce(subjects.account_id, '') || '/' || coalesce(subjects.instance_id, '') as {{ dbt.type_string() }})
            as subject,
        cast(subjects.account_id as {{ dbt.type_string() }}) as account_id,
        cast(accounts.account_name as {{ dbt.type_string() }}) as account_name,
        cast(subjects.instance_id as {{ dbt.type_string() }}) as instance_id,
        cast(case
            when subjects.account_id is null then 'no_account'
            when coalesce(accounts.is_in_crm, false) then 'no_company'
            else 'not_in_crm'
        end as {{ dbt.type_string() }}) as left_out_reason,
        cast(subjects.weeks as double) as weeks,
        cast(subjects.last_ping_at as {{ dbt.type_timestamp() }}) as last_ping_at
    from subjects
    left join accounts
        on subjects.account_id = accounts.account_id
    left join companies
        on subjects.account_id = companies.account_id
    where companies.account_id is null

)

select * from left_out
