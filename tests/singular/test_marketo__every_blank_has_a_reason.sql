-- Whoever filters by a field in Marketo finds, where it is empty, the reason in a field beside it.
with

account_health as (

    select * from {{ ref('marketo__account_health') }}

),

smart_list_flags as (

    select * from {{ ref('marketo__smart_list_flags') }}

),

unexplained as (

    select 'account_health' as model, account_id as subject
    from account_health
    where {{ account_blank_without_reason() }}
    union all
    select 'smart_list_flags' as model, account_id as subject
    from smart_list_flags
    where (renewal_date is null) != (renewal_date_missing_reason is not null)
        or (unused_seats is null and unused_seats_missing_reason is null)
        or (next_use_case is null) != (next_use_case_missing_reason is not null)

)

select * from unexplained
