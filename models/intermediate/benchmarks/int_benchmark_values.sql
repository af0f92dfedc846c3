{#- Subscriptions are added where both numbers are known, as everywhere. The period lies the lag behind the newest complete one,
    so that nobody reads this month's doings of another customer. -#}
{%- set count_of_use_cases = 'adopted_use_cases' -%}
with

measures as (

    select * from {{ ref('int_subscription_measures') }}

),

adoption as (

    select * from {{ ref('int_rollup_adoption') }}
    where not is_standing

),

benchmarks as (

    select * from {{ ref('benchmark_measures') }}

),

statuses as (

    select * from {{ ref('value_statuses') }}

),

settings as (

    select * from {{ ref('int_settings') }}

),

newest as (

    select max(period_start) as period_start from {{ ref('int_periods') }}
    where is_complete_period

),

lagged as (

    select max(periods.period_start) as period_start
    from {{ ref('int_periods') }} as periods
    cross join settings
    cross join newest
    where periods.period_start
        <= {{ months_later('newest.period_start', '-cast(settings.benchmark_lag_months as integer)') }}

),

found as (

    select
        measures.account_id,
        measures.period_start,
        measures.measure as benchmark,
        sum(case when measures.measure_value is not null then measures.numerator end)
            / nullif(sum(case when measures.measure_value is not null then measures.denominator end), 0) as own_value,
        min(statuses.precedence) as precedence
    from measures
    left join statuses
        on measures.value_reason = statuses.value_reason
    group by measures.account_id, measures.period_start, measures.measure
    union all
    select
        adoption.account_id,
        adoption.period_start,
        '{{ count_of_use_cases }}' as benchmark,
        adoption.adopted_count as own_value,
        statuses.precedence
    from adoption
    left join statuses
        on adoption.adoption_missing_reason = statuses.value_reason

),

benchmark_values as (

    select
        found.account_id,
        found.benchmark,
        found.period_start,
        cast(found.own_value as double) as own_value,
        case when found.own_value is null then coalesce(statuses.value_reason, 'key_absent') end as own_missing_reason
    from found
    inner join lagged
        on found.period_start = lagged.period_start
    inner join benchmarks
        on found.benchmark = benchmarks.benchmark
    left join statuses
        on found.precedence = statuses.precedence

)

select * from benchmark_values
