{#- 10,000 days are 27 years: further back than anybody's subscription. Kept are those from the first period of any mart on. -#}
with

subscription_periods as (

    select period_start from {{ ref('int_subscription_periods') }}

),

instance_periods as (

    select period_start from {{ ref('int_instance_periods') }}

),

numbers as (

    {{ dbt.generate_series(10000) }}

),

held_periods as (

    select period_start from subscription_periods
    union
    select period_start from instance_periods

),

bounds as (

    select min(period_start) as first_day from held_periods

),

days as (

    select {{ days_later(period_end(period_start(as_of())), 'cast(1 - generated_number as integer)') }} as date_day
    from numbers

),

dated as (

    select
        days.date_day,
        {{ period_start('days.date_day') }} as period_start,
        {{ period_end(period_start('days.date_day')) }} <= {{ as_of() }} as is_complete_period
    from days
    inner join bounds
        on days.date_day >= bounds.first_day

)

select * from dated
