{#- Every roll-up that an account has: one for each of its periods, and its standing on as_of. -#}
with

account_periods as (

    select * from {{ ref('int_account_periods') }}

),

rollups as (

    select account_id, period_start, previous_period_start, is_complete_period, false as is_standing
    from account_periods
    union all
    select account_id, period_start, previous_period_start, is_complete_period, true as is_standing
    from account_periods
    where is_current

)

select * from rollups
