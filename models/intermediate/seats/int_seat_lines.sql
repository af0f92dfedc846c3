{#- The straight line (least squares) through the last period rows that know their activated seats (docs/rules.md 4).
    x is in days from the measurement day, so that the line's height there is its intercept. -#}
with

seats as (

    select * from {{ ref('int_subscription_seats') }}

),

settings as (

    select * from {{ ref('int_settings') }}

),

known as (

    select
        original_subscription_id,
        period_start,
        measurement_date,
        activated_seats,
        row_number() over (partition by original_subscription_id order by period_start) as point_number
    from seats
    where activated_seats is not null

),

points as (

    select
        latest.original_subscription_id,
        latest.period_start,
        cast({{ days_between('latest.measurement_date', 'known.measurement_date') }} as double) as x,
        cast(known.activated_seats as double) as y
    from known as latest
    cross join settings
    inner join known
        on latest.original_subscription_id = known.original_subscription_id
        and known.point_number <= latest.point_number
        and known.point_number > latest.point_number - settings.projection_periods

),

summed as (

    select
        original_subscription_id,
        period_start,
        count(*) as point_count,
        avg(x) as mean_x,
        avg(y) as mean_y,
        sum(x * x) - count(*) * avg(x) * avg(x) as spread_x,
        sum(y * y) - count(*) * avg(y) * avg(y) as spread_y,
        sum(x * y) - count(*) * avg(x) * avg(y) as spread_xy
    from points
    group by original_subscription_id, period_start

),

lines as (

    select
        original_subscription_id,
        period_start,
        point_count,
        mean_x,
        spread_x,
        {{ rounded('spread_xy / nullif(spread_x, 0)') }} as slope,
        {{ rounded('mean_y - mean_x * spread_xy / nullif(spread_x, 0)') }} as height_today,
        {#- Rounding can leave a perfect line a hair below zero; DuckDB's greatest skips a null. #}
        case
            when point_count > 2 and spread_x > 0
                then {{ rounded(
                    'sqrt(greatest(spread_y - spread_xy * spread_xy / nullif(spread_x, 0), 0)'
                    ~ ' / nullif(point_count - 2, 0))', 6
                ) }}
        end as residual_error
    from summed

)

select * from lines
