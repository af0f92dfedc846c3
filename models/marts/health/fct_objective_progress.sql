with

objectives as (

    select * from {{ ref('stg_crm__objectives') }}

),

periods as (

    select * from {{ ref('int_periods') }}

),

account_values as (

    select * from {{ ref('fct_account_metric_values') }}

),

progressed as (

    select
        objectives.objective_id,
        objectives.account_id,
        objectives.objective_name,
        periods.period_start,
        objectives.metric_name,
        objectives.starts_on,
        objectives.due_on,
        account_values.metric_value as current_value,
        objectives.target_value,
        {#- DuckDB's least and greatest skip a null. #}
        case
            when account_values.metric_value is not null and objectives.target_value != 0
                then least(greatest(account_values.metric_value / objectives.target_value, 0), 1)
        end as progress,
        {{ ratio(
            days_between('objectives.starts_on', 'periods.measurement_date'),
            days_between('objectives.starts_on', 'objectives.due_on')
        ) }} as elapsed_share,
        periods.measurement_date > objectives.due_on as is_past_due
    from objectives
    inner join periods
        on periods.period_start >= {{ period_start('objectives.starts_on') }}
        and periods.period_start <= {{ period_start('coalesce(objectives.due_on, ' ~ as_of() ~ ')') }}
        and objectives.starts_on <= {{ as_of() }}
    left join account_values
        on objectives.account_id = account_values.account_id
        and periods.period_start = account_values.period_start
        and objectives.metric_name = account_values.metric_name

),

judged as (

    select
        objective_id,
        account_id,
        objective_name,
        period_start,
        metric_name,
        starts_on,
        due_on,
        current_value,
        target_value,
        {{ shown_ratio('progress') }} as progress,
        {{ shown_ratio('elapsed_share') }} as elapsed_share,
        case
            when progress is null then 'no_data'
            when current_value >= target_value then 'achieved'
            when not coalesce(is_past_due, false) and progress >= coalesce(elapsed_share, 0) then 'on_track'
            else 'behind'
        end as status
    from progressed

)

select * from judged
