{#- The score by which an account is known in a period: of the newest complete one with a score, while that counts. An open
    period's score rests on those who happened to report first. -#}
with

periods as (

    select * from {{ ref('int_periods') }}

),

counted as (

    select
        periods.period_start,
        earlier.period_start as scored_period_start
    from periods
    cross join {{ ref('int_settings') }} as settings
    inner join periods as earlier
        on periods.period_start >= earlier.period_start
        and earlier.is_complete_period
        and {{ days_between('earlier.measurement_date', 'periods.measurement_date') }} <= settings.stale_after_days

),

last_scores as (

    select
        scores.account_id,
        counted.period_start,
        max_by(scores.overall_score, scores.period_start) as overall_score
    from {{ ref('int_rollup_scores') }} as scores
    inner join counted
        on scores.period_start = counted.scored_period_start
    where not scores.is_standing and scores.overall_score is not null
    group by scores.account_id, counted.period_start

)

select * from last_scores
