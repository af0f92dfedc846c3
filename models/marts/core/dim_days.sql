{#- 10,000 days are 27 years: further back than anybody's subscription. -#}
with

numbers as (

    {{ dbt.generate_series(10000) }}

),

days as (

    select {{ days_later(period_end(period_start(as_of())), 'cast(1 - generated_number as integer)') }} as date_day
    from numbers

),

dated as (

    select
        date_day,
        {{ period_start('date_day') }} as period_start,
        {{ period_end(period_start('date_day')) }} <= {{ as_of() }} as is_complete_period
    from days

)

select * from dated
