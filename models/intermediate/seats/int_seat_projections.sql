{#- Activated seats at the term's end, where the line through the last periods may be followed that far (docs/rules.md 4).
    Interval of a new observation at x: y ± t * s * sqrt(1 + 1/n + (x - mean x)² / Sxx), with s the residual standard error
    and t of n - 2 degrees of freedom (NIST/SEMATECH e-Handbook of Statistical Methods, 4.5.1.2). -#}
with

seats as (

    select * from {{ ref('int_subscription_seats') }}

),

subscription_periods as (

    select * from {{ ref('int_subscription_periods') }}

),

fitted_lines as (

    select * from {{ ref('int_seat_lines') }}

),

student_t as (

    select
        *,
        max(degrees_of_freedom) over () as last_degree
    from {{ ref('student_t') }}

),

settings as (

    select * from {{ ref('int_settings') }}

),

judged as (

    select
        seats.original_subscription_id,
        seats.period_start,
        seats.licensed_seats,
        coalesce(fitted_lines.point_count, 0) as projection_points,
        {{ days_between('seats.measurement_date', 'subscription_periods.end_date') }} as days_to_end,
        fitted_lines.height_today,
        fitted_lines.slope,
        fitted_lines.residual_error * student_t.quantile_90 as error_width,
        fitted_lines.mean_x,
        fitted_lines.spread_x,
        case
            when not subscription_periods.is_in_force then 'no_active_subscription'
            when subscription_periods.end_date is null then 'no_term_end'
            when fitted_lines.point_count is null then 'no_current_value'
            when {{ days_between('seats.measurement_date', 'subscription_periods.end_date') }}
                > settings.projection_term_share
                * {{ days_between('subscription_periods.start_date', 'subscription_periods.end_date') }}
                or subscription_periods.end_date > {{ months_later(
                    'seats.measurement_date', 'cast(settings.projection_max_months as integer)'
                ) }}
                then 'beyond_horizon'
            when fitted_lines.point_count < settings.projection_min_points or student_t.quantile_90 is null
                then 'too_few_points'
        end as projection_missing_reason
    from seats
    cross join settings
    inner join subscription_periods
        on seats.original_subscription_id = subscription_periods.original_subscription_id
        and seats.period_start = subscription_periods.period_start
    left join fitted_lines
        on seats.original_subscription_id = fitted_lines.original_subscription_id
        and seats.period_start = fitted_lines.period_start
    left join student_t
        on student_t.degrees_of_freedom = least(fitted_lines.point_count - 2, student_t.last_degree)

),

read_off as (

    select
        *,
        {{ rounded('height_today + slope * days_to_end', 6) }} as height_at_end,
        {{ rounded(
            'error_width * sqrt(1 + cast(1 as double) / nullif(projection_points, 0)'
            ~ ' + power(days_to_end - mean_x, 2) / nullif(spread_x, 0))', 6
        ) }} as half_width
    from judged

),

projected as (

    {#- DuckDB's greatest skips a null, hence the cases. #}
    select
        original_subscription_id,
        period_start,
        projection_points,
        projection_missing_reason,
        case when projection_missing_reason is null then greatest(round(height_at_end), 0) end
            as projected_activated_seats,
        case when projection_missing_reason is null then greatest(floor(height_at_end - half_width), 0) end
            as projected_activated_seats_low,
        case when projection_missing_reason is null then greatest(ceil(height_at_end + half_width), 0) end
            as projected_activated_seats_high,
        case
            when projection_missing_reason is null and licensed_seats is not null
                then greatest(round(height_at_end) - licensed_seats, 0)
        end as projected_seats_over_license
    from read_off

)

select * from projected
