with

use_cases as (

    select * from {{ ref('int_account_use_cases') }}
    where not is_standing

),

account_adoption as (

    select * from {{ ref('fct_account_adoption') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

product_usage as (

    select
        {{ salesforce_account('use_cases.account_id') }}
        || '/' || cast(use_cases.period_start as {{ dbt.type_string() }})
        || '/' || use_cases.use_case as usage_key,
        {{ salesforce_account('use_cases.account_id') }} as account_id,
        cast(use_cases.period_start as date) as period_start,
        account_adoption.is_complete_period,
        cast(use_cases.use_case as {{ dbt.type_string() }}) as use_case,
        cast(use_cases.label as {{ dbt.type_string() }}) as use_case_label,
        cast(use_cases.adoption_status as {{ dbt.type_string() }}) as adoption_status,
        cast({{ shown_score('use_cases.score') }} as double) as score,
        cast(use_cases.color as {{ dbt.type_string() }}) as color,
        cast(use_cases.unscored_reason as {{ dbt.type_string() }}) as unscored_reason,
        {{ publish_stamps() }}
    from use_cases
    inner join account_adoption
        on use_cases.account_id = account_adoption.account_id
        and use_cases.period_start = account_adoption.period_start
    inner join accounts
        on use_cases.account_id = accounts.account_id
    where accounts.is_in_crm

)

select * from product_usage
