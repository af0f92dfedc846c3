with

accounts as (

    select * from {{ ref('dim_accounts') }}

),

standing as (

    select * from {{ ref('mart_account_standing') }}

),

companies as (

    {{ gainsight_companies('accounts') }}

),

company_info as (

    select
        cast(accounts.account_id as {{ dbt.type_string() }}) as account_id,
        cast(accounts.account_name as {{ dbt.type_string() }}) as account_name,
        cast(accounts.segment as {{ dbt.type_string() }}) as segment,
        cast(accounts.region as {{ dbt.type_string() }}) as region,
        cast(standing.overall_score as double) as health_score,
        cast(standing.overall_color as {{ dbt.type_string() }}) as health_color,
        cast(standing.unscored_reason as {{ dbt.type_string() }}) as unscored_reason,
        cast(standing.licensed_seats as double) as licensed_seats,
        cast(standing.activated_seats as double) as activated_seats,
        cast(standing.seats_missing_reason as {{ dbt.type_string() }}) as seats_missing_reason
    from accounts
    inner join companies
        on accounts.account_id = companies.account_id
    left join standing
        on accounts.account_id = standing.account_id

)

select * from company_info
