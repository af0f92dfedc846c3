with

use_cases as (

    select * from {{ ref('int_account_use_cases') }}
    where is_standing

),

account_use_cases as (

    select
        account_id,
        period_start,
        use_case,
        label,
        step,
        adoption_status,
        case when adoption_status in ('not_applicable', 'not_measured') then unscored_reason end as missing_reason,
        case when adoption_status in ('in_progress', 'not_adopted') then advice end as advice
    from use_cases

)

select * from account_use_cases
