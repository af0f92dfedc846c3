with

adoption as (

    select * from {{ ref('int_rollup_adoption') }}
    where not is_standing

),

account_periods as (

    select * from {{ ref('int_account_periods') }}
    where not is_standing

),

settings as (

    select * from {{ ref('int_settings') }}

),

account_adoption as (

    select
        adoption.account_id,
        adoption.period_start,
        account_periods.is_complete_period,
        adoption.adopted_use_cases,
        adoption.in_progress_use_cases,
        adoption.adopted_count,
        adoption.is_platform_customer,
        adoption.adoption_level,
        adoption.adoption_missing_reason,
        adoption.next_use_case,
        adoption.next_use_case_advice,
        case when account_periods.is_complete_period then adoption.adopted_count - earlier.adopted_count end
            as adopted_count_trend
    from adoption
    cross join settings
    inner join account_periods
        on adoption.account_id = account_periods.account_id
        and adoption.period_start = account_periods.period_start
    left join adoption as earlier
        on adoption.account_id = earlier.account_id
        and earlier.period_start
        = {{ periods_later('adoption.period_start', '-cast(settings.trend_periods as integer)') }}

)

select * from account_adoption
