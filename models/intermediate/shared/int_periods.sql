{#- 2,000 periods back are 38 years of weeks: further than any subscription or ping.
    period_number counts back from 0, the period that holds as_of. -#}
with

numbers as (

    {{ dbt.generate_series(2000) }}

),

periods as (

    select
        cast(1 - generated_number as integer) as period_number,
        {{ periods_later(period_start(as_of()), 'cast(1 - generated_number as integer)') }} as period_start
    from numbers

),

measured as (

    select
        period_number,
        period_start,
        {{ period_end('period_start') }} as period_end,
        least({{ period_end('period_start') }}, {{ as_of() }}) as measurement_date,
        {{ periods_later('period_start', -1) }} as previous_period_start,
        period_start = {{ period_start(as_of()) }} as is_current,
        {{ period_end('period_start') }} <= {{ as_of() }} as is_complete_period
    from periods

)

select * from measured
