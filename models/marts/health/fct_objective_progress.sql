{#- Progress is current / target; from a given baseline, and for a value that is to fall from a measured one, it is the part of
    the way that is gone (docs/rules.md 8). -#}
with

objective_values as (

    select * from {{ ref('int_objective_values') }}

),

based as (

    select
        *,
        coalesce(baseline_value, measured_baseline) as start_value,
        case
            when baseline_value is not null then 'given'
            when measured_baseline is not null then 'measured'
        end as baseline_source,
        coalesce(
            case when direction = 'down' then current_value <= target_value else current_value >= target_value end, false
        ) as is_reached
    from objective_values

),

measured as (

    select
        *,
        case
            when current_value is null or target_value is null then null
            when is_reached then 1
            {#- A start on the wrong side of the target leaves no way to measure. #}
            when direction = 'down' and start_value <= target_value then 0
            when direction = 'up' and start_value >= target_value then 0
            else (current_value - start_value) / nullif(target_value - start_value, 0)
        end as way_gone,
        current_value / nullif(target_value, 0) as part_of_target
    from based

),

progressed as (

    select
        *,
        case
            when baseline_source = 'given' or (direction = 'down' and baseline_source is not null) then way_gone
            when direction = 'down' and is_reached then 1
            when direction = 'down' then target_value / nullif(current_value, 0)
            else part_of_target
        end as raw_progress
    from measured

),

clipped as (

    {#- DuckDB's least and greatest skip a null. #}
    select
        *,
        case when raw_progress is not null then least(greatest(raw_progress, 0), 1) end as progress,
        case when way_gone is not null then least(greatest(way_gone, 0), 1) end as progress_from_baseline,
        {{ ratio(
            days_between('starts_on', 'measurement_date'),
            days_between('starts_on', 'due_on')
        ) }} as elapsed_share,
        measurement_date > due_on as is_past_due
    from progressed

),

judged as (

    select
        objective_id,
        account_id,
        objective_name,
        period_start,
        is_complete_period,
        metric_name,
        starts_on,
        due_on,
        direction,
        current_value,
        target_value,
        start_value as baseline_value,
        baseline_source,
        {{ shown_ratio('progress') }} as progress,
        {{ shown_ratio('progress_from_baseline') }} as progress_from_baseline,
        {{ shown_ratio('elapsed_share') }} as elapsed_share,
        case
            when progress is null then 'no_data'
            when is_reached then 'achieved'
            when not coalesce(is_past_due, false) and progress >= coalesce(elapsed_share, 0) then 'on_track'
            else 'behind'
        end as status,
        case
            when progress is not null then null
            when target_value is null then 'target_missing'
            when current_value is null then value_missing_reason
            else 'target_zero'
        end as missing_reason,
        case
            when elapsed_share is not null then null
            when due_on is null then 'due_missing'
            else 'zero_denominator'
        end as elapsed_missing_reason
    from clipped

)

select * from judged
