{#- Activated seats at the term's end: least squares over the last period rows that have a value (docs/rules.md 4).
    slope = (n*Sxy - Sx*Sy) / (n*Sxx - Sx*Sx), with x in days from the measurement day. -#}
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

numbered as (

    select
        seats.original_subscription_id,
        seats.period_start,
        seats.measurement_date,
        seats.end_date,
        seats.licensed_seats,
        max(known.point_number) over (
            partition by seats.original_subscription_id
            order by seats.period_start
            rows between unbounded preceding and current row
        ) as last_point
    from seats
    left join known
        on seats.original_subscription_id = known.original_subscription_id
        and seats.period_start = known.period_start

),

fitted as (

    select
        numbered.original_subscription_id,
        numbered.period_start,
        numbered.licensed_seats,
        numbered.end_date,
        max({{ days_between('numbered.measurement_date', 'numbered.end_date') }}) as days_to_end,
        count(known.activated_seats) as n,
        sum(cast({{ days_between('numbered.measurement_date', 'known.measurement_date') }} as double)) as sum_x,
        sum(known.activated_seats) as sum_y,
        sum(cast({{ days_between('numbered.measurement_date', 'known.measurement_date') }} as double)
            * known.activated_seats) as sum_xy,
        sum(power(cast({{ days_between('numbered.measurement_date', 'known.measurement_date') }} as double), 2))
            as sum_xx
    from numbered
    cross join settings
    left join known
        on numbered.original_subscription_id = known.original_subscription_id
        and known.point_number <= numbered.last_point
        and known.point_number > numbered.last_point - settings.projection_periods
    group by
        numbered.original_subscription_id, numbered.period_start, numbered.licensed_seats, numbered.end_date

),

sloped as (

    select
        fitted.*,
        (fitted.n * fitted.sum_xy - fitted.sum_x * fitted.sum_y)
        / nullif(fitted.n * fitted.sum_xx - fitted.sum_x * fitted.sum_x, 0) as slope,
        settings.projection_min_points
    from fitted
    cross join settings

),

projected as (

    select
        original_subscription_id,
        period_start,
        n as projection_points,
        case
            when n < projection_min_points then 'too_few_points'
            when end_date is null then 'no_term_end'
        end as projection_missing_reason,
        case
            when n >= projection_min_points and end_date is not null
                then greatest((sum_y - slope * sum_x) / n + slope * days_to_end, 0)
        end as projected_activated_seats,
        licensed_seats
    from sloped

)

select
    original_subscription_id,
    period_start,
    projection_points,
    projection_missing_reason,
    projected_activated_seats,
    case
        when projected_activated_seats is not null and licensed_seats is not null
            then greatest(projected_activated_seats - licensed_seats, 0)
    end as projected_seats_over_license
from projected
